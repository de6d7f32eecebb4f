/* Tiles of sums on Helium, which multiplies sixteen pairs of bytes and adds all products to one number: column by column, sixteen k of a column
 * gathered from their panel, four groups of four. Codes are made to count from 0 first, so that products begin at nothing. */
#ifndef HF2C_CPU_TILE_DOT_HELIUM_H
#define HF2C_CPU_TILE_DOT_HELIUM_H

#include "templates/cpu/tile_dot_shape.h"

/* A column's codes of four groups from w on, of which the first `groups` are there; the others count as zeros. */
SIMD_INLINE uint8x16_t dot_gather(const char *w, mve_pred16_t groups)
{
    const uint32x4_t offsets = {0, DOT_GROUP_BYTES, 2 * DOT_GROUP_BYTES, 3 * DOT_GROUP_BYTES};
    return vreinterpretq_u8_u32(vldrwq_gather_offset_z_u32((const uint32_t *)(const void *)w, offsets, groups));
}

/* 8 bits count from 128. */
SIMD_INLINE int8x16_t dot_signed(uint8x16_t codes) { return vreinterpretq_s8_u8(veorq_u8(codes, vdupq_n_u8(0x80))); }

SIMD_INLINE int8x16_t dot_activations(const char *x) { return vld1q_s8((const int8_t *)x); }

/* ---- a scale for each block of 32 ---- */

/* whole: [rows, WEIGHT_PANEL], products of a block; start: what they begin at, by row */
SIMD_INLINE void dot_block_columns(const int format, const int rows, const DotTile *t, const char *w, const char *x, const int32_t *start, int32_t *whole)
{
    const mve_pred16_t all = vctp32q(4);
    int8x16_t first[DOT_ROWS], second[DOT_ROWS];
    SIMD_UNROLL
    for (int r = 0; r < rows; r++) {
        first[r] = dot_activations(x + r * t->stride);
        second[r] = dot_activations(x + r * t->stride + DOT_BLOCK / 2);
    }
    for (int c = 0; c < WEIGHT_PANEL; c++, w += 4) {
        uint8x16_t codes = dot_gather(w, all);
        int8x16_t low, high;
        if (layout_bits(format) == 8) {
            low = dot_signed(codes);
            high = dot_signed(dot_gather(w + 4 * DOT_GROUP_BYTES, all));
        } else {
            low = vreinterpretq_s8_u8(vandq_u8(codes, vdupq_n_u8(15)));
            high = vreinterpretq_s8_u8(vshrq_n_u8(codes, 4));
        }
        SIMD_UNROLL
        for (int r = 0; r < rows; r++) whole[r * WEIGHT_PANEL + c] = vmladavaq_s8(vmladavaq_s8(start[r], low, first[r]), high, second[r]);
    }
}

/* One by one: assemblers up to binutils 2.40 write another instruction for Helium's vcvtb. */
SIMD_INLINE void dot_block_scales(const int format, const char *parameters, float *scales)
{
    SIMD_UNROLL
    for (int c = 0; c < WEIGHT_PANEL; c++) {
        float16_t scale;
        memcpy(&scale, parameters + c * layout_parameters(format), sizeof(scale));
        scales[c] = scale;
    }
}

/* Four columns of a block of one row: their products to floats, added to the sums. zeros: of q4z, times the sum of the activations */
SIMD_INLINE void dot_block_add(const int format, const char *parameters, const float *scales, const int32_t *whole, int32_t zeros, float *sums)
{
    int32x4_t products = vld1q_s32(whole);
    if (format == WEIGHT_q4z) {
        uint32x4_t pairs = vld1q_u32((const uint32_t *)(const void *)parameters);
        products = vmlaq_n_s32(products, vshrq_n_s32(vreinterpretq_s32_u32(pairs), 16), zeros);
    }
    vst1q_f32(sums, vaddq_f32(vld1q_f32(sums), vmulq_f32(vcvtq_f32_s32(products), vld1q_f32(scales))));
}

SIMD_INLINE void dot_block_tile(const int format, const int rows, const DotTile *t)
{
    const int64_t unit_bytes = dot_unit_bytes(format), code_bytes = WEIGHT_PANEL * DOT_BLOCK * layout_bits(format) / 8;
    const char *w = t->w, *x = t->x, *starts = t->x + a8_starts(t->K);
    int32_t whole[DOT_ROWS * WEIGHT_PANEL], zeros[DOT_ROWS], start[DOT_ROWS] = {0};
    float scales[WEIGHT_PANEL];
    for (int r = 0; r < rows; r++) memset(t->sums + r * t->lds, 0, WEIGHT_PANEL * sizeof(float));
    for (int64_t left = t->K; left > 0; left -= DOT_BLOCK, w += unit_bytes, x += DOT_BLOCK, starts += sizeof(int32_t)) {
        SIMD_UNROLL
        for (int r = 0; r < rows; r++) {
            memcpy(&zeros[r], starts + r * t->stride, sizeof(int32_t));
            if (format == WEIGHT_q4) start[r] = zeros[r] / (A8_START / -Q4_ZERO);
            zeros[r] /= -A8_START;
        }
        dot_block_columns(format, rows, t, w, x, start, whole);
        dot_block_scales(format, w + code_bytes, scales);
        for (int i = 0; i < rows * WEIGHT_PANEL; i += 4) {
            int r = i / WEIGHT_PANEL, c = i % WEIGHT_PANEL;
            dot_block_add(format, w + code_bytes + c * layout_parameters(format), scales + c, whole + i, zeros[r], t->sums + r * t->lds + c);
        }
    }
    for (int i = 0; i < rows * WEIGHT_PANEL; i += 4) {
        float *sums = t->sums + i / WEIGHT_PANEL * t->lds + i % WEIGHT_PANEL;
        vst1q_f32(sums, vmulq_n_f32(vld1q_f32(sums), bits_load_float(t->x + i / WEIGHT_PANEL * t->stride + a8_scale(t->K))));
    }
}

/* ---- a scale for a row ---- */

SIMD_INLINE void dot_wide_tile(const int rows, const DotTile *t)
{
    const char *parameters = t->w + (t->K + 3) / 4 * DOT_GROUP_BYTES;
    for (int c = 0; c < WEIGHT_PANEL; c++) {
        const char *w = t->w + c * 4, *x = t->x;
        int32_t whole[DOT_ROWS] = {0};
        for (int64_t left = t->K; left > 0; left -= 16, w += 4 * DOT_GROUP_BYTES, x += 16) {
            int8x16_t codes = dot_signed(dot_gather(w, vctp32q((uint32_t)((left + 3) / 4))));
            SIMD_UNROLL
            for (int r = 0; r < rows; r++) whole[r] = vmladavaq_s8(whole[r], codes, dot_activations(x + r * t->stride));
        }
        SIMD_UNROLL
        for (int r = 0; r < rows; r++)
            t->sums[r * t->lds + c] =
                (float)whole[r] * bits_load_float(parameters + c * sizeof(float)) * bits_load_float(t->x + r * t->stride + a8_scale(t->K));
    }
}

/* ---- by height ---- */

SIMD_INLINE void dot_one_by_blocks(const int format, int height, const DotTile *t)
{
    if (height == 2) dot_block_tile(format, 2, t);
    else dot_block_tile(format, 1, t);
}

SIMD_INLINE void dot_one_by_rows(const int format, int height, const DotTile *t)
{
    (void)format;
    if (height == 2) dot_wide_tile(2, t);
    else dot_wide_tile(1, t);
}

#endif
