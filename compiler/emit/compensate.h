/* compensate: rounds the columns of a weight one after another, and lets the columns that are still to come make up for the error of those that were
 * rounded, as far as their inputs go together (the method of GPTQ, arXiv:2210.17323). */
#ifndef HF2C_EMIT_COMPENSATE_H
#define HF2C_EMIT_COMPENSATE_H

#include "compiler/plan/moments.h"

typedef struct Compensation Compensation;

/* NULL where it cannot help: no moments of these columns, a format with more than 4 bits, or blocks that do not fit its chunks. */
Compensation *compensation_new(Arena *arena, const InputMoments *moments, int64_t columns, int format, int64_t block);
/* The parameters that were chosen, [count, columns] each, as PackGiven wants them. outer, offset: of nested formats; else NULL. */
typedef struct Compensated {
    float *scale, *zero, *outer, *offset;
} Compensated;
/* rows [count, columns] become numbers of the format. */
void compensate(const Compensation *compensation, float *rows, int64_t count, Compensated *parameters);

#endif
