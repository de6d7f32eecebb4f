/* simd.h in plain C11, for any compiler: vectors of one lane. */
#ifndef HF2C_SIMD_SCALAR_H
#define HF2C_SIMD_SCALAR_H

enum { SIMD_LANES = 1 };
typedef float simd_float;
typedef uint32_t simd_int;

SIMD_INLINE simd_float simd_set1(float x) { return x; }
SIMD_INLINE simd_float simd_zero(void) { return 0; }
SIMD_INLINE simd_float simd_load(const float *p) { return *p; }
SIMD_INLINE void simd_store(float *p, simd_float v) { *p = v; }
SIMD_INLINE simd_float simd_load_partial(const float *p, int n) { return n > 0 ? *p : 0; }
SIMD_INLINE void simd_store_partial(float *p, int n, simd_float v)
{
    if (n > 0) *p = v;
}
SIMD_INLINE simd_float simd_load_bf16(const uint16_t *p) { return bf16_decode(*p); }
SIMD_INLINE simd_float simd_load_f16(const uint16_t *p) { return f16_decode(*p); }
SIMD_INLINE simd_float simd_set1_f16(const void *p) { return f16_decode(bits_load_half(p)); }

SIMD_INLINE simd_float simd_fma(simd_float a, simd_float b, simd_float c)
{
#if SIMD_FUSED
    return fmaf(a, b, c);
#else
    simd_float product = a * b; /* two statements, so that no compiler may fuse them */
    return product + c;
#endif
}
SIMD_INLINE simd_float simd_max(simd_float a, simd_float b) { return a > b ? a : b; }
SIMD_INLINE simd_float simd_min(simd_float a, simd_float b) { return a < b ? a : b; }
SIMD_INLINE simd_float simd_abs(simd_float v) { return bits_float(float_bits(v) & 0x7fffffffu); }
SIMD_INLINE simd_float simd_copysign(simd_float magnitude, simd_float sign)
{
    return bits_float((float_bits(magnitude) & 0x7fffffffu) | (float_bits(sign) & 0x80000000u));
}
SIMD_INLINE simd_float simd_select_less(simd_float a, simd_float b, simd_float x, simd_float y)
{
    return a < b ? x : y;
}
SIMD_INLINE simd_float simd_sqrt(simd_float v) { return sqrtf(v); }

/* 1.5 * 2^23 has no bits below 1: adding it rounds. */
SIMD_INLINE simd_float simd_round(simd_float v)
{
    simd_float shifted = v + 0x1.8p23f;
    return shifted - 0x1.8p23f;
}
SIMD_INLINE simd_float simd_scale(simd_float v, simd_float n)
{
    int32_t exponent = n == n ? (int32_t)n : 0, half = exponent / 2;
    return v * bits_float((uint32_t)(half + 127) << 23) * bits_float((uint32_t)(exponent - half + 127) << 23);
}

SIMD_INLINE float simd_reduce_add(simd_float v) { return v; }
SIMD_INLINE float simd_reduce_max(simd_float v) { return v; }
SIMD_INLINE simd_int simd_load_int(const void *p) { return bits_load_word(p); }
SIMD_INLINE simd_int simd_load_bytes(const void *p) { return *(const unsigned char *)p; }
SIMD_INLINE simd_int simd_and(simd_int v, uint32_t mask) { return v & mask; }
SIMD_INLINE simd_int simd_shift_left(simd_int v, const int n) { return v << n; }
SIMD_INLINE simd_int simd_shift_right(simd_int v, const int n) { return v >> n; }
SIMD_INLINE simd_int simd_byte(simd_int v, const int j) { return v >> SIMD_BYTE_SHIFT(j) & 255; }
SIMD_INLINE simd_float simd_float_of(simd_int v) { return (float)(int32_t)v; }
SIMD_INLINE simd_float simd_as_float(simd_int v) { return bits_float(v); }
SIMD_INLINE simd_int simd_as_int(simd_float v) { return float_bits(v); }
SIMD_INLINE simd_float simd_bf16(simd_int v, const int j) { return bf16_decode((bf16_element)(v >> SIMD_HALF_SHIFT(j))); }
SIMD_INLINE simd_float simd_first_f16(simd_int v) { return f16_decode((f16_element)(v >> SIMD_HALF_SHIFT(0))); }
SIMD_INLINE simd_int simd_second(simd_int v) { return (uint32_t)(int32_t)(int16_t)(v >> SIMD_HALF_SHIFT(1)); }
SIMD_INLINE simd_float simd_lookup(const float table[16], simd_int v) { return table[v & 15]; }

SIMD_INLINE void simd_store_bytes(int8_t *p, simd_float v) { *p = (int8_t)v; }

SIMD_INLINE simd_int simd_set1_int(int32_t x) { return (uint32_t)x; }
SIMD_INLINE simd_int simd_add_int(simd_int a, simd_int b) { return a + b; }
SIMD_INLINE simd_int simd_multiply_int(simd_int a, simd_int b) { return a * b; }
SIMD_INLINE simd_int simd_shift_down(simd_int v, const int n) { return v >> n | (v >> 31 ? ~(UINT32_MAX >> n) : 0); }
#if HF2C_ISA == HF2C_ISA_dsp && defined(__ARM_FEATURE_DSP)
#include "templates/simd/dsp.h"
#else
SIMD_INLINE simd_int simd_dot8(simd_int sum, simd_int codes, const int8_t *p)
{
    SIMD_UNROLL
    for (int j = 0; j < 4; j++) sum += simd_byte(codes, j) * (uint32_t)(int32_t)p[j];
    return sum;
}
#endif
SIMD_INLINE simd_int simd_dot4(simd_int sum, simd_int codes, const int8_t *p) { return simd_dot8(sum, codes, p); }

SIMD_INLINE void simd_transpose(simd_float rows[SIMD_LANES]) { (void)rows; }

#endif
