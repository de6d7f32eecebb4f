/* weights: header and trailer. Little-endian byte by byte, so that the host's order does not matter. */
#include "runtime/core/weights.h"

#include <string.h>

static void store(uint8_t *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) out[i] = (uint8_t)(value >> (8 * i));
}

void hf2c_weights_write_header(uint8_t header[HF2C_WEIGHTS_HEADER], uint64_t bytes, uint64_t layout, uint64_t hash)
{
    memset(header, 0, HF2C_WEIGHTS_HEADER);
    memcpy(header, "HF2CWGT", 8);
    store(header + 8, HF2C_WEIGHTS_LAYOUT, 4);
    store(header + 12, HF2C_WEIGHTS_HEADER, 4);
    store(header + 16, bytes, 8);
    store(header + 24, hash, 8);
    store(header + 32, layout, 8);
}

void hf2c_weights_write_trailer(uint8_t trailer[HF2C_WEIGHTS_TRAILER], uint64_t begin, uint64_t bytes, uint64_t hash)
{
    memcpy(trailer, "HF2CEND", 8);
    store(trailer + 8, begin, 8);
    store(trailer + 16, bytes, 8);
    store(trailer + 24, hash, 8);
}

static uint64_t load(const uint8_t *at, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++) value |= (uint64_t)at[i] << (8 * i);
    return value;
}

const char *hf2c_weights_fault(const hf2c_model *model, const void *weights, size_t bytes)
{
    uint8_t wanted[HF2C_WEIGHTS_HEADER];
    const uint8_t *header = weights;
    if (!header || bytes < HF2C_WEIGHTS_HEADER) return "they are cut off";
    hf2c_weights_write_header(wanted, model->weights_bytes, load(header + 32, 8), model->weights_hash);
    if (memcmp(header, wanted, 8) != 0) return "this is no file of weights";
    if (memcmp(header + 8, wanted + 8, 8) != 0) return "they have the layout of another version of hf2c";
    if (memcmp(header + 16, wanted + 16, 16) != 0) return "they are those of another model";
    if (bytes < model->weights_bytes) return "they are cut off";
    return bytes == model->weights_bytes && memcmp(header, wanted, sizeof wanted) == 0 ? NULL : "they are damaged";
}

hf2c_status hf2c_weights_check(const hf2c_model *model, const void *weights, size_t bytes)
{
    return hf2c_weights_fault(model, weights, bytes) ? HF2C_BAD_WEIGHTS : HF2C_OK;
}
