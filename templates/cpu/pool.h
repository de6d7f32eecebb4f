/* pool: one row from the rows of each sequence, or from each `size` rows. */
#ifndef HF2C_CPU_POOL_H
#define HF2C_CPU_POOL_H

#include "templates/cpu/cells.h"

/* Mean or maximum of rows [first, end) for n <= SIMD_LANES columns, in the order of the rows; end > first. */
SIMD_INLINE simd_float pool_columns(const float *x, int first, int end, const int64_t ldx, const int mode, int n)
{
    simd_float result = simd_load_partial(x + first * ldx, n);
    for (int r = first + 1; r < end; r++) {
        simd_float v = simd_load_partial(x + r * ldx, n);
        if (mode == POOL_mean)
            result = result + v;
        else
            result = simd_max(result, v);
    }
    if (mode == POOL_mean) result = result / simd_set1((float)(end - first));
    return result;
}

/* y: [count, H]; a sequence without rows gives zeros; size 0: sequences */
static inline void pool(const hf2c_team *team, float *y, const float *x, const hf2c_sequences *sequences,
                        int count, const int64_t H, const int64_t ldx, const int mode, const int size)
{
    Cells cells = cells_of_member(team, count, H);
    for (int64_t s = cells.first_row; s < cells.end_row; s++) {
        int first = size ? (int)s * size : sequences->start[s], end = size ? first + size : sequences->start[s + 1];
        if (end > first && mode == POOL_first) end = first + 1;
        if (end > first && mode == POOL_last) first = end - 1;
        for (int64_t i = cells.first_column; i < cells.end_column; i += SIMD_LANES) {
            int n = cells.end_column - i < SIMD_LANES ? (int)(cells.end_column - i) : SIMD_LANES;
            simd_float v = end > first ? pool_columns(x + i, first, end, ldx, mode, n) : simd_zero();
            simd_store_partial(y + s * H + i, n, v);
        }
    }
}

#endif
