/* Where the codes and parameters of a packed weight lie, and what they are worth: element by element,
 * in plain C, for the packer, for kernels of few numbers and for devices. */
#ifndef HF2C_FORMAT_LAYOUT_H
#define HF2C_FORMAT_LAYOUT_H

#include "templates/format/bf16.h"
#include "templates/format/e4m3.h"
#include "templates/format/e5m2.h"
#include "templates/format/f16.h"
#include "templates/format/f32.h"
#include "templates/format/fp4.h"
#include "templates/format/int8.h"
#include "templates/format/mxfp4.h"
#include "templates/format/nested.h"
#include "templates/format/nf4.h"
#include "templates/format/q4.h"
#include "templates/format/q4z.h"
#include "templates/format/q8.h"
#include "templates/kernel.h"

/* ---- the table ---- */

#define FORMAT(name, bits, block, parameters, group, cut, text) case WEIGHT_##name: return bits;
static inline int layout_bits(int format)
{
    switch (format) {
#include "templates/format/formats.def"
    default:
        return 0;
    }
}

/* As the table has it: 0 for whole rows. */
#define FORMAT(name, bits, block, parameters, group, cut, text) case WEIGHT_##name: return block;
static inline int layout_block(int format)
{
    switch (format) {
#include "templates/format/formats.def"
    default:
        return 0;
    }
}

#define FORMAT(name, bits, block, parameters, group, cut, text) case WEIGHT_##name: return parameters;
static inline int layout_parameters(int format)
{
    switch (format) {
#include "templates/format/formats.def"
    default:
        return 0;
    }
}

#define FORMAT(name, bits, block, parameters, group, cut, text) case WEIGHT_##name: return group;
static inline int layout_group(int format)
{
    switch (format) {
#include "templates/format/formats.def"
    default:
        return 0;
    }
}

enum { CUT_rows, CUT_matrix, CUT_nested };

#define FORMAT(name, bits, block, parameters, group, cut, text) case WEIGHT_##name: return CUT_##cut;
static inline int layout_cut(int format)
{
    switch (format) {
#include "templates/format/formats.def"
    default:
        return CUT_rows;
    }
}

static inline int layout_is_nested(int format) { return layout_cut(format) == CUT_nested; }

/* Elements of a row of K that share parameters; 1: there are none. What cuts the matrix leaves a row parts of blocks, of one size. */
static inline int64_t layout_row_block(int format, int64_t K)
{
    int64_t block = layout_block(format), group = layout_group(format);
    if (block == 0) return (K + group - 1) / group * group;
    if (layout_cut(format) != CUT_rows)
        while (K % block) block /= 2;
    return block;
}

/* from: the parameters as they are stored; of nested ones the decoded number, an f32 */
#define FORMAT(name, bits, block, parameters, group, cut, text) case WEIGHT_##name: return name##_value(code, from);
static inline float layout_value(int format, uint32_t code, const void *from)
{
    switch (format) {
#include "templates/format/formats.def"
    default:
        return 0;
    }
}

/* ---- places ---- */

typedef struct Packed {
    const void *data;
    int format;
    int64_t rows;         /* of the matrix as it is packed: with gate both halves */
    int64_t K;
    int64_t panel, block; /* as PackLayout has them; block: never 0 */
} Packed;

static inline int64_t packed_round_up(int64_t count, int64_t multiple) { return (count + multiple - 1) / multiple * multiple; }

static inline int64_t packed_group(const Packed *p) { return p->panel == 1 ? 1 : layout_group(p->format); }

/* K with its padding */
static inline int64_t packed_columns(const Packed *p) { return packed_round_up(p->K, p->block == 1 ? packed_group(p) : p->block); }

/* Elements of a row that lie together: a block, or all of them. */
static inline int64_t packed_unit(const Packed *p) { return p->block == 1 ? packed_columns(p) : p->block; }

/* Of nested parameters: elements of a row, in units, that share a scale; scales that a row needs at most, wherever they begin; numbers of 4 bytes in all:
 * the offset, the units of the first scale that belong to rows before, the scales. */
static inline int64_t packed_period(const Packed *p) { return NESTED_FLAT * NESTED_BLOCKS / p->block; }
static inline int64_t packed_scales(const Packed *p) { return (packed_columns(p) / p->block + packed_period(p) - 2) / packed_period(p) + 1; }
static inline int64_t packed_outer(const Packed *p) { return layout_is_nested(p->format) ? 2 + packed_scales(p) : 0; }
static inline int64_t packed_head_bytes(const Packed *p) { return p->panel > 1 ? p->panel * packed_outer(p) * (int64_t)sizeof(float) : 0; }

/* Bytes of a panel's codes in a unit; from one unit to the next; from one panel to the next. */
static inline int64_t packed_code_bytes(const Packed *p) { return p->panel * packed_unit(p) * layout_bits(p->format) / 8; }

static inline int64_t packed_unit_bytes(const Packed *p)
{
    return packed_code_bytes(p) + (p->panel > 1 ? p->panel * layout_parameters(p->format) : 0);
}

static inline int64_t packed_panel_bytes(const Packed *p)
{
    return packed_head_bytes(p) + packed_columns(p) / packed_unit(p) * packed_unit_bytes(p);
}

/* Where the parameters begin that lie apart from the codes. */
static inline int64_t packed_apart(const Packed *p) { return packed_round_up(p->rows * packed_panel_bytes(p), 64); }

/* Bytes of a row's parameters there. */
static inline int64_t packed_apart_bytes(const Packed *p)
{
    return packed_outer(p) * (int64_t)sizeof(float) + packed_columns(p) / packed_unit(p) * layout_parameters(p->format);
}

/* Offset of number i that the parameters of row n are decoded with. */
static inline int64_t packed_outer_place(const Packed *p, int64_t n, int64_t i)
{
    if (p->panel == 1) return packed_apart(p) + n * packed_apart_bytes(p) + i * (int64_t)sizeof(float);
    return n / p->panel * packed_panel_bytes(p) + (i * p->panel + n % p->panel) * (int64_t)sizeof(float);
}

/* Offset of the parameters of element (n, k) */
static inline int64_t packed_parameters(const Packed *p, int64_t n, int64_t k)
{
    const int64_t unit = packed_unit(p), bytes = layout_parameters(p->format);
    if (p->panel == 1) return packed_outer_place(p, n, packed_outer(p)) + k / unit * bytes;
    return n / p->panel * packed_panel_bytes(p) + packed_head_bytes(p) + k / unit * packed_unit_bytes(p) + packed_code_bytes(p) + n % p->panel * bytes;
}

/* Number of the code of element (n, k) among those of its panel and unit, and offset of these. */
static inline int64_t packed_place(const Packed *p, int64_t n, int64_t k)
{
    const int64_t group = packed_group(p), place = k % packed_unit(p);
    return (place / group * p->panel + n % p->panel) * group + place % group;
}

static inline int64_t packed_codes(const Packed *p, int64_t n, int64_t k)
{
    return n / p->panel * packed_panel_bytes(p) + packed_head_bytes(p) + k / packed_unit(p) * packed_unit_bytes(p);
}

static inline uint32_t packed_code(const Packed *p, int64_t n, int64_t k)
{
    const unsigned char *codes = (const unsigned char *)p->data + packed_codes(p, n, k);
    const int64_t place = packed_place(p, n, k), half = packed_code_bytes(p);
    switch (layout_bits(p->format)) {
    case 32:
        return ((const uint32_t *)(const void *)codes)[place];
    case 16:
        return ((const uint16_t *)(const void *)codes)[place];
    case 8:
        return codes[place];
    default:
        return place < half ? codes[place] & 15u : (uint32_t)codes[place - half] >> 4;
    }
}

static inline float packed_outer_number(const Packed *p, int64_t n, int64_t i)
{
    return bits_load_float((const char *)p->data + packed_outer_place(p, n, i));
}

/* The scale of nested parameters in the unit of column k. */
static inline float packed_outer_scale(const Packed *p, int64_t n, int64_t k)
{
    return packed_outer_number(p, n, 2 + (k / p->block + (int32_t)packed_outer_number(p, n, 1)) / packed_period(p));
}

/* What layout_value() takes for element (n, k): where it is stored, or *nested, which it is decoded to. */
static inline const void *packed_decoded_parameters(const Packed *p, int64_t n, int64_t k, float *nested)
{
    const char *stored = (const char *)p->data + (layout_parameters(p->format) ? packed_parameters(p, n, k) : 0);
    if (layout_is_nested(p->format)) {
        *nested = nested_value((unsigned char)*stored, packed_outer_scale(p, n, k), packed_outer_number(p, n, 0));
        return nested;
    }
    return stored;
}

static inline float packed_value(const Packed *p, int64_t n, int64_t k)
{
    float nested;
    return layout_value(p->format, packed_code(p, n, k), packed_decoded_parameters(p, n, k, &nested));
}

#endif
