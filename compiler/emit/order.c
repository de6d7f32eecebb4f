/* order: packed weights in the byte order of the target. The packer writes numbers as this machine has them; bytes and nibbles of codes
 * lie in memory in one order everywhere. */
#include "compiler/emit/pack.h"
#include "templates/format/layout.h"

static bool host_is_big_endian(void)
{
    union {
        uint16_t number;
        uint8_t byte[2];
    } probe = {1};
    return probe.byte[1] == 1;
}

static void reverse(uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        uint8_t held = bytes[i];
        bytes[i] = bytes[count - 1 - i];
        bytes[count - 1 - i] = held;
    }
}

static void reverse_numbers(uint8_t *numbers, int64_t bytes, int64_t size)
{
    for (int64_t i = 0; size > 1 && i + size <= bytes; i += size) reverse(numbers + i, (size_t)size);
}

/* Bytes of a number among a block's parameters: q4z has two of them. */
static int64_t parameter_bytes(int format) { return format == WEIGHT_q4z ? layout_parameters(format) / 2 : layout_parameters(format); }

void pack_order_bytes(const Target *target, const PackLayout *layout, size_t bytes, uint8_t *packed)
{
    const int format = layout->format;
    const Packed p = {packed, format, layout->N, layout->K, layout->panel, pack_block(layout)};
    const int64_t unit = packed_unit_bytes(&p), codes = packed_code_bytes(&p), size = layout_bits(format) / 8;
    if (target->big_endian == host_is_big_endian()) return;
    if (layout_is_nested(format)) { /* codes and indices are bytes */
        for (int64_t n = 0; n < pack_panel_count(layout) * layout->panel; n++)
            for (int64_t i = 0; i < packed_outer(&p); i++) reverse(packed + packed_outer_place(&p, n, i), sizeof(float));
    } else if (layout_parameters(format) == 0) {
        reverse_numbers(packed, (int64_t)bytes, size);
    } else if (layout->panel == 1) {
        int64_t apart = packed_apart(&p);
        reverse_numbers(packed + apart, (int64_t)bytes - apart, parameter_bytes(format));
    } else {
        int64_t units = pack_panel_count(layout) * packed_panel_bytes(&p) / unit;
        for (int64_t i = 0; i < units; i++) reverse_numbers(packed + i * unit + codes, unit - codes, parameter_bytes(format));
    }
}
