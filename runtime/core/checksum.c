/* checksum: lanes of little-endian words, each step of which can be undone: two contents that differ in one word never have the same lanes. */
#include "runtime/core/checksum.h"

#include <string.h>

#define ODD 0x9e3779b97f4a7c15u

static uint64_t load(const unsigned char *at)
{
    uint64_t word = 0;
    for (int i = 0; i < 8; i++) word |= (uint64_t)at[i] << (8 * i);
    return word;
}

static uint64_t step(uint64_t lane, uint64_t word)
{
    lane = (lane ^ word) * ODD;
    return lane ^ lane >> 32;
}

void hf2c_checksum_begin(hf2c_checksum *sum)
{
    for (uint64_t i = 0; i < HF2C_CHECKSUM_LANES; i++) sum->lane[i] = (i + 1) * ODD;
}

static void add_block(hf2c_checksum *sum, const unsigned char *at)
{
    for (int i = 0; i < HF2C_CHECKSUM_LANES; i++) sum->lane[i] = step(sum->lane[i], load(at + 8 * i));
}

void hf2c_checksum_add(hf2c_checksum *sum, const void *data, size_t bytes)
{
    unsigned char last[HF2C_CHECKSUM_BLOCK] = {0};
    const unsigned char *at = data;
    for (; bytes >= HF2C_CHECKSUM_BLOCK; bytes -= HF2C_CHECKSUM_BLOCK, at += HF2C_CHECKSUM_BLOCK) add_block(sum, at);
    if (bytes == 0) return;
    memcpy(last, at, bytes);
    add_block(sum, last);
}

uint64_t hf2c_checksum_end(const hf2c_checksum *sum)
{
    uint64_t whole = 0;
    for (int i = 0; i < HF2C_CHECKSUM_LANES; i++) whole = step(whole, sum->lane[i]);
    return whole;
}
