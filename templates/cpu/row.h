/* Reading rows of a cache: vectors of their elements as floats, decoded in registers. What is read is exactly what the format
 * says, so a cache in another format gives the bits of an f32 cache that holds the same numbers. */
#ifndef HF2C_CPU_ROW_H
#define HF2C_CPU_ROW_H

#include "templates/format/row.h"
#include "templates/simd/simd.h"

/* Elements [d, d + SIMD_LANES) of a row; d: a multiple of SIMD_LANES. Codes are of 24 bits and fewer with their scale: nothing is rounded. */
SIMD_INLINE simd_float row_load(const int format, const char *row, const int64_t size, int64_t d)
{
    if (format == WEIGHT_bf16) return simd_load_bf16((const uint16_t *)(const void *)row + d);
    if (format == WEIGHT_f16) return simd_load_f16((const uint16_t *)(const void *)row + d);
    if (format == WEIGHT_f32) return simd_load((const float *)(const void *)row + d);
    simd_float scale = simd_set1_f16(row + row_parameters(format, size, d));
    return simd_fma(simd_float_of(simd_load_bytes(row + d)), scale, scale * simd_set1(-Q8_ZERO));
}

/* The first n of them, 0 <= n <= SIMD_LANES, and zeros. */
SIMD_INLINE simd_float row_load_partial(const int format, const char *row, const int64_t size, int64_t d, int n)
{
    float some[SIMD_LANES];
    uint16_t halves[SIMD_LANES] = {0};
    if (n == SIMD_LANES) return row_load(format, row, size, d);
    if (format == WEIGHT_f32) return simd_load_partial((const float *)(const void *)row + d, n);
    if (layout_bits(format) == 16) return row_load(format, memcpy(halves, row + 2 * d, 2 * (size_t)n), SIMD_LANES, 0);
    for (int i = 0; i < n; i++) some[i] = row_value(format, row, size, d + i);
    return simd_load_partial(some, n);
}

/* Asks for what lies `ahead` bytes behind the line in which element d begins, once for each line. */
SIMD_INLINE void row_prefetch(const int format, const char *row, int64_t d, int64_t ahead)
{
    const int64_t place = d * layout_bits(format) / 8;
    if (place % 64 == 0) SIMD_PREFETCH(row + place, ahead);
}

#endif
