/* order: packed weights in the byte order of the target. The packer writes numbers as this machine has them. */
#include "compiler/emit/pack.h"

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

/* Bytes of one number; 0: the format mixes numbers of several sizes. */
static size_t number_bytes(Format format)
{
    switch (format) {
    case FORMAT_f32: return 4;
    case FORMAT_bf16:
    case FORMAT_f16: return 2;
    default: return 0;
    }
}

bool pack_order_bytes(const Plan *plan, const PackedWeight *weight, uint8_t *packed, Err *err)
{
    Format format = weight->node->format;
    size_t size = number_bytes(format);
    if (plan->options.target->big_endian == host_is_big_endian()) return true;
    if (size == 0)
        return err_set(err, "target %s: weights in %s cannot be written in its byte order; wanted f32, f16 or bf16", plan->options.target->name,
                       format_name(format));
    for (size_t i = 0; i + size <= weight->bytes; i += size) reverse(packed + i, size);
    return true;
}
