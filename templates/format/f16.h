/* IEEE binary16, by integer arithmetic. Rounds to nearest, ties to even; overflow gives infinity; NaN becomes a quiet
 * NaN that keeps its sign and the upper bits of its payload. */
#ifndef HF2C_FORMAT_F16_H
#define HF2C_FORMAT_F16_H

#include "templates/format/bits.h"

typedef uint16_t f16_element;

static inline float f16_decode(f16_element element)
{
    uint32_t sign = (uint32_t)(element & 0x8000u) << 16, exponent = element >> 10 & 31u, mantissa = element & 0x3ffu;
    if (exponent == 31) return bits_float(sign | 0x7f800000u | mantissa << 13 | (mantissa ? 0x400000u : 0));
    if (exponent) return bits_float(sign | (exponent + 112) << 23 | mantissa << 13);
    float value = (float)mantissa * 0x1p-24f; /* exact: zero or subnormal */
    return sign ? -value : value;
}

/* bits right by shift (1 to 24), rounded to nearest even */
static inline uint32_t f16_shift_round(uint32_t bits, uint32_t shift)
{
    uint32_t half = 1u << (shift - 1);
    return (bits + half - 1 + (bits >> shift & 1u)) >> shift;
}

static inline f16_element f16_encode(float value)
{
    uint32_t bits = float_bits(value), sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) return (f16_element)(sign | 0x7e00u | (magnitude >> 13 & 0x3ffu));
    if (magnitude >= 0x47800000u) return (f16_element)(sign | 0x7c00u); /* 2^16 and more */
    if (magnitude >= 0x38800000u) return (f16_element)(sign | f16_shift_round(magnitude - 0x38000000u, 13));
    if (magnitude < 0x33000000u) return (f16_element)sign; /* below half of the least subnormal */
    return (f16_element)(sign | f16_shift_round((magnitude & 0x7fffffu) | 0x800000u, 126 - (magnitude >> 23)));
}

/* A code is the element. */
static inline float f16_value(uint32_t code, const void *parameters)
{
    (void)parameters;
    return f16_decode((f16_element)code);
}

static inline uint32_t f16_code(float value, const void *parameters)
{
    (void)parameters;
    return f16_encode(value);
}

#endif
