/* peak: what the units of arithmetic do at most, in independent chains that stay in registers. */
#ifndef HF2C_CPU_PEAK_H
#define HF2C_CPU_PEAK_H

#include "templates/simd/simd.h"

enum { PEAK_CHAINS = 14 };

SIMD_INLINE simd_float peak_step(const int kind, simd_float sum, simd_float a, const float *b)
{
#if HF2C_ISA == HF2C_ISA_zen4
    if (kind == PEAK_bf16) return simd_dot16(sum, simd_as_int(a), b);
#endif
    if (kind == PEAK_int8) return simd_as_float(simd_dot8(simd_as_int(sum), simd_as_int(a), (const int8_t *)b));
    return simd_fma(a, simd_set1(*b), sum);
}

/* One of the factors changes from turn to turn, the other from chain to chain, so that no product is known before. */
SIMD_INLINE void peak_chains(const int kind, int64_t turns, float *sink)
{
    float factors[PEAK_CHAINS];
    simd_float sum[PEAK_CHAINS], a = simd_set1(sink[0]);
    for (int i = 0; i < PEAK_CHAINS; i++) factors[i] = (float)(i + 1) * sink[0];
    SIMD_UNROLL
    for (int i = 0; i < PEAK_CHAINS; i++) sum[i] = simd_zero();
    for (int64_t turn = 0; turn < turns; turn++) {
        SIMD_UNROLL
        for (int i = 0; i < PEAK_CHAINS; i++) sum[i] = peak_step(kind, sum[i], a, factors + i);
        a = simd_as_float(simd_add_int(simd_as_int(a), simd_set1_int(1)));
    }
    SIMD_UNROLL
    for (int i = 1; i < PEAK_CHAINS; i++) sum[0] = simd_max(sum[0], sum[i]);
    sink[0] = simd_reduce_max(sum[0]);
}

static inline int64_t peak_run(int kind, int64_t turns, float *sink)
{
    int64_t operations = 2 * SIMD_LANES * PEAK_CHAINS * turns;
    if (kind == PEAK_f32) peak_chains(PEAK_f32, turns, sink);
    if (kind == PEAK_int8) peak_chains(PEAK_int8, turns, sink);
#if HF2C_ISA == HF2C_ISA_zen4
    if (kind == PEAK_bf16) peak_chains(PEAK_bf16, turns, sink);
    if (kind == PEAK_bf16) return 2 * operations;
#endif
    return kind == PEAK_f32 ? operations : kind == PEAK_int8 ? 4 * operations : 0;
}

#endif
