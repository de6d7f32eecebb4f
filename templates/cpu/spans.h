/* spans: attention among each `size` rows of a picture, which are all of it or a window, with biases for each pair of rows; in one pass
 * over blocks of keys (online softmax). */
#ifndef HF2C_CPU_SPANS_H
#define HF2C_CPU_SPANS_H

#include "templates/cpu/scores.h"

enum { SPANS_BLOCK = 64 };

typedef struct Spans {
    int head_dim, size;
    int64_t ldk, ldv;
    float scale;
} Spans;

/* What a query knows after some blocks of keys. */
typedef struct SpansQuery {
    _Alignas(64) float sums[ATTENTION_HEAD_DIM]; /* of weights times values */
    _Alignas(64) float p[SPANS_BLOCK];           /* scores of a block, then weights */
    float highest, total;
} SpansQuery;

/* Turns the scores into weights relative to the highest so far; returns what earlier sums must be multiplied by. */
SIMD_INLINE float spans_weigh(SpansQuery *query, int n)
{
    float before = query->highest;
    for (int j = 0; j < n; j++) query->highest = query->p[j] > query->highest ? query->p[j] : query->highest;
    for (int j = n; j < SPANS_BLOCK; j++) query->p[j] = -INFINITY;
    float factor = simd_reduce_max(simd_exp(simd_set1(before - query->highest)));
    simd_float sum = simd_zero();
    for (int j = 0; j < SPANS_BLOCK; j += SIMD_LANES) {
        simd_float weight = simd_exp(simd_load(query->p + j) - simd_set1(query->highest));
        simd_store(query->p + j, weight);
        sum = sum + weight;
    }
    query->total = query->total * factor + simd_reduce_add(sum);
    return factor;
}

/* sums = factor * sums + p v for n keys */
SIMD_INLINE void spans_mix(const Spans *a, SpansQuery *query, const float *v, int n, float factor)
{
    for (int d = 0; d < a->head_dim; d += SIMD_LANES) {
        int part = a->head_dim - d < SIMD_LANES ? a->head_dim - d : SIMD_LANES;
        simd_float sum = simd_load(query->sums + d) * simd_set1(factor);
        for (int j = 0; j < n; j++) sum = simd_fma(simd_set1(query->p[j]), simd_load_partial(v + j * a->ldv + d, part), sum);
        simd_store(query->sums + d, sum);
    }
}

/* One query and one head; k and v: those of the span's first row; bias: [size] or NULL */
SIMD_INLINE void spans_query(const Spans *a, float *y, const float *q, const float *k, const float *v, const float *bias)
{
    SpansQuery query = {.highest = -INFINITY};
    for (int first = 0; first < a->size; first += SPANS_BLOCK) {
        int n = a->size - first < SPANS_BLOCK ? a->size - first : SPANS_BLOCK;
        for (int j = 0; j < n; j++)
            query.p[j] = a->scale * scores_dot(WEIGHT_f32, q, (const char *)(k + (first + j) * a->ldk), a->head_dim) + (bias ? bias[first + j] : 0);
        spans_mix(a, &query, v + first * a->ldv, n, spans_weigh(&query, n));
    }
    for (int d = 0; d < a->head_dim; d++) y[d] = query.sums[d] / query.total;
}

/* y: [rows, heads * head_dim], head_dim <= ATTENTION_HEAD_DIM; bias: [groups, heads, size, size] or NULL. Work: (row, head). */
static inline void spans(const hf2c_team *team, float *y, const float *q, const float *k, const float *v, const float *bias, int rows,
                         const int heads, const int head_dim, const int size, const int groups, const int64_t ldq, const int64_t ldk,
                         const int64_t ldv, const float scale)
{
    const Spans a = {head_dim, size, ldk, ldv, scale};
    int first, end;
    hf2c_share(team, rows * heads, &first, &end);
    for (int unit = first; unit < end; unit++) {
        int64_t row = unit / heads, head = unit % heads, start = row / size * size;
        float *to = y + row * heads * head_dim + head * head_dim;
        const float *own = bias ? bias + ((row / size % groups * heads + head) * size + row % size) * size : NULL;
        if (head_dim > ATTENTION_HEAD_DIM)
            for (int d = 0; d < head_dim; d++) to[d] = NAN;
        else
            spans_query(&a, to, q + row * ldq + head * head_dim, k + start * ldk + head * head_dim, v + start * ldv + head * head_dim, own);
    }
}

#endif
