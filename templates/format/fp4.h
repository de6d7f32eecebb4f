/* 4 bits: sign and seven magnitudes in the order that bitsandbytes gives them, times the largest magnitude, an f32. Code 1 is 1 / 192. */
#ifndef HF2C_FORMAT_FP4_H
#define HF2C_FORMAT_FP4_H

#include "templates/format/bits.h"

#define FP4_VALUES                                                                                                    \
    0x0p+0f, 0x1.555556p-8f, 0x1.555556p-1f, 0x1p+0f, \
    0x1.555556p-2f, 0x1p-1f, 0x1.555556p-3f, 0x1p-2f, \
    -0x0p+0f, -0x1.555556p-8f, -0x1.555556p-1f, -0x1p+0f, \
    -0x1.555556p-2f, -0x1p-1f, -0x1.555556p-3f, -0x1p-2f

static inline float fp4_value(uint32_t code, const void *parameters)
{
    const float values[16] = {FP4_VALUES};
    return values[code & 15] * bits_load_float(parameters);
}

static inline uint32_t fp4_code(float value, const void *parameters)
{
    const float values[16] = {FP4_VALUES};
    float largest = bits_load_float(parameters);
    return bits_nearest_of_16(values, largest != 0 ? value / largest : 0, 0);
}

#endif
