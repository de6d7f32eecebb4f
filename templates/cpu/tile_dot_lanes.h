/* Tiles of sums where each lane has a column: tile_dot.h's two kinds, on any vectors. */
#ifndef HF2C_CPU_TILE_DOT_LANES_H
#define HF2C_CPU_TILE_DOT_LANES_H

#include "templates/cpu/tile_dot_shape.h"
#include "templates/cpu/tile_rows.h"

/* ---- a scale for each block of 32 ---- */

/* Codes of 4 bits are multiplied as they stand in the upper half of a byte where products of bytes are summed exactly, so that they begin where codes
 * of 8 bits do; elsewhere as small numbers. */
#if HF2C_ISA == HF2C_ISA_zen4
enum { DOT_UPPER = 4 };
#else
enum { DOT_UPPER = 0 };
#endif
#define DOT_NIBBLES (0x0f0f0f0fu << DOT_UPPER)

/* Whether products take codes of 8 bits less 128, and so begin at nothing. */
#if HF2C_ISA == HF2C_ISA_dotprod
enum { DOT_SIGNED = 1 };
#else
enum { DOT_SIGNED = 0 };
#endif

/* What the sums of a block begin at: minus the zero point times the sum of the activations. */
SIMD_INLINE simd_int dot_start(const int format, int32_t start, const char *parameters)
{
    simd_int all = simd_set1_int(DOT_SIGNED && layout_bits(format) == 8 ? 0 : start);
    if (format == WEIGHT_q4z) return simd_multiply_int(simd_second(simd_load_int(parameters)), simd_shift_down(all, 7 - DOT_UPPER));
    return format == WEIGHT_q4 && DOT_UPPER < 4 ? simd_shift_down(all, 4 - DOT_UPPER) : all;
}

SIMD_INLINE simd_float dot_scale(const int format, const char *parameters)
{
    simd_float scale = weight_scale(format, parameters).scale;
    if (layout_bits(format) == 4 && DOT_UPPER > 0) scale = scale * simd_set1(1.0f / (1 << DOT_UPPER));
    return scale;
}

#if HF2C_ISA == HF2C_ISA_dotprod || HF2C_ISA == HF2C_ISA_i8mm
#include "templates/cpu/tile_dot_neon.h"
#else
/* One load of codes of 8 bits, or of twice as many of 4 bits, of each panel times all rows. */
SIMD_INLINE void dot_add(const int format, const int rows, const int panels, const char *codes, int64_t panel, const TileRows *x, const int at,
                         simd_int *whole)
{
    simd_int both[DOT_PANELS], v[DOT_PANELS];
    SIMD_UNROLL
    for (int p = 0; p < panels; p++) both[p] = simd_load_int(codes + p * panel);
    if (layout_bits(format) == 8) {
        SIMD_UNROLL
        for (int i = 0; i < rows * panels; i++) whole[i] = simd_dot8(whole[i], both[i % panels], (const int8_t *)tile_row(x, i / panels) + at);
        return;
    }
    SIMD_UNROLL
    for (int p = 0; p < panels; p++) v[p] = simd_and(simd_shift_left(both[p], DOT_UPPER), DOT_NIBBLES);
    SIMD_UNROLL
    for (int i = 0; i < rows * panels; i++) whole[i] = simd_dot4(whole[i], v[i % panels], (const int8_t *)tile_row(x, i / panels) + at);
    SIMD_UNROLL
    for (int p = 0; p < panels; p++) v[p] = simd_and(simd_shift_right(both[p], 4 - DOT_UPPER), DOT_NIBBLES);
    SIMD_UNROLL
    for (int i = 0; i < rows * panels; i++)
        whole[i] = simd_dot4(whole[i], v[i % panels], (const int8_t *)tile_row(x, i / panels) + at + DOT_BLOCK / 2);
}

/* A block. whole: [rows * panels], registers */
SIMD_INLINE void dot_block(const int format, const int rows, const int panels, const DotTile *t, const char *w, const char *parameters, const TileRows *x,
                           const TileRows *starts, simd_int *whole)
{
    enum { CODES_AT_A_TIME = 4 };
    const int loads = DOT_BLOCK * layout_bits(format) / 8 / CODES_AT_A_TIME;
    SIMD_UNROLL
    for (int i = 0; i < rows * panels; i++) {
        const int32_t start = (int32_t)bits_load_word(tile_row(starts, i / panels));
        whole[i] = dot_start(format, start, parameters + i % panels * t->panel);
    }
    SIMD_UNROLL
    for (int g = 0; g < loads; g++, w += DOT_GROUP_BYTES) {
        if (layout_bits(format) == 4) SIMD_OPAQUE(w); /* else compilers load all codes first, and lack registers */
        dot_add(format, rows, panels, w, t->panel, x, g * CODES_AT_A_TIME, whole);
    }
}
#endif

/* Few rows: more of the same panels; else what the tile is told, at most as many bytes as it has read of one of its own. */
SIMD_INLINE void dot_ask(const int rows, const int panels, const char *w, const char **next, int64_t ask, const int64_t bytes)
{
    if (rows <= DOT_FEW && panels == 1) {
        SIMD_UNROLL
        for (int i = 0; i < bytes; i += 64) SIMD_PREFETCH(w, i + HF2C_AHEAD);
        return;
    }
    SIMD_UNROLL
    for (int i = 0; i + 64 <= bytes; i += 64) SIMD_PREFETCH(*next, i);
    *next += ask;
}

/* SIMD_LANES columns from `lane` on. sum, whole: [rows * panels], registers */
SIMD_INLINE void dot_block_tile(const int format, const int rows, const int panels, const DotTile *t, const int lane, simd_float *sum, simd_int *whole)
{
    const int64_t unit_bytes = dot_unit_bytes(format), code_bytes = WEIGHT_PANEL * DOT_BLOCK * layout_bits(format) / 8;
    const char *w = t->w + lane * 4, *parameters = t->w + code_bytes + lane * layout_parameters(format), *next = t->next;
    TileRows x = tile_rows(t->x, t->stride), starts = x;
    tile_rows_advance(&starts, rows, (int64_t)a8_starts(t->K));
    SIMD_UNROLL
    for (int i = 0; i < rows * panels; i++) sum[i] = simd_zero();
    for (int64_t left = t->K; left > 0; left -= DOT_BLOCK) {
        dot_block(format, rows, panels, t, w, parameters, &x, &starts, whole);
        simd_float scale[DOT_PANELS];
        SIMD_UNROLL
        for (int p = 0; p < panels; p++) scale[p] = dot_scale(format, parameters + p * t->panel);
        SIMD_UNROLL
        for (int i = 0; i < rows * panels; i++) {
            simd_float product = simd_float_of(whole[i]) * scale[i % panels];
            sum[i] = sum[i] + product;
        }
        dot_ask(rows, panels, w, &next, t->ask, unit_bytes);
        w += unit_bytes;
        parameters += unit_bytes;
        tile_rows_advance(&x, rows, DOT_BLOCK);
        tile_rows_advance(&starts, rows, sizeof(int32_t));
    }
    SIMD_UNROLL
    for (int i = 0; i < rows * panels; i++)
        simd_store(t->sums + i / panels * t->lds + i % panels * WEIGHT_PANEL + lane,
                   sum[i] * simd_set1(bits_float(bits_load_word(t->x + i / panels * t->stride + a8_scale(t->K)))));
}

/* ---- a scale for a row, or none ---- */

SIMD_INLINE simd_float dot_step(const int format, simd_float sum, simd_int w, const char *x)
{
#if HF2C_ISA == HF2C_ISA_zen4
    if (format == WEIGHT_bf16) return simd_dot16(sum, w, x);
#else
    (void)format;
#endif
    return simd_as_float(simd_dot8(simd_as_int(sum), w, (const int8_t *)x));
}

/* Group number `at` / 4 of all rows. */
SIMD_INLINE void dot_wide_step(const int format, const int rows, const int panels, const char *w, int64_t panel, const TileRows *x, const int at,
                               simd_float *sum)
{
    simd_int v[DOT_PANELS];
    SIMD_UNROLL
    for (int p = 0; p < panels; p++) v[p] = simd_load_int(w + p * panel + at * WEIGHT_PANEL);
    SIMD_UNROLL
    for (int i = 0; i < rows * panels; i++) sum[i] = dot_step(format, sum[i], v[i % panels], tile_row(x, i / panels) + at);
}

#if HF2C_ISA != HF2C_ISA_dotprod && HF2C_ISA != HF2C_ISA_i8mm
/* Two groups; and what makes one sum for each row of theirs in the end. */
SIMD_INLINE void dot_wide_pair(const int format, const int rows, const int panels, const char *w, int64_t panel, const TileRows *x, simd_float *sum)
{
    dot_wide_step(format, rows, panels, w, panel, x, 0, sum);
    dot_wide_step(format, rows, panels, w, panel, x, 4, sum);
}
SIMD_INLINE void dot_wide_end(const int rows, simd_float *sum) { (void)rows, (void)sum; }
#endif

/* What follows the sums of whole numbers: the zero point, the scale of the weights, that of the activations. */
SIMD_INLINE simd_float dot_row_result(const DotTile *t, simd_float sum, int m, const char *parameters)
{
    const char *row = t->x + m * t->stride;
    const int32_t start = (int32_t)bits_load_word(row + a8_start(t->K));
    simd_int whole = simd_add_int(simd_as_int(sum), simd_set1_int(DOT_SIGNED ? 0 : start));
    return simd_float_of(whole) * weight_scale(WEIGHT_int8, parameters).scale * simd_set1(bits_float(bits_load_word(row + a8_scale(t->K))));
}

/* sum: [rows * panels], registers */
SIMD_INLINE void dot_wide_tile(const int format, const int rows, const int panels, const DotTile *t, const int lane, simd_float *sum)
{
    const int64_t per_group = format == WEIGHT_bf16 ? 2 : 4, pairs = t->K / (2 * per_group), rest = t->K % (2 * per_group);
    const char *w = t->w + lane * 4, *next = t->next;
    TileRows x = tile_rows(t->x, t->stride);
    SIMD_UNROLL
    for (int i = 0; i < rows * panels; i++)
        sum[i] = format == WEIGHT_bf16 && t->further ? simd_load(t->sums + i / panels * t->lds + i % panels * WEIGHT_PANEL + lane) : simd_zero();
    for (int64_t left = pairs; left > 0; left--, w += 2 * DOT_GROUP_BYTES) {
        dot_wide_pair(format, rows, panels, w, t->panel, &x, sum);
        dot_ask(rows, panels, w, &next, t->ask, 2 * DOT_GROUP_BYTES);
        tile_rows_advance(&x, rows, 8);
    }
    dot_wide_end(rows, sum);
    if (rest) { /* what a row of x has in its last groups, and zeros */
        char last[DOT_ROWS * 8] = {0};
        for (int m = 0; m < rows; m++) memcpy(last + m * 8, t->x + m * t->stride + pairs * 8, (size_t)rest * 4 / (size_t)per_group);
        x = tile_rows(last, 8);
        for (int64_t left = rest; left > 0; left -= per_group, w += DOT_GROUP_BYTES) {
            dot_wide_step(format, rows, panels, w, t->panel, &x, 0, sum);
            tile_rows_advance(&x, rows, 4);
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
        if (dot_by_rows(format))
            dot_wide_tile(format, rows, panels, t, lane, sum);
        else
            dot_block_tile(format, rows, panels, t, lane, sum, whole);
}

/* Arrays of just the size that is used become registers. */
#define HEIGHT(rows)                                                                                                   \
    case rows: {                                                                                                       \
        simd_float sum[(rows) * PANELS];                                                                               \
        simd_int whole[(rows) * PANELS];                                                                               \
        dot_tile_of_height(format, rows, PANELS, t, sum, whole);                                                       \
        break;                                                                                                         \
    }
#define DOT_SWITCH(name, HEIGHTS)                                                                                      \
    SIMD_INLINE void name(const int format, int height, const DotTile *t)                                              \
    {                                                                                                                  \
        switch (height) {                                                                                              \
            HEIGHTS(HEIGHT)                                                                                            \
        default:                                                                                                       \
            break;                                                                                                     \
        }                                                                                                              \
    }
#define PANELS 1
DOT_SWITCH(dot_one_by_rows, DOT_HEIGHTS)
DOT_SWITCH(dot_one_by_blocks, DOT_BLOCK_HEIGHTS)
#undef PANELS
#if HF2C_ISA == HF2C_ISA_zen4
#define PANELS 2
DOT_SWITCH(dot_pair_by_rows, DOT_HEIGHTS)
DOT_SWITCH(dot_pair_by_blocks, DOT_BLOCK_HEIGHTS)
#undef PANELS
#endif
#undef DOT_SWITCH
#undef HEIGHT

#endif
