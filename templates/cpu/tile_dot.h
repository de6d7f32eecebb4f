/* The matrix product of narrow numbers: tiles of sums held in registers, over weights as they lie in their panels of 16 rows and rows of
 * activations as they lie in memory, a group of k at a time: four 8-bit numbers or two of bf16 are 32 bits of a lane.
 *
 * Two kinds of tile: weights with a scale for each 32 of a row keep whole numbers for a block and floats for all of them; weights with one
 * scale for a row, or none, keep one sum and do two panels side by side. */
#ifndef HF2C_CPU_TILE_DOT_H
#define HF2C_CPU_TILE_DOT_H

#include "templates/cpu/a8.h"
#include "templates/cpu/weight.h"

/* Rows of a tile; vectors of one kind and of the other. */
enum {
#if HF2C_ISA >= HF2C_ISA_avx512
    DOT_ROWS = 14,
#elif HF2C_ISA == HF2C_ISA_avx2
    DOT_ROWS = 6,
#else
    DOT_ROWS = 2,
#endif
#if HF2C_ISA == HF2C_ISA_zen4
    DOT_WIDE = 2, /* panels of the second kind */
#else
    DOT_WIDE = 1,
#endif
    DOT_GROUP_BYTES = 4 * WEIGHT_PANEL
};

#if HF2C_ISA >= HF2C_ISA_avx512
#define DOT_HEIGHTS(HEIGHT) \
    HEIGHT(1) HEIGHT(2) HEIGHT(3) HEIGHT(4) HEIGHT(5) HEIGHT(6) HEIGHT(7) HEIGHT(8) HEIGHT(10) HEIGHT(12) HEIGHT(13) HEIGHT(14)
#elif HF2C_ISA == HF2C_ISA_avx2
#define DOT_HEIGHTS(HEIGHT) HEIGHT(1) HEIGHT(2) HEIGHT(3) HEIGHT(4) HEIGHT(6)
#else
#define DOT_HEIGHTS(HEIGHT) HEIGHT(1) HEIGHT(2)
#endif

/* How many of `left` rows the next tile does: tiles of equal heights, as far as there are such. */
static inline int dot_height(int left)
{
    int tiles = (left + DOT_ROWS - 1) / DOT_ROWS, wanted = (left + tiles - 1) / tiles, best = 1;
#define HEIGHT(rows) \
    if ((rows) <= left && best < wanted) best = rows;
    DOT_HEIGHTS(HEIGHT)
#undef HEIGHT
    return best;
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
} DotTile;

/* A column of the rows of a tile: their addresses are sums that a load can do, of few registers. */
enum { DOT_ROWS_OF_BASE = 7 };
typedef struct DotRows {
    const char *base[2];        /* of rows 0 to 6, of rows 7 to 13 */
    int64_t stride, stride3, stride5;
} DotRows;

SIMD_INLINE DotRows dot_rows(const char *x, int64_t stride)
{
    DotRows rows = {{x, x + DOT_ROWS_OF_BASE * stride}, stride, 3 * stride, 5 * stride};
    SIMD_OPAQUE(rows.stride);
    SIMD_OPAQUE(rows.stride3);
    SIMD_OPAQUE(rows.stride5);
    return rows;
}

SIMD_INLINE const char *dot_row(const DotRows *r, const int m)
{
    const char *base = r->base[m / DOT_ROWS_OF_BASE];
    switch (m % DOT_ROWS_OF_BASE) {
    case 0:
        return base;
    case 1:
        return base + r->stride;
    case 2:
        return base + 2 * r->stride;
    case 3:
        return base + r->stride3;
    case 4:
        return base + 4 * r->stride;
    case 5:
        return base + r->stride5;
    default:
        return base + 2 * r->stride3;
    }
}

SIMD_INLINE void dot_rows_advance(DotRows *r, const int rows, int64_t bytes)
{
    r->base[0] += bytes;
    SIMD_OPAQUE(r->base[0]);
    if (rows <= DOT_ROWS_OF_BASE) return;
    r->base[1] += bytes;
    SIMD_OPAQUE(r->base[1]);
}

/* ---- a scale for each block of 32 ---- */

enum { DOT_BLOCK = A8_SUM };

SIMD_INLINE int64_t dot_unit_bytes(const int format)
{
    return WEIGHT_PANEL * (DOT_BLOCK * layout_bits(format) / 8 + layout_parameters(format));
}

/* What the sums of a block begin at: minus the zero point times the sum of the activations. */
SIMD_INLINE simd_int dot_start(const int format, int32_t start, const char *parameters)
{
    simd_int all = simd_set1_int(start);
    if (format == WEIGHT_q4z) return simd_multiply_int(simd_second(simd_load_int(parameters)), simd_shift_down(all, 7));
    return format == WEIGHT_q4 ? simd_shift_down(all, 4) : all;
}

/* One load of codes of 8 bits, or of twice as many of 4 bits, times all rows. */
SIMD_INLINE void dot_add(const int format, const int rows, const char *codes, const DotRows *x, const int at, simd_int *whole)
{
    simd_int v = simd_load_int(codes);
    if (layout_bits(format) == 8) {
        SIMD_UNROLL
        for (int m = 0; m < rows; m++) whole[m] = simd_dot8(whole[m], v, (const int8_t *)dot_row(x, m) + at);
        return;
    }
    simd_int low = simd_and(v, 0x0f0f0f0fu), high = simd_and(simd_shift_right(v, 4), 0x0f0f0f0fu);
    SIMD_UNROLL
    for (int m = 0; m < rows; m++) whole[m] = simd_dot4(whole[m], low, (const int8_t *)dot_row(x, m) + at);
    SIMD_UNROLL
    for (int m = 0; m < rows; m++) whole[m] = simd_dot4(whole[m], high, (const int8_t *)dot_row(x, m) + at + DOT_BLOCK / 2);
}

/* Few rows ask for weights so many bytes ahead of their turn; more rows find most of theirs in the cache. */
enum { DOT_AHEAD = 3072, DOT_FEW = 8 };

/* SIMD_LANES columns from `lane` on. sum, whole: [rows], registers */
SIMD_INLINE void dot_block_tile(const int format, const int rows, const DotTile *t, const int lane, simd_float *sum, simd_int *whole)
{
    enum { CODES_AT_A_TIME = 4 };
    const int loads = DOT_BLOCK * layout_bits(format) / 8 / CODES_AT_A_TIME;
    const int ask = rows <= DOT_FEW;
    const int64_t code_bytes = loads * DOT_GROUP_BYTES;
    const char *w = t->w + lane * CODES_AT_A_TIME, *parameters = t->w + code_bytes + lane * layout_parameters(format);
    DotRows x = dot_rows(t->x, t->stride), starts = x;
    dot_rows_advance(&starts, rows, (int64_t)a8_starts(t->K));
    SIMD_UNROLL
    for (int m = 0; m < rows; m++) sum[m] = simd_zero();
    for (int64_t left = t->K; left > 0; left -= DOT_BLOCK) {
        SIMD_UNROLL
        for (int m = 0; m < rows; m++) {
            int32_t start;
            memcpy(&start, dot_row(&starts, m), sizeof(start));
            whole[m] = dot_start(format, start, parameters);
        }
        SIMD_UNROLL
        for (int g = 0; g < loads; g++) dot_add(format, rows, w + g * DOT_GROUP_BYTES, &x, g * CODES_AT_A_TIME, whole);
        simd_float scale = weight_scale(format, parameters).scale;
        SIMD_UNROLL
        for (int m = 0; m < rows; m++) {
            simd_float product = simd_float_of(whole[m]) * scale;
            sum[m] = sum[m] + product;
        }
        if (ask) {
            SIMD_UNROLL
            for (int i = 0; i < dot_unit_bytes(format); i += 64) SIMD_PREFETCH(w, i + DOT_AHEAD);
        }
        w += dot_unit_bytes(format);
        parameters += dot_unit_bytes(format);
        dot_rows_advance(&x, rows, DOT_BLOCK);
        dot_rows_advance(&starts, rows, sizeof(int32_t));
    }
    SIMD_UNROLL
    for (int m = 0; m < rows; m++)
        simd_store(t->sums + m * t->lds + lane, sum[m] * simd_set1(bits_load_float(t->x + m * t->stride + a8_scale(t->K))));
}

/* ---- a scale for a row, or none ---- */

SIMD_INLINE simd_float dot_step(const int format, simd_float sum, simd_int w, const char *x)
{
#ifdef SIMD_HAS_DOT16
    if (format == WEIGHT_bf16) return simd_dot16(sum, w, x);
#else
    (void)format;
#endif
    return simd_as_float(simd_dot8(simd_as_int(sum), w, (const int8_t *)x));
}

/* Group number `at` / 4 of all rows. */
SIMD_INLINE void dot_wide_step(const int format, const int rows, const int panels, const char *w, int64_t panel, const DotRows *x, const int at,
                               simd_float *sum)
{
    simd_int v[DOT_WIDE];
    SIMD_UNROLL
    for (int p = 0; p < panels; p++) v[p] = simd_load_int(w + p * panel + at * WEIGHT_PANEL);
    SIMD_UNROLL
    for (int i = 0; i < rows * panels; i++) sum[i] = dot_step(format, sum[i], v[i % panels], dot_row(x, i / panels) + at);
}

/* What follows the sums of whole numbers: the zero point, the scale of the weights, that of the activations. */
SIMD_INLINE simd_float dot_row_result(const DotTile *t, simd_float sum, int m, const char *parameters)
{
    const char *row = t->x + m * t->stride;
    int32_t start;
    memcpy(&start, row + a8_start(t->K), sizeof(start));
    simd_int whole = simd_add_int(simd_as_int(sum), simd_set1_int(start));
    return simd_float_of(whole) * weight_scale(WEIGHT_int8, parameters).scale * simd_set1(bits_load_float(row + a8_scale(t->K)));
}

/* sum: [rows * panels], registers */
SIMD_INLINE void dot_wide_tile(const int format, const int rows, const int panels, const DotTile *t, const int lane, simd_float *sum)
{
    const int64_t per_group = format == WEIGHT_bf16 ? 2 : 4, pairs = t->K / (2 * per_group), rest = t->K % (2 * per_group);
    const int ask = rows <= DOT_FEW;
    const char *w = t->w + lane * 4;
    DotRows x = dot_rows(t->x, t->stride);
    SIMD_UNROLL
    for (int i = 0; i < rows * panels; i++) sum[i] = simd_zero();
    for (int64_t left = pairs; left > 0; left--, w += 2 * DOT_GROUP_BYTES) {
        dot_wide_step(format, rows, panels, w, t->panel, &x, 0, sum);
        dot_wide_step(format, rows, panels, w, t->panel, &x, 4, sum);
        if (ask) {
            SIMD_UNROLL
            for (int i = 0; i < 2 * panels; i++) SIMD_PREFETCH(w, i / 2 * t->panel + i % 2 * DOT_GROUP_BYTES + DOT_AHEAD);
        }
        dot_rows_advance(&x, rows, 8);
    }
    if (rest) { /* what a row of x has in its last groups, and zeros */
        char last[DOT_ROWS * 8] = {0};
        for (int m = 0; m < rows; m++) memcpy(last + m * 8, t->x + m * t->stride + pairs * 8, (size_t)rest * 4 / (size_t)per_group);
        x = dot_rows(last, 8);
        for (int64_t left = rest; left > 0; left -= per_group, w += DOT_GROUP_BYTES) {
            dot_wide_step(format, rows, panels, w, t->panel, &x, 0, sum);
            dot_rows_advance(&x, rows, 4);
        }
    }
    SIMD_UNROLL
    for (int i = 0; i < rows * panels; i++) {
        const char *parameters = w + i % panels * t->panel; /* they lie as the codes of a group do, behind them */
        simd_float result = format == WEIGHT_bf16 ? sum[i] : dot_row_result(t, sum[i], i / panels, parameters);
        simd_store(t->sums + i / panels * t->lds + i % panels * WEIGHT_PANEL + lane, result);
    }
}

/* ---- by height ---- */

SIMD_INLINE void dot_tile_of_height(const int format, const int rows, const int panels, const DotTile *t, simd_float *sum, simd_int *whole)
{
    for (int lane = 0; lane < WEIGHT_PANEL; lane += SIMD_LANES)
        if (format == WEIGHT_bf16 || format == WEIGHT_int8)
            dot_wide_tile(format, rows, panels, t, lane, sum);
        else
            dot_block_tile(format, rows, t, lane, sum, whole);
}

/* Arrays of just the size that is used become registers. */
#define HEIGHT(rows)                                                                                                   \
    case rows: {                                                                                                       \
        simd_float sum[(rows) * WIDTH];                                                                                \
        simd_int whole[rows];                                                                                          \
        dot_tile_of_height(format, rows, WIDTH, t, sum, whole);                                                        \
        break;                                                                                                         \
    }
#define WIDTH 1
SIMD_INLINE void dot_tile_switch(const int format, int height, const DotTile *t)
{
    switch (height) {
        DOT_HEIGHTS(HEIGHT)
    default:
        break;
    }
}
#undef WIDTH
#define WIDTH DOT_WIDE
SIMD_INLINE void dot_wide_switch(const int format, int height, const DotTile *t)
{
    switch (height) {
        DOT_HEIGHTS(HEIGHT)
    default:
        break;
    }
}
#undef WIDTH
#undef HEIGHT

/* One function for each format, called by all its kernels. height: of DOT_HEIGHTS; panels: 1 or 2 */
#define DOT_TILE(format)                                                                                               \
    static inline void dot_tile_##format(int height, int panels, const DotTile *t)                                     \
    {                                                                                                                  \
        for (int p = 0; p < panels; p++) {                                                                             \
            DotTile one = *t;                                                                                          \
            one.w += p * t->panel;                                                                                     \
            one.sums += p * WEIGHT_PANEL;                                                                              \
            dot_tile_switch(WEIGHT_##format, height, &one);                                                            \
        }                                                                                                              \
    }
#define DOT_TILE_WIDE(format)                                                                                          \
    static inline void dot_wide_##format(int height, const DotTile *t) { dot_wide_switch(WEIGHT_##format, height, t); }
DOT_TILE(q8)
DOT_TILE(q4)
DOT_TILE(q4z)
DOT_TILE(int8)
#ifdef SIMD_HAS_DOT16
DOT_TILE(bf16)
DOT_TILE_WIDE(bf16)
#endif
#if HF2C_ISA == HF2C_ISA_zen4
DOT_TILE_WIDE(int8)
#endif
#undef DOT_TILE
#undef DOT_TILE_WIDE
#undef DOT_HEIGHTS

SIMD_INLINE void dot_tile(const int format, int height, int panels, const DotTile *t)
{
#if HF2C_ISA == HF2C_ISA_zen4
    int wide = panels == 2 && height > 4; /* few rows read one panel after another */
    if (format == WEIGHT_bf16 && wide) dot_wide_bf16(height, t);
    else if (format == WEIGHT_int8 && wide) dot_wide_int8(height, t);
    else if (format == WEIGHT_bf16) dot_tile_bf16(height, panels, t);
    else
#endif
    if (format == WEIGHT_q8) dot_tile_q8(height, panels, t);
    else if (format == WEIGHT_q4) dot_tile_q4(height, panels, t);
    else if (format == WEIGHT_q4z) dot_tile_q4z(height, panels, t);
    else dot_tile_int8(height, panels, t);
}

#endif
