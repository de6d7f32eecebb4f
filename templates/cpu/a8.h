/* a8: rows of activations as 8-bit integers, x = q * scale.
 *
 * A row of K numbers: int8 q[Kp], zeros from K on, Kp = K rounded up to 64; int32 sums of each 32 of q; float scale; zeros up to 64 bytes. Row r begins
 * at r * a8_row_bytes(K). q = x * (127 / largest |x| of the row),
 * rounded to nearest, ties to even; scale = that largest / 127, NaN where the row has something that is not finite. */
#ifndef HF2C_CPU_A8_H
#define HF2C_CPU_A8_H

#include <stddef.h>
#include <stdint.h>

enum { A8_LARGEST = 127, A8_SUM = 32, A8_ALIGNMENT = 64 };

static inline size_t a8_columns(int64_t K) { return ((size_t)K + A8_ALIGNMENT - 1) / A8_ALIGNMENT * A8_ALIGNMENT; }

/* Offset of the sums; that of the scale. */
static inline size_t a8_sums(int64_t K) { return a8_columns(K); }
static inline size_t a8_scale(int64_t K) { return a8_columns(K) + a8_columns(K) / A8_SUM * sizeof(int32_t); }

static inline size_t a8_row_bytes(int64_t K)
{
    return (a8_scale(K) + sizeof(float) + A8_ALIGNMENT - 1) / A8_ALIGNMENT * A8_ALIGNMENT;
}

#endif
