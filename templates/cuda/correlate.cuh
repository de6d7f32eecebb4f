/* correlate: a convolution over the rows of each sequence, whose channels are in groups that do not see one another. */
#ifndef HF2C_CUDA_CORRELATE_CUH
#define HF2C_CUDA_CORRELATE_CUH

#include "templates/cuda/sequences.cuh"

template <int64_t N, int64_t channels, int64_t size, int64_t groups, int64_t origin, int64_t ldx>
__global__ void correlate_elements(float *y, const float *x, const hf2c_sequences *sequences, const float *w, int rows)
{
    for (int64_t i = global_index(); i < rows * N; i += global_count()) {
        int64_t column = i % N, first = column / (N / groups) * channels;
        int sequence = sequence_of_row(sequences, i / N);
        float sum = 0.0f;
        for (int64_t t = 0; t < size; t++) {
            int64_t from = i / N + t - origin;
            if (from < sequences->start[sequence] || from >= sequences->start[sequence + 1]) continue;
            for (int64_t c = 0; c < channels; c++) sum += x[from * ldx + first + c] * w[(t * channels + c) * N + column];
        }
        y[i] = sum;
    }
}

/* y: [rows, N]; x: [rows, groups, channels], stride ldx; w: [size, channels, N] */
template <int64_t N, int64_t channels, int64_t size, int64_t groups, int64_t origin, int64_t ldx>
void correlate(hf2c_stream *stream, float *y, const float *x, const hf2c_sequences *sequences, const float *w, int rows)
{
    launch_elements(stream, "correlate", rows * N, correlate_elements<N, channels, size, groups, origin, ldx>, y, x, sequences, w, rows);
}

#endif
