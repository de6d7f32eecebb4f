/* The packer: see pack.h. */
#include "templates/cpu/pack.h"

#include <string.h>

#include "templates/format/choose.h"
#include "templates/format/layout.h"

enum { PACK_CODES = 256 /* of a row are found at a time */ };

/* ---- sizes ---- */

static Packed packed_of(const PackLayout *layout, const void *data)
{
    return (Packed){data, layout->format, layout->N, layout->K, layout->panel, pack_block(layout)};
}

int64_t pack_block(const PackLayout *layout)
{
    if (layout->block) return layout->block;
    return layout_block(layout->format) ? layout_block(layout->format) : layout_row_block(layout->format, layout->K);
}

int64_t pack_padded_columns(const PackLayout *layout)
{
    Packed packed = packed_of(layout, NULL);
    return packed_columns(&packed);
}

static int64_t pack_half_rows(const PackLayout *layout) { return layout->gate ? layout->N / 2 : layout->N; }

static int64_t pack_half_panels(const PackLayout *layout)
{
    return pack_half_rows(layout) / layout->panel + (pack_half_rows(layout) % layout->panel != 0);
}

int64_t pack_panel_count(const PackLayout *layout) { return pack_half_panels(layout) * (layout->gate ? 2 : 1); }

/* Products of layouts that pass stay far from overflow but for the number of panels. */
static int pack_is_sound(const PackLayout *layout)
{
    static const int64_t most = (int64_t)1 << 40;
    if (layout->format < 0 || layout->format >= WEIGHT_COUNT) return 0;
    if (layout->N < 1 || layout->K < 1 || layout->K > most || layout->panel < 1 || layout->panel > 1 << 12) return 0;
    if (layout->block < 0 || layout->block > most || (layout->gate && layout->N % 2)) return 0;
    int64_t block = pack_block(layout), bits = layout_bits(layout->format);
    int has_parameters = layout_parameters(layout->format) != 0;
    if (!has_parameters) return block == 1;
    if (layout_is_nested(layout->format) && (NESTED_FLAT * NESTED_BLOCKS) % block) return 0;
    return (layout->panel == 1 || block % layout_group(layout->format) == 0) && layout->panel * block * bits % 8 == 0;
}

int pack_bytes(const PackLayout *layout, size_t *bytes)
{
    *bytes = 0;
    if (!pack_is_sound(layout)) return 0;
    Packed packed = packed_of(layout, NULL);
    size_t panel = (size_t)packed_panel_bytes(&packed);
    size_t apart = layout->panel == 1 ? (size_t)packed_apart_bytes(&packed) : 0, count = (size_t)pack_panel_count(layout);
    if (count > (PTRDIFF_MAX - 64) / (panel + apart)) return 0;
    *bytes = apart ? (size_t)packed_apart(&packed) + count * apart : count * panel;
    return 1;
}

void pack_source_rows(const PackLayout *layout, int64_t i, int64_t *first, int64_t *count)
{
    int64_t half = pack_half_rows(layout), start = (layout->gate ? i / 2 : i) * layout->panel, left = half - start;
    *first = start + (layout->gate ? i % 2 * half : 0);
    *count = left < layout->panel ? left : layout->panel;
}

/* ---- packing ---- */

typedef struct Packer {
    const PackLayout *layout;
    Packed packed;
    char *to;
    const float *rows, *importance;
    const PackGiven *given;
} Packer;

static inline void pack_put(char *codes, int bits, int64_t half, int64_t place, uint32_t code)
{
    uint16_t narrow = (uint16_t)code;
    unsigned char *byte = (unsigned char *)codes + (place < half ? place : place - half);
    if (bits == 32) memcpy(codes + 4 * place, &code, 4);
    if (bits == 16) memcpy(codes + 2 * place, &narrow, 2);
    if (bits == 8) codes[place] = (char)code;
    if (bits == 4) *byte = (unsigned char)(place < half ? (*byte & 0xf0u) | code : (*byte & 0x0fu) | code << 4);
}

/* Codes of columns from k on of packed row n, all in one unit; k is a multiple of the group. */
static void pack_put_all(const Packer *p, int64_t n, int64_t k, int64_t count, const uint32_t *codes)
{
    char *to = p->to + packed_codes(&p->packed, n, k);
    const int64_t group = packed_group(&p->packed), half = packed_code_bytes(&p->packed);
    int64_t place = packed_place(&p->packed, n, k), left = group;
    for (int64_t i = 0; i < count; i++) {
        pack_put(to, layout_bits(p->layout->format), half, place++, codes[i]);
        if (--left) continue;
        place += (p->layout->panel - 1) * group;
        left = group;
    }
}

/* Blocks that are cut from the flat matrix share their largest magnitude wherever its rows end. */
static int pack_is_flat(const Packer *p)
{
    return layout_cut(p->layout->format) != CUT_rows && p->packed.block < layout_block(p->layout->format);
}

static void pack_choose(const Packer *p, int64_t row, int64_t k, int64_t count, char *parameters)
{
    const PackLayout *layout = p->layout;
    int64_t first = row * layout->K + k, size = layout->N * layout->K;
    if (pack_is_flat(p)) {
        const int64_t flat = layout_block(layout->format);
        first = first / flat * flat;
        count = size - first < flat ? size - first : flat;
        format_choose(layout->format, p->rows + first, NULL, count, parameters);
    } else {
        format_choose(layout->format, p->rows + first, p->importance ? p->importance + k : NULL, count, parameters);
    }
}

/* Returns -1 or the element whose scale is not that of its block. */
static int64_t pack_take_given(const Packer *p, int64_t first, int64_t count, char *parameters)
{
    const float *scale = p->given->scale, *zero = p->given->zero;
    const float middle = p->layout->format == WEIGHT_q4 ? Q4_ZERO : p->layout->format == WEIGHT_q8 || p->layout->format == WEIGHT_int8 ? 128 : 0;
    if (layout_parameters(p->layout->format) == 0) return -1;
    if (!format_given(p->layout->format, scale[first], zero ? zero[first] : middle, parameters)) return first;
    for (int64_t i = first; i < first + count; i++)
        if (scale[i] != scale[first] || (zero && zero[i] != zero[first])) return i;
    return -1;
}

/* Returns -1 or, where parameters are given, the element whose code is worth something else. */
static int64_t pack_codes(const Packer *p, int64_t n, int64_t first, int64_t k, int64_t count, const char *parameters)
{
    uint32_t codes[PACK_CODES];
    int64_t wrong = -1;
    for (int64_t i = 0; i < count; i += PACK_CODES) {
        int64_t some = count - i < PACK_CODES ? count - i : PACK_CODES;
        format_codes(p->layout->format, p->rows + first + i, some, parameters, codes);
        for (int64_t j = 0; j < some; j++) {
            float value = p->rows[first + i + j];
            if (p->given && wrong < 0 && layout_value(p->layout->format, codes[j], parameters) != value) wrong = first + i + j;
        }
        pack_put_all(p, n, k + i, some, codes);
    }
    return wrong;
}

/* Columns [k, end) of packed row n, which the matrix does not have. */
static void pack_zeros(const Packer *p, int64_t n, int64_t k, int64_t end, const char *parameters)
{
    char *to = p->to + packed_codes(&p->packed, n, k < end ? k : end - 1);
    const int64_t half = packed_code_bytes(&p->packed);
    uint32_t zero;
    format_codes(p->layout->format, &(float){0}, 1, parameters, &zero);
    for (int64_t i = k; i < end; i++) pack_put(to, layout_bits(p->layout->format), half, packed_place(&p->packed, n, i), zero);
}

/* ---- nested parameters ---- */

static void pack_put_outer(const Packer *p, int64_t n, int64_t i, float number)
{
    memcpy(p->to + packed_outer_place(&p->packed, n, i), &number, sizeof(number));
}

static float pack_largest(const Packer *p, int64_t row, int64_t k)
{
    const int64_t left = p->layout->K - k;
    float largest;
    pack_choose(p, row, k, left < p->packed.block ? left : p->packed.block, (char *)&largest);
    return largest;
}

/* The mean of a row's largest magnitudes, and in each period how far they are from it. */
static void pack_choose_outer(const Packer *p, int64_t n, int64_t row)
{
    const int64_t block = p->packed.block, K = p->layout->K;
    double sum = 0;
    for (int64_t k = 0; k < K; k += block) sum += (double)pack_largest(p, row, k);
    float mean = (float)(sum / (double)((K + block - 1) / block)), most = 0;
    pack_put_outer(p, n, 0, mean);
    for (int64_t k = 0; k < K; k += block) {
        float distance = pack_largest(p, row, k) - mean, far = distance < 0 ? -distance : distance;
        if (k / block % packed_period(&p->packed) == 0) most = 0;
        most = far > most ? far : most;
        pack_put_outer(p, n, 2 + k / block / packed_period(&p->packed), most);
    }
}

/* Where a scale is followed by another one, a period ends. */
static void pack_take_outer(const Packer *p, int64_t n, int64_t row)
{
    const float *outer = p->given->outer + row * p->layout->K;
    const int64_t block = p->packed.block, K = p->layout->K, period = packed_period(&p->packed);
    int64_t before = 0;
    for (int64_t k = block; k < K && !before; k += block)
        if (outer[k] != outer[k - block]) before = (period - k / block % period) % period;
    pack_put_outer(p, n, 0, p->given->offset[row * K]);
    pack_put_outer(p, n, 1, (float)before);
    for (int64_t k = 0; k < K; k += block) pack_put_outer(p, n, 2 + (k / block + before) / period, outer[k]);
}

/* What the parameters of row n are decoded with. */
static void pack_outer(const Packer *p, int64_t n, int64_t row)
{
    for (int64_t i = 0; i < packed_outer(&p->packed); i++) pack_put_outer(p, n, i, 0);
    if (row < 0 || !layout_is_nested(p->layout->format)) return;
    if (p->given)
        pack_take_outer(p, n, row);
    else
        pack_choose_outer(p, n, row);
}

/* Stores parameters; nested ones are then what they are decoded to. Whether they are the same as before. */
static int pack_store(const Packer *p, int64_t n, int64_t k, char *parameters)
{
    char *to = p->to + packed_parameters(&p->packed, n, k);
    if (!layout_is_nested(p->layout->format)) {
        memcpy(to, parameters, (size_t)layout_parameters(p->layout->format));
        return 1;
    }
    const float scale = packed_outer_scale(&p->packed, n, k), offset = packed_outer_number(&p->packed, n, 0), wanted = bits_load_float(parameters);
    uint32_t index = nested_index(wanted, scale, offset);
    float stored = nested_value(index, scale, offset);
    *to = (char)(unsigned char)index;
    memcpy(parameters, &stored, sizeof(stored));
    return stored == wanted;
}

/* ---- rows and panels ---- */

/* Columns from k on of row n of the packed matrix, which is that row of the other, or -1: zeros. */
static int64_t pack_unit(const Packer *p, int64_t n, int64_t row, int64_t k)
{
    const PackLayout *layout = p->layout;
    int64_t end = k + packed_unit(&p->packed), count = (end < layout->K ? end : layout->K) - k, wrong = -1, first = row * layout->K + k;
    char parameters[8] = {0};
    int has_parameters = layout_parameters(layout->format) != 0;
    if (row < 0) count = 0;
    if (row >= 0 && p->given)
        wrong = pack_take_given(p, first, count, parameters);
    else if (row >= 0 && has_parameters)
        pack_choose(p, row, k, count, parameters);
    if (has_parameters && !pack_store(p, n, k, parameters) && p->given && row >= 0 && wrong < 0) wrong = first;
    int64_t other = pack_codes(p, n, first, k, count, parameters);
    pack_zeros(p, n, k + count, end, parameters);
    return wrong >= 0 ? wrong : other;
}

static int64_t pack_panel(const Packer *p, int64_t panel)
{
    int64_t first, count, wrong = -1, unit = packed_unit(&p->packed);
    pack_source_rows(p->layout, panel, &first, &count);
    for (int64_t i = 0; i < p->layout->panel; i++) {
        const int64_t n = panel * p->layout->panel + i, row = i < count ? first + i : -1;
        pack_outer(p, n, row);
        for (int64_t k = 0; k < p->layout->K; k += unit) {
            int64_t found = pack_unit(p, n, row, k);
            if (wrong < 0) wrong = found;
        }
    }
    return wrong;
}

int64_t pack_panels(const PackLayout *layout, const float *rows, const float *importance, const PackGiven *given, int64_t first,
                    int64_t end, void *to)
{
    const Packer p = {layout, packed_of(layout, to), to, rows, importance, given};
    int64_t wrong = -1, codes = layout->N * packed_panel_bytes(&p.packed);
    for (int64_t i = first; i < end; i++) {
        int64_t found = pack_panel(&p, i);
        if (wrong < 0) wrong = found;
    }
    int apart = layout->panel == 1 && layout_parameters(layout->format) != 0;
    if (apart && end == pack_panel_count(layout)) memset(p.to + codes, 0, (size_t)(packed_apart(&p.packed) - codes));
    return wrong;
}

void pack_weight(const PackLayout *layout, const float *rows, void *to)
{
    pack_panels(layout, rows, NULL, NULL, 0, pack_panel_count(layout), to);
}

void pack_unpack(const PackLayout *layout, const void *packed, float *rows)
{
    const Packed from = packed_of(layout, packed);
    for (int64_t i = 0; i < pack_panel_count(layout); i++) {
        int64_t first, count;
        pack_source_rows(layout, i, &first, &count);
        for (int64_t n = 0; n < count; n++)
            for (int64_t k = 0; k < layout->K; k++)
                rows[(first + n) * layout->K + k] = packed_value(&from, i * layout->panel + n, k);
    }
}
