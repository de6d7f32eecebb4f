/* vector.h's products of bytes where AArch64 sums four of them in a lane: signed ones (FEAT_DotProd), or codes as they are with signed ones
 * (FEAT_I8MM). Whole numbers, so the same bits. */
#ifndef HF2C_SIMD_NEON_H
#define HF2C_SIMD_NEON_H

#if HF2C_ISA == HF2C_ISA_i8mm
typedef uint8x16_t simd_codes;
SIMD_INLINE simd_codes simd_codes_of(const int bits, simd_int v)
{
    (void)bits;
    return vreinterpretq_u8_s32((int32x4_t)v);
}
#define SIMD_DOT_LANE(sum, codes, x, lane) (simd_int)vusdotq_lane_s32((int32x4_t)(sum), codes, x, lane)
#else
typedef int8x16_t simd_codes;
SIMD_INLINE simd_codes simd_codes_of(const int bits, simd_int v)
{
    uint8x16_t bytes = vreinterpretq_u8_s32((int32x4_t)v);
    return vreinterpretq_s8_u8(bits == 8 ? veorq_u8(bytes, vdupq_n_u8(0x80)) : bytes);
}
#define SIMD_DOT_LANE(sum, codes, x, lane) (simd_int)vdotq_lane_s32((int32x4_t)(sum), codes, x, lane)
#endif

SIMD_INLINE simd_int simd_dot_four(const int bits, simd_int sum, simd_int codes, const int8_t *p)
{
    int32_t x;
    memcpy(&x, p, sizeof(x));
    return SIMD_DOT_LANE(sum, simd_codes_of(bits, codes), vreinterpret_s8_s32(vdup_n_s32(x)), 0);
}
SIMD_INLINE simd_int simd_dot8(simd_int sum, simd_int codes, const int8_t *p) { return simd_dot_four(8, sum, codes, p); }
SIMD_INLINE simd_int simd_dot4(simd_int sum, simd_int codes, const int8_t *p) { return simd_dot_four(4, sum, codes, p); }
SIMD_INLINE simd_int simd_dot_eight(const int bits, simd_int sum, simd_int low, simd_int high, const int8_t *p)
{
    int8x8_t x = vld1_s8(p);
    sum = SIMD_DOT_LANE(sum, simd_codes_of(bits, low), x, 0);
    return SIMD_DOT_LANE(sum, simd_codes_of(bits, high), x, 1);
}
#undef SIMD_DOT_LANE

#endif
