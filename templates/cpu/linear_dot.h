/* linear of narrower activations. Of 8 bits (a8.h) and weights that are whole numbers times a scale: the products of a block are summed exactly, then
 *
 *   sum += (float)whole * scale of the block, from block to block;   y = epilogue(sum * scale of the row of x),
 *
 * each operation rounded: every instruction set and every division of the work gives the same bits of the sums. Of bf16 and weights in any format,
 * whose decoded numbers are rounded to bf16: the sums are those of f32, or on zen4 of its products of pairs. */
#ifndef HF2C_CPU_LINEAR_DOT_H
#define HF2C_CPU_LINEAR_DOT_H

#include "templates/cpu/linear.h"
#include "templates/cpu/tile_dot.h"

/* ---- any panels, column by column ---- */

SIMD_INLINE int32_t linear_a8_zero(const int format, const char *parameters)
{
    if (format == WEIGHT_q4z) return q4z_zero(parameters);
    return format == WEIGHT_q4 ? Q4_ZERO : Q8_ZERO;
}

SIMD_INLINE float linear_a8_scale(const int format, const char *parameters)
{
    return format == WEIGHT_int8 ? bits_load_float(parameters) : f16_decode(bits_load_half(parameters));
}

static inline float linear_a8_sum(const Linear *l, int64_t r, int64_t n)
{
    const Packed *w = &l->w;
    const char *row = (const char *)l->narrow + (size_t)r * a8_row_bytes(l->K);
    const int8_t *q = (const int8_t *)row;
    float sum = 0;
    for (int64_t k = 0; k < w->K; k += w->block) {
        const char *parameters = (const char *)w->data + packed_parameters(w, n, k);
        int32_t whole = 0, zero = linear_a8_zero(w->format, parameters);
        for (int64_t i = k; i < k + w->block && i < w->K; i++) whole += ((int32_t)packed_code(w, n, i) - zero) * q[i];
        float product = (float)whole * linear_a8_scale(w->format, parameters);
        sum += product;
    }
    return sum * bits_load_float(row + a8_scale(w->K));
}

/* ---- panels of 16: tiles ---- */

enum { LINEAR_ASKING = 4 /* tiles of rows over two panels that ask for the panels behind them, each for its share: memory is read all the time */ };

SIMD_INLINE void linear_dot_block(const int format, const Linear *l, const LinearPart *part)
{
    _Alignas(64) float sums[DOT_ROWS * 2 * TILE_PANEL];
    const int64_t bytes = packed_panel_bytes(&l->w), stride = format == WEIGHT_bf16 ? l->ldx * (int64_t)sizeof(bf16_element) : (int64_t)a8_row_bytes(l->K);
    const int tiles = (part->end_row - part->first_row + dot_rows_most(format) - 1) / dot_rows_most(format);
    const char *w = (const char *)l->w.data + part->panel * bytes, *next = w + 2 * bytes;
    const int64_t share = 2 * bytes / (tiles < LINEAR_ASKING ? tiles : LINEAR_ASKING), ask = share / dot_asks(format, l->K);
    for (int row = part->first_row, height; row < part->end_row; row += height, next += share) {
        height = dot_height(part->end_row - row, dot_rows_most(format));
        const char *x = (const char *)l->narrow + row * stride;
        const DotTile tile = {x, stride, w, bytes, l->K, sums, 2 * TILE_PANEL, next, next < w + 4 * bytes ? ask : 0, 0};
        linear_ask_results(l, row, height, part->panel);
        dot_tile(format, height, part->panels, &tile);
        for (int r = 0; r < height; r++) linear_finish_row(l, sums + r * 2 * TILE_PANEL, row + r, part->panel, part->panels);
    }
}

SIMD_INLINE void linear_dot(const Linear *l, const hf2c_team *team, int rows, int64_t row_bytes, LinearBody *block)
{
    linear_parts(l, team, rows, linear_panel_count(l), linear_rows_near(row_bytes), block);
}

#define LINEAR_NARROW(format, numbers, times)                                                                                               \
    static inline void linear_##format##_##numbers(const hf2c_team *team, float *y, const void *x, const void *w, const float *bias,        \
                                                   const float *residual, int rows, const int64_t K, const int64_t N, const int64_t ldx,    \
                                                   const int64_t ldr, const int64_t panel, const int64_t block, const int activation,       \
                                                   const int gate, const float value)                                                       \
    {                                                                                                                                       \
        const Packed packed = {w, WEIGHT_##format, gate != FUNCTION_none ? 2 * N : N, K, panel, block};                                     \
        const Linear l = {y, NULL, x, packed, bias, residual, K, N, ldx, ldr, activation, gate, value};                                     \
        times(&l, team, rows);                                                                                                              \
    }

#define LINEAR_A8(format)                                                                                                                   \
    static inline void linear_a8_block_##format(const Linear *l, const LinearPart *part) { linear_dot_block(WEIGHT_##format, l, part); }    \
    SIMD_INLINE void linear_a8_times_##format(const Linear *l, const hf2c_team *team, int rows)                                             \
    {                                                                                                                                       \
        if (l->w.panel == TILE_PANEL && (l->w.block == DOT_BLOCK || WEIGHT_##format == WEIGHT_int8))                                        \
            linear_dot(l, team, rows, (int64_t)a8_row_bytes(l->K), linear_a8_block_##format);                                               \
        else                                                                                                                                \
            linear_plain(l, team, rows, linear_a8_sum);                                                                                     \
    }                                                                                                                                       \
    LINEAR_NARROW(format, a8, linear_a8_times_##format)
LINEAR_A8(q8)
LINEAR_A8(q4)
LINEAR_A8(q4z)
LINEAR_A8(int8)
#undef LINEAR_A8

/* ---- rows of bf16, and weights that are bf16 or rounded to it when they are decoded ---- */

#if HF2C_ISA == HF2C_ISA_zen4
static inline void linear_dot_block_bf16(const Linear *l, const LinearPart *part) { linear_dot_block(WEIGHT_bf16, l, part); }

/* A weight with blocks. The functions below are the same ones for all formats. */
typedef struct LinearRounded {
    Linear linear; /* the first member: a LinearBody finds the rest by it */
    WeightRound *round;
    BlockTiles *tiles;
} LinearRounded;

static inline void linear_rounded_finish(const Linear *l, const float *sums, int64_t stride, int64_t row, int64_t rows, int64_t panel, int panels)
{
    for (int64_t r = 0; r < rows; r++) linear_finish_row(l, sums + r * stride, row + r, panel, panels);
}

/* One or two panels, a part of them at a time. */
static inline void linear_rounded_block(const Linear *l, const LinearPart *part)
{
    enum { PANEL = TILE_DEPTH * TILE_PANEL, STRIDE = 2 * TILE_PANEL };
    _Alignas(64) float sums[LINEAR_ROWS * STRIDE];
    _Alignas(64) bf16_element scratch[2 * PANEL];
    const bf16_element *x = l->narrow;
    const int64_t size = sizeof(bf16_element);
    for (int64_t k = 0; k < l->K; k += TILE_DEPTH) {
        const int64_t depth = l->K - k < TILE_DEPTH ? l->K - k : TILE_DEPTH;
        for (int p = 0; p < part->panels; p++) ((const LinearRounded *)l)->round(&l->w, part->panel + p, k, depth, scratch + p * PANEL);
        for (int row = part->first_row, height; row < part->end_row; row += height) {
            height = dot_height(part->end_row - row, DOT_ROWS);
            const DotTile tile = {(const char *)(x + row * l->ldx + k), l->ldx * size, (const char *)scratch, PANEL * size, depth,
                                  sums + (row - part->first_row) * STRIDE, STRIDE, (const char *)scratch, 0, k > 0};
            dot_tile(WEIGHT_bf16, height, part->panels, &tile);
        }
    }
    linear_rounded_finish(l, sums, STRIDE, part->first_row, part->end_row - part->first_row, part->panel, part->panels);
}

/* Few rows: LINEAR_TOGETHER panels decoded in registers. */
static inline void linear_rounded_rows(const LinearRounded *r, int rows, int64_t panel)
{
    enum { STRIDE = LINEAR_TOGETHER * TILE_PANEL };
    _Alignas(64) float sums[LINEAR_DIRECT_ROWS * STRIDE];
    for (int p = 0; p < LINEAR_TOGETHER; p += BLOCK_PANELS) {
        const BlockTile tile = linear_block_tile(WEIGHT_bf16, &r->linear, 0, panel + p, sums + p * TILE_PANEL, STRIDE);
        r->tiles(rows, &tile);
    }
    linear_rounded_finish(&r->linear, sums, STRIDE, 0, rows, panel, LINEAR_TOGETHER);
}

static inline void linear_rounded_few(const LinearRounded *r, const hf2c_team *team, int rows, int64_t panels)
{
    const Linear *l = &r->linear;
    int first, end;
    hf2c_share(team, (int)((panels + LINEAR_TOGETHER - 1) / LINEAR_TOGETHER), &first, &end);
    for (int64_t some = first, panel; some < end; some++) {
        panel = some * LINEAR_TOGETHER;
        if (panels - panel >= LINEAR_TOGETHER && block_fits(l->w.format, l->w.block)) {
            linear_rounded_rows(r, rows, panel);
            continue;
        }
        for (LinearPart part = {panel, 2, 0, rows}; part.panel < panel + LINEAR_TOGETHER && part.panel < panels; part.panel += 2) {
            part.panels = panels - part.panel < 2 ? 1 : 2;
            linear_rounded_block(l, &part);
        }
    }
}

static inline void linear_rounded(const LinearRounded *r, const hf2c_team *team, int rows)
{
    if (r->linear.w.panel != TILE_PANEL)
        linear_plain(&r->linear, team, rows, linear_plain_sum);
    else if (rows <= LINEAR_DIRECT_ROWS)
        linear_rounded_few(r, team, rows, linear_panel_count(&r->linear));
    else
        linear_parts(&r->linear, team, rows, linear_panel_count(&r->linear), LINEAR_ROWS, linear_rounded_block);
}

static inline void linear_of_pairs(const Linear *l, const hf2c_team *team, int rows)
{
    if (l->w.panel == TILE_PANEL)
        linear_dot(l, team, rows, l->ldx * (int64_t)sizeof(bf16_element), linear_dot_block_bf16);
    else
        linear_plain(l, team, rows, linear_plain_sum);
}

#define FORMAT(format, bits, own_block, parameters, group, cut, text)                                                  \
    static inline void linear_times_##format(const Linear *l, const hf2c_team *team, int rows)                         \
    {                                                                                                                  \
        linear_rounded(&(LinearRounded){*l, weight_round_##format, block_tile_##format##_bf16}, team, rows);           \
    }
#include "templates/format/blocks.def"
#else
/* Without products of such numbers they are widened: the same sums as of f32. */
static inline void linear_widened(const Linear *l, const hf2c_team *team, int rows, LinearBody *block)
{
    if (l->w.panel == TILE_PANEL && LINEAR_HAS_BLOCKS)
        linear_parts(l, team, rows, linear_panel_count(l), LINEAR_ROWS, block);
    else
        linear_plain(l, team, rows, linear_plain_sum);
}

static inline void linear_of_pairs(const Linear *l, const hf2c_team *team, int rows) { linear_widened(l, team, rows, linear_block_bf16); }

#define FORMAT(format, bits, own_block, parameters, group, cut, text)                                                  \
    static inline void linear_times_##format(const Linear *l, const hf2c_team *team, int rows)                         \
    {                                                                                                                  \
        linear_widened(l, team, rows, linear_block_##format);                                                          \
    }
#include "templates/format/blocks.def"
#endif

/* x: [rows, K] of bf16 */
LINEAR_NARROW(bf16, bf16, linear_of_pairs)

#define FORMAT(format, bits, own_block, parameters, group, cut, text) LINEAR_NARROW(format, bf16, linear_times_##format)
#include "templates/format/blocks.def"
#undef LINEAR_NARROW

#endif
