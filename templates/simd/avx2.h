/* simd.h on AVX2 with FMA and F16C: vectors of eight lanes. */
#ifndef HF2C_SIMD_AVX2_H
#define HF2C_SIMD_AVX2_H

enum { SIMD_LANES = 8 };
typedef __m256 simd_float;
typedef __m256i simd_int;

SIMD_INLINE simd_float simd_set1(float x) { return _mm256_set1_ps(x); }
SIMD_INLINE simd_float simd_zero(void) { return _mm256_setzero_ps(); }
SIMD_INLINE simd_float simd_load(const float *p) { return _mm256_loadu_ps(p); }
SIMD_INLINE void simd_store(float *p, simd_float v) { _mm256_storeu_ps(p, v); }

SIMD_INLINE __m256i simd_mask(int n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
SIMD_INLINE simd_float simd_load_partial(const float *p, int n) { return _mm256_maskload_ps(p, simd_mask(n)); }
SIMD_INLINE void simd_store_partial(float *p, int n, simd_float v) { _mm256_maskstore_ps(p, simd_mask(n), v); }
SIMD_INLINE simd_float simd_load_bf16(const uint16_t *p)
{
    __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p));
    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}
SIMD_INLINE simd_float simd_load_f16(const uint16_t *p) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p)); }
SIMD_INLINE simd_float simd_set1_f16(const void *p) { return _mm256_cvtph_ps(_mm_set1_epi16((int16_t)bits_load_half(p))); }

SIMD_INLINE simd_float simd_fma(simd_float a, simd_float b, simd_float c) { return _mm256_fmadd_ps(a, b, c); }
SIMD_INLINE simd_float simd_max(simd_float a, simd_float b) { return _mm256_max_ps(a, b); }
SIMD_INLINE simd_float simd_min(simd_float a, simd_float b) { return _mm256_min_ps(a, b); }
SIMD_INLINE simd_float simd_abs(simd_float v) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v); }
SIMD_INLINE simd_float simd_copysign(simd_float magnitude, simd_float sign)
{
    return _mm256_or_ps(simd_abs(magnitude), _mm256_and_ps(_mm256_set1_ps(-0.0f), sign));
}
SIMD_INLINE simd_float simd_select_less(simd_float a, simd_float b, simd_float x, simd_float y)
{
    return _mm256_blendv_ps(y, x, _mm256_cmp_ps(a, b, _CMP_LT_OQ));
}
SIMD_INLINE simd_float simd_sqrt(simd_float v) { return _mm256_sqrt_ps(v); }
SIMD_INLINE simd_float simd_round(simd_float v)
{
    return _mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

SIMD_INLINE simd_float simd_power_of_two(__m256i n)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}
SIMD_INLINE simd_float simd_scale(simd_float v, simd_float n)
{
    __m256i exponent = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(exponent, 1);
    return v * simd_power_of_two(half) * simd_power_of_two(_mm256_sub_epi32(exponent, half));
}

SIMD_INLINE float simd_reduce_add(simd_float v)
{
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}
SIMD_INLINE float simd_reduce_max(simd_float v)
{
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps(two, two, 1)));
}

SIMD_INLINE simd_int simd_load_int(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }
SIMD_INLINE simd_int simd_load_bytes(const void *p) { return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p)); }
SIMD_INLINE simd_int simd_and(simd_int v, uint32_t mask) { return _mm256_and_si256(v, _mm256_set1_epi32((int)mask)); }
SIMD_INLINE simd_int simd_shift_left(simd_int v, const int n) { return _mm256_slli_epi32(v, n); }
SIMD_INLINE simd_int simd_shift_right(simd_int v, const int n) { return _mm256_srli_epi32(v, n); }
SIMD_INLINE simd_int simd_byte(simd_int v, const int j) { return simd_and(simd_shift_right(v, 8 * j), 255); }
SIMD_INLINE simd_float simd_float_of(simd_int v) { return _mm256_cvtepi32_ps(v); }
SIMD_INLINE simd_float simd_as_float(simd_int v) { return _mm256_castsi256_ps(v); }
SIMD_INLINE simd_int simd_as_int(simd_float v) { return _mm256_castps_si256(v); }
SIMD_INLINE simd_float simd_bf16(simd_int v, const int j)
{
    return _mm256_castsi256_ps(j ? _mm256_and_si256(v, _mm256_set1_epi32(-65536)) : _mm256_slli_epi32(v, 16));
}
SIMD_INLINE simd_float simd_first_f16(simd_int v)
{
    __m256i low = _mm256_and_si256(v, _mm256_set1_epi32(0xffff));
    return _mm256_cvtph_ps(_mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1)));
}
SIMD_INLINE simd_int simd_second(simd_int v) { return _mm256_srai_epi32(v, 16); }
/* Bit 3 of a number chooses the half of the table. */
SIMD_INLINE simd_float simd_lookup(const float table[16], simd_int v)
{
    __m256 low = _mm256_permutevar8x32_ps(simd_load(table), v), high = _mm256_permutevar8x32_ps(simd_load(table + 8), v);
    return _mm256_blendv_ps(low, high, simd_as_float(simd_shift_left(v, 28)));
}

SIMD_INLINE void simd_store_bytes(int8_t *p, simd_float v)
{
    __m256i whole = _mm256_cvtps_epi32(v);
    __m128i halves = _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
    _mm_storel_epi64((__m128i *)(void *)p, _mm_packs_epi16(halves, halves));
}

SIMD_INLINE simd_int simd_set1_int(int32_t x) { return _mm256_set1_epi32(x); }
SIMD_INLINE simd_int simd_add_int(simd_int a, simd_int b) { return _mm256_add_epi32(a, b); }
SIMD_INLINE simd_int simd_multiply_int(simd_int a, simd_int b) { return _mm256_mullo_epi32(a, b); }
SIMD_INLINE simd_int simd_shift_down(simd_int v, const int n) { return _mm256_srai_epi32(v, n); }
SIMD_INLINE simd_int simd_four(const void *p)
{
    int32_t four;
    memcpy(&four, p, sizeof(four));
    return _mm256_set1_epi32(four);
}

/* Sums of two products of 8 bits by 8 do not fit 16 bits: even and odd bytes one by one. */
SIMD_INLINE simd_int simd_dot8(simd_int sum, simd_int codes, const int8_t *p)
{
    __m256i four = simd_four(p), low = _mm256_and_si256(codes, _mm256_set1_epi16(255));
    __m256i even = _mm256_madd_epi16(low, _mm256_srai_epi16(_mm256_slli_epi16(four, 8), 8));
    __m256i odd = _mm256_madd_epi16(_mm256_srli_epi16(codes, 8), _mm256_srai_epi16(four, 8));
    return _mm256_add_epi32(sum, _mm256_add_epi32(even, odd));
}
SIMD_INLINE simd_int simd_dot4(simd_int sum, simd_int codes, const int8_t *p)
{
    __m256i pairs = _mm256_maddubs_epi16(codes, simd_four(p));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

SIMD_INLINE void simd_transpose(simd_float rows[SIMD_LANES])
{
    __m256 pair[8], quad[8];
    SIMD_UNROLL
    for (int i = 0; i < 8; i += 2) {
        pair[i] = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
        pair[i + 1] = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
    }
    SIMD_UNROLL
    for (int i = 0; i < 8; i += 4) {
        quad[i] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0x44);
        quad[i + 1] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0xee);
        quad[i + 2] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0x44);
        quad[i + 3] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0xee);
    }
    SIMD_UNROLL
    for (int i = 0; i < 4; i++) {
        rows[i] = _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x20);
        rows[i + 4] = _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x31);
    }
}

#endif
