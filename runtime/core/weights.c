/* weights: header and trailer. Little-endian byte by byte, so that the host's order does not matter. */
#include "runtime/core/weights.h"

#include <string.h>

static void store(uint8_t *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) out[i] = (uint8_t)(value >> (8 * i));
}

void hf2c_weights_write_header(uint8_t header[HF2C_WEIGHTS_HEADER], uint64_t bytes, uint64_t hash)
{
    memset(header, 0, HF2C_WEIGHTS_HEADER);
    memcpy(header, "HF2CWGT", 8);
    store(header + 8, HF2C_WEIGHTS_LAYOUT, 4);
    store(header + 12, HF2C_WEIGHTS_HEADER, 4);
    store(header + 16, bytes, 8);
    store(header + 24, hash, 8);
}

void hf2c_weights_write_trailer(uint8_t trailer[HF2C_WEIGHTS_TRAILER], uint64_t begin, uint64_t bytes, uint64_t hash)
{
    memcpy(trailer, "HF2CEND", 8);
    store(trailer + 8, begin, 8);
    store(trailer + 16, bytes, 8);
    store(trailer + 24, hash, 8);
}

hf2c_status hf2c_weights_check(const hf2c_model *model, const void *weights, size_t bytes)
{
    uint8_t wanted[HF2C_WEIGHTS_HEADER];
    if (!weights || bytes != model->weights_bytes || bytes < HF2C_WEIGHTS_HEADER) return HF2C_BAD_WEIGHTS;
    hf2c_weights_write_header(wanted, bytes, model->weights_hash);
    return memcmp(weights, wanted, sizeof wanted) == 0 ? HF2C_OK : HF2C_BAD_WEIGHTS;
}
