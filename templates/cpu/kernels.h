/* All kernels of templates/kernels.def as tables, one per instruction set, for the interpreter and for tests. */
#ifndef HF2C_CPU_KERNELS_H
#define HF2C_CPU_KERNELS_H

#include "templates/kernel.h"

/* Calls the kernel with the values of its row of kernels.def in order. */
typedef void hf2c_kernel_thunk(const hf2c_team *team, void *const *pointers, const int *dynamics,
                               const int64_t *constants, const float *reals);

typedef struct KernelEntry {
    const char *name, *op, *format, *file;
    int pointers, dynamics, constants, reals;                            /* how many of each */
    const char *pointer_text, *dynamic_text, *constant_text, *real_text; /* their declarations or names */
    hf2c_kernel_thunk *thunk;
} KernelEntry;

/* isa: scalar, c11, avx2, avx512, zen4, as in the targets. NULL when this program was built without it. Whether the machine has it is
 * the caller's question (kernels_isa_runs). */
const KernelEntry *kernels_table(const char *isa, size_t *count);
int kernels_isa_runs(const char *isa);
/* HF2C_AHEAD of these kernels (simd.h). */
extern int64_t kernels_ahead;
/* What the machine's units of arithmetic can do: runs `turns` of products of that kind in registers and returns how many multiplications and
 * additions that were; 0: the instruction set has no such products. *sink: a small number; what was computed. */
enum { PEAK_f32, PEAK_bf16, PEAK_int8 };
typedef int64_t hf2c_kernel_peak(int kind, int64_t turns, float *sink);
int64_t kernels_peak(const char *isa, int kind, int64_t turns, float *sink);
/* The best instruction set of this machine that there is a table for; "c11" if no other. */
const char *kernels_native_isa(void);

#endif
