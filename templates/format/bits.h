/* The bits of a binary32 number, and back. */
#ifndef HF2C_FORMAT_BITS_H
#define HF2C_FORMAT_BITS_H

#include <stdint.h>

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

#endif
