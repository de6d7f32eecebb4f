/* 4 bits with a zero point: (code - zero) * scale. Parameters: f16 scale, int16 zero, which may lie outside of the codes. */
#ifndef HF2C_FORMAT_Q4Z_H
#define HF2C_FORMAT_Q4Z_H

#include "templates/format/f16.h"

static inline int32_t q4z_zero(const void *parameters) { return (int16_t)bits_load_half((const char *)parameters + 2); }

static inline float q4z_value(uint32_t code, const void *parameters)
{
    return (float)((int32_t)code - q4z_zero(parameters)) * f16_decode(bits_load_half(parameters));
}

static inline uint32_t q4z_code(float value, const void *parameters)
{
    float scale = f16_decode(bits_load_half(parameters));
    int32_t zero = q4z_zero(parameters), q = bits_nearest(scale != 0 ? value / scale : 0, (float)-zero, (float)(15 - zero));
    return (uint32_t)(q + zero);
}

#endif
