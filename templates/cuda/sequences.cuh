/* sequences: which tokens belong together, where their keys are, and which of them a token sees. */
#ifndef HF2C_CUDA_SEQUENCES_CUH
#define HF2C_CUDA_SEQUENCES_CUH

#include "templates/cuda/format.cuh"

/* The sequence of a row: the last one that starts at or before it (empty ones before it start there too). */
__device__ inline int sequence_of_row(const hf2c_sequences *sequences, int64_t row)
{
    int low = 0, high = sequences->count - 1;
    while (low < high) {
        int middle = low + (high - low + 1) / 2;
        if (sequences->start[middle] <= row)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* As hf2c_pieces counts them. */
__device__ inline int pieces_of_sequence(const hf2c_sequences *sequences, int s, int size)
{
    return (sequences->samples[s + 1] - sequences->samples[s] + size - 1) / size;
}

__device__ inline int64_t past_of_sequence(const hf2c_sequences *sequences, int sequence)
{
    return sequences->past ? sequences->past[sequence] : 0;
}

/* Distance in bytes from a cache's slot 0 to the sequence's own slot. */
__device__ inline int64_t slot_offset(const hf2c_sequences *sequences, int sequence)
{
    int64_t slot = sequences->slot ? sequences->slot[sequence] : sequence;
    return slot * (int64_t)sequences->slot_bytes;
}

/* The same to the slot of the sequence's source. */
__device__ inline int64_t memory_offset(const hf2c_sequences *sequences, int sequence)
{
    if (!sequences->memory_slot) return slot_offset(sequences, sequence);
    return sequences->memory_slot[sequence] * (int64_t)sequences->slot_bytes;
}

/* What a token sees: keys [first, end) of its sequence. */
struct Sight {
    int64_t row;  /* where key 0 is without a cache: the sequence's first row */
    int64_t slot; /* where key 0 is with a cache: bytes from slot 0 */
    int64_t first, end;
    int64_t position; /* of the token itself */
    int64_t length; /* keys of the sequence, seen or not */
};

template <int64_t cached, int64_t causal, int64_t window>
__device__ inline Sight sight_of_row(const hf2c_sequences *sequences, int64_t row)
{
    int sequence = sequence_of_row(sequences, row);
    Sight sight;
    int64_t past = cached == KEYS_cached ? past_of_sequence(sequences, sequence) : 0;
    sight.row = sequences->start[sequence];
    sight.slot = cached == KEYS_memory ? memory_offset(sequences, sequence) : slot_offset(sequences, sequence);
    sight.length = cached == KEYS_memory ? sequences->memory[sequence] : past + sequences->start[sequence + 1] - sight.row;
    int64_t position = sight.position = past + row - sight.row;
    sight.first = window > 0 && position - window + 1 > 0 ? position - window + 1 : 0;
    sight.end = sight.length;
    if (causal && position + 1 < sight.end) sight.end = position + 1;
    if (!causal && window > 0 && position + window < sight.end) sight.end = position + window;
    return sight;
}

/* Key (or value) `position` of the sequence in kv head `head`, a row of `size` elements (templates/format/row.h); ld: the stride of the rows
 * of this call, or the positions of each head in a cache, which come round again. */
template <int format, int64_t cached, int64_t size, int64_t ld>
__device__ inline const void *key_row(const void *keys, const Sight &sight, int64_t position, int64_t head)
{
    if (cached) return (const char *)keys + sight.slot + (head * ld + position % ld) * row_bytes(format, size);
    return (const float *)keys + (sight.row + position) * ld + head * size;
}

#endif
