/* correlate: a convolution over the rows of each sequence, whose channels are in groups that do not see one another. */
#ifndef HF2C_CPU_CORRELATE_H
#define HF2C_CPU_CORRELATE_H

#include "templates/simd/simd.h"

enum { CORRELATE_ROWS = 6 };

/* sum[i] += x[row i] w for one tap and the n <= SIMD_LANES results at w; x: the channels of the tap's row for row 0 */
SIMD_INLINE void correlate_tap(simd_float *sum, const float *x, const float *w, int n, const int64_t N, const int64_t channels,
                               const int64_t ldx)
{
    for (int64_t c = 0; c < channels; c++) {
        simd_float weight = simd_load_partial(w + c * N, n);
        for (int i = 0; i < CORRELATE_ROWS; i++) sum[i] = simd_fma(simd_set1(x[i * ldx + c]), weight, sum[i]);
    }
}

/* The same for one row. */
SIMD_INLINE simd_float correlate_row(simd_float sum, const float *x, const float *w, int n, const int64_t N, const int64_t channels)
{
    for (int64_t c = 0; c < channels; c++) sum = simd_fma(simd_set1(x[c]), simd_load_partial(w + c * N, n), sum);
    return sum;
}

/* Rows [row, row + count), count <= CORRELATE_ROWS, of the sequence [start, end); x: the group's channels of row 0 */
static inline void correlate_tile(float *y, const float *x, const float *w, int row, int count, int start, int end, int n, const int64_t N,
                                  const int64_t channels, const int64_t size, const int64_t origin, const int64_t ldx)
{
    simd_float sum[CORRELATE_ROWS];
    for (int i = 0; i < CORRELATE_ROWS; i++) sum[i] = simd_zero();
    for (int64_t t = 0; t < size; t++) {
        int64_t from = row + t - origin;
        const float *weight = w + t * channels * N;
        if (count == CORRELATE_ROWS && from >= start && from + CORRELATE_ROWS <= end) {
            correlate_tap(sum, x + from * ldx, weight, n, N, channels, ldx);
            continue;
        }
        for (int i = 0; i < count; i++)
            if (from + i >= start && from + i < end) sum[i] = correlate_row(sum[i], x + (from + i) * ldx, weight, n, N, channels);
    }
    for (int i = 0; i < count; i++) simd_store_partial(y + (row + i) * N, n, sum[i]);
}

/* y: [rows, N]; x: [rows, groups, channels], stride ldx; w: [size, channels, N]. Work: rows. */
static inline void correlate(const hf2c_team *team, float *y, const float *x, const hf2c_sequences *sequences, const float *w, int rows,
                             const int64_t N, const int64_t channels, const int64_t size, const int64_t groups, const int64_t origin,
                             const int64_t ldx)
{
    int first, end, s = 0;
    const int64_t each = N / groups;
    hf2c_share(team, rows, &first, &end);
    for (int r = first, count; r < end; r += count) {
        while (sequences->start[s + 1] <= r) s++;
        int stop = sequences->start[s + 1] < end ? sequences->start[s + 1] : end;
        count = stop - r < CORRELATE_ROWS ? stop - r : CORRELATE_ROWS;
        for (int64_t g = 0; g < groups; g++)
            for (int64_t i = g * each; i < (g + 1) * each; i += SIMD_LANES) {
                int n = (g + 1) * each - i < SIMD_LANES ? (int)((g + 1) * each - i) : SIMD_LANES;
                correlate_tile(y + i, x + g * channels, w + i, r, count, sequences->start[s], sequences->start[s + 1], n, N, channels, size,
                               origin, ldx);
            }
    }
}

#endif
