/* Rows of a cache: each is encoded for itself, when it is written. Its codes lie in order, behind them the parameters of its blocks, of which
 * the last may be short. In plain C, for kernels, devices and the reference. */
#ifndef HF2C_FORMAT_ROW_H
#define HF2C_FORMAT_ROW_H

#include "templates/format/layout.h"

/* Bytes of a row of `size` elements. */
static inline int64_t row_bytes(const int format, const int64_t size)
{
    const int64_t parameters = layout_parameters(format);
    return size * layout_bits(format) / 8 + (parameters ? (size + layout_block(format) - 1) / layout_block(format) * parameters : 0);
}

/* Bytes from the row to the parameters of element d. */
static inline int64_t row_parameters(const int format, const int64_t size, int64_t d)
{
    return size * layout_bits(format) / 8 + d / layout_block(format) * layout_parameters(format);
}

static inline float row_value(const int format, const void *row, const int64_t size, int64_t d)
{
    const char *from = (const char *)row;
    if (format == WEIGHT_f32) return ((const float *)row)[d];
    if (format == WEIGHT_q8) return layout_value(format, (unsigned char)from[d], from + row_parameters(format, size, d));
    return layout_value(format, ((const uint16_t *)row)[d], from);
}

/* A scale for the largest magnitude of a block, and its codes: NaN for all of them when something in it is not finite. */
static inline void row_encode_q8(unsigned char *codes, void *parameters, const float *x, int64_t count)
{
    uint32_t largest = 0;
    for (int64_t i = 0; i < count; i++) {
        uint32_t magnitude = float_bits(x[i]) & 0x7fffffffu;
        largest = magnitude > largest ? magnitude : largest;
    }
    f16_element element = q8_scale(bits_float(largest));
    const float scale = f16_decode(element);
    memcpy(parameters, &element, sizeof(element));
    for (int64_t i = 0; i < count; i++) codes[i] = (unsigned char)q8_nearest(x[i], scale);
}

enum { ROW_PART = 32 }; /* elements: whole blocks of every format */

/* Elements of the part that begins with element d. */
static inline int64_t row_part(int64_t size, int64_t d) { return size - d < ROW_PART ? size - d : (int64_t)ROW_PART; }

/* Encodes elements [d, d + count) of the row, x; d: a multiple of ROW_PART, count: at most that. */
static inline void row_encode_part(const int format, void *row, const float *x, const int64_t size, int64_t d, int64_t count)
{
    if (format == WEIGHT_f32) memcpy((float *)row + d, x, (size_t)count * sizeof(float));
    if (format == WEIGHT_bf16)
        for (int64_t i = 0; i < count; i++) ((bf16_element *)row)[d + i] = bf16_encode(x[i]);
    if (format == WEIGHT_f16)
        for (int64_t i = 0; i < count; i++) ((f16_element *)row)[d + i] = f16_encode(x[i]);
    if (format == WEIGHT_q8) row_encode_q8((unsigned char *)row + d, (char *)row + row_parameters(format, size, d), x, count);
}

/* Encodes `size` numbers to row_bytes. */
static inline void row_encode(const int format, void *row, const float *x, const int64_t size)
{
    if (format == WEIGHT_f32) memcpy(row, x, (size_t)size * sizeof(float));
    for (int64_t d = 0; d < size && format != WEIGHT_f32; d += ROW_PART) row_encode_part(format, row, x + d, size, d, row_part(size, d));
}

#endif
