/* Reading packed weights: vectors of elements of neighbouring rows of a panel, and rows. The layout is told in pack.h. */
#ifndef HF2C_CPU_WEIGHT_H
#define HF2C_CPU_WEIGHT_H

#include "templates/format/layout.h"
#include "templates/simd/simd.h"

enum { WEIGHT_PANEL = 16 }; /* rows of the panels that vectors are made of */

/* ---- formats without blocks: elements as they lie ---- */

/* Elements of a row that a vector of 32 bits a lane holds, and bytes from one such group of a panel to the next. */
SIMD_INLINE int weight_group(const int format) { return format == WEIGHT_bf16 ? 2 : 1; }
SIMD_INLINE int64_t weight_step(const int format) { return WEIGHT_PANEL * weight_group(format) * layout_bits(format) / 8; }

/* Bytes from a vector of a group to the next. */
SIMD_INLINE int64_t weight_vector_bytes(const int format) { return weight_step(format) / WEIGHT_PANEL * SIMD_LANES; }

/* Element j of the group at w of SIMD_LANES rows. */
SIMD_INLINE simd_float weight_load(const int format, const char *w, const int j)
{
    if (format == WEIGHT_bf16) return simd_bf16(simd_load_int(w), j);
    if (format == WEIGHT_f16) return simd_load_f16((const uint16_t *)(const void *)w);
    return simd_load((const float *)(const void *)w);
}

/* ---- formats with blocks ---- */

SIMD_INLINE int weight_has_blocks(const int format) { return layout_parameters(format) != 0; }

typedef struct WeightScale {
    simd_float scale, zero;
} WeightScale;

SIMD_INLINE WeightScale weight_q4z_scale(const char *from)
{
    simd_int pair = simd_load_int(from);
    return (WeightScale){simd_first_f16(pair), simd_float_of(simd_second(pair))};
}

SIMD_INLINE WeightScale weight_mxfp4_scale(const char *from)
{
    float scales[SIMD_LANES];
    for (int i = 0; i < SIMD_LANES; i++) scales[i] = mxfp4_scale((unsigned char)from[i]);
    return (WeightScale){simd_load(scales), simd_zero()};
}

/* from: the parameters of the first of SIMD_LANES rows */
SIMD_INLINE WeightScale weight_scale(const int format, const char *from)
{
    if (format == WEIGHT_q8) return (WeightScale){simd_load_f16((const uint16_t *)(const void *)from), simd_set1(Q8_ZERO)};
    if (format == WEIGHT_q4) return (WeightScale){simd_load_f16((const uint16_t *)(const void *)from), simd_set1(Q4_ZERO)};
    if (format == WEIGHT_q4z) return weight_q4z_scale(from);
    if (format == WEIGHT_mxfp4) return weight_mxfp4_scale(from);
    return (WeightScale){simd_load((const float *)(const void *)from), format == WEIGHT_int8 ? simd_set1(INT8_ZERO) : simd_zero()};
}

/* Where the parameters of unit number `unit` of SIMD_LANES rows lie, and what nested ones are decoded with: head: the numbers at the panel's
 * begin, those of the same rows; a row's scales follow one another every `period` units. */
typedef struct WeightPlace {
    const char *from, *head;
    int64_t unit, period, scales;
} WeightPlace;

/* The parameters of unit number `unit` of a panel, but for where they are. */
SIMD_INLINE WeightPlace weight_place(const Packed *w, const char *panel, int64_t unit)
{
    return (WeightPlace){NULL, panel, unit, layout_is_nested(w->format) ? packed_period(w) : 0, layout_is_nested(w->format) ? packed_scales(w) : 0};
}

/* Nested parameters, decoded. */
SIMD_INLINE simd_float weight_nested(WeightPlace p)
{
    static const float values[NESTED_COUNT] = {NESTED_VALUES};
    const float *outer = (const float *)(const void *)p.head;
    float value[SIMD_LANES];
    for (int i = 0; i < SIMD_LANES; i++) value[i] = values[(unsigned char)p.from[i]];
    simd_float place = simd_set1((float)(int32_t)p.unit) + simd_load(outer + WEIGHT_PANEL), scale = simd_load(outer + (1 + p.scales) * WEIGHT_PANEL);
    for (int64_t i = p.scales - 1; i > 0; i--)
        scale = simd_select_less(place, simd_set1((float)(int32_t)(i * p.period)), simd_load(outer + (1 + i) * WEIGHT_PANEL), scale);
    simd_float product = simd_load(value) * scale;
    return product + simd_load(outer);
}

SIMD_INLINE WeightScale weight_unit_scale(const int format, WeightPlace place)
{
    if (layout_is_nested(format)) return (WeightScale){weight_nested(place), simd_zero()};
    return weight_scale(format, place.from);
}

#if HF2C_ISA == HF2C_ISA_zen4
#define WEIGHT_16(entry, c)                                                                                                             \
    entry(c), entry(c + 1), entry(c + 2), entry(c + 3), entry(c + 4), entry(c + 5), entry(c + 6), entry(c + 7), entry(c + 8), entry(c + 9), \
        entry(c + 10), entry(c + 11), entry(c + 12), entry(c + 13), entry(c + 14), entry(c + 15)
#define WEIGHT_128(entry)                                                                                                          \
    WEIGHT_16(entry, 0), WEIGHT_16(entry, 16), WEIGHT_16(entry, 32), WEIGHT_16(entry, 48), WEIGHT_16(entry, 64), WEIGHT_16(entry, 80), \
        WEIGHT_16(entry, 96), WEIGHT_16(entry, 112)
#define E4M3_LOW(code) (E4M3_BF16(code) & 255)
#define E4M3_HIGH(code) (E4M3_BF16(code) >> 8)
#define E5M2_LOW(code) (E5M2_BF16(code) & 255)
#define E5M2_HIGH(code) (E5M2_BF16(code) >> 8)

/* Code j of each lane's four: the bytes of the numbers as bf16, looked up for all codes at once; the sign stays where it is. */
SIMD_INLINE simd_float weight_small_float(const uint8_t low[128], const uint8_t high[128], simd_int four, const int j)
{
    return simd_as_float(simd_pair_bytes(simd_lookup_bytes(low, four), simd_sign_bytes(simd_lookup_bytes(high, four), four), j));
}

SIMD_INLINE simd_float weight_e4m3(simd_int four, const int j)
{
    static const uint8_t low[128] = {WEIGHT_128(E4M3_LOW)}, high[128] = {WEIGHT_128(E4M3_HIGH)};
    return weight_small_float(low, high, four, j);
}

SIMD_INLINE simd_float weight_e5m2(simd_int four, const int j)
{
    static const uint8_t low[128] = {WEIGHT_128(E5M2_LOW)}, high[128] = {WEIGHT_128(E5M2_HIGH)};
    return weight_small_float(low, high, four, j);
}
#else
SIMD_INLINE simd_float weight_e4m3(simd_int four, const int j)
{
    simd_int bits = simd_and(simd_shift_down(simd_shift_left(four, 24 - SIMD_BYTE_SHIFT(j)), 4), 0x87f00000u);
    simd_float value = simd_as_float(bits) * simd_set1(0x1p120f);
    return simd_select_less(simd_abs(value), simd_set1(480), value, simd_set1(NAN));
}

SIMD_INLINE simd_float weight_e5m2(simd_int four, const int j) { return simd_first_f16(simd_shift_left(simd_byte(four, j), SIMD_HALF_SHIFT(0) + 8)); }
#endif

#define WEIGHT_NUMBERS(low) \
    low, low + 1, low + 2, low + 3, low + 4, low + 5, low + 6, low + 7, low + 8, low + 9, low + 10, low + 11, low + 12, low + 13, low + 14, low + 15

SIMD_INLINE simd_float weight_q4(simd_int codes)
{
    static const float values[16] = {WEIGHT_NUMBERS(-8.0f)};
    return simd_lookup(values, codes);
}

SIMD_INLINE simd_float weight_q4z(simd_int codes)
{
    static const float values[16] = {WEIGHT_NUMBERS(0.0f)};
    return simd_lookup(values, codes);
}

SIMD_INLINE simd_float weight_nf4(simd_int codes)
{
    static const float values[16] = {NF4_VALUES};
    return simd_lookup(values, codes);
}

SIMD_INLINE simd_float weight_fp4(simd_int codes)
{
    static const float values[16] = {FP4_VALUES};
    return simd_lookup(values, codes);
}

SIMD_INLINE simd_float weight_mxfp4(simd_int codes)
{
    static const float values[16] = {MXFP4_VALUES};
    return simd_lookup(values, codes);
}

/* What code j of each lane's four is worth, as the format has it; of 4 bits, those above are ignored. */
SIMD_INLINE simd_float weight_value(const int format, simd_int four, const int j, WeightScale s)
{
    if (format == WEIGHT_e4m3) return weight_e4m3(four, j) * s.scale;
    if (format == WEIGHT_e5m2) return weight_e5m2(four, j) * s.scale;
    simd_int codes = layout_bits(format) == 4 ? simd_shift_right(four, SIMD_BYTE_SHIFT(j)) : simd_byte(four, j);
    if (format == WEIGHT_q4) return weight_q4(codes) * s.scale;
    if (format == WEIGHT_q4z) return (weight_q4z(codes) - s.zero) * s.scale;
    if (format == WEIGHT_nf4 || format == WEIGHT_nf4_double) return weight_nf4(codes) * s.scale;
    if (format == WEIGHT_fp4 || format == WEIGHT_fp4_double) return weight_fp4(codes) * s.scale;
    if (format == WEIGHT_mxfp4) return weight_mxfp4(codes) * s.scale;
    return (simd_float_of(codes) - s.zero) * s.scale;
}

enum { WEIGHT_GROUP = 4, WEIGHT_CHUNK = WEIGHT_PANEL * WEIGHT_GROUP /* codes of a group of a panel */ };

/* Group number g of a unit that has `groups` of them, of SIMD_LANES rows, one row in a lane, a code in each byte. */
SIMD_INLINE simd_int weight_codes(const int format, const char *codes, const int64_t groups, int64_t g, int lane)
{
    if (layout_bits(format) == 8) return simd_load_int(codes + g * WEIGHT_CHUNK + lane * WEIGHT_GROUP);
    int64_t half = groups / 2, low = g < half;
    simd_int both = simd_load_int(codes + (low ? g : g - half) * WEIGHT_CHUNK + lane * WEIGHT_GROUP);
    return simd_and(low ? both : simd_shift_right(both, 4), 0x0f0f0f0fu);
}

/* The four codes of SIMD_LANES rows as numbers of `wanted`: f32, or bf16, each as a panel of weights in that format has them. */
SIMD_INLINE void weight_store_group(const int format, const int wanted, simd_int four, WeightScale scale, char *to)
{
#if HF2C_ISA == HF2C_ISA_zen4
    SIMD_UNROLL
    for (int j = 0; j < WEIGHT_GROUP && wanted == WEIGHT_bf16; j += 2) {
        simd_int pair = simd_pair_bf16(weight_value(format, four, j, scale), weight_value(format, four, j + 1, scale));
        simd_store((float *)(void *)to + j / 2 * WEIGHT_PANEL, simd_as_float(pair));
    }
    if (wanted == WEIGHT_bf16) return;
#else
    (void)wanted;
#endif
    SIMD_UNROLL
    for (int j = 0; j < WEIGHT_GROUP; j++) simd_store((float *)(void *)to + j * WEIGHT_PANEL, weight_value(format, four, j, scale));
}

/* Bytes of a group of a panel, decoded. */
SIMD_INLINE int64_t weight_group_bytes(const int wanted) { return WEIGHT_CHUNK * layout_bits(wanted) / 8; }

/* Groups [first, end) of a unit; place: its parameters. */
SIMD_INLINE void weight_decode_groups(const int format, const int wanted, const char *codes, const int64_t unit, WeightPlace place, int64_t first, int64_t end,
                                      char *to)
{
    const int64_t groups = unit / WEIGHT_GROUP;
    for (int lane = 0; lane < WEIGHT_PANEL; lane += SIMD_LANES) {
        WeightScale scale = weight_unit_scale(format, place);
        place.from += SIMD_LANES * layout_parameters(format);
        place.head += SIMD_LANES * (int)sizeof(float);
        for (int64_t g = first; g < end; g++) {
            simd_int four = weight_codes(format, codes, groups, g, lane);
            weight_store_group(format, wanted, four, scale, to + (g - first) * weight_group_bytes(wanted) + lane * (int)sizeof(float));
        }
    }
}

/* Nibbles of blocks that are no whole number of vectors. */
static inline void weight_decode_slowly(const Packed *w, const int wanted, int64_t panel, int64_t k, int64_t count, void *to)
{
    for (int64_t i = 0; i < count; i++)
        for (int n = 0; n < WEIGHT_PANEL; n++) {
            float value = packed_value(w, panel * WEIGHT_PANEL + n, k + i);
            if (wanted == WEIGHT_bf16)
                ((bf16_element *)to)[(i / 2 * WEIGHT_PANEL + n) * 2 + i % 2] = bf16_encode(value);
            else
                ((float *)to)[i * WEIGHT_PANEL + n] = value;
        }
}

SIMD_INLINE void weight_decode_some(const int format, const int wanted, const Packed *w, int64_t panel, int64_t k, int64_t count, void *to)
{
    char *out = to;
    const int64_t unit = w->block;
    const char *codes = (const char *)w->data + packed_codes(w, panel * WEIGHT_PANEL, k);
    if (layout_bits(format) == 4 && unit % (2 * WEIGHT_GROUP)) {
        weight_decode_slowly(w, wanted, panel, k, count, to);
        return;
    }
    int64_t first = k % unit / WEIGHT_GROUP, left = (count + WEIGHT_GROUP - 1) / WEIGHT_GROUP;
    WeightPlace place = weight_place(w, (const char *)w->data + panel * packed_panel_bytes(w), k / unit);
    while (left > 0) {
        int64_t end = first + left < unit / WEIGHT_GROUP ? first + left : unit / WEIGHT_GROUP;
        place.from = codes + packed_code_bytes(w);
        weight_decode_groups(format, wanted, codes, unit, place, first, end, out);
        left -= end - first;
        out += (end - first) * weight_group_bytes(wanted);
        codes += packed_unit_bytes(w);
        place.unit++;
        first = 0;
    }
}

/* Functions of each format, called by all its kernels. */
#define FORMAT(name, bits, block, parameters, group, cut, text)                                                        \
    static inline void weight_decode_##name(const Packed *w, int64_t panel, int64_t k, int64_t count, float *to)       \
    {                                                                                                                  \
        weight_decode_some(WEIGHT_##name, WEIGHT_f32, w, panel, k, count, to);                                         \
    }                                                                                                                  \
    static inline void weight_round_##name(const Packed *w, int64_t panel, int64_t k, int64_t count, bf16_element *to) \
    {                                                                                                                  \
        weight_decode_some(WEIGHT_##name, WEIGHT_bf16, w, panel, k, count, to);                                        \
    }
#include "templates/format/blocks.def"

/* Elements [k, k + count) of the rows of a panel of WEIGHT_PANEL to [count rounded up to a group][WEIGHT_PANEL]; k: a multiple of the group. */
SIMD_INLINE void weight_decode(const int format, const Packed *w, int64_t panel, int64_t k, int64_t count, float *to)
{
    switch (format) {
#define FORMAT(name, bits, block, parameters, group, cut, text)                                                        \
    case WEIGHT_##name:                                                                                                \
        weight_decode_##name(w, panel, k, count, to);                                                                  \
        break;
#include "templates/format/blocks.def"
    default:
        break;
    }
}

/* The same rounded to bf16, as a panel of such weights has them: weight_round_NAME, on zen4 alone. */
typedef void WeightRound(const Packed *w, int64_t panel, int64_t k, int64_t count, bf16_element *to);

/* ---- rows ---- */

/* The parameters of one row in all lanes; from: as they are stored, or nested ones decoded. */
SIMD_INLINE WeightScale weight_row_scale(const int format, const void *from)
{
    const int bytes = layout_is_nested(format) ? (int)sizeof(float) : layout_parameters(format);
    float lanes[SIMD_LANES];
    uint32_t all = float_bits(bytes == 4 ? bits_load_float(from) : 0);
    if (bytes == 1) all = 0x01010101u * *(const unsigned char *)from;
    if (bytes == 2) all = 0x00010001u * bits_load_half(from);
    simd_store(lanes, simd_as_float(simd_set1_int((int32_t)all)));
    return weight_scale(format, (const char *)lanes);
}

/* What SIMD_LANES codes side by side are worth; high: of 4 bits, those in the upper halves of bytes. */
SIMD_INLINE simd_float weight_row_value(const int format, const char *codes, const int high, WeightScale scale)
{
    enum { LOWEST = SIMD_BYTE_SHIFT(0) == 0 ? 0 : 3 };
    if (format == WEIGHT_bf16) return simd_load_bf16((const uint16_t *)(const void *)codes);
    if (!weight_has_blocks(format)) return weight_load(format, codes, 0);
    simd_int bytes = simd_load_bytes(codes);
    return weight_value(format, high ? simd_shift_right(bytes, 4) : bytes, LOWEST, scale);
}

/* Codes [place, place + n) of row number `row` of a panel, n <= SIMD_LANES, side by side: where they are, or in `side`. */
SIMD_INLINE const char *weight_row_codes(const int format, const Packed *w, const char *codes, int64_t row, int64_t place, int64_t n, char *side)
{
    const int group = layout_group(format), bytes = layout_bits(format) < 8 ? 1 : layout_bits(format) / 8;
    if (w->panel == 1 && n == SIMD_LANES) return codes + place * bytes;
    if (w->panel == 1) return memcpy(side, codes + place * bytes, (size_t)(n * bytes));
    for (int64_t i = 0, some; i < n; i += some, place += some) {
        some = group - place % group < n - i ? group - place % group : n - i;
        memcpy(side + i * bytes, codes + ((place / group * w->panel + row) * group + place % group) * bytes, (size_t)(some * bytes));
    }
    return side;
}

/* Elements with the codes [place, place + count) of a unit, of 4 bits in the lower or the upper halves of bytes. */
SIMD_INLINE void weight_decode_part(const int format, const Packed *w, int64_t row, const char *codes, WeightScale scale, const int high, int64_t place,
                                    int64_t count, float *to)
{
    _Alignas(64) char side[SIMD_LANES * sizeof(float)] = {0};
    for (int64_t i = 0; i < count; i += SIMD_LANES) {
        int n = count - i < SIMD_LANES ? (int)(count - i) : SIMD_LANES;
        const char *from = weight_row_codes(format, w, codes, row, place + i, n, side);
        simd_store_partial(to + i, n, weight_row_value(format, from, high, scale));
    }
}

/* Elements [at, at + count) of a unit. */
SIMD_INLINE void weight_decode_unit(const int format, const Packed *w, int64_t row, const char *codes, WeightScale scale, int64_t at, int64_t count, float *to)
{
    const int64_t half = layout_bits(format) == 4 ? packed_unit(w) / 2 : packed_unit(w), low = half > at ? half - at : 0;
    const int64_t first = count < low ? count : low;
    weight_decode_part(format, w, row, codes, scale, 0, at, first, to);
    if (layout_bits(format) == 4) weight_decode_part(format, w, row, codes, scale, 1, at + first - half, count - first, to + first);
}

/* from: its parameters as they are stored */
static inline WeightScale weight_scale_of_row(const int format, const Packed *w, int64_t n, int64_t k, const char *from)
{
    if (layout_is_nested(format)) {
        float nested;
        return weight_row_scale(format, packed_decoded_parameters(w, n, k, &nested));
    }
    return weight_row_scale(format, from);
}

/* Elements [k, k + count) of row n. */
SIMD_INLINE void weight_decode_units(const int format, const Packed *w, int64_t n, int64_t k, int64_t count, float *to)
{
    const int64_t unit = packed_unit(w), unit_bytes = packed_unit_bytes(w), parameters = layout_parameters(format), row = n % w->panel;
    const char *codes = (const char *)w->data + packed_codes(w, n, k), *from = parameters ? (const char *)w->data + packed_parameters(w, n, k) : codes;
    WeightScale scale = {simd_zero(), simd_zero()};
    if (layout_bits(format) == 4 && w->panel > 1 && unit % (2 * WEIGHT_GROUP)) { /* halves of bytes that are halves of a panel, not of a row */
        for (int64_t i = 0; i < count; i++) to[i] = packed_value(w, n, k + i);
        return;
    }
    for (int64_t at = k % unit, some; count > 0; at = 0, k += some, to += some, count -= some) {
        some = count < unit - at ? count : unit - at;
        if (parameters) scale = weight_scale_of_row(format, w, n, k, from);
        weight_decode_unit(format, w, row, codes, scale, at, some, to);
        codes += unit_bytes;
        from += w->panel == 1 ? parameters : unit_bytes;
    }
}

/* One function for each format, called by all its kernels. */
#define FORMAT(name, bits, block, parameters, group, cut, text)                                                        \
    static inline void weight_decode_row_##name(const Packed *w, int64_t n, int64_t k, int64_t count, float *to)       \
    {                                                                                                                  \
        weight_decode_units(WEIGHT_##name, w, n, k, count, to);                                                        \
    }
#include "templates/format/formats.def"

/* Elements [k, k + count) of row n, in any layout. */
SIMD_INLINE void weight_decode_row(const int format, const Packed *w, int64_t n, int64_t k, int64_t count, float *to)
{
    switch (format) {
#define FORMAT(name, bits, block, parameters, group, cut, text)                                                        \
    case WEIGHT_##name:                                                                                                \
        weight_decode_row_##name(w, n, k, count, to);                                                                  \
        break;
#include "templates/format/formats.def"
    default:
        break;
    }
}

#endif
