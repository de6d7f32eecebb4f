/* cache: appends keys or values to the slots of their sequences. */
#ifndef HF2C_CUDA_CACHE_CUH
#define HF2C_CUDA_CACHE_CUH

#include "templates/cuda/sequences.cuh"

template <int64_t W, int64_t ldx, int64_t heads, int64_t positions>
__global__ void cache_elements(float *cache, const float *x, const hf2c_sequences *sequences, int rows)
{
    constexpr int64_t size = W / heads;
    for (int64_t i = global_index(); i < rows * W; i += global_count()) {
        int64_t row = i / W, column = i % W, head = column / size;
        int sequence = sequence_of_row(sequences, row);
        int64_t position = past_of_sequence(sequences, sequence) + row - sequences->start[sequence];
        cache[slot_offset(sequences, sequence) + (head * positions + position % positions) * size + column % size] = x[row * ldx + column];
    }
}

/* cache: the tensor in slot 0, [heads, positions, W / heads], whose positions come round again; x: [rows, W], stride ldx */
template <int64_t W, int64_t ldx, int64_t heads, int64_t positions>
void cache(hf2c_stream *stream, float *cache, const float *x, const hf2c_sequences *sequences, int rows)
{
    launch_elements(stream, "cache", rows * W, cache_elements<W, ldx, heads, positions>, cache, x, sequences, rows);
}

#endif
