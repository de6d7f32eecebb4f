/* checksum: 64 bits over contents, as fast as memory is read; against damage, not against malice. */
#ifndef HF2C_CORE_CHECKSUM_H
#define HF2C_CORE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

enum { HF2C_CHECKSUM_BLOCK = 64, HF2C_CHECKSUM_LANES = HF2C_CHECKSUM_BLOCK / 8 };

typedef struct hf2c_checksum {
    uint64_t lane[HF2C_CHECKSUM_LANES];
} hf2c_checksum;

void hf2c_checksum_begin(hf2c_checksum *sum);
/* What comes after it begins a new block: the last one of data is filled up with zeros. */
void hf2c_checksum_add(hf2c_checksum *sum, const void *data, size_t bytes);
uint64_t hf2c_checksum_end(const hf2c_checksum *sum);

#endif
