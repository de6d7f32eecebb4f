/* a8: rows of activations as 8-bit integers, x = q * scale.
 *
 * A row of K numbers: int8 q[Kp], zeros from K on, Kp = K rounded up to 64; int32 starts: -128 times the sum of each 32 of q; float scale; int32 the sum
 * of the starts; zeros up to 64 bytes. Row r begins at r * a8_row_bytes(K). q = x * (127 / largest |x| of the row), rounded to nearest, ties to
 * even; scale = that largest / 127, NaN where the row has something that is not finite.
 *
 * Products with codes that count from 128 begin at the start; it is a multiple of 16, so that those with codes that count from 8 do too. */
#ifndef HF2C_CPU_A8_H
#define HF2C_CPU_A8_H

#include <stddef.h>
#include <stdint.h>

enum { A8_LARGEST = 127, A8_SUM = 32, A8_START = -128, A8_ALIGNMENT = 64 };

static inline size_t a8_columns(int64_t K) { return ((size_t)K + A8_ALIGNMENT - 1) / A8_ALIGNMENT * A8_ALIGNMENT; }

/* Offsets of the starts, of the scale, of the sum of the starts. */
static inline size_t a8_starts(int64_t K) { return a8_columns(K); }
static inline size_t a8_scale(int64_t K) { return a8_columns(K) + a8_columns(K) / A8_SUM * sizeof(int32_t); }
static inline size_t a8_start(int64_t K) { return a8_scale(K) + sizeof(float); }

static inline size_t a8_row_bytes(int64_t K)
{
    return (a8_start(K) + sizeof(int32_t) + A8_ALIGNMENT - 1) / A8_ALIGNMENT * A8_ALIGNMENT;
}

#endif
