/* fp8 with 5 bits of exponent: the upper half of an f16, times an f32 scale. */
#ifndef HF2C_FORMAT_E5M2_H
#define HF2C_FORMAT_E5M2_H

#include "templates/format/f16.h"

/* The number without its scale as bits of bf16, which holds all of them; code: below 128, a constant. */
#define E5M2_BF16(code)                                                                                                \
    ((code) >= 124 ? 0x7f80 | ((code) & 3) << 5                                                                        \
     : (code) >= 4 ? (((code) >> 2) + 112) << 7 | ((code) & 3) << 5                                                    \
     : (code) >= 2 ? 112 << 7 | ((code) & 1) << 6                                                                      \
                   : (code) * (111 << 7))

static inline float e5m2_value(uint32_t code, const void *parameters)
{
    return f16_decode((f16_element)(code << 8)) * bits_load_float(parameters);
}

/* What is too large becomes the largest, 57344. */
static inline uint32_t e5m2_code(float value, const void *parameters)
{
    float scale = bits_load_float(parameters), wanted = scale != 0 ? value / scale : 0;
    return wanted != wanted ? 0x7fu : bits_small_float(wanted, 0x80, 2, 15, 0x7b);
}

#endif
