/* The bits of a binary32 number, and back; what the formats' arithmetic shares. */
#ifndef HF2C_FORMAT_BITS_H
#define HF2C_FORMAT_BITS_H

#include <stdint.h>
#include <string.h>

static inline uint32_t float_bits(float value)
{
    union {
        float value;
        uint32_t bits;
    } u = {value};
    return u.bits;
}

static inline float bits_float(uint32_t bits)
{
    union {
        uint32_t bits;
        float value;
    } u = {bits};
    return u.value;
}

/* Parameters lie anywhere, in the order of bytes of the machine. */
static inline float bits_load_float(const void *from)
{
    float value;
    memcpy(&value, from, sizeof(value));
    return value;
}

static inline uint16_t bits_load_half(const void *from)
{
    uint16_t value;
    memcpy(&value, from, sizeof(value));
    return value;
}

/* Four bytes at a multiple of four: cores that load words there alone would else do it byte by byte. */
static inline uint32_t bits_load_word(const void *from)
{
    uint32_t value;
#if defined(__GNUC__)
    from = __builtin_assume_aligned(from, sizeof(value));
#endif
    memcpy(&value, from, sizeof(value));
    return value;
}

/* The whole number nearest to value, ties to even, held within [low, high], |low|, |high| < 2^22; NaN gives low. */
static inline int32_t bits_nearest(float value, float low, float high)
{
    float held = value > low ? (value < high ? value : high) : low, shifted = held + 0x1.8p23f;
    return (int32_t)(shifted - 0x1.8p23f);
}

/* Number of the one of 16 values that is nearest, the first of several; otherwise: where none is within 4, as for NaN. */
static inline uint32_t bits_nearest_of_16(const float *values, float wanted, uint32_t otherwise)
{
    float least = 4;
    uint32_t best = otherwise;
    for (uint32_t code = 0; code < 16; code++) {
        float error = values[code] > wanted ? values[code] - wanted : wanted - values[code];
        if (error < least) {
            least = error;
            best = code;
        }
    }
    return best;
}

/* The code of a number nearest to value, ties to even, of a sign, exponent bits and `mantissa` bits with that bias; codes beyond `largest` are held there. */
static inline uint32_t bits_small_float(float value, uint32_t sign, int mantissa, int bias, uint32_t largest)
{
    uint32_t bits = float_bits(value), magnitude = bits & 0x7fffffffu, code, shift = 23u - (uint32_t)mantissa;
    uint32_t least = (uint32_t)(128 - bias) << 23; /* normal number */
    if (magnitude < least)
        code = (uint32_t)bits_nearest(bits_float(magnitude) * bits_float((uint32_t)(126 + bias + mantissa) << 23), 0, 256);
    else
        code = ((magnitude + (1u << (shift - 1)) - 1 + (magnitude >> shift & 1u)) >> shift) - ((uint32_t)(127 - bias) << mantissa);
    return (code < largest ? code : largest) | (bits >> 31 ? sign : 0);
}

#endif
