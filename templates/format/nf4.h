/* 4 bits: one of 16 quantiles of the normal distribution times the largest magnitude, an f32. The numbers of QLoRA, as bitsandbytes stores them
 * in quant_map. */
#ifndef HF2C_FORMAT_NF4_H
#define HF2C_FORMAT_NF4_H

#include "templates/format/bits.h"

#define NF4_VALUES                                                                                                    \
    -0x1p+0f, -0x1.647362p-1f, -0x1.0cd66p-1f, -0x1.94654p-2f, \
    -0x1.23449ap-2f, -0x1.7a6a7ep-3f, -0x1.74f0e2p-4f, 0x0p+0f, \
    0x1.45f5fep-4f, 0x1.4995c6p-3f, 0x1.f809bap-3f, 0x1.5a0674p-2f, \
    0x1.c34970p-2f, 0x1.200f56p-1f, 0x1.722766p-1f, 0x1p+0f

static inline float nf4_value(uint32_t code, const void *parameters)
{
    const float values[16] = {NF4_VALUES};
    return values[code & 15] * bits_load_float(parameters);
}

static inline uint32_t nf4_code(float value, const void *parameters)
{
    const float values[16] = {NF4_VALUES};
    float largest = bits_load_float(parameters);
    return bits_nearest_of_16(values, largest != 0 ? value / largest : 0, 7);
}

#endif
