/* Reading packed weights: element (n, k) of a [N, K] weight is at (n / panel) * panel * K + k * panel + n % panel. */
#ifndef HF2C_CPU_WEIGHT_H
#define HF2C_CPU_WEIGHT_H

#include "templates/simd/simd.h"

SIMD_INLINE int64_t weight_bytes(const int format) { return format == WEIGHT_f32 ? 4 : 2; }

SIMD_INLINE simd_float weight_load(const int format, const char *w)
{
    if (format == WEIGHT_bf16) return simd_load_bf16((const uint16_t *)(const void *)w);
    if (format == WEIGHT_f16) return simd_load_f16((const uint16_t *)(const void *)w);
    return simd_load((const float *)(const void *)w);
}

/* The element of that number. */
SIMD_INLINE float weight_element(const int format, const void *w, int64_t index)
{
    if (format == WEIGHT_bf16) return bf16_decode(((const uint16_t *)w)[index]);
    if (format == WEIGHT_f16) return f16_decode(((const uint16_t *)w)[index]);
    return ((const float *)w)[index];
}

#endif
