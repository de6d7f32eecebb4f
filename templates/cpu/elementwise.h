/* Elementwise kernels, and the activations of linear, over vectors. */
#ifndef HF2C_CPU_ELEMENTWISE_H
#define HF2C_CPU_ELEMENTWISE_H

#include "templates/cpu/cells.h"
#include "templates/cpu/math.h"

/* The table's names for vectors; its constants stay single floats, which the vector operators spread over the lanes. */
#define REAL float
#define EXP(x) simd_exp(x)
#define TANH(x) simd_tanh(x)
#define ERF(x) simd_erf(x)
#define SOFTPLUS(x) simd_softplus(x)
#define SQRT(x) simd_sqrt(x)
#define ABS(x) simd_abs(x)
#define MAX(x, bound) simd_max(simd_set1(bound), x) /* NaN stays NaN */
#define MIN(x, bound) simd_min(simd_set1(bound), x)

SIMD_INLINE simd_float simd_unary(const int function, simd_float x, const float c)
{
    (void)c;
    switch (function) {
#define UNARY(name, expression)                                                                                        \
    case FUNCTION_##name:                                                                                              \
        return expression;
#include "templates/elementwise.def"
    default:
        return x;
    }
}

SIMD_INLINE simd_float simd_binary(const int function, simd_float x, simd_float y, const float c)
{
    (void)c;
    switch (function) {
#define BINARY(name, expression)                                                                                       \
    case FUNCTION_##name:                                                                                              \
        return expression;
#include "templates/elementwise.def"
    default:
        return x;
    }
}

#undef REAL
#undef EXP
#undef TANH
#undef ERF
#undef SOFTPLUS
#undef SQRT
#undef ABS
#undef MAX
#undef MIN

static inline void unary(const hf2c_team *team, float *y, const float *x, int rows, const int64_t H, const int64_t ldx,
                         const int function, const float value)
{
    Cells cells = cells_of_member(team, rows, H);
    for (int64_t r = cells.first_row; r < cells.end_row; r++) {
        int64_t i = cells.first_column;
        for (; i + SIMD_LANES <= cells.end_column; i += SIMD_LANES)
            simd_store(y + r * H + i, simd_unary(function, simd_load(x + r * ldx + i), value));
        int rest = (int)(cells.end_column - i);
        if (rest)
            simd_store_partial(y + r * H + i, rest,
                               simd_unary(function, simd_load_partial(x + r * ldx + i, rest), value));
    }
}

static inline void binary(const hf2c_team *team, float *y, const float *a, const float *b, int rows, const int64_t H,
                          const int64_t lda, const int64_t ldb, const int function, const float value)
{
    Cells cells = cells_of_member(team, rows, H);
    for (int64_t r = cells.first_row; r < cells.end_row; r++) {
        const float *left = a + r * lda, *right = b + r * ldb;
        int64_t i = cells.first_column;
        for (; i + SIMD_LANES <= cells.end_column; i += SIMD_LANES)
            simd_store(y + r * H + i, simd_binary(function, simd_load(left + i), simd_load(right + i), value));
        int rest = (int)(cells.end_column - i);
        if (rest)
            simd_store_partial(
                y + r * H + i, rest,
                simd_binary(function, simd_load_partial(left + i, rest), simd_load_partial(right + i, rest), value));
    }
}

#endif
