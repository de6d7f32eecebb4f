/* linear of activations in 8 bits (a8.h) and weights that are whole numbers times a scale: the products of a block are summed exactly, then
 *
 *   sum += (float)whole * scale of the block, from block to block;   y = epilogue(sum * scale of the row of x),
 *
 * each operation rounded: every instruction set and every division of the work gives the same bits of the sums. */
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

/* The first tiles of rows over the panels ask for the panels behind them. */
SIMD_INLINE void linear_dot_block(const int format, const Linear *l, const LinearPart *part)
{
    _Alignas(64) float sums[DOT_ROWS * 2 * TILE_PANEL];
    const int64_t bytes = packed_panel_bytes(&l->w), stride = format == WEIGHT_bf16 ? l->ldx * (int64_t)sizeof(bf16_element) : (int64_t)a8_row_bytes(l->K);
    const char *w = (const char *)l->w.data + part->panel * bytes, *next = w + 2 * bytes;
    for (int row = part->first_row, height; row < part->end_row; row += height, next += bytes) {
        height = dot_height(part->end_row - row, dot_rows_most(format));
        const char *x = (const char *)l->narrow + row * stride;
        const DotTile tile = {x, stride, w, bytes, l->K, sums, 2 * TILE_PANEL, next, next < w + 4 * bytes};
        dot_tile(format, height, part->panels, &tile);
        for (int r = 0; r < height; r++) linear_finish_row(l, sums + r * 2 * TILE_PANEL, row + r, part->panel, part->panels);
    }
}

SIMD_INLINE void linear_dot(const Linear *l, const hf2c_team *team, int rows, int64_t row_bytes, LinearBody *block)
{
    const int64_t panels = (l->N + TILE_PANEL - 1) / TILE_PANEL * (l->gate != FUNCTION_none ? 2 : 1);
    linear_parts(l, team, rows, panels, linear_rows_near(row_bytes), block);
}

#define LINEAR_A8(format)                                                                                                       \
    static inline void linear_a8_block_##format(const Linear *l, const LinearPart *part) { linear_dot_block(WEIGHT_##format, l, part); } \
    static inline void linear_##format##_a8(const hf2c_team *team, float *y, const void *x, const void *w, const float *bias,   \
                                            const float *residual, int rows, const int64_t K, const int64_t N,                  \
                                            const int64_t ldx, const int64_t ldr, const int64_t panel, const int64_t block,     \
                                            const int activation, const int gate, const float value)                           \
    {                                                                                                                           \
        const Packed packed = {w, WEIGHT_##format, gate != FUNCTION_none ? 2 * N : N, K, panel, block};                         \
        const Linear l = {y, NULL, x, packed, bias, residual, K, N, ldx, ldr, activation, gate, value};                         \
        if (panel == TILE_PANEL && (block == DOT_BLOCK || WEIGHT_##format == WEIGHT_int8))                                      \
            linear_dot(&l, team, rows, (int64_t)a8_row_bytes(K), linear_a8_block_##format);                                     \
        else                                                                                                                    \
            linear_plain(&l, team, rows, linear_a8_sum);                                                                        \
    }
LINEAR_A8(q8)
LINEAR_A8(q4)
LINEAR_A8(q4z)
LINEAR_A8(int8)
#undef LINEAR_A8

#if HF2C_ISA == HF2C_ISA_zen4
static inline void linear_dot_block_bf16(const Linear *l, const LinearPart *part) { linear_dot_block(WEIGHT_bf16, l, part); }
#endif

/* x: [rows, K] of bf16. Without products of such numbers they are widened: the same sums as of f32. */
static inline void linear_bf16_bf16(const hf2c_team *team, float *y, const void *x, const void *w, const float *bias, const float *residual,
                                    int rows, const int64_t K, const int64_t N, const int64_t ldx, const int64_t ldr, const int64_t panel,
                                    const int64_t block, const int activation, const int gate, const float value)
{
    const Packed packed = {w, WEIGHT_bf16, gate != FUNCTION_none ? 2 * N : N, K, panel, block};
    const Linear l = {y, NULL, x, packed, bias, residual, K, N, ldx, ldr, activation, gate, value};
#if HF2C_ISA == HF2C_ISA_zen4
    if (panel == TILE_PANEL) {
        linear_dot(&l, team, rows, ldx * (int64_t)sizeof(bf16_element), linear_dot_block_bf16);
        return;
    }
#endif
    linear_rows(WEIGHT_bf16, &l, team, rows, linear_block_bf16);
}

#endif
