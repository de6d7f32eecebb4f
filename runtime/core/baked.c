/* baked: texts that were read when the program was built. */
#include "runtime/hf2c.h"

#include <string.h>

/* Two independent lanes of FNV-1a over words: as fast as memory. */
uint64_t hf2c_baked_hash(const void *data, size_t bytes)
{
    const unsigned char *at = data;
    uint64_t lane[2] = {0xcbf29ce484222325u, 0x84222325cbf29ce4u};
    for (size_t i = 0; i + 8 <= bytes; i += 8) {
        uint64_t word;
        memcpy(&word, at + i, sizeof word);
        lane[i / 8 % 2] = (lane[i / 8 % 2] ^ word) * 0x100000001b3u;
    }
    return (lane[0] ^ lane[1] >> 29) * 0x100000001b3u ^ bytes;
}

hf2c_status hf2c_baked_load(hf2c_context *context, size_t slot)
{
    const hf2c_baked *baked = context->model->baked;
    if (!baked || !context->state || context->copy_slot) return HF2C_NOT_SUPPORTED;
    if (slot >= context->slots) return HF2C_BAD_ARGUMENT;
    uint8_t *to = context->state + slot * context->model->state_bytes;
    const uint8_t *from = baked->data;
    for (int i = 0; i < baked->run_count; i++) {
        memcpy(to + baked->runs[i].at, from, baked->runs[i].bytes);
        from += baked->runs[i].bytes;
    }
    return HF2C_OK;
}
