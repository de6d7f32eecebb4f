#include "runtime/task/offsets.h"

int hf2c_offsets_make(hf2c_offsets *offsets, hf2c_text text, hf2c_scratch *scratch)
{
    size_t *at = HF2C_TAKE(scratch, size_t, text.bytes + 1);
    int points = 0;
    if (!at) return 0;
    for (size_t i = 0; i < text.bytes; i++) {
        if (((unsigned char)text.text[i] & 0xC0) != 0x80) at[points++] = i;
    }
    at[points] = text.bytes;
    *offsets = (hf2c_offsets){text, at, points};
    return 1;
}

static int inside(const hf2c_offsets *offsets, int point)
{
    return point < 0 ? 0 : point > offsets->points ? offsets->points : point;
}

hf2c_text hf2c_offsets_cut(const hf2c_offsets *offsets, int start, int end)
{
    size_t first = offsets->at[inside(offsets, start)], last = offsets->at[inside(offsets, end)];
    return (hf2c_text){offsets->text.text + first, last > first ? last - first : 0};
}
