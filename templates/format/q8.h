/* 8 bits: (code - 128) * scale, an f16. */
#ifndef HF2C_FORMAT_Q8_H
#define HF2C_FORMAT_Q8_H

#include "templates/format/f16.h"

enum { Q8_ZERO = 128 };

static inline float q8_value(uint32_t code, const void *parameters)
{
    return (float)((int32_t)code - Q8_ZERO) * f16_decode(bits_load_half(parameters));
}

static inline uint32_t q8_code(float value, const void *parameters)
{
    float scale = f16_decode(bits_load_half(parameters));
    return (uint32_t)(scale != 0 ? bits_nearest(value / scale, -128, 127) + Q8_ZERO : Q8_ZERO);
}

#endif
