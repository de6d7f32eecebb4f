/* The packer: see pack.h. */
#include "templates/cpu/pack.h"

#include <string.h>

#include "templates/format/bf16.h"
#include "templates/format/f16.h"
#include "templates/format/f32.h"

typedef struct PackFormat {
    size_t bytes;
    void (*encode)(float value, char *to);
    float (*decode)(const char *from);
} PackFormat;

#define FORMAT(name, bits, block, text)                                                                                \
    static void encode_##name(float value, char *to)                                                                   \
    {                                                                                                                  \
        name##_element element = name##_encode(value);                                                                 \
        memcpy(to, &element, sizeof(element));                                                                         \
    }                                                                                                                  \
    static float decode_##name(const char *from)                                                                       \
    {                                                                                                                  \
        name##_element element;                                                                                        \
        memcpy(&element, from, sizeof(element));                                                                       \
        return name##_decode(element);                                                                                 \
    }
#include "templates/format/formats.def"

static const PackFormat formats[] = {
#define FORMAT(name, bits, block, text) {(bits) / 8, encode_##name, decode_##name},
#include "templates/format/formats.def"
};

static int64_t pack_half_rows(const PackLayout *layout) { return layout->gate ? layout->N / 2 : layout->N; }

static int64_t pack_half_panels(const PackLayout *layout)
{
    return pack_half_rows(layout) / layout->panel + (pack_half_rows(layout) % layout->panel != 0);
}

int64_t pack_panel_count(const PackLayout *layout) { return pack_half_panels(layout) * (layout->gate ? 2 : 1); }

size_t pack_panel_bytes(const PackLayout *layout)
{
    return formats[layout->format].bytes * (size_t)layout->panel * (size_t)layout->K;
}

int pack_bytes(const PackLayout *layout, size_t *bytes)
{
    *bytes = 0;
    if (layout->format < 0 || (size_t)layout->format >= sizeof(formats) / sizeof(formats[0])) return 0;
    if (layout->N < 1 || layout->K < 1 || layout->panel < 1 || (layout->gate && layout->N % 2)) return 0;
    size_t row = formats[layout->format].bytes * (size_t)layout->panel, count = (size_t)pack_panel_count(layout);
    if ((uint64_t)layout->K > PTRDIFF_MAX / row || count > PTRDIFF_MAX / (row * (size_t)layout->K)) return 0;
    *bytes = row * (size_t)layout->K * count;
    return 1;
}

void pack_source_rows(const PackLayout *layout, int64_t i, int64_t *first, int64_t *count)
{
    int64_t half = pack_half_rows(layout), start = (layout->gate ? i / 2 : i) * layout->panel, left = half - start;
    *first = start + (layout->gate ? i % 2 * half : 0);
    *count = left < layout->panel ? left : layout->panel;
}

void pack_panel(const PackLayout *layout, const float *rows, int64_t count, void *to)
{
    const PackFormat *format = &formats[layout->format];
    char *out = to;
    for (int64_t k = 0; k < layout->K; k++)
        for (int64_t n = 0; n < layout->panel; n++, out += format->bytes)
            format->encode(n < count ? rows[n * layout->K + k] : 0, out);
}

void pack_weight(const PackLayout *layout, const float *rows, void *to)
{
    size_t bytes = pack_panel_bytes(layout);
    for (int64_t i = 0; i < pack_panel_count(layout); i++) {
        int64_t first, count;
        pack_source_rows(layout, i, &first, &count);
        pack_panel(layout, rows + first * layout->K, count, (char *)to + (size_t)i * bytes);
    }
}

void pack_unpack(const PackLayout *layout, const void *packed, float *rows)
{
    const PackFormat *format = &formats[layout->format];
    size_t bytes = pack_panel_bytes(layout);
    for (int64_t i = 0; i < pack_panel_count(layout); i++) {
        int64_t first, count;
        pack_source_rows(layout, i, &first, &count);
        const char *panel = (const char *)packed + (size_t)i * bytes;
        for (int64_t n = 0; n < count; n++)
            for (int64_t k = 0; k < layout->K; k++)
                rows[(first + n) * layout->K + k] =
                    format->decode(panel + (size_t)(k * layout->panel + n) * format->bytes);
    }
}
