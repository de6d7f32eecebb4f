/* Weights in IEEE binary32: nothing to convert. */
#ifndef HF2C_FORMAT_F32_H
#define HF2C_FORMAT_F32_H

#include "templates/format/bits.h"

typedef float f32_element;

static inline float f32_decode(f32_element element) { return element; }
static inline f32_element f32_encode(float value) { return value; }

/* A code is the bits. */
static inline float f32_value(uint32_t code, const void *parameters)
{
    (void)parameters;
    return bits_float(code);
}

static inline uint32_t f32_code(float value, const void *parameters)
{
    (void)parameters;
    return float_bits(value);
}

#endif
