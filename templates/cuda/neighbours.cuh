/* neighbours: each row with those around it, as a convolution over the rows of a sequence reads them. */
#ifndef HF2C_CUDA_NEIGHBOURS_CUH
#define HF2C_CUDA_NEIGHBOURS_CUH

#include "templates/cuda/sequences.cuh"

template <int64_t H, int64_t ldx, int64_t size, int64_t origin, int64_t stride, int64_t multiple>
__global__ void neighbours_elements(float *y, const float *x, const hf2c_sequences *sequences, int rows)
{
    for (int64_t i = global_index(); i < rows * H * size; i += global_count()) {
        int64_t row = i / (H * size) * stride, column = i / size % H, from = row + i % size - origin;
        int sequence = sequence_of_row(sequences, row / multiple);
        bool inside = from >= sequences->start[sequence] * multiple && from < sequences->start[sequence + 1] * multiple;
        y[i] = inside ? x[from * ldx + column] : 0.0f;
    }
}

/* y: [rows, H, size], y[r][c][t] = x[r * stride + t - origin][c], zero outside of the row's sequence; x: [rows * stride, H], stride ldx,
 * with `multiple` rows for each row of the sequences */
template <int64_t H, int64_t ldx, int64_t size, int64_t origin, int64_t stride, int64_t multiple>
void neighbours(hf2c_stream *stream, float *y, const float *x, const hf2c_sequences *sequences, int rows)
{
    launch_elements(stream, "neighbours", rows * H * size, neighbours_elements<H, ldx, size, origin, stride, multiple>, y, x, sequences, rows);
}

#endif
