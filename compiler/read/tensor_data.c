/* Stored elements as floats. Bytes are joined one by one: data may lie at any address, and is little-endian whatever
 * the machine; compilers make one load of it. */
#include <math.h>
#include <string.h>

#include "compiler/read/quantized.h"

static uint16_t load16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t load32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t load64(const uint8_t *p)
{
    return (uint64_t)load32(p) | (uint64_t)load32(p + 4) << 32;
}

static float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static double double_of_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Sign, exponent and mantissa of a small IEEE-like number as a float, exactly: every one of 16 bits or less is a float.
 */
static float widen(uint32_t sign, uint32_t exponent, uint32_t mantissa, int bias, int mantissa_bits)
{
    const int float_bias = 127, float_bits = 23;
    if (exponent != 0)
        return float_of_bits(sign << 31 | (exponent + (uint32_t)(float_bias - bias)) << float_bits |
                             mantissa << (float_bits - mantissa_bits));
    float magnitude = ldexpf((float)mantissa, 1 - bias - mantissa_bits);
    return sign != 0 ? -magnitude : magnitude;
}

static float special(uint32_t sign, uint32_t mantissa, int mantissa_bits)
{
    return float_of_bits(sign << 31 | 0x7f800000u | mantissa << (23 - mantissa_bits));
}

static float of_f16(const uint8_t *p)
{
    uint32_t bits = load16(p), exponent = bits >> 10 & 31, mantissa = bits & 1023;
    return exponent == 31 ? special(bits >> 15, mantissa, 10) : widen(bits >> 15, exponent, mantissa, 15, 10);
}

static float of_bf16(const uint8_t *p)
{
    return float_of_bits((uint32_t)load16(p) << 16);
}

/* Without infinities: exponent 15 is an ordinary one, only all ones is NaN ("FP8 Formats for Deep Learning",
 * arXiv:2209.05433). */
static float of_f8_e4m3(const uint8_t *p)
{
    uint32_t bits = *p, exponent = bits >> 3 & 15, mantissa = bits & 7;
    return exponent == 15 && mantissa == 7 ? special(bits >> 7, 4, 3) : widen(bits >> 7, exponent, mantissa, 7, 3);
}

static float of_f8_e5m2(const uint8_t *p)
{
    uint32_t bits = *p, exponent = bits >> 2 & 31, mantissa = bits & 3;
    return exponent == 31 ? special(bits >> 7, mantissa, 2) : widen(bits >> 7, exponent, mantissa, 15, 2);
}

static float of_f32(const uint8_t *p)
{
    return float_of_bits(load32(p));
}

static float of_f64(const uint8_t *p)
{
    return (float)double_of_bits(load64(p));
}

static float of_bool(const uint8_t *p)
{
    return *p != 0 ? 1.0f : 0.0f;
}

static float of_u8(const uint8_t *p)
{
    return (float)*p;
}

static float of_u16(const uint8_t *p)
{
    return (float)load16(p);
}

static float of_u32(const uint8_t *p)
{
    return (float)load32(p);
}

static float of_u64(const uint8_t *p)
{
    return (float)load64(p);
}

/* Two's complement without a conversion that C leaves to the implementation. */
static float of_signed(uint64_t bits, uint64_t sign)
{
    return (bits & sign) != 0 ? -(float)((~bits & (sign - 1)) + 1) : (float)bits;
}

static float of_i8(const uint8_t *p)
{
    return of_signed(*p, (uint64_t)1 << 7);
}

static float of_i16(const uint8_t *p)
{
    return of_signed(load16(p), (uint64_t)1 << 15);
}

static float of_i32(const uint8_t *p)
{
    return of_signed(load32(p), (uint64_t)1 << 31);
}

static float of_i64(const uint8_t *p)
{
    return of_signed(load64(p), (uint64_t)1 << 63);
}

/* The loop is expanded for each type, so that the conversion is inlined in it. */
#define CONVERT(type, of)                                                                                              \
    case STORED_##type:                                                                                                \
        for (size_t i = 0; i < count; i++, p += step) out[i] = of(p);                                                  \
        break

void tensor_to_float(const Tensor *tensor, size_t first, size_t count, float *out)
{
    if (first > tensor->elements || count > tensor->elements - first)
        bug("tensor %s: elements [%zu, +%zu) of %zu", tensor->name, first, count, tensor->elements);
    if (tensor->quantized) {
        tensor->quantized->read(tensor, PART_value, first, count, out);
        return;
    }
    const size_t step = stored_bytes(tensor->type);
    const uint8_t *p = tensor->data + first * step;
    switch (tensor->type) {
        CONVERT(F64, of_f64);
        CONVERT(F32, of_f32);
        CONVERT(F16, of_f16);
        CONVERT(BF16, of_bf16);
        CONVERT(I64, of_i64);
        CONVERT(I32, of_i32);
        CONVERT(I16, of_i16);
        CONVERT(I8, of_i8);
        CONVERT(U64, of_u64);
        CONVERT(U32, of_u32);
        CONVERT(U16, of_u16);
        CONVERT(U8, of_u8);
        CONVERT(BOOL, of_bool);
        CONVERT(F8_E4M3, of_f8_e4m3);
        CONVERT(F8_E5M2, of_f8_e5m2);
    case STORED_COUNT:
        bug("tensor %s has no type", tensor->name);
    }
}
