/* baked: texts that were read when the program was built. */
#include "runtime/hf2c.h"

#include "runtime/core/checksum.h"

#include <string.h>

uint64_t hf2c_baked_hash(const void *data, size_t bytes)
{
    hf2c_checksum sum;
    hf2c_checksum_begin(&sum);
    hf2c_checksum_add(&sum, data, bytes);
    return hf2c_checksum_end(&sum);
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
