/* cache: appends keys or values to the slots of their sequences. */
#ifndef HF2C_CUDA_CACHE_CUH
#define HF2C_CUDA_CACHE_CUH

#include "templates/cuda/sequences.cuh"

/* A thread encodes a part of a row of one head. */
template <int format, int64_t W, int64_t ldx, int64_t heads, int64_t positions>
__global__ void cache_parts(char *cache, const float *x, const hf2c_sequences *sequences, int64_t count)
{
    constexpr int64_t size = W / heads, parts = (size + ROW_PART - 1) / ROW_PART;
    for (int64_t i = global_index(); i < count; i += global_count()) {
        int64_t row = i / (heads * parts), head = i / parts % heads, first = i % parts * ROW_PART;
        int sequence = sequence_of_row(sequences, row);
        int64_t position = past_of_sequence(sequences, sequence) + row - sequences->start[sequence];
        char *to = cache + slot_offset(sequences, sequence) + (head * positions + position % positions) * row_bytes(format, size);
        row_encode_part(format, to, x + row * ldx + head * size + first, size, first, row_part(size, first));
    }
}

/* cache: the tensor in slot 0, [heads, positions] rows of W / heads numbers, whose positions come round again; x: [rows, W], stride ldx */
#define CACHE(format, suffix)                                                                                             \
    template <int64_t W, int64_t ldx, int64_t heads, int64_t positions>                                                   \
    void cache##suffix(hf2c_stream *stream, void *cache, const float *x, const hf2c_sequences *sequences, int rows)       \
    {                                                                                                                     \
        int64_t count = rows * heads * ((W / heads + ROW_PART - 1) / ROW_PART);                                           \
        launch_elements(stream, "cache", count, cache_parts<WEIGHT_##format, W, ldx, heads, positions>, (char *)cache, x, \
                        sequences, count);                                                                                \
    }
#include "templates/format/caches.def"

#endif
