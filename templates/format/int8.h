/* 8 bits: (code - 128) * scale, an f32. As bitsandbytes: scale = the largest magnitude of a row / 127. */
#ifndef HF2C_FORMAT_INT8_H
#define HF2C_FORMAT_INT8_H

#include "templates/format/bits.h"

enum { INT8_ZERO = 128 };

static inline float int8_value(uint32_t code, const void *parameters)
{
    return (float)((int32_t)code - INT8_ZERO) * bits_load_float(parameters);
}

static inline uint32_t int8_code(float value, const void *parameters)
{
    float scale = bits_load_float(parameters);
    return (uint32_t)(scale != 0 ? bits_nearest(value / scale, -128, 127) + INT8_ZERO : INT8_ZERO);
}

#endif
