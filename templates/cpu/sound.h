/* spread, collect, sound_norm: sounds of any length in whole pieces, which their samples take up one sound after another. */
#ifndef HF2C_CPU_SOUND_H
#define HF2C_CPU_SOUND_H

#include "templates/cpu/cells.h"

/* y: [pieces * size]; x: the samples of all sounds. Work: samples, of each sound. */
static inline void spread(const hf2c_team *team, float *y, const float *x, const hf2c_sequences *sequences, int pieces, const int64_t size)
{
    (void)pieces;
    for (int s = 0; s < sequences->count; s++) {
        int first, end, count = sequences->samples[s + 1] - sequences->samples[s], room = hf2c_pieces(sequences, s, (int)size) * (int)size;
        const float *from = x + sequences->samples[s];
        hf2c_share(team, room, &first, &end);
        for (int i = first; i < end; i++) y[i] = i < count ? from[i] : 0;
        y += room;
    }
}

/* y: [rows, H]; x: [pieces, H], stride ldx. Work: rows. */
static inline void collect(const hf2c_team *team, float *y, const float *x, const hf2c_sequences *sequences, int rows, const int64_t H,
                           const int64_t ldx, const int64_t size)
{
    int first, end;
    int64_t before = 0; /* pieces of the sequences before */
    hf2c_share(team, rows, &first, &end);
    for (int s = 0; s < sequences->count; s++) {
        int start = sequences->start[s], from = start > first ? start : first, stop = sequences->start[s + 1];
        for (int r = from; r < end && r < stop; r++) cells_copy(y + r * H, x + (before + r - start) * ldx, H);
        before += hf2c_pieces(sequences, s, (int)size);
    }
}

/* Sum over rows of n <= SIMD_LANES columns of (x - mean)^power, power 1 or 2. Sums of parts are added, so that what is small does not
 * vanish beside what has been added before. */
SIMD_INLINE simd_float sound_sum(const float *x, simd_float mean, int rows, const int64_t ldx, const int power, int n)
{
    enum { PART = 128 };
    simd_float sum = simd_zero();
    for (int first = 0; first < rows; first += PART) {
        simd_float part = simd_zero();
        for (int r = first; r < rows && r < first + PART; r++) {
            simd_float v = simd_load_partial(x + r * ldx, n) - mean;
            if (power == 2)
                part = simd_fma(v, v, part);
            else
                part = part + v;
        }
        sum = sum + part;
    }
    return sum;
}

/* n columns of one sound with `rows` rows, of which `count` are made of its samples alone */
static inline void sound_norm_columns(float *y, const float *x, const float *gain, const float *bias, int count, int rows, const int64_t H,
                                      const int64_t ldx, const float epsilon, int n)
{
    simd_float whole = simd_set1((float)count), mean = sound_sum(x, simd_zero(), count, ldx, 1, n) / whole;
    simd_float variance = sound_sum(x, mean, count, ldx, 2, n) / whole;
    float scale[SIMD_LANES], offset[SIMD_LANES];
    simd_store_partial(scale, n, variance);
    simd_store_partial(offset, n, mean);
    for (int i = 0; i < n; i++) {
        scale[i] = gain[i] / sqrtf(scale[i] + epsilon);
        offset[i] = bias[i] - offset[i] * scale[i];
    }
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < n; i++) y[r * H + i] = r < count ? x[r * ldx + i] * scale[i] + offset[i] : 0;
}

/* y: [pieces * rows, H]; x: the same, stride ldx; a row of x is made of `size` samples, `stride` behind those of the row before. Work:
 * columns. */
static inline void sound_norm(const hf2c_team *team, float *y, const float *x, const hf2c_sequences *sequences, const float *gain,
                              const float *bias, int pieces, const int64_t H, const int64_t ldx, const int64_t rows, const int64_t size,
                              const int64_t stride, const float epsilon)
{
    int first, end;
    (void)pieces;
    hf2c_share(team, (int)((H + SIMD_LANES - 1) / SIMD_LANES), &first, &end);
    for (int s = 0; s < sequences->count; s++) {
        int64_t samples = sequences->samples[s + 1] - sequences->samples[s], count = samples < size ? 0 : (samples - size) / stride + 1;
        int64_t all = hf2c_pieces(sequences, s, (int)(rows * stride)) * rows;
        for (int64_t i = (int64_t)first * SIMD_LANES; i < H && i < (int64_t)end * SIMD_LANES; i += SIMD_LANES) {
            int n = H - i < SIMD_LANES ? (int)(H - i) : SIMD_LANES;
            sound_norm_columns(y + i, x + i, gain + i, bias + i, (int)count, (int)all, H, ldx, epsilon, n);
        }
        y += all * H;
        x += all * ldx;
    }
}

#endif
