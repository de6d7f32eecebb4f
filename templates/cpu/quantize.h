/* quantize: rows of activations in narrower numbers, for kernels that multiply those. Every instruction set gives the same bits. */
#ifndef HF2C_CPU_QUANTIZE_H
#define HF2C_CPU_QUANTIZE_H

#include "templates/cpu/a8.h"
#include "templates/simd/simd.h"

enum { QUANTIZE_CHAINS = 4, QUANTIZE_STEP = QUANTIZE_CHAINS * SIMD_LANES };

/* Elements from k on of K, zeros behind them. */
SIMD_INLINE simd_float quantize_load(const float *x, int64_t k, int64_t K)
{
    if (K - k >= SIMD_LANES) return simd_load(x + k);
    return K > k ? simd_load_partial(x + k, (int)(K - k)) : simd_zero();
}

/* The largest magnitude of a row; NaN when something in it is not finite. */
SIMD_INLINE float quantize_largest(const float *x, int64_t K)
{
    simd_float largest[QUANTIZE_CHAINS], nothing[QUANTIZE_CHAINS];
    SIMD_UNROLL
    for (int i = 0; i < QUANTIZE_CHAINS; i++) largest[i] = nothing[i] = simd_zero();
    for (int64_t k = 0; k < K; k += QUANTIZE_STEP) {
        SIMD_UNROLL
        for (int i = 0; i < QUANTIZE_CHAINS; i++) {
            simd_float v = quantize_load(x, k + i * SIMD_LANES, K);
            largest[i] = simd_max(simd_abs(v), largest[i]);
            nothing[i] = nothing[i] + v * simd_zero();
        }
    }
    SIMD_UNROLL
    for (int i = 1; i < QUANTIZE_CHAINS; i++) {
        largest[0] = simd_max(largest[i], largest[0]);
        nothing[0] = nothing[0] + nothing[i];
    }
    return simd_reduce_max(largest[0]) + simd_reduce_add(nothing[0]);
}

/* A8_SUM numbers from k on times `inverse` to whole numbers; returns their sum, which floats hold exactly. */
SIMD_INLINE int32_t quantize_some(int8_t *q, const float *x, int64_t k, int64_t K, float inverse)
{
    simd_float sum = simd_zero();
    SIMD_UNROLL
    for (int i = 0; i < A8_SUM; i += SIMD_LANES) {
        simd_float v = quantize_load(x, k + i, K), whole = inverse > 0 ? simd_round(v * simd_set1(inverse)) : simd_zero();
        simd_store_bytes(q + k + i, whole);
        sum = sum + whole;
    }
    return (int32_t)simd_reduce_add(sum);
}

/* Rows of numbers too small to have an inverse become zeros; those with NaN or an infinity get a scale that is NaN. */
SIMD_INLINE void quantize_row(char *row, const float *x, const int64_t K)
{
    float largest = quantize_largest(x, K), scale = largest / A8_LARGEST, inverse = A8_LARGEST / largest;
    if (!(inverse <= FLT_MAX)) inverse = 0;
    int8_t *q = (int8_t *)row;
    int32_t *starts = (int32_t *)(void *)(row + a8_starts(K)), start = 0;
    const int64_t columns = (int64_t)a8_columns(K);
    for (int64_t k = 0; k < columns; k += A8_SUM) {
        starts[k / A8_SUM] = A8_START * quantize_some(q, x, k, K, inverse);
        start += starts[k / A8_SUM];
    }
    memcpy(row + a8_scale(K), &scale, sizeof(scale));
    memcpy(row + a8_start(K), &start, sizeof(start));
    size_t end = a8_start(K) + sizeof(start);
    memset(row + end, 0, a8_row_bytes(K) - end);
}

/* y: rows of a8.h; x: [rows, K], stride ldx */
static inline void quantize_a8(const hf2c_team *team, void *y, const float *x, int rows, const int64_t K, const int64_t ldx)
{
    int first, end;
    hf2c_share(team, rows, &first, &end);
    for (int64_t r = first; r < end; r++) quantize_row((char *)y + (size_t)r * a8_row_bytes(K), x + r * ldx, K);
}

/* y: [rows, K] */
static inline void quantize_bf16(const hf2c_team *team, void *y, const float *x, int rows, const int64_t K, const int64_t ldx)
{
    bf16_element *to = y;
    int first, end;
    hf2c_share(team, rows, &first, &end);
    for (int64_t r = first; r < end; r++)
        for (int64_t k = 0; k < K; k++) to[r * K + k] = bf16_encode(x[r * ldx + k]);
}

#endif
