/* measure: what a firmware folder takes of a chip, known before it is flashed: compiled by the target's compiler, linked without what
 * its calls do not reach, counted part by part. */
#ifndef HF2C_EMIT_MEASURE_H
#define HF2C_EMIT_MEASURE_H

#include "compiler/emit/emit.h"

struct Measure {
    bool known;             /* false: the target's compiler is not on this machine; why says so */
    const char *why;
    size_t code, constants; /* bytes of flash: instructions; tables and the model's description */
    size_t tokenizer;       /* its tables, those of Unicode included */
    size_t stack;           /* worst case of the deepest call, in bytes */
    const char *path;       /* that call */
};
typedef struct Measure Measure;

/* folder: with NAME.c and NAME_text.c. False and *err when they do not compile or the stack has no bound. */
bool measure_folder(const Compiled *compiled, const char *folder, const char *compiler, Measure *measure, Err *err);
/* Bytes of flash and of RAM in all: weights, code, tables; workspace, state, stack. */
size_t measure_flash(const Compiled *compiled, const Measure *measure);
size_t measure_ram(const Compiled *compiled, const Measure *measure);
/* False and *err, part by part and with what to change, when the target's limits are exceeded. */
bool measure_check(const Compiled *compiled, const Measure *measure, Err *err);

#endif
