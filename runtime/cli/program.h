/* program: main() of a built program. Hosted: memory from the system, standard streams, signals. */
#ifndef HF2C_CLI_PROGRAM_H
#define HF2C_CLI_PROGRAM_H

#include "runtime/hf2c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How the weights come: linked in (weights), in a file (weights_file; a relative path counts from the executable's folder), or
 * appended to the executable (neither). */
typedef struct hf2c_program {
    const void *weights; /* 64-byte aligned, [bytes] */
    size_t bytes;
    const char *weights_file;
    void *engine; /* goes into the context; NULL for compiled models */
} hf2c_program;

/* Returns the exit status: 0 done, 1 the input was bad, 2 wrong usage, 130 interrupted. */
int hf2c_main(const hf2c_model *model, const hf2c_program *program, int argc, char **argv);

#ifdef __cplusplus
}
#endif
#endif
