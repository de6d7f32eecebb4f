/* bfloat16: the upper half of binary32. Rounds to nearest, ties to even; NaN becomes a quiet NaN of the same sign. */
#ifndef HF2C_FORMAT_BF16_H
#define HF2C_FORMAT_BF16_H

#include "templates/format/bits.h"

typedef uint16_t bf16_element;

static inline float bf16_decode(bf16_element element) { return bits_float((uint32_t)element << 16); }

static inline bf16_element bf16_encode(float value)
{
    uint32_t bits = float_bits(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return (bf16_element)(bits >> 16 | 0x40u);
    return (bf16_element)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

static inline float bf16_round(float value) { return bf16_decode(bf16_encode(value)); }

/* A code is the element. */
static inline float bf16_value(uint32_t code, const void *parameters)
{
    (void)parameters;
    return bf16_decode((bf16_element)code);
}

static inline uint32_t bf16_code(float value, const void *parameters)
{
    (void)parameters;
    return bf16_encode(value);
}

#endif
