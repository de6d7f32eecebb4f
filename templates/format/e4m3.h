/* fp8 with 4 bits of exponent, without infinities (e4m3fn), times an f32 scale. */
#ifndef HF2C_FORMAT_E4M3_H
#define HF2C_FORMAT_E4M3_H

#include "templates/format/bits.h"

static inline float e4m3_decode(uint32_t code)
{
    float magnitude = (code & 0x7fu) == 0x7fu ? bits_float(0x7fc00000u) : bits_float((code & 0x7fu) << 20) * 0x1p120f;
    return code & 0x80u ? -magnitude : magnitude;
}

/* The same as bits of bf16, which holds all of them; code: below 128, a constant. */
#define E4M3_BF16(code)                                                                                                \
    ((code) == 127 ? 0x7fc0                                                                                            \
     : (code) >= 8 ? (((code) >> 3) + 120) << 7 | ((code) & 7) << 4                                                      \
     : (code) >= 4 ? 120 << 7 | ((code) & 3) << 5                                                                      \
     : (code) >= 2 ? 119 << 7 | ((code) & 1) << 6                                                                      \
                   : (code) * (118 << 7))

static inline float e4m3_value(uint32_t code, const void *parameters) { return e4m3_decode(code) * bits_load_float(parameters); }

/* What is too large becomes the largest, 448. */
static inline uint32_t e4m3_code(float value, const void *parameters)
{
    float scale = bits_load_float(parameters), wanted = scale != 0 ? value / scale : 0;
    return wanted != wanted ? 0x7fu : bits_small_float(wanted, 0x80, 3, 7, 0x7e);
}

#endif
