/* The vectors that kernels compute with: one header per instruction set, each with the same types and inline functions.
 * A target names its set, its "isa"; here HF2C_SIMD may name one, else the compiler's own flags decide. c11 is what every
 * processor can do, in vectors of four where the compiler has such types; scalar is the same one by one, in plain C11. dsp and helium are
 * scalar, dotprod and i8mm are c11, with products of bytes as ARM's DSP extension, Helium and two of AArch64's extensions have them: the same
 * bits.
 *
 * simd_float holds SIMD_LANES floats; the operators + - * / and unary minus work on it, a float counts for all lanes.
 *   simd_load, simd_store                  unaligned
 *   simd_load_partial, simd_store_partial  the first n lanes, 0 <= n <= SIMD_LANES; the others are read as 0, not written
 *   simd_load_bf16, simd_load_f16          widen SIMD_LANES elements, exactly
 *   simd_set1_f16(p)                       the f16 at p in all lanes; p: anywhere
 *   simd_fma(a, b, c)                      a * b + c; rounded once, but twice where SIMD_FUSED is 0
 *   simd_max(a, b), simd_min(a, b)         a > b ? a : b, a < b ? a : b: b when either is NaN
 *   simd_select_less(a, b, x, y)           a < b ? x : y by lane; y when either is NaN
 *   simd_round                             to the nearest integer, ties to even; |v| < 2^22
 *   simd_scale(v, n)                       v * 2^n for integral n, |n| <= 252; rounded once for 0.5 <= |v| <= 2
 *   simd_reduce_add, simd_reduce_max       over the lanes, by halves: a fixed order
 *   simd_transpose(rows)                   of a square of SIMD_LANES vectors in place
 *
 * simd_int holds SIMD_LANES integers of 32 bits: packed weights on their way to floats.
 *   simd_load_int, simd_load_bytes         unaligned; bytes are widened with zeros
 *   simd_byte(v, j)                        byte j of each lane, in the order of memory
 *   simd_bf16(v, j)                        half j of each lane, in the order of memory, as bf16
 *   simd_first_f16(v), simd_second(v)      the first half of each lane as f16; the second as a signed integer
 *   simd_and(v, mask), simd_shift_left(v, n), simd_shift_right(v, n)    right with zeros
 *   simd_float_of(v), simd_as_float(v), simd_as_int(v)     converted; the same bits
 *   simd_lookup(table, v)                  table[v & 15]
 *   simd_store_bytes(p, v)                 whole numbers from -128 to 127 as int8
 *   simd_set1_int(x), simd_add_int(a, b), simd_multiply_int(a, b)
 *   simd_shift_down(v, n)                  right with signs
 *   simd_dot8(sum, codes, p)               sum + the four products of each lane's bytes, from 0 to 255, with int8 p[0 .. 3]; exactly
 *   simd_dot4(sum, codes, p)               the same for bytes from 0 to 15
 * of dotprod and i8mm alone:
 *   simd_dot_eight(bits, sum, low, high, p)    simd_dot8, or of 4 bits simd_dot4, with low and p[0 .. 3], then with high and p[4 .. 7]
 * of dotprod, which multiplies signed bytes, simd_dot8 and simd_dot_eight of 8 bits take bytes less 128
 * of zen4 alone, the first three of all bytes alike:
 *   simd_lookup_bytes(table, v)            table[byte & 127]
 *   simd_sign_bytes(v, signs)              v < 128 with the highest bits of signs
 *   simd_pair_bytes(low, high, j)          byte j of each lane of both, as the lane's upper half
 *   simd_pair_bf16(first, second)          both rounded to bf16, side by side in each lane; denormals become zeros
 *   simd_dot16(sum, pairs, p)              sum + the two products of each lane's bf16 with bf16 p[0], p[1], in one order */
#ifndef HF2C_SIMD_SIMD_H
#define HF2C_SIMD_SIMD_H

/* Bytes of weights that few rows ask memory for before their turn: what it delivers in the time of its latency. A target's "ahead". */
#ifndef HF2C_AHEAD
#define HF2C_AHEAD 4096
#endif

#define HF2C_ISA_scalar 0
#define HF2C_ISA_dsp 1
#define HF2C_ISA_helium 2
#define HF2C_ISA_dotprod 3
#define HF2C_ISA_i8mm 4
#define HF2C_ISA_c11 5
#define HF2C_ISA_avx2 6
#define HF2C_ISA_avx512 7
#define HF2C_ISA_zen4 8
#define HF2C_ISA_NUMBER_(isa) HF2C_ISA_##isa
#define HF2C_ISA_NUMBER(isa) HF2C_ISA_NUMBER_(isa)

#ifdef HF2C_SIMD
#define HF2C_ISA HF2C_ISA_NUMBER(HF2C_SIMD)
#elif defined(__AVX512BF16__) && defined(__AVX512VNNI__) && defined(__AVX512VBMI__)
#define HF2C_ISA HF2C_ISA_zen4
#elif defined(__AVX512BW__)
#define HF2C_ISA HF2C_ISA_avx512
#elif defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)
#define HF2C_ISA HF2C_ISA_avx2
#else
#define HF2C_ISA HF2C_ISA_c11
#endif

/* Whether the processor multiplies and adds in one instruction: AVX2 and later, and c11 and scalar where the compiler's target does. */
#if HF2C_ISA >= HF2C_ISA_avx2 || defined(__FP_FAST_FMAF) || defined(__ARM_FEATURE_FMA) || defined(__riscv_flen)
#define SIMD_FUSED 1
#else
#define SIMD_FUSED 0
#endif

#if defined(__GNUC__)
#define SIMD_INLINE static inline __attribute__((always_inline))
#else
#define SIMD_INLINE static inline
#endif

/* How many of the next `left` products a long sum takes at once. Where products are rounded, SIMD_PART of them are summed up before they are added to the
 * sum: of n products a sum then takes in SIMD_PART + n / SIMD_PART roundings, not n. Else they are one chain. Parts begin at multiples of SIMD_PART. */
enum { SIMD_PART = 8 };
SIMD_INLINE int64_t simd_part(int64_t left) { return SIMD_FUSED || left < SIMD_PART ? left : SIMD_PART; }

/* Before a loop with few, constant turns: its arrays then live in registers. */
#if defined(__clang__)
#define SIMD_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define SIMD_UNROLL _Pragma("GCC unroll 32")
#else
#define SIMD_UNROLL
#endif

/* Hides from the compiler where a value comes from, so that it computes addresses from it anew instead of keeping all of them. */
#if defined(__GNUC__)
#define SIMD_OPAQUE(value) __asm__("" : "+r"(value))
#else
#define SIMD_OPAQUE(value) (void)(value)
#endif

/* Where byte and half j of 32 bits lie. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define SIMD_BYTE_SHIFT(j) (24 - 8 * (j))
#define SIMD_HALF_SHIFT(j) (16 - 16 * (j))
#else
#define SIMD_BYTE_SHIFT(j) (8 * (j))
#define SIMD_HALF_SHIFT(j) (16 * (j))
#endif

/* Asks the second cache for the line so many bytes after a pointer; there need not be memory. SIMD_PREFETCH_WRITE: the first cache, for a line that
 * is written soon. Small cores, which are scalar, have none. */
#if defined(__GNUC__) && HF2C_ISA != HF2C_ISA_scalar
#define SIMD_PREFETCH_WRITE(pointer) __builtin_prefetch((const void *)(pointer), 1, 3)
#define SIMD_PREFETCH(pointer, offset)                                                                                 \
    __builtin_prefetch((const void *)((uintptr_t)(pointer) + (uintptr_t)(offset)), 0, 2)
#else
#define SIMD_PREFETCH_WRITE(pointer) (void)(pointer)
#define SIMD_PREFETCH(pointer, offset) ((void)(pointer), (void)(offset))
#endif

#endif
