/* Rotary positions: the table of cosines and sines of each row, and the rotation by it. */
#ifndef HF2C_CPU_ROPE_H
#define HF2C_CPU_ROPE_H

#include "templates/cpu/sequence.h"

/* y: [rows, 2 half], first the cosines, then the sines; frequencies: [half] */
static inline void rope_table(const hf2c_team *team, float *y, const int32_t *positions, const float *frequencies,
                              int rows, const int64_t half, const float magnitude)
{
    int first, end;
    hf2c_share(team, rows, &first, &end);
    for (int r = first; r < end; r++)
        for (int64_t i = 0; i < half; i++) {
            float angle = (float)positions[r] * frequencies[i];
            y[r * 2 * half + i] = magnitude * cosf(angle);
            y[r * 2 * half + half + i] = magnitude * sinf(angle);
        }
}

/* Frequency i in sequences of more than original positions; in double, since large positions multiply its error. */
static inline float rope_long_frequency(const float *frequencies, const float *longer, int64_t i, const int64_t half,
                                        double growth)
{
    return longer ? longer[i] : (float)(frequencies[i] * pow(growth, -(double)i / (double)(half - 1)));
}

/* As rope_table, but rows of sequences that are longer than original (with what is cached) have other frequencies: longer, or where
 * that is NULL, slower ones that follow from factor. Work: rows. */
static inline void rope_table_by_length(const hf2c_team *team, float *y, const int32_t *positions,
                                        const float *frequencies, const hf2c_sequences *sequences, const float *longer,
                                        int rows, const int64_t half, const int64_t original, const float magnitude,
                                        const float factor)
{
    int first, end;
    hf2c_share(team, rows, &first, &end);
    for (int s = 0; s < sequences->count; s++) {
        int row = sequences->start[s] > first ? sequences->start[s] : first;
        int stop = sequences->start[s + 1] < end ? sequences->start[s + 1] : end;
        int64_t length = (int64_t)hf2c_past(sequences, s) + sequences->start[s + 1] - sequences->start[s];
        double growth = (double)factor * (double)length / (double)original - ((double)factor - 1);
        for (; row < stop; row++)
            for (int64_t i = 0; i < half; i++) {
                float f = length > original ? rope_long_frequency(frequencies, longer, i, half, growth) : frequencies[i];
                float angle = (float)positions[row] * f;
                y[row * 2 * half + i] = magnitude * cosf(angle);
                y[row * 2 * half + half + i] = magnitude * sinf(angle);
            }
    }
}

/* Pairs (i, i + half). x0 and x1 are read before y is written: y may be x. */
SIMD_INLINE void rope_halves(float *y, const float *x, const float *table, const int64_t half)
{
    for (int64_t i = 0; i < half; i += SIMD_LANES) {
        int n = half - i < SIMD_LANES ? (int)(half - i) : SIMD_LANES;
        simd_float x0 = simd_load_partial(x + i, n), x1 = simd_load_partial(x + half + i, n);
        simd_float cosine = simd_load_partial(table + i, n), sine = simd_load_partial(table + half + i, n);
        simd_store_partial(y + i, n, x0 * cosine - x1 * sine);
        simd_store_partial(y + half + i, n, x1 * cosine + x0 * sine);
    }
}

/* Pairs (2 i, 2 i + 1). */
SIMD_INLINE void rope_interleaved(float *y, const float *x, const float *table, const int64_t half)
{
    for (int64_t i = 0; i < half; i++) {
        float x0 = x[2 * i], x1 = x[2 * i + 1], cosine = table[i], sine = table[half + i];
        y[2 * i] = x0 * cosine - x1 * sine;
        y[2 * i + 1] = x1 * cosine + x0 * sine;
    }
}

/* x, y: [rows, heads, head_dim]; the first rotary_dim elements of each head turn, the others are copied. Work: (row,
 * head). */
static inline void rope(const hf2c_team *team, float *y, const float *x, const float *table, int rows, const int heads,
                        const int head_dim, const int rotary_dim, const int interleaved, const int64_t ldx)
{
    int first, end;
    hf2c_share(team, rows * heads, &first, &end);
    for (int unit = first; unit < end; unit++) {
        int64_t r = unit / heads, head = unit % heads;
        const float *from = x + r * ldx + head * head_dim, *angles = table + r * rotary_dim;
        float *to = y + (r * heads + head) * head_dim;
        if (interleaved)
            rope_interleaved(to, from, angles, rotary_dim / 2);
        else
            rope_halves(to, from, angles, rotary_dim / 2);
        if (to != from) memcpy(to + rotary_dim, from + rotary_dim, (size_t)(head_dim - rotary_dim) * sizeof(float));
    }
}

#endif
