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

SIMD_INLINE float linear_a8_sum(const Packed *w, const char *row, int64_t n)
{
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

SIMD_INLINE void linear_a8_plain(const Linear *l, const hf2c_team *team, const char *x, int rows)
{
    const int64_t panel = l->w.panel;
    const int halves = l->gate != FUNCTION_none ? 2 : 1;
    int first, end;
    hf2c_share(team, (int)l->N, &first, &end);
    for (int r = 0; r < rows; r++)
        for (int64_t c = first; c < end; c++) {
            int64_t n = c / panel * halves * panel + c % panel;
            const char *row = x + (size_t)r * a8_row_bytes(l->K);
            float sum = linear_a8_sum(&l->w, row, n), up = halves == 2 ? linear_a8_sum(&l->w, row, n + panel) : 0;
            simd_store_partial(l->y + r * l->N + c, 1, linear_result(l, simd_set1(sum), simd_set1(up), r, c, 1));
        }
}

/* ---- panels of 16: tiles ---- */

enum { LINEAR_DOT_BYTES = 512 << 10 /* of panels that are read again and again from the second cache */ };

/* A panel, or two, times rows [row, end). */
SIMD_INLINE void linear_dot_panels(const int format, const Linear *l, const char *x, int64_t stride, int64_t row, int rows, int64_t panel, int count)
{
    _Alignas(64) float sums[DOT_ROWS * 2 * TILE_PANEL];
    const int64_t bytes = packed_panel_bytes(&l->w);
    const DotTile tile = {x + row * stride, stride, (const char *)l->w.data + panel * bytes, bytes, l->K, sums, 2 * TILE_PANEL};
    dot_tile(format, rows, count, &tile);
    for (int r = 0; r < rows; r++) linear_finish_row(l, sums + r * 2 * TILE_PANEL, row + r, panel, count);
}

/* Every tile of rows goes over as many panels as stay in the cache; few rows read each panel once, in order. */
SIMD_INLINE void linear_dot(const int format, const Linear *l, const hf2c_team *team, const char *x, int64_t stride, int rows)
{
    const int64_t panels = (l->N + TILE_PANEL - 1) / TILE_PANEL * (l->gate != FUNCTION_none ? 2 : 1), pairs = (panels + 1) / 2;
    const int64_t some = LINEAR_DOT_BYTES / (2 * packed_panel_bytes(&l->w)), group = 2 * (some > 1 ? some : 1);
    int across = linear_column_members(team->count, pairs), first_row, end_row, first_pair, end_pair;
    hf2c_team columns = {team->index % across, across, NULL}, down = {team->index / across, team->count / across, NULL};
    hf2c_share(&columns, (int)pairs, &first_pair, &end_pair);
    hf2c_share(&down, rows, &first_row, &end_row);
    int64_t end = 2 * (int64_t)end_pair < panels ? 2 * (int64_t)end_pair : panels;
    for (int64_t first = 2 * (int64_t)first_pair; first < end; first += group)
        for (int row = first_row, height; row < end_row; row += height) {
            height = dot_height(end_row - row);
            for (int64_t p = first; p < first + group && p < end; p += 2)
                linear_dot_panels(format, l, x, stride, row, height, p, end - p < 2 ? 1 : 2);
        }
}

#define LINEAR_A8(format)                                                                                                       \
    static inline void linear_##format##_a8(const hf2c_team *team, float *y, const void *x, const void *w, const float *bias,   \
                                            const float *residual, int rows, const int64_t K, const int64_t N,                  \
                                            const int64_t ldx, const int64_t ldr, const int64_t panel, const int64_t block,     \
                                            const int activation, const int gate, const float value)                           \
    {                                                                                                                           \
        const Packed packed = {w, WEIGHT_##format, gate != FUNCTION_none ? 2 * N : N, K, panel, block};                         \
        const Linear l = {y, NULL, NULL, packed, bias, residual, K, N, ldx, ldr, activation, gate, value};                      \
        if (panel == TILE_PANEL && (block == DOT_BLOCK || WEIGHT_##format == WEIGHT_int8))                                      \
            linear_dot(WEIGHT_##format, &l, team, x, (int64_t)a8_row_bytes(K), rows);                                           \
        else                                                                                                                    \
            linear_a8_plain(&l, team, x, rows);                                                                                 \
    }
LINEAR_A8(q8)
LINEAR_A8(q4)
LINEAR_A8(q4z)
LINEAR_A8(int8)
#undef LINEAR_A8

/* x: [rows, K] of bf16. Without products of such numbers they are widened: the same sums as of f32. */
static inline void linear_bf16_bf16(const hf2c_team *team, float *y, const void *x, const void *w, const float *bias, const float *residual,
                                    int rows, const int64_t K, const int64_t N, const int64_t ldx, const int64_t ldr, const int64_t panel,
                                    const int64_t block, const int activation, const int gate, const float value)
{
    const Packed packed = {w, WEIGHT_bf16, gate != FUNCTION_none ? 2 * N : N, K, panel, block};
    const Linear l = {y, NULL, x, packed, bias, residual, K, N, ldx, ldr, activation, gate, value};
#ifdef SIMD_HAS_DOT16
    if (panel == TILE_PANEL) {
        linear_dot(WEIGHT_bf16, &l, team, x, ldx * (int64_t)sizeof(bf16_element), rows);
        return;
    }
#endif
    linear_rows(WEIGHT_bf16, &l, team, rows);
}

#endif
