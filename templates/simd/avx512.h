/* simd.h on AVX-512 with BW; zen4 has VNNI, BF16 and VBMI too. Vectors of sixteen lanes. */
#ifndef HF2C_SIMD_AVX512_H
#define HF2C_SIMD_AVX512_H

enum { SIMD_LANES = 16 };
typedef __m512 simd_float;
typedef __m512i simd_int;

SIMD_INLINE simd_float simd_set1(float x) { return _mm512_set1_ps(x); }
SIMD_INLINE simd_float simd_zero(void) { return _mm512_setzero_ps(); }
SIMD_INLINE simd_float simd_load(const float *p) { return _mm512_loadu_ps(p); }
SIMD_INLINE void simd_store(float *p, simd_float v) { _mm512_storeu_ps(p, v); }

SIMD_INLINE __mmask16 simd_mask(int n) { return (__mmask16)((1u << n) - 1u); }
SIMD_INLINE simd_float simd_load_partial(const float *p, int n) { return _mm512_maskz_loadu_ps(simd_mask(n), p); }
SIMD_INLINE void simd_store_partial(float *p, int n, simd_float v) { _mm512_mask_storeu_ps(p, simd_mask(n), v); }
SIMD_INLINE simd_float simd_load_bf16(const uint16_t *p)
{
    __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}
SIMD_INLINE simd_float simd_load_f16(const uint16_t *p)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p));
}
SIMD_INLINE simd_float simd_set1_f16(const void *p) { return _mm512_cvtph_ps(_mm256_set1_epi16((int16_t)bits_load_half(p))); }

SIMD_INLINE simd_float simd_fma(simd_float a, simd_float b, simd_float c) { return _mm512_fmadd_ps(a, b, c); }
SIMD_INLINE simd_float simd_max(simd_float a, simd_float b) { return _mm512_max_ps(a, b); }
SIMD_INLINE simd_float simd_min(simd_float a, simd_float b) { return _mm512_min_ps(a, b); }
SIMD_INLINE simd_float simd_abs(simd_float v)
{
    return _mm512_castsi512_ps(_mm512_and_epi32(_mm512_castps_si512(v), _mm512_set1_epi32(0x7fffffff)));
}
SIMD_INLINE simd_float simd_copysign(simd_float magnitude, simd_float sign)
{
    __m512i low = _mm512_set1_epi32(0x7fffffff);
    __m512i high = _mm512_andnot_epi32(low, _mm512_castps_si512(sign));
    return _mm512_castsi512_ps(_mm512_or_epi32(_mm512_and_epi32(low, _mm512_castps_si512(magnitude)), high));
}
SIMD_INLINE simd_float simd_select_less(simd_float a, simd_float b, simd_float x, simd_float y)
{
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), y, x);
}
SIMD_INLINE simd_float simd_sqrt(simd_float v) { return _mm512_sqrt_ps(v); }
SIMD_INLINE simd_float simd_round(simd_float v)
{
    return _mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
SIMD_INLINE simd_float simd_scale(simd_float v, simd_float n) { return _mm512_scalef_ps(v, n); }

SIMD_INLINE __m256 simd_upper(simd_float v) { return _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(v), 1)); }
SIMD_INLINE float simd_reduce_add(simd_float v)
{
    __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(v), simd_upper(v));
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}
SIMD_INLINE float simd_reduce_max(simd_float v)
{
    __m256 eight = _mm256_max_ps(_mm512_castps512_ps256(v), simd_upper(v));
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps(two, two, 1)));
}

SIMD_INLINE simd_int simd_load_int(const void *p) { return _mm512_loadu_si512(p); }
SIMD_INLINE simd_int simd_load_bytes(const void *p) { return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p)); }
SIMD_INLINE simd_int simd_and(simd_int v, uint32_t mask) { return _mm512_and_epi32(v, _mm512_set1_epi32((int)mask)); }
SIMD_INLINE simd_int simd_shift_left(simd_int v, const int n) { return _mm512_slli_epi32(v, (unsigned)n); }
SIMD_INLINE simd_int simd_shift_right(simd_int v, const int n) { return _mm512_srli_epi32(v, (unsigned)n); }
SIMD_INLINE simd_int simd_byte(simd_int v, const int j) { return simd_and(simd_shift_right(v, 8 * j), 255); }
SIMD_INLINE simd_float simd_float_of(simd_int v) { return _mm512_cvtepi32_ps(v); }
SIMD_INLINE simd_float simd_as_float(simd_int v) { return _mm512_castsi512_ps(v); }
SIMD_INLINE simd_int simd_as_int(simd_float v) { return _mm512_castps_si512(v); }
SIMD_INLINE simd_float simd_bf16(simd_int v, const int j)
{
    return _mm512_castsi512_ps(j ? _mm512_and_epi32(v, _mm512_set1_epi32(-65536)) : _mm512_slli_epi32(v, 16));
}
SIMD_INLINE simd_float simd_first_f16(simd_int v) { return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(v)); }
SIMD_INLINE simd_int simd_second(simd_int v) { return _mm512_srai_epi32(v, 16); }
SIMD_INLINE simd_float simd_lookup(const float table[16], simd_int v) { return _mm512_permutexvar_ps(v, simd_load(table)); }

#if HF2C_ISA == HF2C_ISA_zen4
SIMD_INLINE simd_int simd_lookup_bytes(const uint8_t table[128], simd_int v)
{
    return _mm512_permutex2var_epi8(simd_load_int(table), v, simd_load_int(table + 64));
}
SIMD_INLINE simd_int simd_sign_bytes(simd_int v, simd_int signs) { return _mm512_or_si512(v, simd_and(signs, 0x80808080u)); }
SIMD_INLINE simd_int simd_pair_bytes(simd_int low, simd_int high, const int j)
{
    static const uint8_t first[64] = {0,  0, 0, 64,  0, 0, 4,  68,  0, 0, 8,  72,  0, 0, 12, 76,  0, 0, 16, 80,  0, 0, 20, 84,
                                      0, 0, 24, 88,  0, 0, 28, 92,  0, 0, 32, 96,  0, 0, 36, 100, 0, 0, 40, 104, 0, 0, 44, 108,
                                      0, 0, 48, 112, 0, 0, 52, 116, 0, 0, 56, 120, 0, 0, 60, 124};
    simd_int place = _mm512_add_epi8(simd_load_int(first), _mm512_set1_epi8((char)j));
    return _mm512_maskz_permutex2var_epi8(0xccccccccccccccccu, low, place, high);
}
#endif

SIMD_INLINE void simd_store_bytes(int8_t *p, simd_float v)
{
    _mm_storeu_si128((__m128i *)(void *)p, _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(v)));
}

SIMD_INLINE simd_int simd_set1_int(int32_t x) { return _mm512_set1_epi32(x); }
SIMD_INLINE simd_int simd_add_int(simd_int a, simd_int b) { return _mm512_add_epi32(a, b); }
SIMD_INLINE simd_int simd_multiply_int(simd_int a, simd_int b) { return _mm512_mullo_epi32(a, b); }
SIMD_INLINE simd_int simd_shift_down(simd_int v, const int n) { return _mm512_srai_epi32(v, (unsigned)n); }
SIMD_INLINE simd_int simd_four(const void *p)
{
    int32_t four;
    memcpy(&four, p, sizeof(four));
    return _mm512_set1_epi32(four);
}

#if HF2C_ISA == HF2C_ISA_zen4
SIMD_INLINE simd_int simd_dot8(simd_int sum, simd_int codes, const int8_t *p) { return _mm512_dpbusd_epi32(sum, codes, simd_four(p)); }
SIMD_INLINE simd_int simd_dot4(simd_int sum, simd_int codes, const int8_t *p) { return simd_dot8(sum, codes, p); }
SIMD_INLINE simd_int simd_pair_bf16(simd_float first, simd_float second)
{
    static const uint16_t order[32] = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                       8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    return _mm512_permutexvar_epi16(simd_load_int(order), (__m512i)_mm512_cvtne2ps_pbh(second, first));
}
SIMD_INLINE simd_float simd_dot16(simd_float sum, simd_int pairs, const void *p)
{
    return _mm512_dpbf16_ps(sum, (__m512bh)pairs, (__m512bh)simd_four(p));
}
#else
/* Sums of two products of 8 bits by 8 do not fit 16 bits: even and odd bytes one by one. */
SIMD_INLINE simd_int simd_dot8(simd_int sum, simd_int codes, const int8_t *p)
{
    __m512i four = simd_four(p), low = _mm512_and_epi32(codes, _mm512_set1_epi16(255));
    __m512i even = _mm512_madd_epi16(low, _mm512_srai_epi16(_mm512_slli_epi16(four, 8), 8));
    __m512i odd = _mm512_madd_epi16(_mm512_srli_epi16(codes, 8), _mm512_srai_epi16(four, 8));
    return _mm512_add_epi32(sum, _mm512_add_epi32(even, odd));
}
SIMD_INLINE simd_int simd_dot4(simd_int sum, simd_int codes, const int8_t *p)
{
    __m512i pairs = _mm512_maddubs_epi16(codes, simd_four(p));
    return _mm512_add_epi32(sum, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
}
#endif

/* 4x4 within the 128-bit parts, then the parts themselves. */
SIMD_INLINE void simd_transpose(simd_float rows[SIMD_LANES])
{
    __m512 pair[16], quad[16];
    SIMD_UNROLL
    for (int i = 0; i < 16; i += 2) {
        pair[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
        pair[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
    }
    SIMD_UNROLL
    for (int i = 0; i < 16; i += 4) {
        quad[i] = _mm512_shuffle_ps(pair[i], pair[i + 2], 0x44);
        quad[i + 1] = _mm512_shuffle_ps(pair[i], pair[i + 2], 0xee);
        quad[i + 2] = _mm512_shuffle_ps(pair[i + 1], pair[i + 3], 0x44);
        quad[i + 3] = _mm512_shuffle_ps(pair[i + 1], pair[i + 3], 0xee);
    }
    SIMD_UNROLL
    for (int i = 0; i < 4; i++) {
        __m512 even_low = _mm512_shuffle_f32x4(quad[i], quad[i + 4], 0x88);
        __m512 odd_low = _mm512_shuffle_f32x4(quad[i], quad[i + 4], 0xdd);
        __m512 even_high = _mm512_shuffle_f32x4(quad[i + 8], quad[i + 12], 0x88);
        __m512 odd_high = _mm512_shuffle_f32x4(quad[i + 8], quad[i + 12], 0xdd);
        rows[i] = _mm512_shuffle_f32x4(even_low, even_high, 0x88);
        rows[i + 4] = _mm512_shuffle_f32x4(odd_low, odd_high, 0x88);
        rows[i + 8] = _mm512_shuffle_f32x4(even_low, even_high, 0xdd);
        rows[i + 12] = _mm512_shuffle_f32x4(odd_low, odd_high, 0xdd);
    }
}

#endif
