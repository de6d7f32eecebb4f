/* attention: softmax(mask(cap(scale q k'))) v: which tiles a call has, and who computes them. */
#ifndef HF2C_CPU_ATTENTION_H
#define HF2C_CPU_ATTENTION_H

#include "templates/cpu/attention_tile.h"

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

/* One unit of work: rows and heads that share a tile, and all of their keys or one block of them. */
typedef struct Unit {
    Chunk chunk;
    int head, end_head;
    int block;   /* of a part: the one that it is of */
    int queries; /* of a part: most in a tile */
    float *left; /* of a part: what its tile has of the block: [queries, v_head_dim] sums, [queries] highest scores, [queries] totals */
} Unit;

#ifdef HF2C_TEAM_SCRATCH
/* There is one member only. */
static inline int attention_is_part(const Unit *unit) { return 0; }
#else
static inline int attention_is_part(const Unit *unit) { return unit->left != NULL; }
#endif

/* Adds the block to what the tile has. */
static inline void attention_add(const Attention *a, AttentionTile *t)
{
    for (int i = 0; i < t->queries; i++)
        attention_merge(&t->highest[i], &t->total[i], t->sums + i * ATTENTION_HEAD_DIM, t->part_highest[i], t->part_total[i],
                        t->part + i * ATTENTION_HEAD_DIM, a->v_head_dim);
}

/* Leaves what the tile has of its one block. */
static inline void attention_leave(const Attention *a, const AttentionTile *t, const Unit *unit)
{
    float *highest = unit->left + unit->queries * a->v_head_dim;
    for (int i = 0; i < t->queries; i++) {
        memcpy(unit->left + i * a->v_head_dim, t->part + i * ATTENTION_HEAD_DIM, (size_t)a->v_head_dim * sizeof(float));
        highest[i] = t->part_highest[i];
        highest[unit->queries + i] = t->part_total[i];
    }
}

static inline void attention_finish(const Attention *a, const AttentionTile *t, const Unit *unit)
{
    for (int r = unit->chunk.row, i = 0; r < unit->chunk.end; r++)
        for (int h = unit->head; h < unit->end_head; h++, i++)
            attention_store(a->y + ((int64_t)(r - a->sequences->first) * a->heads + h) * a->v_head_dim, t->sums + i * ATTENTION_HEAD_DIM,
                            a->v_head_dim, t->total[i]);
}

SIMD_INLINE void attention_compute(const int format, const Attention *a, const Unit *unit)
{
    KERNEL_SCRATCH(AttentionTile, t, a->team);
    int kv = unit->head / (a->heads / a->kv_heads), s = unit->chunk.s;
    Keys k = sequence_keys(format, a->k, a->sequences, s, a->cached, kv, a->head_dim, a->ldk);
    Keys v = sequence_keys(format, a->v, a->sequences, s, a->cached, kv, a->v_head_dim, a->ldv);
    attention_begin(a, t, &k, s, unit->chunk.row, unit->chunk.end, unit->head, unit->end_head);
    int block = t->low / TILE_DEPTH, end = (t->high + TILE_DEPTH - 1) / TILE_DEPTH;
    if (attention_is_part(unit)) block = unit->block, end = block + 1;
    for (; block < end; block++) {
        attention_block(format, a, t, &k, &v, block * TILE_DEPTH);
        if (attention_is_part(unit)) attention_leave(a, t, unit);
        else attention_add(a, t);
    }
    if (attention_is_part(unit)) return;
    attention_finish(a, t, unit);
}

/* Whole tiles, in the order of parts, chunks: heads vary slowest, since early rows see fewer keys. */
SIMD_INLINE void attention_whole(const int format, const Attention *a, const Tiles *tiles)
{
    int first, end;
    hf2c_share(a->team, tiles->parts * tiles->chunks, &first, &end);
    for (int number = first; number < end; number++) {
        Unit unit = {.chunk = attention_chunk(a, tiles, number % tiles->chunks)};
        attention_part(a, tiles, number / tiles->chunks, &unit.head, &unit.end_head);
        attention_compute(format, a, &unit);
    }
}

/* ---- few rows with a long past: the blocks are shared ---- */

#ifdef HF2C_TEAM_SCRATCH
SIMD_INLINE int attention_split(const int format, const Attention *a, const Tiles *tiles) { return 0; }
#else
/* What tiles have of one block each lies behind the rows of y, one after another. */
typedef struct Splits {
    float *memory;
    int64_t size; /* floats of one, see Unit */
    int queries;  /* most in a tile */
    int units;    /* tiles by their blocks */
} Splits;

/* Blocks [*first, *end) of the keys that rows [row, end) see. */
static inline void attention_blocks(const Attention *a, const Chunk *chunk, int *first, int *end)
{
    Keys keys = sequence_keys(WEIGHT_f32, a->k, a->sequences, chunk->s, a->cached, 0, a->head_dim, a->ldk); /* counted, not read */
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

/* Units in the order of parts, chunks, blocks. */
static inline Unit attention_split_unit(const Attention *a, const Tiles *tiles, const Splits *splits, int number)
{
    int each = splits->units / tiles->parts, rest = number % each, c = 0, first, end;
    for (; rest >= attention_chunk_blocks(a, tiles, c); c++) rest -= attention_chunk_blocks(a, tiles, c);
    Unit unit = {.chunk = attention_chunk(a, tiles, c), .queries = splits->queries, .left = splits->memory + number * splits->size};
    attention_part(a, tiles, number / each, &unit.head, &unit.end_head);
    attention_blocks(a, &unit.chunk, &first, &end);
    unit.block = first + rest;
    return unit;
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

/* 0: it does not pay, and nothing is done. */
SIMD_INLINE int attention_split(const int format, const Attention *a, const Tiles *tiles)
{
    Splits splits;
    int first, end;
    if (!attention_can_split(a, tiles, &splits)) return 0;
    hf2c_share(a->team, splits.units, &first, &end);
    for (int number = first; number < end; number++) {
        Unit unit = attention_split_unit(a, tiles, &splits, number);
        attention_compute(format, a, &unit);
    }
    hf2c_barrier(a->team);
    attention_join(a, tiles, &splits);
    return 1;
}
#endif

/* ---- all tiles ---- */

SIMD_INLINE void attention_shared(const int format, const Attention *a)
{
    Tiles tiles = attention_tiles(a);
    if (attention_split(format, a, &tiles)) return;
    attention_whole(format, a, &tiles);
}

/* What no tile has room for must be seen, and must not reach past its arrays. */
static inline void attention_refuse(float *y, int64_t count)
{
    for (int64_t i = 0; i < count; i++) y[i] = NAN;
}

/* y: [rows, heads, v_head_dim], with room for that many rows; head_dim, v_head_dim <= ATTENTION_HEAD_DIM; sinks: [heads] or NULL; a row
 * that sees no key gives zeros */
#define CACHE(format, suffix)                                                                                                        \
    static inline void attention##suffix(const hf2c_team *team, float *y, const float *q, const void *k, const void *v,              \
                                         const hf2c_sequences *sequences, const float *bias, const float *sinks, int rows,           \
                                         const int heads, const int kv_heads, const int head_dim, const int64_t ldq,                 \
                                         const int64_t ldk, const int64_t ldv, const int cached, const int causal,                   \
                                         const int64_t window, const int64_t D, const int64_t origin, const int v_head_dim,          \
                                         const int64_t room, const float scale, const float softcap)                                 \
    {                                                                                                                                \
        const Attention a = {y,          q,      k,      v,   sequences, bias, sinks, rows,   heads,  kv_heads, head_dim,            \
                             v_head_dim, cached, causal, ldq, ldk,       ldv,  window, D,     origin, room,     scale,               \
                             softcap,    team};                                                                                      \
        if (head_dim <= ATTENTION_HEAD_DIM && v_head_dim <= ATTENTION_HEAD_DIM)                                                      \
            attention_shared(WEIGHT_##format, &a);                                                                                   \
        else if (team->index == 0)                                                                                                   \
            attention_refuse(y, (int64_t)rows * heads * v_head_dim);                                                                 \
    }
#include "templates/format/caches.def"

#endif
