/* simd.h by the vector types that GCC and clang have on every processor: four lanes, in vector registers where there
 * are any. */
#ifndef HF2C_SIMD_VECTOR_H
#define HF2C_SIMD_VECTOR_H

enum { SIMD_LANES = 4 };
typedef float simd_float __attribute__((vector_size(16)));
typedef int32_t simd_int __attribute__((vector_size(16)));
typedef uint32_t simd_bits __attribute__((vector_size(16)));
typedef uint16_t simd_half __attribute__((vector_size(8)));
typedef uint8_t simd_narrow __attribute__((vector_size(4)));

SIMD_INLINE simd_float simd_set1(float x) { return (simd_float){x, x, x, x}; }
SIMD_INLINE simd_float simd_zero(void) { return (simd_float){0, 0, 0, 0}; }
SIMD_INLINE simd_float simd_load(const float *p)
{
    simd_float v;
    memcpy(&v, p, sizeof(v));
    return v;
}
SIMD_INLINE void simd_store(float *p, simd_float v) { memcpy(p, &v, sizeof(v)); }
SIMD_INLINE simd_float simd_load_partial(const float *p, int n)
{
    simd_float v = simd_zero();
    if (n == SIMD_LANES) return simd_load(p);
    for (int i = 0; i < n; i++) v[i] = p[i];
    return v;
}
SIMD_INLINE void simd_store_partial(float *p, int n, simd_float v)
{
    if (n == SIMD_LANES)
        simd_store(p, v);
    else
        for (int i = 0; i < n; i++) p[i] = v[i];
}
SIMD_INLINE simd_float simd_load_bf16(const uint16_t *p)
{
    simd_half half;
    memcpy(&half, p, sizeof(half));
    return (simd_float)(__builtin_convertvector(half, simd_bits) << 16);
}

SIMD_INLINE simd_float simd_fma(simd_float a, simd_float b, simd_float c)
{
#if SIMD_FUSED
    return (simd_float){fmaf(a[0], b[0], c[0]), fmaf(a[1], b[1], c[1]), fmaf(a[2], b[2], c[2]), fmaf(a[3], b[3], c[3])};
#else
    simd_float product = a * b; /* two statements, so that no compiler may fuse them */
    return product + c;
#endif
}
/* x where the mask is all ones, y where it is zero */
SIMD_INLINE simd_float simd_blend(simd_int mask, simd_float x, simd_float y)
{
    return (simd_float)((mask & (simd_int)x) | (~mask & (simd_int)y));
}
/* The exponent is corrected by a product, which is exact for subnormal numbers too; infinities and NaN get theirs by
 * hand. */
SIMD_INLINE simd_float simd_widen_f16(simd_bits wide)
{
    simd_bits magnitude = (wide & 0x7fffu) << 13;
    simd_bits value = (simd_bits)((simd_float)magnitude * 0x1p112f), special = (simd_bits)(magnitude >= 0xf800000u);
    return (simd_float)(value | (special & 0x7f800000u) | (wide & 0x8000u) << 16);
}
SIMD_INLINE simd_float simd_load_f16(const uint16_t *p)
{
    simd_half half;
    memcpy(&half, p, sizeof(half));
    return simd_widen_f16(__builtin_convertvector(half, simd_bits));
}
SIMD_INLINE simd_float simd_set1_f16(const void *p) { return simd_set1(f16_decode(bits_load_half(p))); }

SIMD_INLINE simd_float simd_max(simd_float a, simd_float b) { return simd_blend(a > b, a, b); }
SIMD_INLINE simd_float simd_min(simd_float a, simd_float b) { return simd_blend(a < b, a, b); }
SIMD_INLINE simd_float simd_select_less(simd_float a, simd_float b, simd_float x, simd_float y)
{
    return simd_blend(a < b, x, y);
}
SIMD_INLINE simd_float simd_abs(simd_float v) { return (simd_float)((simd_bits)v & 0x7fffffffu); }
SIMD_INLINE simd_float simd_copysign(simd_float magnitude, simd_float sign)
{
    return (simd_float)(((simd_bits)magnitude & 0x7fffffffu) | ((simd_bits)sign & 0x80000000u));
}
SIMD_INLINE simd_float simd_sqrt(simd_float v)
{
    return (simd_float){sqrtf(v[0]), sqrtf(v[1]), sqrtf(v[2]), sqrtf(v[3])};
}

/* 1.5 * 2^23 has no bits below 1: adding it rounds. */
SIMD_INLINE simd_float simd_round(simd_float v)
{
    simd_float shifted = v + 0x1.8p23f;
    return shifted - 0x1.8p23f;
}
SIMD_INLINE simd_float simd_scale(simd_float v, simd_float n)
{
    simd_float number = simd_blend(n == n, n, simd_zero());
    simd_int exponent = __builtin_convertvector(number, simd_int), half = exponent >> 1;
    simd_bits first = (simd_bits)(half + 127) << 23, second = (simd_bits)(exponent - half + 127) << 23;
    return v * (simd_float)first * (simd_float)second;
}

SIMD_INLINE float simd_reduce_add(simd_float v)
{
    float first = v[0] + v[2], second = v[1] + v[3];
    return first + second;
}
SIMD_INLINE float simd_reduce_max(simd_float v)
{
    float first = v[0] > v[2] ? v[0] : v[2], second = v[1] > v[3] ? v[1] : v[3];
    return first > second ? first : second;
}
SIMD_INLINE simd_int simd_load_int(const void *p)
{
    simd_int v;
    memcpy(&v, p, sizeof(v));
    return v;
}
SIMD_INLINE simd_int simd_load_bytes(const void *p)
{
    simd_narrow narrow;
    memcpy(&narrow, p, sizeof(narrow));
    return __builtin_convertvector(narrow, simd_int);
}
SIMD_INLINE simd_int simd_and(simd_int v, uint32_t mask) { return (simd_int)((simd_bits)v & mask); }
SIMD_INLINE simd_int simd_shift_left(simd_int v, const int n) { return (simd_int)((simd_bits)v << n); }
SIMD_INLINE simd_int simd_shift_right(simd_int v, const int n) { return (simd_int)((simd_bits)v >> n); }
SIMD_INLINE simd_int simd_byte(simd_int v, const int j) { return simd_and(simd_shift_right(v, SIMD_BYTE_SHIFT(j)), 255); }
SIMD_INLINE simd_float simd_float_of(simd_int v) { return __builtin_convertvector(v, simd_float); }
SIMD_INLINE simd_float simd_as_float(simd_int v) { return (simd_float)v; }
SIMD_INLINE simd_int simd_as_int(simd_float v) { return (simd_int)v; }
SIMD_INLINE simd_float simd_bf16(simd_int v, const int j)
{
    return simd_as_float(SIMD_HALF_SHIFT(j) > 0 ? simd_and(v, 0xffff0000u) : simd_shift_left(v, 16));
}
SIMD_INLINE simd_float simd_first_f16(simd_int v) { return simd_widen_f16((simd_bits)v >> SIMD_HALF_SHIFT(0) & 0xffffu); }
SIMD_INLINE simd_int simd_second(simd_int v) { return (simd_int)((simd_bits)v << (16 - SIMD_HALF_SHIFT(1))) >> 16; }
SIMD_INLINE simd_float simd_lookup(const float table[16], simd_int v) { return (simd_float){table[v[0] & 15], table[v[1] & 15], table[v[2] & 15], table[v[3] & 15]}; }

SIMD_INLINE void simd_store_bytes(int8_t *p, simd_float v)
{
    simd_narrow bytes = __builtin_convertvector(__builtin_convertvector(v, simd_int), simd_narrow);
    memcpy(p, &bytes, sizeof(bytes));
}

SIMD_INLINE simd_int simd_set1_int(int32_t x) { return (simd_int){x, x, x, x}; }
SIMD_INLINE simd_int simd_add_int(simd_int a, simd_int b) { return a + b; }
SIMD_INLINE simd_int simd_multiply_int(simd_int a, simd_int b) { return a * b; }
SIMD_INLINE simd_int simd_shift_down(simd_int v, const int n) { return v >> n; }
#if HF2C_ISA == HF2C_ISA_dotprod || HF2C_ISA == HF2C_ISA_i8mm
#include "templates/simd/neon.h"
#else
SIMD_INLINE simd_int simd_dot8(simd_int sum, simd_int codes, const int8_t *p)
{
    for (int j = 0; j < 4; j++) sum = sum + simd_byte(codes, j) * p[j];
    return sum;
}
SIMD_INLINE simd_int simd_dot4(simd_int sum, simd_int codes, const int8_t *p) { return simd_dot8(sum, codes, p); }
#endif

SIMD_INLINE void simd_transpose(simd_float rows[SIMD_LANES])
{
    simd_float a = rows[0], b = rows[1], c = rows[2], d = rows[3];
    rows[0] = (simd_float){a[0], b[0], c[0], d[0]};
    rows[1] = (simd_float){a[1], b[1], c[1], d[1]};
    rows[2] = (simd_float){a[2], b[2], c[2], d[2]};
    rows[3] = (simd_float){a[3], b[3], c[3], d[3]};
}

#endif
