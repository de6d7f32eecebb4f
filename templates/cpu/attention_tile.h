/* A tile of attention: softmax(mask(cap(scale q k'))) v of some queries in one pass over blocks of keys (online softmax).
 *
 * Blocks begin at multiples of TILE_DEPTH positions, each is summed up for itself, and the blocks are put together in their order; a key
 * that a query does not see counts exactly nothing. So the bits of a query's result depend neither on the other queries of its
 * tile, nor on where keys lie, nor on which thread has which block: few rows with a long past are split block by block. */
#ifndef HF2C_CPU_ATTENTION_TILE_H
#define HF2C_CPU_ATTENTION_TILE_H

#include "templates/cpu/elementwise.h"
#include "templates/cpu/row.h"
#include "templates/cpu/sequence.h"
#include "templates/cpu/tile.h"

enum {
    ATTENTION_QUERIES = 2 * TILE_ROWS,
    ATTENTION_AHEAD = 8192,   /* bytes that memory is asked for keys and values before their turn, or ATTENTION_KEYS_AHEAD of them */
    ATTENTION_KEYS_AHEAD = 16,
    ATTENTION_WIDE = 8,       /* panels of values that are summed at once for few queries: each row is read in one go */
    ATTENTION_CHUNKS = (ATTENTION_HEAD_DIM + TILE_DEPTH - 1) / TILE_DEPTH
};

typedef struct Attention {
    float *y;
    const float *q;
    const void *k, *v;
    const hf2c_sequences *sequences;
    const float *bias, *sinks;
    int rows, heads, kv_heads, head_dim, v_head_dim, cached, causal;
    int64_t ldq, ldk, ldv, window, D, origin, room;
    float scale, softcap;
    const hf2c_team *team;
} Attention;

/* Queries that share their keys: neighbouring rows of a sequence by heads of one group. */
typedef struct AttentionTile {
    _Alignas(64) float q[ATTENTION_CHUNKS][ATTENTION_QUERIES * TILE_STRIDE]; /* scaled, in chunks of head_dim */
    _Alignas(64) float p[ATTENTION_QUERIES * TILE_STRIDE];           /* scores, then weights, of a block of keys */
    _Alignas(64) float sums[ATTENTION_QUERIES * ATTENTION_HEAD_DIM]; /* of weights times values, of the blocks so far */
    _Alignas(64) float part[ATTENTION_QUERIES * ATTENTION_HEAD_DIM]; /* of one block */
    _Alignas(64) float turned[TILE_DEPTH * TILE_COLUMNS]; /* keys, transposed; or values, decoded */
    float highest[ATTENTION_QUERIES], total[ATTENTION_QUERIES];
    float part_highest[ATTENTION_QUERIES], part_total[ATTENTION_QUERIES];
    int first[ATTENTION_QUERIES], end[ATTENTION_QUERIES]; /* the keys that each query sees */
    const float *bias[ATTENTION_QUERIES]; /* of each query's head; NULL: none */
    int position[ATTENTION_QUERIES];
    int queries, height, padded;
    int low, high; /* the keys that any query sees */
} AttentionTile;

SIMD_INLINE void attention_load_query(AttentionTile *t, int i, const float *q, const int head_dim, float scale)
{
    for (int d = 0; d < head_dim; d += SIMD_LANES) {
        int n = head_dim - d < SIMD_LANES ? head_dim - d : SIMD_LANES;
        simd_store(t->q[d / TILE_DEPTH] + i * TILE_STRIDE + d % TILE_DEPTH, simd_set1(scale) * simd_load_partial(q + d, n));
    }
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
            attention_load_query(t, i, a->q + (r - a->sequences->first) * a->ldq + h * a->head_dim, a->head_dim, a->scale);
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
    for (int i = 0; i < t->padded; i++) memset(t->sums + i * ATTENTION_HEAD_DIM, 0, (size_t)a->v_head_dim * sizeof(float));
    for (int i = t->queries; i < t->padded; i++) {
        for (int c = 0; c < ATTENTION_CHUNKS; c++) memset(t->q[c] + i * TILE_STRIDE, 0, TILE_DEPTH * sizeof(float));
        memset(t->p + i * TILE_STRIDE, 0, TILE_DEPTH * sizeof(float));
    }
}

SIMD_INLINE int64_t attention_ahead(int64_t stride)
{
    return stride * ATTENTION_KEYS_AHEAD < ATTENTION_AHEAD ? ATTENTION_AHEAD / stride * stride : ATTENTION_KEYS_AHEAD * stride;
}

/* turned[d][j] = key j, elements [d, d + depth), for count <= TILE_COLUMNS keys; zero keys fill the columns. */
SIMD_INLINE void attention_turn_keys(const int format, float *turned, const char *const *key, const int64_t size, int d0, int count,
                                     int depth, int64_t ahead)
{
    for (int j = 0; j < TILE_COLUMNS; j += SIMD_LANES)
        for (int d = 0; d < depth; d += SIMD_LANES) {
            simd_float square[SIMD_LANES];
            int n = depth - d < SIMD_LANES ? depth - d : SIMD_LANES;
            SIMD_UNROLL
            for (int i = 0; i < SIMD_LANES; i++) {
                square[i] = j + i < count ? row_load_partial(format, key[j + i], size, d0 + d, n) : simd_zero();
                row_prefetch(format, key[j + i], d0 + d, ahead);
            }
            simd_transpose(square);
            SIMD_UNROLL
            for (int i = 0; i < SIMD_LANES; i++) simd_store(turned + (d + i) * TILE_COLUMNS + j, square[i]);
        }
}

/* p[i][j - block] = q[i] k[j] for keys [low, high) of a block */
SIMD_INLINE void attention_scores(const int format, const Attention *a, AttentionTile *t, const Keys *k, int block, int low, int high)
{
    const TilePanels turned = {(const char *)t->turned, TILE_COLUMNS * sizeof(float), TILE_PANEL * sizeof(float), 0};
    for (int j = low; j < high; j += TILE_COLUMNS) {
        const char *key[TILE_COLUMNS];
        int count = high - j < TILE_COLUMNS ? high - j : TILE_COLUMNS;
        for (int i = 0; i < TILE_COLUMNS; i++) key[i] = keys_at(k, i < count ? j + i : j);
        for (int d = 0; d < a->head_dim; d += TILE_DEPTH) {
            int depth = a->head_dim - d < TILE_DEPTH ? a->head_dim - d : TILE_DEPTH;
            attention_turn_keys(format, t->turned, key, a->head_dim, d, count, depth, attention_ahead(k->stride));
            for (int i = 0; i < t->padded; i += t->height)
                tile_f32(t->height, TILE_PANELS, t->q[d / TILE_DEPTH] + i * TILE_STRIDE, turned, depth,
                         t->p + i * TILE_STRIDE + j - block, TILE_STRIDE, d == 0);
        }
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

/* Turns the n scores of query i in a block into weights relative to the highest of them. */
SIMD_INLINE void attention_weigh(const Attention *a, AttentionTile *t, int i, int j, int n, int block)
{
    float *p = t->p + i * TILE_STRIDE + j - block;
    if (a->softcap != 0) attention_cap(p, n, a->softcap);
    if (t->bias[i]) sequence_add_bias(p, n, t->bias[i], a->D, a->origin, j, t->position[i]);
    float highest = t->part_highest[i] = attention_mask(p, n, t->first[i] - j, t->end[i] - j);
    t->part_total[i] = 0;
    if (highest == -INFINITY)
        memset(p, 0, (size_t)n * sizeof(float));
    else
        t->part_total[i] = attention_exponentials(p, n, highest);
}

/* Values of keys that follow each other: rows of `size` elements, `stride` bytes apart; or where `keys` says, from key `first` on. */
typedef struct Values {
    const char *data;
    int64_t stride, size;
    int count, first;
    const Keys *keys; /* or NULL */
} Values;

SIMD_INLINE const char *values_row(const Values *v, int j) { return v->keys ? keys_at(v->keys, v->first + j) : v->data + j * v->stride; }

/* The values of keys [j, high), as far as they are read in one go: those that lie `stride` apart; of a run that ends within a part of a sum
 * (simd_part) the whole parts, then one part from wherever its values lie. */
SIMD_INLINE Values values_next(const Keys *v, int j, int high, int size)
{
    Values values = {keys_at(v, j), v->stride, size, keys_run(v, j, high), j, NULL};
    if (SIMD_FUSED || j + values.count == high || values.count % SIMD_PART == 0) return values;
    values.count -= values.count % SIMD_PART;
    if (values.count > 0) return values;
    values.keys = v;
    values.count = (int)simd_part(high - j);
    return values;
}

/* Vectors of columns from d on: sum[i][c] += p[i] v of keys [j, end). */
SIMD_INLINE void attention_values_chain(const int format, const int height, const int vectors, const float *p, const Values *v, int d, int j, int end,
                                        simd_float *sum)
{
    const char *row = v->data + j * v->stride;
    const int64_t ahead = attention_ahead(v->stride);
    for (; j < end; j++, row += v->stride) {
        SIMD_UNROLL
        for (int c = 0; c < vectors; c++) {
            simd_float value = row_load(format, row, v->size, d + c * SIMD_LANES);
            SIMD_UNROLL
            for (int i = 0; i < height; i++)
                sum[i * vectors + c] = simd_fma(value, simd_set1(p[i * TILE_STRIDE + j]), sum[i * vectors + c]);
        }
        SIMD_UNROLL
        for (int c = 0; c < vectors; c++) row_prefetch(format, row, d + c * SIMD_LANES, ahead);
    }
}

/* Columns [d, d + 16 panels) of part += p v, for few queries: values are decoded in registers. */
SIMD_INLINE void attention_values_wide(const int format, const int height, const int panels, const float *p, const Values *v, int d,
                                       float *part, int fresh)
{
    const int vectors = panels * TILE_PANEL_VECTORS, total = height * vectors;
    simd_float sum[TILE_ROWS * TILE_VECTORS], some[TILE_ROWS * TILE_VECTORS], *chain = SIMD_FUSED ? sum : some;
    SIMD_UNROLL
    for (int i = 0; i < total; i++)
        sum[i] = fresh ? simd_zero() : simd_load(part + d + i / vectors * ATTENTION_HEAD_DIM + i % vectors * SIMD_LANES);
    for (int j = 0, count; j < v->count; j += count) {
        count = (int)simd_part(v->count - j);
        SIMD_UNROLL
        for (int i = 0; i < total && !SIMD_FUSED; i++) chain[i] = simd_zero();
        attention_values_chain(format, height, vectors, p, v, d, j, j + count, chain);
        SIMD_UNROLL
        for (int i = 0; i < total && !SIMD_FUSED; i++) sum[i] = sum[i] + chain[i];
    }
    SIMD_UNROLL
    for (int i = 0; i < total; i++)
        simd_store(part + d + i / vectors * ATTENTION_HEAD_DIM + i % vectors * SIMD_LANES, sum[i]);
}

/* How many columns are done at once: whole rows of values where the sums of few queries leave room for them. */
SIMD_INLINE int attention_values_few(const int format, const int panels, AttentionTile *t, const float *p, const Values *v, int d, int fresh)
{
    enum { MOST = TILE_ROWS * TILE_VECTORS / TILE_PANEL_VECTORS };
    if (v->keys || v->size - d < panels * TILE_PANEL) return 0;
    if (t->padded == 1 && panels <= MOST)
        attention_values_wide(format, 1, panels, p, v, d, t->part, fresh);
    else if (t->padded == 2 && 2 * panels <= MOST)
        attention_values_wide(format, 2, panels, p, v, d, t->part, fresh);
    else if (t->padded == 4 && 4 * panels <= MOST)
        attention_values_wide(format, 4, panels, p, v, d, t->part, fresh);
    else if (t->padded == 6 && 6 * panels <= MOST && format != WEIGHT_f32)
        attention_values_wide(format, 6, panels, p, v, d, t->part, fresh);
    else if (t->padded == 8 && 8 * panels <= MOST && format != WEIGHT_f32)
        attention_values_wide(format, 8, panels, p, v, d, t->part, fresh);
    else
        return 0;
    return panels * TILE_PANEL;
}

/* Columns [d, d + 16 panels) of the values, decoded; behind the last column zeros. */
SIMD_INLINE TilePanels attention_decode_values(const int format, AttentionTile *t, const Values *v, int d, int panels)
{
    const int columns = panels * TILE_PANEL;
    for (int j = 0; j < v->count; j++)
        for (int c = 0; c < columns; c += SIMD_LANES) {
            int64_t left = v->size - d - c;
            int n = left >= SIMD_LANES ? SIMD_LANES : left > 0 ? (int)left : 0;
            simd_store(t->turned + j * columns + c, row_load_partial(format, values_row(v, j), v->size, d + c, n));
        }
    return (TilePanels){(const char *)t->turned, columns * (int64_t)sizeof(float), TILE_PANEL * sizeof(float), 0};
}

/* part += p v for keys of a block; p: [queries, .] their weights */
SIMD_INLINE void attention_values(const int format, AttentionTile *t, const float *p, const Values *v, int fresh)
{
    for (int d = 0, done; d < v->size; d += done) {
        int64_t left = v->size - d;
        int panels = left >= TILE_COLUMNS ? TILE_PANELS : 1;
        done = attention_values_few(format, ATTENTION_WIDE, t, p, v, d, fresh);
        if (!done) done = attention_values_few(format, ATTENTION_WIDE / 2, t, p, v, d, fresh);
        if (!done && format != WEIGHT_f32) done = attention_values_few(format, ATTENTION_WIDE / 4, t, p, v, d, fresh);
        if (done) continue;
        done = panels * TILE_PANEL;
        TilePanels b = {v->data + d * (int64_t)sizeof(float), v->stride, TILE_PANEL * sizeof(float), attention_ahead(v->stride)};
        if (format != WEIGHT_f32 || left < TILE_PANEL || v->keys) b = attention_decode_values(format, t, v, d, panels);
        for (int i = 0; i < t->padded; i += t->height)
            tile_f32(t->height, panels, p + i * TILE_STRIDE, b, v->count, t->part + i * ATTENTION_HEAD_DIM + d, ATTENTION_HEAD_DIM, fresh);
    }
}

/* What each query of the tile has of one block. */
SIMD_INLINE void attention_block(const int format, const Attention *a, AttentionTile *t, const Keys *k, const Keys *v, int block)
{
    int low = t->low > block ? block + (t->low - block) / TILE_COLUMNS * TILE_COLUMNS : block;
    int high = t->high < block + TILE_DEPTH ? t->high : block + TILE_DEPTH;
    int n = (high - low + TILE_COLUMNS - 1) / TILE_COLUMNS * TILE_COLUMNS;
    attention_scores(format, a, t, k, block, low, high);
    for (int i = 0; i < t->queries; i++) attention_weigh(a, t, i, low, n, block);
    for (int j = low, count; j < high; j += count) {
        const Values values = values_next(v, j, high, a->v_head_dim);
        attention_values(format, t, t->p + j - block, &values, j == low);
        count = values.count;
    }
}

/* Adds what a query has of one more block, [n] sums; the highest score of both counts 1. */
SIMD_INLINE void attention_merge(float *highest, float *total, float *sums, float part_highest, float part_total, const float *part,
                                 const int n)
{
    float both = *highest > part_highest ? *highest : part_highest;
    if (both == -INFINITY) return;
    simd_float old = simd_exp(simd_set1(*highest - both)), new = simd_exp(simd_set1(part_highest - both));
    *total = simd_reduce_max(simd_fma(simd_set1(part_total), new, simd_set1(*total) * old));
    for (int d = 0; d < n; d += SIMD_LANES) {
        int count = n - d < SIMD_LANES ? n - d : SIMD_LANES;
        simd_store(sums + d, simd_fma(simd_load_partial(part + d, count), new, simd_load(sums + d) * old));
    }
    *highest = both;
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

#endif
