/* 4 bits: e2m1 (0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives) times 2^(parameter - 127), of one byte; parameter 255 is NaN. */
#ifndef HF2C_FORMAT_MXFP4_H
#define HF2C_FORMAT_MXFP4_H

#include "templates/format/bits.h"

static inline float mxfp4_scale(uint32_t exponent)
{
    if (exponent == 255) return bits_float(0x7fc00000u);
    return bits_float(exponent ? exponent << 23 : 0x400000u);
}

#define MXFP4_VALUES 0.0f, 0.5f, 1.0f, 1.5f, 2.0f, 3.0f, 4.0f, 6.0f, -0.0f, -0.5f, -1.0f, -1.5f, -2.0f, -3.0f, -4.0f, -6.0f

static inline float mxfp4_value(uint32_t code, const void *parameters)
{
    const float values[16] = {MXFP4_VALUES};
    return values[code & 15] * mxfp4_scale(*(const unsigned char *)parameters);
}

static inline uint32_t mxfp4_code(float value, const void *parameters)
{
    return bits_small_float(value / mxfp4_scale(*(const unsigned char *)parameters), 8, 1, 1, 7);
}

#endif
