/* The three steps of attention one by one. p: [rows, heads, keys]; what a row does not see is -infinity before the
 * softmax, 0 after it. */
#ifndef HF2C_CPU_SCORES_H
#define HF2C_CPU_SCORES_H

#include "templates/cpu/elementwise.h"
#include "templates/cpu/row.h"
#include "templates/cpu/sequence.h"

/* q: floats; k: a row of a cache */
SIMD_INLINE float scores_dot(const int format, const float *q, const char *k, int n)
{
    simd_float sum = simd_zero();
    int i = 0;
    for (; i + SIMD_LANES <= n; i += SIMD_LANES) sum = simd_fma(simd_load(q + i), row_load(format, k, n, i), sum);
    if (i < n) sum = simd_fma(simd_load_partial(q + i, n - i), row_load_partial(format, k, n, i, n - i), sum);
    return simd_reduce_add(sum);
}

static inline int scores_sequence_of(const hf2c_sequences *sequences, int row)
{
    int s = 0;
    while (sequences->start[s + 1] <= row) s++;
    return s;
}

/* Work: rows. */
SIMD_INLINE void scores_rows(const int format, const hf2c_team *team, float *p, const float *q, const void *k,
                             const hf2c_sequences *sequences, const float *bias, int rows, const int heads, const int kv_heads,
                             const int head_dim, const int64_t ldq, const int64_t ldk, const int64_t keys, const int cached,
                             const int causal, const int64_t window, const int64_t D, const int64_t origin, const float scale,
                             const float softcap)
{
    int first_row, end_row, first, end;
    hf2c_share(team, rows, &first_row, &end_row);
    for (int r = first_row; r < end_row; r++) {
        int s = scores_sequence_of(sequences, r);
        Keys source = sequence_keys(format, k, sequences, s, cached, 0, head_dim, ldk);
        int i = source.past + r - sequences->start[s];
        sequence_visible(i, source.count, causal, window, &first, &end);
        if (end > keys) end = (int)keys;
        for (int h = 0; h < heads; h++) {
            float *row = p + ((int64_t)r * heads + h) * keys;
            const float *query = q + r * ldq + h * head_dim;
            Keys key = sequence_keys(format, k, sequences, s, cached, h / (heads / kv_heads), head_dim, ldk);
            for (int j = 0; j < keys; j++) row[j] = -INFINITY;
            for (int j = first; j < end; j++)
                row[j] = scale * scores_dot(format, query, keys_at(&key, j), head_dim);
            for (int j = first; softcap != 0 && j < end; j++)
                simd_store_partial(row + j, 1, simd_unary(FUNCTION_softcap, simd_set1(row[j]), softcap));
            if (bias && first < end) sequence_add_bias(row + first, end - first, bias + h * D, D, origin, first, i);
        }
    }
}

#define CACHE(format, suffix)                                                                                                        \
    static inline void scores##suffix(const hf2c_team *team, float *p, const float *q, const void *k, const hf2c_sequences *sequences, \
                                      const float *bias, int rows, const int heads, const int kv_heads, const int head_dim,          \
                                      const int64_t ldq, const int64_t ldk, const int64_t keys, const int cached, const int causal,  \
                                      const int64_t window, const int64_t D, const int64_t origin, const float scale,                \
                                      const float softcap)                                                                           \
    {                                                                                                                                \
        scores_rows(WEIGHT_##format, team, p, q, k, sequences, bias, rows, heads, kv_heads, head_dim, ldq, ldk, keys, cached, causal, \
                    window, D, origin, scale, softcap);                                                                              \
    }
#include "templates/format/caches.def"

/* One softmax over H elements and the sink, if there is one; zeros where all of them are -infinity. y may be x. */
SIMD_INLINE void softmax_group(float *y, const float *x, const float *sink, const int64_t H)
{
    float highest = sink ? *sink : -INFINITY;
    for (int64_t i = 0; i < H; i++) highest = x[i] > highest ? x[i] : highest;
    if (highest == -INFINITY) {
        int unseen = 1;
        for (int64_t i = 0; i < H; i++) unseen &= x[i] == -INFINITY;
        if (unseen) {
            for (int64_t i = 0; i < H; i++) y[i] = 0;
            return;
        }
    }
    simd_float sums = simd_zero();
    for (int64_t i = 0; i < H; i += SIMD_LANES) {
        int n = H - i < SIMD_LANES ? (int)(H - i) : SIMD_LANES;
        simd_store_partial(y + i, n, simd_exp(simd_load_partial(x + i, n) - simd_set1(highest)));
        sums = sums + simd_load_partial(y + i, n);
    }
    float sum = simd_reduce_add(sums);
    if (sink) sum += simd_reduce_max(simd_exp(simd_set1(*sink - highest)));
    simd_float factor = simd_set1(1.0f / sum);
    for (int64_t i = 0; i < H; i += SIMD_LANES) {
        int n = H - i < SIMD_LANES ? (int)(H - i) : SIMD_LANES;
        simd_store_partial(y + i, n, simd_load_partial(y + i, n) * factor);
    }
}

/* x, y: [rows, groups, H]; sinks: [groups] or NULL */
static inline void softmax(const hf2c_team *team, float *y, const float *x, const float *sinks, int rows,
                           const int64_t groups, const int64_t H)
{
    int first, end;
    hf2c_share(team, (int)(rows * groups), &first, &end);
    for (int64_t unit = first; unit < end; unit++)
        softmax_group(y + unit * H, x + unit * H, sinks ? sinks + unit % groups : NULL, H);
}

/* y: [rows, heads, head_dim]; a weight of 0 reads no value. Work: (row, head). */
SIMD_INLINE void mix_rows(const int format, const hf2c_team *team, float *y, const float *p, const void *v,
                          const hf2c_sequences *sequences, int rows, const int heads, const int kv_heads, const int head_dim,
                          const int64_t keys, const int64_t ldv, const int cached)
{
    int first, end;
    hf2c_share(team, rows * heads, &first, &end);
    for (int64_t unit = first; unit < end; unit++) {
        int s = scores_sequence_of(sequences, (int)(unit / heads));
        Keys value = sequence_keys(format, v, sequences, s, cached, unit % heads / (heads / kv_heads), head_dim, ldv);
        const float *weight = p + unit * keys;
        for (int d = 0; d < head_dim; d += SIMD_LANES) {
            int n = head_dim - d < SIMD_LANES ? head_dim - d : SIMD_LANES;
            simd_float sum = simd_zero();
            for (int j = 0; j < keys && j < value.count; j++)
                if (weight[j] != 0)
                    sum = simd_fma(simd_set1(weight[j]), row_load_partial(format, keys_at(&value, j), head_dim, d, n), sum);
            simd_store_partial(y + unit * head_dim + d, n, sum);
        }
    }
}

#define CACHE(format, suffix)                                                                                                        \
    static inline void mix##suffix(const hf2c_team *team, float *y, const float *p, const void *v, const hf2c_sequences *sequences,  \
                                   int rows, const int heads, const int kv_heads, const int head_dim, const int64_t keys,            \
                                   const int64_t ldv, const int cached)                                                              \
    {                                                                                                                                \
        mix_rows(WEIGHT_##format, team, y, p, v, sequences, rows, heads, kv_heads, head_dim, keys, ldv, cached);                     \
    }
#include "templates/format/caches.def"

#endif
