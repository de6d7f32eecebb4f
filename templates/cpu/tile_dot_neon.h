/* Eight k of a tile whose lanes have a column each, on AArch64: by four of a lane, or, with FEAT_I8MM, two columns times two rows at once.
 * A part of tile_dot_lanes.h. */
#ifndef HF2C_CPU_TILE_DOT_NEON_H
#define HF2C_CPU_TILE_DOT_NEON_H

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

/* A block: tile_dot_lanes.h's, of one panel. */
SIMD_INLINE void dot_block(const int format, const int rows, const int panels, const DotTile *t, const char *w, const char *parameters, const TileRows *x,
                           const TileRows *starts, simd_int *whole)
{
    const int bits = layout_bits(format), loads = DOT_BLOCK * bits / 8 / 4;
    (void)panels, (void)t;
    SIMD_UNROLL
    for (int m = 0; m < rows; m++) whole[m] = simd_set1_int(0);
    SIMD_UNROLL
    for (int g = 0; g < loads; g += 2, w += 2 * DOT_GROUP_BYTES) {
        simd_int low = simd_load_int(w), high = simd_load_int(w + DOT_GROUP_BYTES);
        if (bits == 8) {
            dot_eight(bits, rows, low, high, x, 4 * g, whole);
            continue;
        }
        dot_eight(bits, rows, simd_and(low, DOT_NIBBLES), simd_and(high, DOT_NIBBLES), x, 4 * g, whole);
        low = simd_and(simd_shift_right(low, 4), DOT_NIBBLES);
        high = simd_and(simd_shift_right(high, 4), DOT_NIBBLES);
        dot_eight(bits, rows, low, high, x, DOT_BLOCK / 2 + 4 * g, whole);
    }
    dot_eight_end(rows, whole);
    SIMD_UNROLL
    for (int m = 0; m < rows; m++) {
        int32_t start;
        memcpy(&start, tile_row(starts, m), sizeof(start));
        whole[m] = simd_add_int(whole[m], dot_start(format, start, parameters));
    }
}

/* The whole numbers that sums of rows with one scale are; and back. */
SIMD_INLINE void dot_wide_whole(const int rows, const simd_float *sum, simd_int *whole)
{
    SIMD_UNROLL
    for (int m = 0; m < rows; m++) whole[m] = simd_as_int(sum[m]);
}
SIMD_INLINE void dot_wide_sums(const int rows, const simd_int *whole, simd_float *sum)
{
    SIMD_UNROLL
    for (int m = 0; m < rows; m++) sum[m] = simd_as_float(whole[m]);
}

SIMD_INLINE void dot_wide_pair(const int format, const int rows, const int panels, const char *w, int64_t panel, const TileRows *x, simd_float *sum)
{
    simd_int whole[DOT_ROWS];
    dot_wide_whole(rows, sum, whole);
    dot_eight(layout_bits(format), rows, simd_load_int(w), simd_load_int(w + DOT_GROUP_BYTES), x, 0, whole);
    dot_wide_sums(rows, whole, sum);
    (void)panels, (void)panel;
}
SIMD_INLINE void dot_wide_end(const int rows, simd_float *sum)
{
    simd_int whole[DOT_ROWS];
    dot_wide_whole(rows, sum, whole);
    dot_eight_end(rows, whole);
    dot_wide_sums(rows, whole, sum);
}

#endif
