/* How high tiles of tile_dot.h are, and what they are told. */
#ifndef HF2C_CPU_TILE_DOT_SHAPE_H
#define HF2C_CPU_TILE_DOT_SHAPE_H

#include "templates/cpu/a8.h"
#include "templates/cpu/weight.h"

/* Rows of a tile of the second kind and of the first; panels side by side, which share what is loaded of the rows. */
enum {
#if HF2C_ISA == HF2C_ISA_zen4
    DOT_ROWS = 14,
    DOT_BLOCK_ROWS = 6,
    DOT_PANELS = 2,
#elif HF2C_ISA == HF2C_ISA_avx512
    DOT_ROWS = 14,
    DOT_BLOCK_ROWS = DOT_ROWS,
    DOT_PANELS = 1,
#elif HF2C_ISA == HF2C_ISA_avx2
    DOT_ROWS = 6,
    DOT_BLOCK_ROWS = DOT_ROWS,
    DOT_PANELS = 1,
#elif HF2C_ISA == HF2C_ISA_dotprod || HF2C_ISA == HF2C_ISA_i8mm
    DOT_ROWS = 8,
    DOT_BLOCK_ROWS = DOT_ROWS,
    DOT_PANELS = 1,
#else
    DOT_ROWS = 2,
    DOT_BLOCK_ROWS = DOT_ROWS,
    DOT_PANELS = 1,
#endif
    DOT_FEW = DOT_ROWS < 4 ? DOT_ROWS : 4, /* up to so many rows read one panel after another, each byte once */
    DOT_GROUP_BYTES = 4 * WEIGHT_PANEL
};

/* The heights that tiles are compiled for, in ascending order. */
#if HF2C_ISA >= HF2C_ISA_avx512
#define DOT_HEIGHTS(HEIGHT) \
    HEIGHT(1) HEIGHT(2) HEIGHT(3) HEIGHT(4) HEIGHT(5) HEIGHT(6) HEIGHT(7) HEIGHT(8) HEIGHT(10) HEIGHT(12) HEIGHT(13) HEIGHT(14)
#elif HF2C_ISA == HF2C_ISA_avx2
#define DOT_HEIGHTS(HEIGHT) HEIGHT(1) HEIGHT(2) HEIGHT(3) HEIGHT(4) HEIGHT(6)
#elif HF2C_ISA == HF2C_ISA_dotprod || HF2C_ISA == HF2C_ISA_i8mm
#define DOT_HEIGHTS(HEIGHT) HEIGHT(1) HEIGHT(2) HEIGHT(3) HEIGHT(4) HEIGHT(6) HEIGHT(8)
#else
#define DOT_HEIGHTS(HEIGHT) HEIGHT(1) HEIGHT(2)
#endif
#if HF2C_ISA == HF2C_ISA_zen4
#define DOT_BLOCK_HEIGHTS(HEIGHT) HEIGHT(1) HEIGHT(2) HEIGHT(3) HEIGHT(4) HEIGHT(5) HEIGHT(6)
#else
#define DOT_BLOCK_HEIGHTS(HEIGHT) DOT_HEIGHTS(HEIGHT)
#endif

/* Whether weights have a scale for a row, or none: tiles of the second kind. */
SIMD_INLINE int dot_by_rows(const int format) { return format == WEIGHT_bf16 || format == WEIGHT_int8; }
SIMD_INLINE int dot_rows_most(const int format) { return dot_by_rows(format) ? DOT_ROWS : DOT_BLOCK_ROWS; }

/* How many of `left` rows the next tile does, at most `most`: tiles of equal heights, as far as there are such. */
static inline int dot_height(int left, int most)
{
    int tiles = (left + most - 1) / most, wanted = (left + tiles - 1) / tiles, best = 1;
#define HEIGHT(rows) \
    if ((rows) <= left && best < wanted) best = rows;
    DOT_HEIGHTS(HEIGHT)
#undef HEIGHT
    return best < most ? best : most;
}

/* Activations and weights of a tile. */
typedef struct DotTile {
    const char *x;    /* first of its rows */
    int64_t stride;   /* bytes from row to row */
    const char *w;    /* its panel */
    int64_t panel;    /* bytes from panel to panel */
    int64_t K;
    float *sums;      /* [rows, lds] */
    int64_t lds;
    const char *next; /* what is read later: the cache is asked for it */
    int64_t ask;      /* bytes of it for each time (dot_asks) that a tile does so */
    int further;      /* of bf16: the sums go on from *sums; else they start from zero */
} DotTile;

enum { DOT_BLOCK = A8_SUM };

SIMD_INLINE int64_t dot_unit_bytes(const int format)
{
    return WEIGHT_PANEL * (DOT_BLOCK * layout_bits(format) / 8 + layout_parameters(format));
}

/* How often a tile asks for what is read later: once for each block, or for each two groups. */
SIMD_INLINE int64_t dot_asks(const int format, int64_t K)
{
    const int64_t columns = !dot_by_rows(format) ? DOT_BLOCK : format == WEIGHT_bf16 ? 4 : 8;
    return (K + columns - 1) / columns;
}

#endif
