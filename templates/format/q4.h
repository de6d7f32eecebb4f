/* 4 bits: (code - 8) * scale, an f16, which may be negative. */
#ifndef HF2C_FORMAT_Q4_H
#define HF2C_FORMAT_Q4_H

#include "templates/format/f16.h"

enum { Q4_ZERO = 8 };

static inline float q4_value(uint32_t code, const void *parameters)
{
    return (float)((int32_t)code - Q4_ZERO) * f16_decode(bits_load_half(parameters));
}

static inline uint32_t q4_code(float value, const void *parameters)
{
    float scale = f16_decode(bits_load_half(parameters));
    return (uint32_t)(scale != 0 ? bits_nearest(value / scale, -8, 7) + Q4_ZERO : Q4_ZERO);
}

#endif
