/* Printing tables. Private to compiler/text. */
#ifndef HF2C_TEXT_EMIT_H
#define HF2C_TEXT_EMIT_H

#include "compiler/text/text.h"
#include "runtime/text/work.h"

typedef struct Emitter {
    Str *out;
    Arena *arena;
    int next;     /* number of the next table */
    size_t bytes; /* of all tables so far */
} Emitter;

typedef void Function(void);

/* Name of a part of the runtime, and the files it needs, separated by spaces. */
const char *runtime_function_name(Function *function);
const char *function_files(Function *function);

/* Each prints an array and returns its number. */
int emit_bytes(Emitter *emitter, const uint8_t *values, size_t count);
int emit_shorts(Emitter *emitter, const uint16_t *values, size_t count);
int emit_words(Emitter *emitter, const uint32_t *values, size_t count);
int emit_ids(Emitter *emitter, const int32_t *values, size_t count);
int emit_doubles(Emitter *emitter, const double *values, size_t count);

int begin_structure(Emitter *emitter, const char *type, size_t bytes);
void end_structure(Emitter *emitter);
void emit_pointer(Emitter *emitter, const char *field, const char *prefix, int number); /* number -1: NULL */
void emit_number(Emitter *emitter, const char *field, long value);

#endif
