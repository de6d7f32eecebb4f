/* program: main() of a built program. Hosted: memory from the system, standard streams, signals. */
#ifndef HF2C_CLI_PROGRAM_H
#define HF2C_CLI_PROGRAM_H

#include "runtime/hf2c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A model whose memory and arithmetic are elsewhere than in this process: on a GPU. */
typedef struct hf2c_program_device {
    /* Opens the device, takes the weights there and fills *context, with as many slots up to `slots` as there is room for.
     * reason: [256], receives why it failed. */
    hf2c_status (*attach)(hf2c_context *context, const hf2c_model *model, const void *weights, size_t bytes, size_t slots, char *reason);
    void (*detach)(hf2c_context *context);
} hf2c_program_device;

/* How the weights come: linked in (weights), in a file (weights_file; a relative path counts from the executable's folder), or
 * appended to the executable (neither). */
typedef struct hf2c_program {
    const void *weights; /* 64-byte aligned, [bytes] */
    size_t bytes;
    const char *weights_file;
    void *engine; /* goes into the context; NULL for compiled models */
    const hf2c_program_device *device; /* NULL: this processor */
    const hf2c_model *draft; /* a smaller model that guesses; NULL: none */
    const void *draft_weights;
    size_t draft_bytes;
} hf2c_program;

/* Returns the exit status: 0 done, 1 the input was bad, 2 wrong usage, 130 interrupted. */
int hf2c_main(const hf2c_model *model, const hf2c_program *program, int argc, char **argv);

#ifdef __cplusplus
}
#endif
#endif
