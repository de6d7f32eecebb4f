/* program: a GPU for the command line of a built program. Hosted. */
#ifndef HF2C_CUDA_PROGRAM_H
#define HF2C_CUDA_PROGRAM_H

#include "runtime/cli/program.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The first GPU, with memory of its own. */
extern const hf2c_program_device hf2c_program_cuda;

#ifdef __cplusplus
}
#endif
#endif
