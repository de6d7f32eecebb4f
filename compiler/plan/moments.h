/* moments: how large the inputs of a linear are, and which of them go together; measured with a text, used when weights are rounded. */
#ifndef HF2C_PLAN_MOMENTS_H
#define HF2C_PLAN_MOMENTS_H

#include "compiler/ir/ir.h"

enum { MOMENTS_CHUNK = 512 };

typedef struct InputMoments {
    int64_t columns, chunk; /* columns that are looked at together */
    int64_t rows;           /* of inputs that were seen */
    float *sum;             /* [columns, chunk]: x[i] * x[j] over all rows, j from the first column of i's chunk on */
} InputMoments;

/* The first param under a weight that names it: the moments of its inputs are found under this name. "": none. */
const char *moments_key(const Node *weight);

/* Mean square of column i. */
static inline float moments_square(const InputMoments *m, int64_t i)
{
    return m->rows > 0 ? m->sum[i * m->chunk + i % m->chunk] / (float)m->rows : 1;
}

#endif
