/* 8 bits: (code - 128) * scale, an f16. */
#ifndef HF2C_FORMAT_Q8_H
#define HF2C_FORMAT_Q8_H

#include "templates/format/f16.h"

enum { Q8_ZERO = 128 };

static inline float q8_value(uint32_t code, const void *parameters)
{
    return (float)((int32_t)code - Q8_ZERO) * f16_decode(bits_load_half(parameters));
}

static inline uint32_t q8_nearest(float value, float scale)
{
    return (uint32_t)(scale != 0 ? bits_nearest(value / scale, -128, 127) + Q8_ZERO : Q8_ZERO);
}

static inline uint32_t q8_code(float value, const void *parameters) { return q8_nearest(value, f16_decode(bits_load_half(parameters))); }

/* The scale with which the codes reach a magnitude; the largest there is for larger ones, NaN for what is not finite. */
static inline f16_element q8_scale(float largest)
{
    const f16_element most = 0x7bff, none = 0x7e00;
    f16_element scale = f16_encode(largest / 127);
    if (!(float_bits(largest) < 0x7f800000u)) return none;
    return scale < most ? scale : most;
}

#endif
