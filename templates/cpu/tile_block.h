/* Few rows times weights with blocks, decoded in registers: the same sums as of the decoded weights (tile.h).
 * Several panels side by side, so that chains do not wait. `numbers`: of x: f32, or on zen4 bf16, to which the weights are rounded too then. */
#ifndef HF2C_CPU_TILE_BLOCK_H
#define HF2C_CPU_TILE_BLOCK_H

#include "templates/cpu/weight.h"

enum {
    BLOCK_PANEL_VECTORS = WEIGHT_PANEL / SIMD_LANES,
    BLOCK_VECTORS = BLOCK_PANEL_VECTORS > 4 ? BLOCK_PANEL_VECTORS : 4,
    BLOCK_PANELS = BLOCK_VECTORS / BLOCK_PANEL_VECTORS,
    BLOCK_STEP = SIMD_FUSED ? WEIGHT_GROUP : SIMD_PART, /* k that codes are read for together */
#if HF2C_ISA > HF2C_ISA_c11
    BLOCK_ROWS = 4
#else
    BLOCK_ROWS = 2
#endif
};

typedef struct BlockTile {
    const Packed *packed;
    const char *w; /* its first panel */
    int64_t panel; /* bytes from panel to panel */
    int64_t unit, K;
    const char *x; /* its first row */
    int64_t stride; /* bytes from row to row */
    float *sums; /* [rows, lds] */
    int64_t lds;
} BlockTile;

/* Whether units are whole steps. */
SIMD_INLINE int block_fits(const int format, const int64_t unit) { return unit % (layout_bits(format) == 4 ? 2 * BLOCK_STEP : BLOCK_STEP) == 0; }

/* Where vector v lies of what has `bytes` for each row of a panel. */
SIMD_INLINE const char *block_vector(const BlockTile *t, const char *w, const int v, const int bytes)
{
    return w + v / BLOCK_PANEL_VECTORS * t->panel + v % BLOCK_PANEL_VECTORS * SIMD_LANES * bytes;
}

/* One column of x with a byte of each lane of four, or a nibble. */
SIMD_INLINE void block_column(const int format, const int rows, const int vectors, const simd_int *four, const int j, const char *x, int64_t stride,
                              const WeightScale *scale, simd_float *sum)
{
    SIMD_UNROLL
    for (int v = 0; v < vectors; v++) {
        simd_float weight = weight_value(format, four[v], j, scale[v]);
        SIMD_UNROLL
        for (int m = 0; m < rows; m++)
            sum[m * vectors + v] = simd_fma(weight, simd_set1(*(const float *)(const void *)(x + m * stride)), sum[m * vectors + v]);
    }
}

#if HF2C_ISA == HF2C_ISA_zen4
/* Two columns of bf16. */
SIMD_INLINE void block_pair(const int format, const int rows, const int vectors, const simd_int *four, const int j, const char *x, int64_t stride,
                            const WeightScale *scale, simd_float *sum)
{
    SIMD_UNROLL
    for (int v = 0; v < vectors; v++) {
        simd_int weights = simd_pair_bf16(weight_value(format, four[v], j, scale[v]), weight_value(format, four[v], j + 1, scale[v]));
        SIMD_UNROLL
        for (int m = 0; m < rows; m++) sum[m * vectors + v] = simd_dot16(sum[m * vectors + v], weights, x + m * stride);
    }
}
#endif

/* A whole group of columns. */
SIMD_INLINE void block_group(const int format, const int numbers, const int rows, const int vectors, const simd_int *four, const char *x, int64_t stride,
                             const WeightScale *scale, simd_float *sum)
{
#if HF2C_ISA == HF2C_ISA_zen4
    SIMD_UNROLL
    for (int j = 0; j < WEIGHT_GROUP && numbers == WEIGHT_bf16; j += 2)
        block_pair(format, rows, vectors, four, j, x + j * (int)sizeof(bf16_element), stride, scale, sum);
    if (numbers == WEIGHT_bf16) return;
#else
    (void)numbers;
#endif
    SIMD_UNROLL
    for (int j = 0; j < WEIGHT_GROUP; j++) block_column(format, rows, vectors, four, j, x + j * (int)sizeof(float), stride, scale, sum);
}

/* The last columns, fewer than a group. */
SIMD_INLINE void block_rest(const int format, const int numbers, const int rows, const int vectors, simd_int *four, const char *x, int64_t stride, int64_t left,
                            const WeightScale *scale, simd_float *sum)
{
#if HF2C_ISA == HF2C_ISA_zen4
    if (numbers == WEIGHT_bf16) { /* and zeros */
        char last[4 * WEIGHT_GROUP * sizeof(bf16_element)] = {0};
        const int64_t some = WEIGHT_GROUP * sizeof(bf16_element);
        for (int m = 0; m < rows; m++) memcpy(last + m * some, x + m * stride, (size_t)left * sizeof(bf16_element));
        block_pair(format, rows, vectors, four, 0, last, some, scale, sum);
        if (left > 2) block_pair(format, rows, vectors, four, 2, last + 2 * sizeof(bf16_element), some, scale, sum);
        return;
    }
#else
    (void)numbers;
#endif
    for (; left > 0; left--, x += sizeof(float)) {
        block_column(format, rows, vectors, four, 0, x, stride, scale, sum);
        SIMD_UNROLL
        for (int v = 0; v < vectors; v++) four[v] = SIMD_BYTE_SHIFT(0) == 0 ? simd_shift_right(four[v], 8) : simd_shift_left(four[v], 8);
    }
}

SIMD_INLINE void block_load(const int vectors, const int high, const BlockTile *t, const char *codes, simd_int *four)
{
    SIMD_UNROLL
    for (int v = 0; v < vectors; v++) {
        simd_int loaded = simd_load_int(block_vector(t, codes, v, WEIGHT_GROUP));
        four[v] = high ? simd_shift_right(loaded, 4) : loaded;
    }
}

/* The next `left` columns of codes, or of their low or high nibbles. */
SIMD_INLINE void block_chain(const int format, const int numbers, const int rows, const int vectors, const int high, const BlockTile *t, const char *codes,
                             const char *x, int64_t left, const WeightScale *scale, simd_float *sum)
{
    const int64_t bytes = layout_bits(numbers) / 8;
    simd_int four[BLOCK_VECTORS];
    for (; left >= WEIGHT_GROUP; left -= WEIGHT_GROUP, codes += WEIGHT_CHUNK, x += WEIGHT_GROUP * bytes) {
        block_load(vectors, high, t, codes, four);
        block_group(format, numbers, rows, vectors, four, x, t->stride, scale, sum);
        for (int v = 0; v < vectors && !high; v += BLOCK_PANEL_VECTORS) SIMD_PREFETCH(block_vector(t, codes, v, WEIGHT_GROUP), HF2C_AHEAD / BLOCK_PANELS);
    }
    if (left <= 0) return;
    block_load(vectors, high, t, codes, four);
    block_rest(format, numbers, rows, vectors, four, x, t->stride, left, scale, sum);
}

/* A unit's codes, or their low or high nibbles, of columns from k on. */
SIMD_INLINE void block_part(const int format, const int numbers, const int rows, const int vectors, const int high, const BlockTile *t, const char *codes,
                            int64_t k, const WeightScale *scale, simd_float *sum)
{
    const int64_t most = layout_bits(format) == 4 ? t->unit / 2 : t->unit, bytes = layout_bits(numbers) / 8;
    int64_t left = t->K - k < most ? t->K - k : most;
    const char *x = t->x + k * bytes;
    if (SIMD_FUSED) {
        block_chain(format, numbers, rows, vectors, high, t, codes, x, left, scale, sum);
        return;
    }
    for (; left > 0; left -= SIMD_PART, codes += SIMD_PART * WEIGHT_PANEL, x += SIMD_PART * bytes) {
        simd_float part[BLOCK_ROWS * BLOCK_VECTORS];
        SIMD_UNROLL
        for (int i = 0; i < rows * vectors; i++) part[i] = simd_zero();
        block_chain(format, numbers, rows, vectors, high, t, codes, x, simd_part(left), scale, part);
        SIMD_UNROLL
        for (int i = 0; i < rows * vectors; i++) sum[i] = sum[i] + part[i];
    }
}

/* sum: [rows * vectors], scale: [vectors], registers */
SIMD_INLINE void block_tile(const int format, const int numbers, const int rows, const int vectors, const BlockTile *t, simd_float *sum, WeightScale *scale)
{
    const int64_t code_bytes = WEIGHT_PANEL * t->unit * layout_bits(format) / 8, unit_bytes = code_bytes + WEIGHT_PANEL * layout_parameters(format);
    const char *w = t->w + packed_head_bytes(t->packed);
    WeightPlace place = weight_place(t->packed, t->w, 0);
    SIMD_UNROLL
    for (int i = 0; i < rows * vectors; i++) sum[i] = simd_zero();
    for (int64_t k = 0; k < t->K; k += t->unit, w += unit_bytes, place.unit++) {
        SIMD_UNROLL
        for (int v = 0; v < vectors; v++) {
            place.from = block_vector(t, w + code_bytes, v, layout_parameters(format));
            place.head = block_vector(t, t->w, v, sizeof(float));
            scale[v] = weight_unit_scale(format, place);
        }
        block_part(format, numbers, rows, vectors, 0, t, w, k, scale, sum);
        if (layout_bits(format) == 4) block_part(format, numbers, rows, vectors, 1, t, w, k + t->unit / 2, scale, sum);
    }
    SIMD_UNROLL
    for (int i = 0; i < rows * vectors; i++) simd_store(t->sums + i / vectors * t->lds + i % vectors * SIMD_LANES, sum[i]);
}

#define HEIGHT(rows)                                                                                                   \
    case rows: {                                                                                                       \
        simd_float sum[(rows) * WIDTH];                                                                                \
        WeightScale scale[WIDTH];                                                                                      \
        block_tile(format, numbers, rows, WIDTH, t, sum, scale);                                                       \
        break;                                                                                                         \
    }
#if HF2C_ISA > HF2C_ISA_c11 /* up to BLOCK_ROWS, as many as LINEAR_DIRECT_ROWS */
#define BLOCK_HEIGHTS(HEIGHT) HEIGHT(1) HEIGHT(2) HEIGHT(3) HEIGHT(4)
#else
#define BLOCK_HEIGHTS(HEIGHT) HEIGHT(1) HEIGHT(2)
#endif
#define WIDTH BLOCK_VECTORS
SIMD_INLINE void block_switch(const int format, const int numbers, int rows, const BlockTile *t)
{
    switch (rows) {
        BLOCK_HEIGHTS(HEIGHT)
    default:
        break;
    }
}
#undef WIDTH
#undef HEIGHT
#undef BLOCK_HEIGHTS

/* Functions of each format, called by all its kernels: BLOCK_PANELS panels; rows: up to 4, on c11 up to 2 */
#define FORMAT(name, bits, block, parameters, group, cut, text)                                                         \
    static inline void block_tile_##name(int rows, const BlockTile *t)                                                  \
    {                                                                                                                   \
        block_switch(WEIGHT_##name, WEIGHT_f32, rows, t);                                                               \
    }                                                                                                                   \
    static inline void block_tile_##name##_bf16(int rows, const BlockTile *t)                                           \
    {                                                                                                                   \
        block_switch(WEIGHT_##name, WEIGHT_bf16, rows, t);                                                              \
    }
#include "templates/format/blocks.def"

typedef void BlockTiles(int rows, const BlockTile *t);

SIMD_INLINE void block_tiles(const int format, int rows, const BlockTile *t)
{
    switch (format) {
#define FORMAT(name, bits, block, parameters, group, cut, text)                                                        \
    case WEIGHT_##name:                                                                                                \
        block_tile_##name(rows, t);                                                                                    \
        break;
#include "templates/format/blocks.def"
    default:
        break;
    }
}

#endif
