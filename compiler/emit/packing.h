/* packing: one weight, cut into chunks of rows that several threads may pack at the same time; so much of it is in memory as floats at a time. */
#ifndef HF2C_EMIT_PACKING_H
#define HF2C_EMIT_PACKING_H

#include "compiler/emit/pack.h"
#include "runtime/core/checksum.h"
#include "runtime/core/weights.h"

typedef struct Packing Packing;

/* Rows of a weight, packed as a matrix of their own. */
typedef struct PackedChunk {
    PackLayout layout;
    int64_t first;   /* rows of the weight before these */
    uint8_t *packed; /* [bytes] */
    size_t bytes;
} PackedChunk;

int64_t packing_chunks(const PackedWeight *weight);
/* rounds: values are first rounded to the format, which is then not the one that they are packed in; packing_end tells the error. */
Packing *packing_new(Arena *arena, const PackedWeight *weight, Format format, bool rounds);
/* chunk: in scratch; NULL: values are only rounded. false: packing_end says why. */
bool packing_chunk(Packing *packing, Arena *scratch, int64_t number, PackedChunk *chunk);
/* After all chunks: what is wrong with the numbers, or warns of them. error: what rounding them did. */
bool packing_end(const Packing *packing, PackError *error, Err *err);

/* Where a chunk belongs in its weight: codes, and, with panel 1, parameters behind all codes; else part[1] has no bytes. */
typedef struct ChunkPart {
    const uint8_t *from;
    size_t bytes, at;
} ChunkPart;
void packing_place(const PackedWeight *weight, const PackedChunk *chunk, ChunkPart part[2]);

/* pack.c: begins a file of weights: its header, but for the checksum, what of it is summed, and the hash of the layout, which is returned. */
uint64_t pack_begin(const Plan *plan, uint8_t header[HF2C_WEIGHTS_HEADER], hf2c_checksum *sum);

#endif
