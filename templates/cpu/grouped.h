/* grouped: the product of a convolution whose channels are in groups that do not see one another. */
#ifndef HF2C_CPU_GROUPED_H
#define HF2C_CPU_GROUPED_H

#include "templates/cpu/cells.h"

/* n <= SIMD_LANES elements of y from column `column` on, all of one group; x: the group's channels of the first tap, `step` floats
 * before those of the next; w: [size * channels, N], from the column on */
SIMD_INLINE simd_float grouped_sum(const float *x, const float *w, int64_t step, int n, const int64_t N, const int64_t channels,
                                   const int64_t size)
{
    simd_float sum = simd_zero();
    for (int64_t t = 0; t < size; t++)
        for (int64_t c = 0; c < channels; c++)
            sum = simd_fma(simd_set1(x[t * step + c]), simd_load_partial(w + (t * channels + c) * N, n), sum);
    return sum;
}

/* The same where every group is one channel and one result: x moves with y. */
SIMD_INLINE simd_float grouped_depthwise(const float *x, const float *w, int n, const int64_t N, const int64_t size)
{
    simd_float sum = simd_zero();
    for (int64_t t = 0; t < size; t++) sum = simd_fma(simd_load_partial(x + t * N, n), simd_load_partial(w + t * N, n), sum);
    return sum;
}

/* y: [rows, N]; x: [rows, size, groups, channels], stride ldx; w: [size, channels, N]. Work: rows. */
static inline void grouped(const hf2c_team *team, float *y, const float *x, const float *w, int rows, const int64_t N,
                           const int64_t channels, const int64_t size, const int64_t groups, const int64_t ldx)
{
    int first, end;
    const int64_t each = N / groups, part = channels == 1 && each == 1 ? N : each; /* elements computed alike */
    hf2c_share(team, rows, &first, &end);
    for (int64_t r = first; r < end; r++)
        for (int64_t g = 0; g < N; g += part)
            for (int64_t i = g; i < g + part; i += SIMD_LANES) {
                int n = g + part - i < SIMD_LANES ? (int)(g + part - i) : SIMD_LANES;
                const float *from = x + r * ldx;
                simd_float sum = part == N && each == 1
                                     ? grouped_depthwise(from + i, w + i, n, N, size)
                                     : grouped_sum(from + g / each * channels, w + i, groups * channels, n, N, channels, size);
                simd_store_partial(y + r * N + i, n, sum);
            }
}

#endif
