/* attention: softmax(mask(cap(scale q k'))) v in one pass over blocks of keys (online softmax).
 *
 * Blocks begin at multiples of TILE_DEPTH positions, each is summed up for itself, and the blocks are put together in their order; a key
 * that a query does not see counts exactly nothing. So the bits of a query's result depend neither on the other queries of its
 * tile, nor on where keys lie, nor on which thread has which block: few rows with a long past are split block by block. */
#ifndef HF2C_CPU_ATTENTION_H
#define HF2C_CPU_ATTENTION_H

#include "templates/cpu/elementwise.h"
#include "templates/cpu/sequence.h"
#include "templates/cpu/tile.h"

enum {
    ATTENTION_QUERIES = 2 * TILE_ROWS,
    ATTENTION_AHEAD = 16,     /* keys: the cache is asked for values that many before their turn */
    ATTENTION_WIDE = 8,       /* panels of values that are summed at once for few queries: each row is read in one go */
    ATTENTION_CHUNKS = (ATTENTION_HEAD_DIM + TILE_DEPTH - 1) / TILE_DEPTH
};

typedef struct Attention {
    float *y;
    const float *q, *k, *v;
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
    _Alignas(64) float turned[TILE_DEPTH * TILE_COLUMNS]; /* keys, transposed; or the last columns of values */
    float highest[ATTENTION_QUERIES], total[ATTENTION_QUERIES];
    float part_highest[ATTENTION_QUERIES], part_total[ATTENTION_QUERIES];
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
    memset(t->sums, 0, (size_t)t->padded * ATTENTION_HEAD_DIM * sizeof(float));
    for (int i = t->queries; i < t->padded; i++) {
        for (int c = 0; c < ATTENTION_CHUNKS; c++) memset(t->q[c] + i * TILE_STRIDE, 0, TILE_DEPTH * sizeof(float));
        memset(t->p + i * TILE_STRIDE, 0, TILE_DEPTH * sizeof(float));
    }
}

/* turned[d][j] = key j, elements [d, d + depth), for count <= TILE_COLUMNS keys; zero keys fill the columns. */
SIMD_INLINE void attention_turn_keys(float *turned, const float *const *key, int d0, int count, int depth, int64_t ahead)
{
    for (int j = 0; j < TILE_COLUMNS; j += SIMD_LANES)
        for (int d = 0; d < depth; d += SIMD_LANES) {
            simd_float square[SIMD_LANES];
            int n = depth - d < SIMD_LANES ? depth - d : SIMD_LANES;
            SIMD_UNROLL
            for (int i = 0; i < SIMD_LANES; i++) {
                square[i] = j + i < count ? simd_load_partial(key[j + i] + d0 + d, n) : simd_zero();
                SIMD_PREFETCH(key[j + i] + d0 + d, ahead);
            }
            simd_transpose(square);
            SIMD_UNROLL
            for (int i = 0; i < SIMD_LANES; i++) simd_store(turned + (d + i) * TILE_COLUMNS + j, square[i]);
        }
}

/* p[i][j - block] = q[i] k[j] for keys [low, high) of a block */
SIMD_INLINE void attention_scores(const Attention *a, AttentionTile *t, const Keys *k, int block, int low, int high)
{
    const TilePanels turned = {(const char *)t->turned, TILE_COLUMNS * sizeof(float), TILE_PANEL * sizeof(float), 0};
    for (int j = low; j < high; j += TILE_COLUMNS) {
        const float *key[TILE_COLUMNS];
        int count = high - j < TILE_COLUMNS ? high - j : TILE_COLUMNS;
        for (int i = 0; i < TILE_COLUMNS; i++) key[i] = keys_at(k, i < count ? j + i : j);
        for (int d = 0; d < a->head_dim; d += TILE_DEPTH) {
            int depth = a->head_dim - d < TILE_DEPTH ? a->head_dim - d : TILE_DEPTH;
            attention_turn_keys(t->turned, key, d, count, depth, TILE_COLUMNS * k->stride * (int64_t)sizeof(float));
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
    if (t->bias[i]) sequence_add_bias(p, n, t->bias[i], a->D, j - t->position[i] + a->origin);
    float highest = t->part_highest[i] = attention_mask(p, n, t->first[i] - j, t->end[i] - j);
    t->part_total[i] = 0;
    if (highest == -INFINITY)
        memset(p, 0, (size_t)n * sizeof(float));
    else
        t->part_total[i] = attention_exponentials(p, n, highest);
}

/* Columns [d, d + 16 panels) of part += p v for `count` keys whose values lie `stride` apart; few queries */
SIMD_INLINE void attention_values_wide(const int height, const int panels, const float *p, const float *v, int64_t stride, int count,
                                       float *part, int fresh)
{
    const int vectors = panels * TILE_PANEL_VECTORS, total = height * vectors;
    simd_float sum[TILE_ROWS * TILE_VECTORS];
    SIMD_UNROLL
    for (int i = 0; i < total; i++)
        sum[i] = fresh ? simd_zero() : simd_load(part + i / vectors * ATTENTION_HEAD_DIM + i % vectors * SIMD_LANES);
    for (int j = 0; j < count; j++, v += stride) {
        SIMD_UNROLL
        for (int c = 0; c < vectors; c++) {
            simd_float value = simd_load(v + c * SIMD_LANES);
            SIMD_UNROLL
            for (int i = 0; i < height; i++)
                sum[i * vectors + c] = simd_fma(value, simd_set1(p[i * TILE_STRIDE + j]), sum[i * vectors + c]);
        }
        SIMD_UNROLL
        for (int c = 0; c < vectors; c += 64 / (int)sizeof(float) / SIMD_LANES)
            SIMD_PREFETCH(v + c * SIMD_LANES, ATTENTION_AHEAD * stride * (int64_t)sizeof(float));
    }
    SIMD_UNROLL
    for (int i = 0; i < total; i++)
        simd_store(part + i / vectors * ATTENTION_HEAD_DIM + i % vectors * SIMD_LANES, sum[i]);
}

/* How many columns are done at once: whole rows of values where the sums of few queries leave room for them. */
SIMD_INLINE int attention_values_few(const int panels, AttentionTile *t, const float *p, const float *v, int64_t stride, int count,
                                     float *part, int fresh)
{
    enum { MOST = TILE_ROWS * TILE_VECTORS / TILE_PANEL_VECTORS };
    if (t->queries == 1 && panels <= MOST)
        attention_values_wide(1, panels, p, v, stride, count, part, fresh);
    else if (t->queries == 2 && 2 * panels <= MOST)
        attention_values_wide(2, panels, p, v, stride, count, part, fresh);
    else
        return 0;
    return panels * TILE_PANEL;
}

/* The last columns, which are fewer than a panel: it must not read past the head. */
SIMD_INLINE TilePanels attention_pad_values(AttentionTile *t, const float *v, int64_t stride, int count, int left)
{
    for (int j = 0; j < count; j++)
        for (int c = 0; c < TILE_PANEL; c++) t->turned[j * TILE_PANEL + c] = c < left ? v[j * stride + c] : 0;
    return (TilePanels){(const char *)t->turned, TILE_PANEL * sizeof(float), TILE_PANEL * sizeof(float), 0};
}

/* part += p v for keys of a block that lie `stride` apart; v: the first of them, p: [queries, .] their weights */
SIMD_INLINE void attention_values(const Attention *a, AttentionTile *t, const float *p, const float *v, int64_t stride, int count, int fresh)
{
    const int64_t step = stride * (int64_t)sizeof(float);
    for (int d = 0, done; d < a->v_head_dim; d += done) {
        int left = a->v_head_dim - d, panels = left >= TILE_COLUMNS ? TILE_PANELS : 1;
        done = left >= ATTENTION_WIDE * TILE_PANEL ? attention_values_few(ATTENTION_WIDE, t, p, v + d, stride, count, t->part + d, fresh) : 0;
        if (!done && left >= ATTENTION_WIDE / 2 * TILE_PANEL)
            done = attention_values_few(ATTENTION_WIDE / 2, t, p, v + d, stride, count, t->part + d, fresh);
        if (done) continue;
        done = panels * TILE_PANEL;
        TilePanels b = {(const char *)(v + d), step, TILE_PANEL * sizeof(float), ATTENTION_AHEAD * step};
        if (left < TILE_PANEL) b = attention_pad_values(t, v + d, stride, count, left);
        for (int i = 0; i < t->padded; i += t->height)
            tile_f32(t->height, panels, p + i * TILE_STRIDE, b, count, t->part + i * ATTENTION_HEAD_DIM + d, ATTENTION_HEAD_DIM, fresh);
    }
}

/* What each query of the tile has of one block. */
SIMD_INLINE void attention_block(const Attention *a, AttentionTile *t, const Keys *k, const Keys *v, int block)
{
    int low = t->low > block ? block + (t->low - block) / TILE_COLUMNS * TILE_COLUMNS : block;
    int high = t->high < block + TILE_DEPTH ? t->high : block + TILE_DEPTH;
    int n = (high - low + TILE_COLUMNS - 1) / TILE_COLUMNS * TILE_COLUMNS;
    attention_scores(a, t, k, block, low, high);
    for (int i = 0; i < t->queries; i++) attention_weigh(a, t, i, low, n, block);
    for (int j = low, run; j < high; j += run) {
        run = keys_run(v, j, high);
        attention_values(a, t, t->p + j - block, keys_at(v, j), v->stride, run, j == low);
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

/* ---- who does what ---- */

/* The tiles of a call: heads of one group that fit one, by neighbouring rows of a sequence that fit beside them. */
typedef struct Tiles {
    int step, parts; /* heads in a tile; tiles beside each other over the heads */
    int height;      /* rows in a tile */
    int chunks;      /* tiles over the rows of all sequences */
} Tiles;

/* The first row of sequence s, of those rows that this call of the kernel is for. */
static inline int attention_row(const Attention *a, int s)
{
    int row = a->sequences->start[s], first = a->sequences->first, end = first + a->rows;
    return row < first ? first : row < end ? row : end;
}

static inline int tiles_of_sequence(const Attention *a, const Tiles *tiles, int s)
{
    return (attention_row(a, s + 1) - attention_row(a, s) + tiles->height - 1) / tiles->height;
}

static inline Tiles attention_tiles(const Attention *a)
{
    int group = a->heads / a->kv_heads, step = group < ATTENTION_QUERIES ? group : ATTENTION_QUERIES;
    int each = (group + step - 1) / step;
    Tiles tiles = {step, each * a->kv_heads, ATTENTION_QUERIES / step, 0};
    for (int s = 0; s < a->sequences->count; s++) tiles.chunks += tiles_of_sequence(a, &tiles, s);
    return tiles;
}

/* Rows [row, end) of a sequence: chunk number `chunk` of the call. */
typedef struct Chunk {
    int s, row, end;
} Chunk;

static inline Chunk attention_chunk(const Attention *a, const Tiles *tiles, int chunk)
{
    int s = 0;
    for (; chunk >= tiles_of_sequence(a, tiles, s); s++) chunk -= tiles_of_sequence(a, tiles, s);
    int row = attention_row(a, s) + chunk * tiles->height, end = row + tiles->height, last = attention_row(a, s + 1);
    return (Chunk){s, row, end < last ? end : last};
}

/* The heads [*head, *end) of part number `part`. */
static inline void attention_part(const Attention *a, const Tiles *tiles, int part, int *head, int *end)
{
    int group = a->heads / a->kv_heads, each = tiles->parts / a->kv_heads;
    *head = part / each * group + part % each * tiles->step;
    *end = *head + tiles->step;
    if (*end > (part / each + 1) * group) *end = (part / each + 1) * group;
}

/* ---- few rows with a long past: the blocks are shared ---- */

/* What one tile has of one block: behind the rows of y, one after another. */
typedef struct Splits {
    float *memory;
    int64_t size;    /* floats of one: [queries, v_head_dim] sums, then [queries] highest scores, [queries] totals */
    int queries;     /* most in a tile */
    int units;       /* tiles by their blocks */
} Splits;

/* Blocks [*first, *end) of the keys that rows [row, end) see. */
static inline void attention_blocks(const Attention *a, const Chunk *chunk, int *first, int *end)
{
    Keys keys = sequence_keys(a->k, a->sequences, chunk->s, a->cached, 0, a->head_dim, a->ldk);
    int position = keys.past + chunk->row - a->sequences->start[chunk->s], low, high, unused;
    sequence_visible(position, keys.count, a->causal, a->window, &low, &unused);
    sequence_visible(position + chunk->end - chunk->row - 1, keys.count, a->causal, a->window, &unused, &high);
    *first = low / TILE_DEPTH;
    *end = high > low ? (high + TILE_DEPTH - 1) / TILE_DEPTH : *first;
}

static inline int attention_chunk_blocks(const Attention *a, const Tiles *tiles, int chunk)
{
    Chunk rows = attention_chunk(a, tiles, chunk);
    int first, end;
    attention_blocks(a, &rows, &first, &end);
    return end - first;
}

/* Worth it where whole tiles would leave members idle; possible where y has room. */
static inline int attention_can_split(const Attention *a, const Tiles *tiles, Splits *splits)
{
    int members = a->team->count, whole = tiles->parts * tiles->chunks, blocks = 0;
#ifdef HF2C_TEAM_SCRATCH
    return 0; /* there is one member only */
#endif
    if (members == 1 || a->cached == KEYS_rows || whole % members == 0 || whole >= 4 * members) return 0;
    for (int c = 0; c < tiles->chunks; c++) blocks += attention_chunk_blocks(a, tiles, c);
    if (blocks < 2 * tiles->chunks) return 0;
    int64_t row = (int64_t)a->heads * a->v_head_dim;
    splits->queries = tiles->step * (tiles->height < a->rows ? tiles->height : a->rows);
    splits->size = (int64_t)splits->queries * (a->v_head_dim + 2);
    splits->units = tiles->parts * blocks;
    splits->memory = a->y + a->rows * row;
    return splits->size * splits->units <= (a->room - a->rows) * row;
}

/* One unit of work: rows and heads that share a tile, and one block of their keys or, with -1, all of them. */
typedef struct Unit {
    Chunk chunk;
    int head, end_head, block;
} Unit;

/* Units in the order of parts, chunks, blocks: heads vary slowest, since early rows see fewer keys. splits->memory NULL: none are split */
static inline Unit attention_unit(const Attention *a, const Tiles *tiles, const Splits *splits, int number)
{
    Unit unit = {.block = -1};
    int each = splits->memory ? splits->units / tiles->parts : tiles->chunks, rest = number % each, c = 0;
    attention_part(a, tiles, number / each, &unit.head, &unit.end_head);
    if (!splits->memory) {
        unit.chunk = attention_chunk(a, tiles, rest);
        return unit;
    }
    for (; rest >= attention_chunk_blocks(a, tiles, c); c++) rest -= attention_chunk_blocks(a, tiles, c);
    int first, end;
    unit.chunk = attention_chunk(a, tiles, c);
    attention_blocks(a, &unit.chunk, &first, &end);
    unit.block = first + rest;
    return unit;
}

/* Leaves what a tile has of its one block. */
static inline void attention_leave(const Attention *a, const AttentionTile *t, const Splits *splits, int number)
{
    float *sums = splits->memory + number * splits->size, *highest = sums + splits->queries * a->v_head_dim;
    for (int i = 0; i < t->queries; i++) {
        memcpy(sums + i * a->v_head_dim, t->part + i * ATTENTION_HEAD_DIM, (size_t)a->v_head_dim * sizeof(float));
        highest[i] = t->part_highest[i];
        highest[splits->queries + i] = t->part_total[i];
    }
}

static inline void attention_finish(const Attention *a, const AttentionTile *t, const Unit *unit)
{
    for (int r = unit->chunk.row, i = 0; r < unit->chunk.end; r++)
        for (int h = unit->head; h < unit->end_head; h++, i++)
            attention_store(a->y + ((int64_t)(r - a->sequences->first) * a->heads + h) * a->v_head_dim, t->sums + i * ATTENTION_HEAD_DIM,
                            a->v_head_dim, t->total[i]);
}

SIMD_INLINE void attention_compute(const Attention *a, const Unit *unit, const Splits *splits, int number)
{
    KERNEL_SCRATCH(AttentionTile, t, a->team);
    int kv = unit->head / (a->heads / a->kv_heads), s = unit->chunk.s, whole = unit->block < 0;
    Keys k = sequence_keys(a->k, a->sequences, s, a->cached, kv, a->head_dim, a->ldk);
    Keys v = sequence_keys(a->v, a->sequences, s, a->cached, kv, a->v_head_dim, a->ldv);
    attention_begin(a, t, &k, s, unit->chunk.row, unit->chunk.end, unit->head, unit->end_head);
    int block = whole ? t->low / TILE_DEPTH : unit->block, end = whole ? (t->high + TILE_DEPTH - 1) / TILE_DEPTH : block + 1;
    for (; block < end; block++) {
        attention_block(a, t, &k, &v, block * TILE_DEPTH);
        for (int i = 0; i < t->queries && whole; i++)
            attention_merge(&t->highest[i], &t->total[i], t->sums + i * ATTENTION_HEAD_DIM, t->part_highest[i], t->part_total[i],
                            t->part + i * ATTENTION_HEAD_DIM, a->v_head_dim);
    }
    if (whole)
        attention_finish(a, t, unit);
    else
        attention_leave(a, t, splits, number);
}

SIMD_INLINE void attention_units(const Attention *a, const Tiles *tiles, const Splits *splits)
{
    int first, end;
    hf2c_share(a->team, splits->memory ? splits->units : tiles->parts * tiles->chunks, &first, &end);
    for (int number = first; number < end; number++) {
        Unit unit = attention_unit(a, tiles, splits, number);
        attention_compute(a, &unit, splits, number);
    }
}

/* One query: its blocks put together, which begin with unit `unit`. */
SIMD_INLINE void attention_join_query(const Attention *a, const Splits *splits, int unit, int blocks, int i, int r, int h)
{
    _Alignas(64) float sums[ATTENTION_HEAD_DIM];
    float highest = a->sinks ? a->sinks[h] : -INFINITY, total = a->sinks ? 1 : 0;
    memset(sums, 0, sizeof sums);
    for (int b = 0; b < blocks; b++) {
        const float *part = splits->memory + (unit + b) * splits->size, *of = part + splits->queries * a->v_head_dim;
        attention_merge(&highest, &total, sums, of[i], of[splits->queries + i], part + i * a->v_head_dim, a->v_head_dim);
    }
    attention_store(a->y + ((int64_t)r * a->heads + h) * a->v_head_dim, sums, a->v_head_dim, total);
}

SIMD_INLINE void attention_join(const Attention *a, const Tiles *tiles, const Splits *splits)
{
    int first, end, head, end_head, unit = 0, query = 0;
    hf2c_share(a->team, a->rows * a->heads, &first, &end);
    for (int part = 0; part < tiles->parts; part++) {
        attention_part(a, tiles, part, &head, &end_head);
        for (int c = 0; c < tiles->chunks; c++) {
            Chunk chunk = attention_chunk(a, tiles, c);
            int blocks = attention_chunk_blocks(a, tiles, c), i = 0;
            for (int r = chunk.row; r < chunk.end; r++)
                for (int h = head; h < end_head; h++, i++, query++)
                    if (query >= first && query < end) attention_join_query(a, splits, unit, blocks, i, r, h);
            unit += blocks;
        }
    }
}

SIMD_INLINE void attention_shared(const Attention *a)
{
    Tiles tiles = attention_tiles(a);
    Splits splits = {NULL, 0, 0, 0};
    int split = attention_can_split(a, &tiles, &splits);
    if (!split) splits.memory = NULL;
    attention_units(a, &tiles, &splits);
    if (!split) return;
    hf2c_barrier(a->team);
    attention_join(a, &tiles, &splits);
}

/* What no tile has room for must be seen, and must not reach past its arrays. */
static inline void attention_refuse(float *y, int64_t count)
{
    for (int64_t i = 0; i < count; i++) y[i] = NAN;
}

/* y: [rows, heads, v_head_dim], with room for that many rows; head_dim, v_head_dim <= ATTENTION_HEAD_DIM; sinks: [heads] or NULL; a row
 * that sees no key gives zeros */
static inline void attention(const hf2c_team *team, float *y, const float *q, const float *k, const float *v,
                             const hf2c_sequences *sequences, const float *bias, const float *sinks, int rows,
                             const int heads, const int kv_heads, const int head_dim, const int64_t ldq,
                             const int64_t ldk, const int64_t ldv, const int cached, const int causal,
                             const int64_t window, const int64_t D, const int64_t origin, const int v_head_dim,
                             const int64_t room, const float scale, const float softcap)
{
    const Attention a = {y,          q,      k,      v,   sequences, bias, sinks, rows,   heads,  kv_heads, head_dim,
                         v_head_dim, cached, causal, ldq, ldk,       ldv,  window, D,     origin, room,     scale,
                         softcap,    team};
    if (head_dim <= ATTENTION_HEAD_DIM && v_head_dim <= ATTENTION_HEAD_DIM)
        attention_shared(&a);
    else if (team->index == 0)
        attention_refuse(y, (int64_t)rows * heads * v_head_dim);
}

#endif
