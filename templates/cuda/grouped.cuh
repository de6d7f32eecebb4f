/* grouped: the product of a convolution whose channels are in groups that do not see one another. */
#ifndef HF2C_CUDA_GROUPED_CUH
#define HF2C_CUDA_GROUPED_CUH

#include "templates/cuda/portable.cuh"

template <int64_t N, int64_t channels, int64_t size, int64_t groups, int64_t ldx>
__global__ void grouped_elements(float *y, const float *x, const float *w, int rows)
{
    for (int64_t i = global_index(); i < rows * N; i += global_count()) {
        int64_t column = i % N;
        const float *from = x + i / N * ldx + column / (N / groups) * channels;
        float sum = 0.0f;
        for (int64_t k = 0; k < size * channels; k++)
            sum += from[k / channels * groups * channels + k % channels] * w[k * N + column];
        y[i] = sum;
    }
}

/* y: [rows, N]; x: [rows, size, groups, channels], stride ldx; w: [size, channels, N] */
template <int64_t N, int64_t channels, int64_t size, int64_t groups, int64_t ldx>
void grouped(hf2c_stream *stream, float *y, const float *x, const float *w, int rows)
{
    launch_elements(stream, "grouped", rows * N, grouped_elements<N, channels, size, groups, ldx>, y, x, w, rows);
}

#endif
