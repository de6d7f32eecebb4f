/* attention: softmax(mask(cap(scale q k'))) v in one pass over blocks of keys (online softmax).
 *
 * Blocks begin at multiples of TILE_DEPTH positions, and a key that a query does not see counts exactly nothing, so
 * that the bits of a query's result depend neither on the other queries of its tile nor on how many threads there are.
 */
#ifndef HF2C_CPU_ATTENTION_H
#define HF2C_CPU_ATTENTION_H

#include "templates/cpu/elementwise.h"
#include "templates/cpu/sequence.h"
#include "templates/cpu/tile.h"

enum {
    ATTENTION_QUERIES = 2 * TILE_ROWS,
    ATTENTION_AHEAD = 16,     /* keys: the cache is asked for values that many before their turn */
    ATTENTION_CHUNKS = (ATTENTION_HEAD_DIM + TILE_DEPTH - 1) / TILE_DEPTH
};

typedef struct Attention {
    float *y;
    const float *q, *k, *v;
    const hf2c_sequences *sequences;
    const float *bias, *sinks;
    int heads, kv_heads, head_dim, v_head_dim, cached, causal;
    int64_t ldq, ldk, ldv, window, D, origin;
    float scale, softcap;
    const hf2c_team *team;
} Attention;

/* Queries that share their keys: neighbouring rows of a sequence by heads of one group. */
typedef struct AttentionTile {
    _Alignas(64) float q[ATTENTION_CHUNKS][ATTENTION_QUERIES * TILE_STRIDE]; /* scaled, in chunks of head_dim */
    _Alignas(64) float p[ATTENTION_QUERIES * TILE_STRIDE];           /* scores, then weights, of a block of keys */
    _Alignas(64) float sums[ATTENTION_QUERIES * ATTENTION_HEAD_DIM]; /* of weights times values */
    _Alignas(64) float turned[TILE_DEPTH * TILE_COLUMNS]; /* keys, transposed; or the last columns of values */
    float highest[ATTENTION_QUERIES], total[ATTENTION_QUERIES];
    int first[ATTENTION_QUERIES], end[ATTENTION_QUERIES]; /* the keys that each query sees */
    const float *bias[ATTENTION_QUERIES]; /* of each query's head; NULL: none */
    int position[ATTENTION_QUERIES];
    int queries, height, padded;
    int low, high; /* the keys that any query sees */
} AttentionTile;

static inline void attention_load_query(AttentionTile *t, int i, const float *q, const int head_dim, float scale)
{
    for (int d = 0; d < head_dim; d++) t->q[d / TILE_DEPTH][i * TILE_STRIDE + d % TILE_DEPTH] = scale * q[d];
}

/* Rows [row, end_row) of sequence s, heads [head, end_head). */
SIMD_INLINE void attention_begin(const Attention *a, AttentionTile *t, const Keys *keys, int s, int row, int end_row,
                                 int head, int end_head)
{
    t->queries = 0;
    t->low = keys->count;
    t->high = 0;
    for (int r = row; r < end_row; r++)
        for (int h = head; h < end_head; h++) {
            int i = t->queries++;
            attention_load_query(t, i, a->q + r * a->ldq + h * a->head_dim, a->head_dim, a->scale);
            t->position[i] = keys->past + r - a->sequences->start[s];
            t->bias[i] = a->bias ? a->bias + h * a->D : NULL;
            sequence_visible(t->position[i], keys->count, a->causal, a->window, &t->first[i], &t->end[i]);
            t->highest[i] = a->sinks ? a->sinks[h] : -INFINITY;
            t->total[i] = a->sinks ? 1 : 0; /* a sink is seen first, and has no value */
            if (t->first[i] < t->low) t->low = t->first[i];
            if (t->end[i] > t->high) t->high = t->end[i];
        }
    t->height = tile_height(t->queries);
    t->padded = (t->queries + t->height - 1) / t->height * t->height;
    memset(t->sums, 0, (size_t)t->padded * ATTENTION_HEAD_DIM * sizeof(float));
    for (int i = t->queries; i < t->padded; i++) {
        for (int c = 0; c < ATTENTION_CHUNKS; c++) memset(t->q[c] + i * TILE_STRIDE, 0, TILE_DEPTH * sizeof(float));
        memset(t->p + i * TILE_STRIDE, 0, TILE_DEPTH * sizeof(float));
    }
}

/* turned[d][j] = key j, element d of its chunk, for count <= TILE_COLUMNS keys; zero keys fill the columns. */
SIMD_INLINE void attention_turn_keys(float *turned, const float *k, int64_t stride, int count, int depth)
{
    for (int j = 0; j < TILE_COLUMNS; j += SIMD_LANES)
        for (int d = 0; d < depth; d += SIMD_LANES) {
            simd_float square[SIMD_LANES];
            int n = depth - d < SIMD_LANES ? depth - d : SIMD_LANES;
            SIMD_UNROLL
            for (int i = 0; i < SIMD_LANES; i++)
                SIMD_PREFETCH(k + (j + i) * stride + d, TILE_COLUMNS * stride * (int64_t)sizeof(float));
            SIMD_UNROLL
            for (int i = 0; i < SIMD_LANES; i++)
                square[i] = j + i < count ? simd_load_partial(k + (j + i) * stride + d, n) : simd_zero();
            simd_transpose(square);
            SIMD_UNROLL
            for (int i = 0; i < SIMD_LANES; i++) simd_store(turned + (d + i) * TILE_COLUMNS + j, square[i]);
        }
}

/* p[i][j - block] = q[i] k[j] for keys [low, high) of a block; k: the keys of one head, from position 0 on */
SIMD_INLINE void attention_scores(const Attention *a, AttentionTile *t, const float *k, int64_t stride, int block,
                                  int low, int high)
{
    const TilePanels turned = {(const char *)t->turned, TILE_COLUMNS * sizeof(float), TILE_PANEL * sizeof(float), 0};
    for (int j = low; j < high; j += TILE_COLUMNS)
        for (int d = 0; d < a->head_dim; d += TILE_DEPTH) {
            int count = high - j < TILE_COLUMNS ? high - j : TILE_COLUMNS;
            int depth = a->head_dim - d < TILE_DEPTH ? a->head_dim - d : TILE_DEPTH;
            attention_turn_keys(t->turned, k + j * stride + d, stride, count, depth);
            for (int i = 0; i < t->padded; i += t->height)
                tile_f32(t->height, TILE_PANELS, t->q[d / TILE_DEPTH] + i * TILE_STRIDE, turned, depth,
                         t->p + i * TILE_STRIDE + j - block, TILE_STRIDE, d == 0);
        }
}

SIMD_INLINE void attention_cap(float *p, int n, const float softcap)
{
    for (int j = 0; j < n; j += SIMD_LANES)
        simd_store(p + j, simd_set1(softcap) * simd_tanh(simd_load(p + j) / simd_set1(softcap)));
}

/* Masks n scores (a multiple of SIMD_LANES; [first, end) are seen) and returns the highest. */
SIMD_INLINE float attention_mask(float *p, int n, int first, int end)
{
    for (int j = 0; j < first && j < n; j++) p[j] = -INFINITY;
    for (int j = end > 0 ? end : 0; j < n; j++) p[j] = -INFINITY;
    simd_float highest = simd_set1(-INFINITY);
    for (int j = 0; j < n; j += SIMD_LANES) highest = simd_max(highest, simd_load(p + j));
    return simd_reduce_max(highest);
}

/* p = e^(p - highest); returns the sum. */
SIMD_INLINE float attention_exponentials(float *p, int n, float highest)
{
    simd_float sum = simd_zero();
    for (int j = 0; j < n; j += SIMD_LANES) {
        simd_float weight = simd_exp(simd_load(p + j) - simd_set1(highest));
        simd_store(p + j, weight);
        sum = sum + weight;
    }
    return simd_reduce_add(sum);
}

/* Turns the n scores of query i into weights relative to the highest score so far, and brings what was summed before to
 * that. */
SIMD_INLINE void attention_weigh(const Attention *a, AttentionTile *t, int i, int j, int n, int block)
{
    float *p = t->p + i * TILE_STRIDE + j - block, *sums = t->sums + i * ATTENTION_HEAD_DIM;
    if (a->softcap != 0) attention_cap(p, n, a->softcap);
    if (t->bias[i]) sequence_add_bias(p, n, t->bias[i], a->D, j - t->position[i] + a->origin);
    float highest = attention_mask(p, n, t->first[i] - j, t->end[i] - j);
    if (highest < t->highest[i]) highest = t->highest[i];
    if (highest == -INFINITY) {
        memset(p, 0, (size_t)n * sizeof(float));
        return;
    }
    simd_float factor = simd_exp(simd_set1(t->highest[i] - highest));
    t->total[i] = t->total[i] * simd_reduce_max(factor) + attention_exponentials(p, n, highest);
    if (highest != t->highest[i])
        for (int d = 0; d < a->v_head_dim; d += SIMD_LANES) simd_store(sums + d, simd_load(sums + d) * factor);
    t->highest[i] = highest;
}

/* sums += p v for keys [low, high) of a block; v: the values of one head, from position 0 on */
SIMD_INLINE void attention_values(const Attention *a, AttentionTile *t, const float *v, int64_t stride, int block,
                                  int low, int high)
{
    for (int d = 0; d < a->v_head_dim; d += TILE_COLUMNS) {
        int left = a->v_head_dim - d, panels = left >= TILE_COLUMNS ? TILE_PANELS : 1;
        for (int part = 0; part < left && part < TILE_COLUMNS; part += panels * TILE_PANEL) {
            const int64_t step = stride * (int64_t)sizeof(float);
            TilePanels b = {(const char *)(v + low * stride + d + part), step, TILE_PANEL * sizeof(float),
                            ATTENTION_AHEAD * step};
            if (left - part < panels * TILE_PANEL) { /* a narrow last panel must not read past the head */
                for (int j = low; j < high; j++) {
                    float *padded = t->turned + (j - low) * TILE_PANEL;
                    for (int c = 0; c < TILE_PANEL; c++) padded[c] = c < left - part ? v[j * stride + d + part + c] : 0;
                }
                b = (TilePanels){(const char *)t->turned, TILE_PANEL * sizeof(float), TILE_PANEL * sizeof(float), 0};
            }
            for (int i = 0; i < t->padded; i += t->height)
                tile_f32(t->height, panels, t->p + i * TILE_STRIDE + low - block, b, high - low,
                         t->sums + i * ATTENTION_HEAD_DIM + d + part, ATTENTION_HEAD_DIM, 0);
        }
    }
}

static inline void attention_store(float *y, const float *sums, const int head_dim, float total)
{
    float factor = total != 0 ? 1.0f / total : 0;
    for (int d = 0; d < head_dim; d += SIMD_LANES) {
        int n = head_dim - d < SIMD_LANES ? head_dim - d : SIMD_LANES;
        /* adding 0 makes one zero of both */
        simd_store_partial(y + d, n, simd_fma(simd_load(sums + d), simd_set1(factor), simd_zero()));
    }
}

SIMD_INLINE void attention_tile(const Attention *a, int s, int row, int end_row, int head, int end_head)
{
    KERNEL_SCRATCH(AttentionTile, t, a->team);
    int kv = head / (a->heads / a->kv_heads);
    Keys k = sequence_keys(a->k, a->sequences, s, a->cached, a->kv_heads * a->head_dim, a->ldk);
    Keys v = sequence_keys(a->v, a->sequences, s, a->cached, a->kv_heads * a->v_head_dim, a->ldv);
    attention_begin(a, t, &k, s, row, end_row, head, end_head);
    for (int block = t->low / TILE_DEPTH * TILE_DEPTH; block < t->high; block += TILE_DEPTH) {
        int low = t->low > block ? block + (t->low - block) / TILE_COLUMNS * TILE_COLUMNS : block;
        int high = t->high < block + TILE_DEPTH ? t->high : block + TILE_DEPTH;
        int n = (high - low + TILE_COLUMNS - 1) / TILE_COLUMNS * TILE_COLUMNS;
        attention_scores(a, t, k.data + kv * a->head_dim, k.stride, block, low, high);
        for (int i = 0; i < t->queries; i++) attention_weigh(a, t, i, low, n, block);
        attention_values(a, t, v.data + kv * a->v_head_dim, v.stride, block, low, high);
    }
    for (int r = row, i = 0; r < end_row; r++)
        for (int h = head; h < end_head; h++, i++)
            attention_store(a->y + ((int64_t)r * a->heads + h) * a->v_head_dim, t->sums + i * ATTENTION_HEAD_DIM,
                            a->v_head_dim, t->total[i]);
}

/* Work: (heads of one group that fit a tile, rows that fit beside them); heads vary slowest, since early rows see fewer
 * keys. */
SIMD_INLINE void attention_units(const Attention *a, const hf2c_team *team, int rows)
{
    int group = a->heads / a->kv_heads, step = group < ATTENTION_QUERIES ? group : ATTENTION_QUERIES;
    int parts = (group + step - 1) / step, height = ATTENTION_QUERIES / step, chunks = (rows + height - 1) / height,
        first, end;
    hf2c_share(team, a->kv_heads * parts * chunks, &first, &end);
    for (int unit = first; unit < end; unit++) {
        int kv = unit / chunks / parts, head = kv * group + unit / chunks % parts * step;
        int end_head = head + step < (kv + 1) * group ? head + step : (kv + 1) * group;
        int row = unit % chunks * height, end_row = row + height < rows ? row + height : rows;
        for (int s = 0; s < a->sequences->count; s++) {
            int from = a->sequences->start[s] > row ? a->sequences->start[s] : row;
            int to = a->sequences->start[s + 1] < end_row ? a->sequences->start[s + 1] : end_row;
            if (from < to) attention_tile(a, s, from, to, head, end_head);
        }
    }
}

/* What no tile has room for must be seen, and must not reach past its arrays. */
static inline void attention_refuse(float *y, int64_t count)
{
    for (int64_t i = 0; i < count; i++) y[i] = NAN;
}

/* y: [rows, heads, v_head_dim]; head_dim, v_head_dim <= ATTENTION_HEAD_DIM; sinks: [heads] or NULL; a row that sees no key gives zeros */
static inline void attention(const hf2c_team *team, float *y, const float *q, const float *k, const float *v,
                             const hf2c_sequences *sequences, const float *bias, const float *sinks, int rows,
                             const int heads, const int kv_heads, const int head_dim, const int64_t ldq,
                             const int64_t ldk, const int64_t ldv, const int cached, const int causal,
                             const int64_t window, const int64_t D, const int64_t origin, const int v_head_dim,
                             const float scale, const float softcap)
{
    const Attention a = {y,          q,      k,      v,   sequences, bias, sinks,  heads, kv_heads, head_dim,
                         v_head_dim, cached, causal, ldq, ldk,       ldv,  window, D,     origin,   scale,
                         softcap,    team};
    if (head_dim <= ATTENTION_HEAD_DIM && v_head_dim <= ATTENTION_HEAD_DIM)
        attention_units(&a, team, rows);
    else if (team->index == 0)
        attention_refuse(y, (int64_t)rows * heads * v_head_dim);
}

#endif
