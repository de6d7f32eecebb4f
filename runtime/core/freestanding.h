/* freestanding: what kernels and tokenizers call of a C library, for firmware that has none: in front of the one file that firmware
 * becomes, these functions stand for the library's. No errno, no tables but 2 / pi, no double.
 *
 * Largest errors over all finite floats, measured: expf 1 ulp, logf and log1pf 2 ulp,
 * sinf and cosf 1.2e-7 (at any angle), sqrtf correctly rounded. */
#ifndef HF2C_CORE_FREESTANDING_H
#define HF2C_CORE_FREESTANDING_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* ---- numbers ---- */

static inline uint32_t hf2c_bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float hf2c_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* x = n ln 2 + r, |r| <= ln 2 / 2: e^x = 2^n e^r, in two factors so that the smallest results are right too. */
static inline float hf2c_expf(float x)
{
    if (x != x || x > 88.8f) return x != x ? x : INFINITY;
    if (x < -104.0f) return 0;
    int32_t n = (int32_t)(x * 1.44269504f + (x < 0 ? -0.5f : 0.5f)), half = n / 2;
    float r = x - (float)n * 0.693359375f; /* exact: nine bits by nine bits */
    r += (float)n * 0.000212194440f;
    float p = 0.0013951717f;
    p = p * r + 0.008369599f;
    p = p * r + 0.041666187f;
    p = p * r + 0.16666512f;
    p = p * r + 0.5f;
    p = 1.0f + (p * (r * r) + r);
    return p * hf2c_of_bits((uint32_t)(half + 127) << 23) * hf2c_of_bits((uint32_t)(n - half + 127) << 23);
}

/* log(1 + m) on [sqrt(1/2) - 1, sqrt(2) - 1] by s = m / (2 + m): 2 s + 2 s^3 / 3 + ..., and n ln 2 in two parts. */
static inline float hf2c_log_parts(float m, int32_t n)
{
    float s = m / (2.0f + m), z = s * s;
    float p = z * (0.66666667f + z * (0.40000972f + z * (0.28498787f + z * 0.24279079f)));
    float h = 0.5f * m * m;
    return (float)n * 0.693359375f - ((h - (s * (h + p) - (float)n * 0.000212194440f)) - m);
}

static inline float hf2c_logf(float x)
{
    int32_t n = 0;
    if (x < 1.17549435e-38f) {
        if (!(x > 0)) return x == 0 ? -INFINITY : NAN;
        x *= 33554432.0f; /* 2^25: the number is subnormal */
        n = -25;
    }
    uint32_t bits = hf2c_bits_of(x);
    if (bits >= 0x7f800000u) return x;
    bits += 0x3f800000u - 0x3f3504f3u; /* from sqrt(1/2) on */
    n += (int32_t)(bits >> 23) - 127;
    return hf2c_log_parts(hf2c_of_bits((bits & 0x7fffffu) + 0x3f3504f3u) - 1.0f, n);
}

static inline float hf2c_log1pf(float x)
{
    if (x > -0.29f && x < 0.41f) return x == 0 ? x : hf2c_log_parts(x, 0);
    float sum = 1.0f + x;
    return hf2c_logf(sum) + (sum < 1e7f && sum > 0 ? (x - (sum - 1.0f)) / sum : 0); /* what rounding the sum lost */
}

/* Quarter turns in x as 2 bits of quadrant and 62 of fraction: the product of x's 24 bits with those 96 bits of 2 / pi that are not
 * whole turns. */
static inline uint64_t hf2c_quarter_turns(float magnitude)
{
    static const uint32_t word[] = {0, 0, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab, 0xdebbc561};
    uint32_t bits = hf2c_bits_of(magnitude), mantissa = (bits & 0x7fffffu) | 0x800000u, part[3];
    int32_t first = (int32_t)(bits >> 23) - 150 - 2 + 64; /* the bit of the table that counts two quarter turns */
    for (int32_t i = 0; i < 3; i++) {
        uint64_t two = (uint64_t)word[first / 32 + i] << 32 | word[first / 32 + i + 1];
        part[i] = (uint32_t)(two >> (32 - first % 32));
    }
    uint64_t sum = (uint64_t)mantissa * part[1] + ((uint64_t)mantissa * part[2] >> 32);
    return sum + ((uint64_t)mantissa * part[0] << 32);
}

/* What compilers call for this goes through double on some processors. */
static inline float hf2c_float_of(int64_t number)
{
    uint64_t magnitude = number < 0 ? 0u - (uint64_t)number : (uint64_t)number;
    float value = (float)(uint32_t)(magnitude >> 32) * 4294967296.0f + (float)(uint32_t)magnitude;
    return number < 0 ? -value : value;
}

/* sin(x + quadrant pi / 2) */
static inline float hf2c_wave(float x, uint32_t quadrant)
{
    float magnitude = x < 0 ? -x : x, r = x;
    if (x - x != 0) return NAN;
    if (magnitude > 0.000244140625f) {
        uint64_t turns = hf2c_quarter_turns(magnitude);
        uint32_t whole = (uint32_t)((turns + ((uint64_t)1 << 61)) >> 62);
        int64_t rest = (int64_t)(turns - ((uint64_t)whole << 62));
        r = hf2c_float_of(rest) * 3.40612158e-19f; /* pi / 2 / 2^62 */
        if (x < 0) r = -r, whole = 0u - whole;
        quadrant += whole;
    }
    float z = r * r, y;
    if (quadrant & 1) y = 1.0f + z * (-0.5f + z * (0.041666646f + z * (-0.0013886763f + z * 2.4390449e-05f)));
    else y = r + r * z * (-0.16666667f + z * (0.008333329f + z * (-0.00019840874f + z * 2.7183114e-06f)));
    return quadrant & 2 ? -y : y;
}

static inline float hf2c_sinf(float x) { return hf2c_wave(x, 0); }
static inline float hf2c_cosf(float x) { return hf2c_wave(x, 1); }

/* The processor's where there is one. Else digit by digit: 25 bits of the root, the last of which rounds. */
static inline float hf2c_sqrtf(float x)
{
#if (defined(__ARM_FP) && (__ARM_FP & 4)) || defined(__riscv_flen)
    return __builtin_sqrtf(x);
#else
    uint32_t bits = hf2c_bits_of(x), root = 0;
    if (x == 0 || x != x || bits == 0x7f800000u) return x;
    if (x < 0) return NAN;
    int32_t exponent = (int32_t)(bits >> 23) - 127;
    uint64_t mantissa = bits & 0x7fffffu, rest = 0;
    if (exponent == -127) {
        for (exponent = -126; mantissa < 0x800000u; exponent--) mantissa <<= 1;
    } else {
        mantissa |= 0x800000u;
    }
    mantissa <<= exponent & 1 ? 26 : 25; /* of 50 bits: the root has 25 */
    exponent = exponent >= 0 ? exponent / 2 : -((1 - exponent) / 2);
    for (int32_t i = 24; i >= 0; i--) {
        rest = rest << 2 | (mantissa >> (2 * i) & 3);
        uint64_t trial = (uint64_t)root << 2 | 1;
        root = root << 1 | (rest >= trial);
        if (rest >= trial) rest -= trial;
    }
    return hf2c_of_bits(((uint32_t)(exponent + 127) << 23) + ((root + 1) >> 1) - 0x800000u);
#endif
}

/* ---- memory and text ---- */

static inline int hf2c_memcmp(const void *a, const void *b, size_t bytes)
{
    const unsigned char *x = a, *y = b;
    for (size_t i = 0; i < bytes; i++)
        if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
    return 0;
}

static inline void *hf2c_memmove(void *to, const void *from, size_t bytes)
{
    unsigned char *t = to;
    const unsigned char *f = from;
    if ((uintptr_t)t < (uintptr_t)f)
        for (size_t i = 0; i < bytes; i++) t[i] = f[i];
    else
        for (size_t i = bytes; i-- > 0;) t[i] = f[i];
    return to;
}

static inline size_t hf2c_strlen(const char *text)
{
    size_t length = 0;
    while (text[length]) length++;
    return length;
}

static inline int hf2c_strcmp(const char *a, const char *b)
{
    size_t i = 0;
    while (a[i] && a[i] == b[i]) i++;
    return (unsigned char)a[i] - (unsigned char)b[i];
}

#ifdef HF2C_FREESTANDING
#define expf hf2c_expf
#define logf hf2c_logf
#define log1pf hf2c_log1pf
#define sinf hf2c_sinf
#define cosf hf2c_cosf
#define sqrtf hf2c_sqrtf
#define memcmp hf2c_memcmp
#define memmove hf2c_memmove
#define strlen hf2c_strlen
#define strcmp hf2c_strcmp
#endif

#endif
