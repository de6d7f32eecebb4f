/* scalar.h's products of bytes where a processor multiplies two pairs of 16 bits in one instruction (ARM's DSP extension: Cortex-M4,
 * M7, M33): whole numbers, so the same bits. */
#ifndef HF2C_SIMD_DSP_H
#define HF2C_SIMD_DSP_H

/* Bytes 0 and 2 are one pair, bytes 1 and 3 the other. */
SIMD_INLINE simd_int simd_dot8(simd_int sum, simd_int codes, const int8_t *p)
{
    uint32_t x, odd = codes >> 8 | codes << 24;
    memcpy(&x, p, sizeof(x));
    int32_t even = __smlad((int32_t)__uxtb16(codes), __sxtb16(x), (int32_t)sum);
    return (uint32_t)__smlad((int32_t)__uxtb16(odd), __sxtb16(x >> 8 | x << 24), even);
}

#endif
