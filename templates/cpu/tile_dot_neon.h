/* Eight k of a tile whose lanes have a column each, on AArch64: by four of a lane, or, with FEAT_I8MM, two columns times two rows at once. */
#ifndef HF2C_CPU_TILE_DOT_NEON_H
#define HF2C_CPU_TILE_DOT_NEON_H

#include "templates/cpu/tile_dot_shape.h"
#include "templates/cpu/tile_rows.h"

/* low, high: codes of k `at` to `at` + 3 of each column, and of the next four. whole: [rows], registers; where rows go by pairs, of each pair first
 * the products of two columns with both rows, then those of the other two, until dot_eight_end. */
SIMD_INLINE void dot_eight(const int bits, const int rows, simd_int low, simd_int high, const TileRows *x, const int at, simd_int *whole)
{
    int m = 0;
#if HF2C_ISA == HF2C_ISA_i8mm
    uint8x16_t first = simd_codes_of(bits, (simd_int)vzip1q_s32((int32x4_t)low, (int32x4_t)high));
    uint8x16_t second = simd_codes_of(bits, (simd_int)vzip2q_s32((int32x4_t)low, (int32x4_t)high));
    SIMD_UNROLL
    for (; m + 1 < rows; m += 2) {
        int8x16_t both = vcombine_s8(vld1_s8((const int8_t *)tile_row(x, m) + at), vld1_s8((const int8_t *)tile_row(x, m + 1) + at));
        whole[m] = (simd_int)vusmmlaq_s32((int32x4_t)whole[m], first, both);
        whole[m + 1] = (simd_int)vusmmlaq_s32((int32x4_t)whole[m + 1], second, both);
    }
#endif
    SIMD_UNROLL
    for (; m < rows; m++) whole[m] = simd_dot_eight(bits, whole[m], low, high, (const int8_t *)tile_row(x, m) + at);
}

/* Row by row again. */
SIMD_INLINE void dot_eight_end(const int rows, simd_int *whole)
{
#if HF2C_ISA == HF2C_ISA_i8mm
    SIMD_UNROLL
    for (int m = 0; m + 1 < rows; m += 2) {
        int32x4_t first = (int32x4_t)whole[m], second = (int32x4_t)whole[m + 1];
        whole[m] = (simd_int)vuzp1q_s32(first, second);
        whole[m + 1] = (simd_int)vuzp2q_s32(first, second);
    }
#else
    (void)rows, (void)whole;
#endif
}

/* The products of a block. */
SIMD_INLINE void dot_block_sums(const int format, const int rows, const char *w, const TileRows *x, simd_int *whole)
{
    const int bits = layout_bits(format), loads = DOT_BLOCK * bits / 8 / 4;
    SIMD_UNROLL
    for (int g = 0; g < loads; g += 2, w += 2 * DOT_GROUP_BYTES) {
        simd_int low = simd_load_int(w), high = simd_load_int(w + DOT_GROUP_BYTES);
        if (bits == 8) {
            dot_eight(bits, rows, low, high, x, 4 * g, whole);
        } else {
            dot_eight(bits, rows, simd_and(low, 0x0f0f0f0fu), simd_and(high, 0x0f0f0f0fu), x, 4 * g, whole);
            low = simd_and(simd_shift_right(low, 4), 0x0f0f0f0fu);
            high = simd_and(simd_shift_right(high, 4), 0x0f0f0f0fu);
            dot_eight(bits, rows, low, high, x, DOT_BLOCK / 2 + 4 * g, whole);
        }
    }
    dot_eight_end(rows, whole);
}

#endif
