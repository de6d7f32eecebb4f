/* disentangled: softmax(scale (q k' + q position_key' + k position_query')) v, with rows of the position tables chosen by the distance
 * of query and key; in one pass over blocks of keys (online softmax). */
#ifndef HF2C_CPU_DISENTANGLED_H
#define HF2C_CPU_DISENTANGLED_H

#include "templates/cpu/sequence.h"

enum { DISENTANGLED_BLOCK = 64 };

typedef struct Disentangled {
    const float *buckets, *position_keys, *position_queries; /* either table may be NULL */
    int64_t width, ldk, ldv, D, origin;
    int head_dim;
    float scale;
} Disentangled;

/* What a query knows after some blocks of keys. */
typedef struct DisentangledQuery {
    _Alignas(64) float sums[ATTENTION_HEAD_DIM]; /* of weights times values */
    float highest, total;
} DisentangledQuery;

static inline int64_t disentangled_bucket(const Disentangled *a, int64_t distance)
{
    int64_t at = distance + a->origin;
    return (int64_t)a->buckets[at < 0 ? 0 : at < a->D ? at : a->D - 1];
}

/* One sum for the three products; q, k, and where there are any the tables' rows: head_dim elements */
SIMD_INLINE float disentangled_score(const float *q, const float *k, const float *position_key, const float *position_query,
                                     const int head_dim)
{
    simd_float sum = simd_zero();
    for (int d = 0; d < head_dim; d += SIMD_LANES) {
        int n = head_dim - d < SIMD_LANES ? head_dim - d : SIMD_LANES;
        simd_float query = simd_load_partial(q + d, n), key = simd_load_partial(k + d, n), seen = key;
        if (position_key) seen = seen + simd_load_partial(position_key + d, n);
        sum = simd_fma(query, seen, sum);
        if (position_query) sum = simd_fma(key, simd_load_partial(position_query + d, n), sum);
    }
    return simd_reduce_add(sum);
}

/* Scores of keys [first, end) for the query at position i; returns the highest. k: the first key of the sequence */
SIMD_INLINE float disentangled_scores(const Disentangled *a, float *p, const float *q, const float *k, int64_t column, int i,
                                      int first, int end)
{
    float highest = -INFINITY;
    for (int j = first; j < end; j++) {
        int64_t at = disentangled_bucket(a, i - j) * a->width + column;
        const float *position_key = a->position_keys ? a->position_keys + at : NULL;
        const float *position_query = a->position_queries ? a->position_queries + at : NULL;
        float score = a->scale * disentangled_score(q, k + j * a->ldk, position_key, position_query, a->head_dim);
        p[j - first] = score;
        highest = score > highest ? score : highest;
    }
    return highest;
}

/* Turns scores into weights relative to the highest so far, and adds the weighted values of n keys. */
SIMD_INLINE void disentangled_add(const Disentangled *a, DisentangledQuery *query, float *p, int n, float highest, const float *v)
{
    if (highest < query->highest) highest = query->highest;
    float factor = simd_reduce_max(simd_exp(simd_set1(query->highest - highest)));
    simd_float total = simd_zero();
    for (int j = 0; j < n; j += SIMD_LANES) {
        int part = n - j < SIMD_LANES ? n - j : SIMD_LANES;
        simd_store_partial(p + j, part, simd_exp(simd_load_partial(p + j, part) - simd_set1(highest)));
        total = total + simd_load_partial(p + j, part);
    }
    query->total = query->total * factor + simd_reduce_add(total);
    query->highest = highest;
    for (int d = 0; d < a->head_dim; d += SIMD_LANES) {
        int part = a->head_dim - d < SIMD_LANES ? a->head_dim - d : SIMD_LANES;
        simd_float sum = simd_load_partial(query->sums + d, part) * simd_set1(factor);
        for (int j = 0; j < n; j++) sum = simd_fma(simd_set1(p[j]), simd_load_partial(v + j * a->ldv + d, part), sum);
        simd_store_partial(query->sums + d, part, sum);
    }
}

/* The query at position i of a sequence of `count` rows that begins at k and v. */
SIMD_INLINE void disentangled_query(const Disentangled *a, float *y, const float *q, const float *k, const float *v, int64_t column,
                                    int i, int count)
{
    DisentangledQuery query = {{0}, -INFINITY, 0};
    float p[DISENTANGLED_BLOCK];
    for (int first = 0; first < count; first += DISENTANGLED_BLOCK) {
        int end = count - first < DISENTANGLED_BLOCK ? count : first + DISENTANGLED_BLOCK;
        float highest = disentangled_scores(a, p, q, k, column, i, first, end);
        disentangled_add(a, &query, p, end - first, highest, v + first * a->ldv);
    }
    for (int d = 0; d < a->head_dim; d++) y[d] = query.sums[d] / query.total;
}

/* y: [rows, heads, head_dim], head_dim <= ATTENTION_HEAD_DIM, wider ones give NaN. Work: (row, head). */
static inline void disentangled(const hf2c_team *team, float *y, const float *q, const float *k, const float *v,
                                const hf2c_sequences *sequences, const float *buckets, const float *position_keys,
                                const float *position_queries, int rows, const int heads, const int head_dim, const int64_t ldq,
                                const int64_t ldk, const int64_t ldv, const int64_t D, const int64_t origin, const float scale)
{
    const Disentangled a = {buckets, position_keys, position_queries, (int64_t)heads * head_dim, ldk, ldv, D, origin, head_dim, scale};
    int first, end, s = 0;
    hf2c_share(team, rows * heads, &first, &end);
    for (int64_t unit = first; unit < end; unit++) {
        int row = (int)(unit / heads);
        int64_t column = unit % heads * head_dim;
        while (sequences->start[s + 1] <= row) s++;
        int64_t start = sequences->start[s];
        if (head_dim <= ATTENTION_HEAD_DIM)
            disentangled_query(&a, y + unit * head_dim, q + row * ldq + column, k + start * ldk + column, v + start * ldv + column,
                               column, row - (int)start, sequences->start[s + 1] - (int)start);
        for (int d = 0; d < head_dim && head_dim > ATTENTION_HEAD_DIM; d++) y[unit * head_dim + d] = NAN;
    }
}

#endif
