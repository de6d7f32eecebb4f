/* layer_norm and rms_norm: a row, or one head's part of it, is the work of one member; its sums run over the columns in order, lane
 * by lane. */
#ifndef HF2C_CPU_NORM_H
#define HF2C_CPU_NORM_H

#include "templates/simd/simd.h"

/* sum of (x - mean)^power over H elements, power 1 or 2 */
SIMD_INLINE float norm_sum(const float *x, const int64_t H, float mean, const int power)
{
    simd_float sum = simd_zero(), center = simd_set1(mean);
    int64_t i = 0;
    for (; i + SIMD_LANES <= H; i += SIMD_LANES) {
        simd_float v = simd_load(x + i) - center;
        if (power == 1)
            sum = sum + v;
        else
            sum = simd_fma(v, v, sum);
    }
    float total = simd_reduce_add(sum);
    for (int64_t rest = H - i; rest > 0; rest--, i++) {
        float v = x[i] - mean, term = power == 1 ? v : v * v;
        total += term;
    }
    return total;
}

/* y = (x - mean) * factor * gain + bias for n <= SIMD_LANES elements */
SIMD_INLINE simd_float norm_apply(simd_float x, float mean, float factor, const float *gain, const float *bias, int n)
{
    simd_float v = (x - simd_set1(mean)) * simd_set1(factor);
    if (gain) v = v * simd_load_partial(gain, n);
    if (bias) v = v + simd_load_partial(bias, n);
    return v;
}

SIMD_INLINE void norm_row(float *y, const float *x, const float *gain, const float *bias, const int64_t H, float mean,
                          float factor)
{
    int64_t i = 0;
    for (; i + SIMD_LANES <= H; i += SIMD_LANES)
        simd_store(y + i,
                   norm_apply(simd_load(x + i), mean, factor, gain ? gain + i : 0, bias ? bias + i : 0, SIMD_LANES));
    int n = (int)(H - i);
    if (n)
        simd_store_partial(
            y + i, n,
            norm_apply(simd_load_partial(x + i, n), mean, factor, gain ? gain + i : 0, bias ? bias + i : 0, n));
}

/* x, y: [rows, heads, H], each head normalised by itself; gain, bias: [heads, H] or NULL */
static inline void layer_norm(const hf2c_team *team, float *y, const float *x, const float *gain, const float *bias,
                              int rows, const int heads, const int64_t H, const int64_t ldx, const float epsilon)
{
    int first, end;
    hf2c_share(team, rows * heads, &first, &end);
    for (int unit = first; unit < end; unit++) {
        int64_t column = unit % heads * H;
        const float *from = x + unit / heads * ldx + column;
        float mean = norm_sum(from, H, 0, 1) / (float)H;
        float variance = norm_sum(from, H, mean, 2) / (float)H;
        norm_row(y + unit * H, from, gain ? gain + column : 0, bias ? bias + column : 0, H, mean,
                 1.0f / sqrtf(variance + epsilon));
    }
}

/* x, y: [rows, heads, H], each head normalised by itself; gain: [heads, H] or NULL */
static inline void rms_norm(const hf2c_team *team, float *y, const float *x, const float *gain, int rows,
                            const int heads, const int64_t H, const int64_t ldx, const float epsilon)
{
    int first, end;
    hf2c_share(team, rows * heads, &first, &end);
    for (int unit = first; unit < end; unit++) {
        int64_t column = unit % heads * H;
        const float *from = x + unit / heads * ldx + column;
        float mean_square = norm_sum(from, H, 0, 2) / (float)H;
        norm_row(y + unit * H, from, gain ? gain + column : 0, 0, H, 0, 1.0f / sqrtf(mean_square + epsilon));
    }
}

#endif
