/* The matrix product that linear and attention share: a tile of sums held in registers.
 *
 *   sums[r][c] += a[r][k] * b[k][c],  k = 0, 1, 2 ...
 *
 * Each sum is one chain of fma in the order of k, or of parts where products are rounded (simd_part), whatever the tile's shape and however k is
 * cut into blocks, at multiples of SIMD_PART: the bits of a result depend on its row and column alone. b is read in panels of 16 columns. */
#ifndef HF2C_CPU_TILE_H
#define HF2C_CPU_TILE_H

#include "templates/cpu/tile_rows.h"
#include "templates/cpu/weight.h"

/* TILE_ROWS x TILE_COLUMNS sums and TILE_COLUMNS of b fill the registers of the instruction set. */
enum {
    TILE_PANEL = WEIGHT_PANEL,
#if HF2C_ISA >= HF2C_ISA_avx512
    TILE_ROWS = 12,
    TILE_PANELS = 2,
#elif HF2C_ISA == HF2C_ISA_avx2
    TILE_ROWS = 6,
    TILE_PANELS = 1,
#else
    TILE_ROWS = 2,
    TILE_PANELS = 1,
#endif
    TILE_COLUMNS = TILE_PANEL * TILE_PANELS,
    TILE_PANEL_VECTORS = TILE_PANEL / SIMD_LANES,
    TILE_VECTORS = TILE_COLUMNS / SIMD_LANES,
#ifdef HF2C_TILE_DEPTH
    TILE_DEPTH = HF2C_TILE_DEPTH,
#else
    TILE_DEPTH = 256, /* k in a block of a: its tile and two panels of b stay in the first cache */
#endif
    TILE_STRIDE = TILE_DEPTH + 16 /* of the rows of a block, so that rows do not share cache sets */
};

typedef struct TilePanels {
    const char *data;
    int64_t step;  /* bytes from one group of k (weight_group) to the next */
    int64_t panel; /* bytes from panel to panel */
    int64_t ahead; /* the cache is asked for what lies so many bytes further; 0 where b is near */
} TilePanels;

SIMD_INLINE const char *tile_vector(const int format, const char *b, const int64_t panel, int v)
{
    return b + v / TILE_PANEL_VECTORS * panel + v % TILE_PANEL_VECTORS * weight_vector_bytes(format);
}

/* Column j of a group of k. begin: it is the first of its sums */
SIMD_INLINE void tile_step(const int format, const int rows, const int vectors, const TileRows *a, const TilePanels *b, const int j, simd_float *sum,
                           const int begin)
{
    const int count = rows * vectors;
    simd_float weight[TILE_VECTORS];
    SIMD_UNROLL
    for (int v = 0; v < vectors; v++) weight[v] = weight_load(format, tile_vector(format, b->data, b->panel, v), j);
    SIMD_UNROLL
    for (int i = 0; i < count; i++) {
        const float *x = (const float *)(const void *)tile_row(a, i / vectors) + j;
        if (begin)
            sum[i] = weight[i % vectors] * simd_set1(*x);
        else
            sum[i] = simd_fma(weight[i % vectors], simd_set1(*x), sum[i]);
    }
}

SIMD_INLINE void tile_group(const int format, const int rows, const int vectors, TileRows *x, TilePanels *b, simd_float *sum, const int begin)
{
    const int group = weight_group(format);
    SIMD_UNROLL
    for (int j = 0; j < group; j++) tile_step(format, rows, vectors, x, b, j, sum, begin && j == 0);
    SIMD_UNROLL
    for (int v = 0; v < vectors; v += TILE_PANEL_VECTORS)
        SIMD_PREFETCH(tile_vector(format, b->data, b->panel, v), b->ahead);
    b->data += b->step;
    tile_rows_advance(x, rows, group * (int64_t)sizeof(float));
}

/* The next `depth` k. begin: the sums are zero */
SIMD_INLINE void tile_chain(const int format, const int rows, const int vectors, TileRows *x, TilePanels *b, int64_t depth, simd_float *sum,
                            const int begin)
{
    const int group = weight_group(format);
    if (begin && depth >= group) {
        tile_group(format, rows, vectors, x, b, sum, 1);
        depth -= group;
    }
    for (; depth >= group; depth -= group) tile_group(format, rows, vectors, x, b, sum, 0);
    if (depth > 0) tile_step(format, rows, vectors, x, b, 0, sum, 0);
}

/* fresh: the sums start from zero; else they go on from *sums. */
SIMD_INLINE void tile_compute(const int format, const int rows, const int vectors, const float *a, const int64_t lda,
                              TilePanels b, int64_t depth, float *sums, const int64_t lds, int fresh)
{
    simd_float sum[TILE_ROWS * TILE_VECTORS];
    const int count = rows * vectors;
    TileRows x = tile_rows((const char *)a, lda * (int64_t)sizeof(float));
    int64_t part;
    do {
        part = simd_part(depth);
        SIMD_UNROLL
        for (int i = 0; i < count; i++)
            sum[i] = fresh || !SIMD_FUSED ? simd_zero() : simd_load(sums + i / vectors * lds + i % vectors * SIMD_LANES);
        tile_chain(format, rows, vectors, &x, &b, part, sum, !SIMD_FUSED);
        SIMD_UNROLL
        for (int i = 0; i < count; i++) {
            float *to = sums + i / vectors * lds + i % vectors * SIMD_LANES;
            if (!fresh && !SIMD_FUSED) sum[i] = simd_load(to) + sum[i];
            simd_store(to, sum[i]);
        }
        fresh = 0;
        depth -= part;
    } while (depth > 0);
}

/* The heights that tiles are compiled for, in ascending order. */
#if HF2C_ISA >= HF2C_ISA_avx512
#define TILE_HEIGHTS(HEIGHT) \
    HEIGHT(1) HEIGHT(2) HEIGHT(3) HEIGHT(4) HEIGHT(5) HEIGHT(6) HEIGHT(7) HEIGHT(8) HEIGHT(10) HEIGHT(12)
#elif HF2C_ISA == HF2C_ISA_avx2
#define TILE_HEIGHTS(HEIGHT) HEIGHT(1) HEIGHT(2) HEIGHT(3) HEIGHT(4) HEIGHT(6)
#else
#define TILE_HEIGHTS(HEIGHT) HEIGHT(1) HEIGHT(2)
#endif

/* The height of equal tiles that cover that many rows. */
static inline int tile_height(int rows)
{
    int tiles = (rows + TILE_ROWS - 1) / TILE_ROWS, height = (rows + tiles - 1) / tiles;
#define HEIGHT(rows)                                                                                                   \
    if (height <= (rows)) return rows;
    TILE_HEIGHTS(HEIGHT)
#undef HEIGHT
    return TILE_ROWS;
}

/* How many of `left` rows the next tile does: tiles of equal heights, as far as there are such. */
static inline int tile_next(int left)
{
    int tiles = (left + TILE_ROWS - 1) / TILE_ROWS, wanted = (left + tiles - 1) / tiles, best = 1;
#define HEIGHT(rows) \
    if (best < wanted && (rows) <= wanted) best = rows;
    TILE_HEIGHTS(HEIGHT)
#undef HEIGHT
    return best;
}

#define HEIGHT(rows)                                                                                                   \
    case rows:                                                                                                         \
        tile_compute(format, rows, vectors, a, lda, b, depth, sums, lds, fresh);                                       \
        break;
SIMD_INLINE void tile_switch(const int format, const int vectors, int height, const float *a, int64_t lda, TilePanels b,
                             int64_t depth, float *sums, int64_t lds, int fresh)
{
    switch (height) {
        TILE_HEIGHTS(HEIGHT)
    default:
        break;
    }
}
#undef HEIGHT

/* a: [height, depth] at stride lda; b: one panel or TILE_PANELS; sums: [height, 16 panels] at stride lds */
#define TILE(format)                                                                                                   \
    static inline void tile_sums_##format(int height, int panels, const float *a, int64_t lda, TilePanels b,           \
                                          int64_t depth, float *sums, int64_t lds, int fresh)                          \
    {                                                                                                                  \
        if (panels == TILE_PANELS)                                                                                     \
            tile_switch(WEIGHT_##format, TILE_VECTORS, height, a, lda, b, depth, sums, lds, fresh);                    \
        else                                                                                                           \
            tile_switch(WEIGHT_##format, TILE_PANEL_VECTORS, height, a, lda, b, depth, sums, lds, fresh);              \
    }
TILE(f32)
TILE(bf16)
TILE(f16)
#undef TILE
#undef TILE_HEIGHTS

SIMD_INLINE void tile_add(const int format, int height, int panels, const float *a, int64_t lda, TilePanels b, int64_t depth,
                          float *sums, int64_t lds, int fresh)
{
    if (format == WEIGHT_bf16)
        tile_sums_bf16(height, panels, a, lda, b, depth, sums, lds, fresh);
    else if (format == WEIGHT_f16)
        tile_sums_f16(height, panels, a, lda, b, depth, sums, lds, fresh);
    else
        tile_sums_f32(height, panels, a, lda, b, depth, sums, lds, fresh);
}

/* The same of f32 and rows at stride TILE_STRIDE. */
SIMD_INLINE void tile_f32(int height, int panels, const float *a, TilePanels b, int64_t depth, float *sums, int64_t lds, int fresh)
{
    tile_sums_f32(height, panels, a, TILE_STRIDE, b, depth, sums, lds, fresh);
}

#endif
