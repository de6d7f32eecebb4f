/* pool: one row from the rows of each sequence, or from each `size` rows. */
#ifndef HF2C_CUDA_POOL_CUH
#define HF2C_CUDA_POOL_CUH

#include "templates/cuda/reduce.cuh"

/* One column of `count` >= 1 rows. */
template <int64_t ldx, int64_t mode>
__device__ inline float pool_column(const float *x, int64_t count)
{
    if (mode == POOL_first) return x[0];
    if (mode == POOL_last) return x[(count - 1) * ldx];
    float result = x[0];
    for (int64_t i = 1; i < count; i++)
        result = mode == POOL_mean ? result + x[i * ldx] : Maximum::combine(result, x[i * ldx]);
    return mode == POOL_mean ? result / (float)count : result;
}

template <int64_t H, int64_t ldx, int64_t mode, int64_t size>
__global__ void pool_elements(float *y, const float *x, const hf2c_sequences *sequences, int rows)
{
    for (int64_t i = global_index(); i < rows * H; i += global_count()) {
        int64_t first = size ? i / H * size : sequences->start[i / H];
        int64_t count = size ? size : sequences->start[i / H + 1] - first;
        y[i] = count > 0 ? pool_column<ldx, mode>(x + first * ldx + i % H, count) : 0.0f;
    }
}

/* y: [rows, H]; x: [., H], stride ldx; size 0: sequences */
template <int64_t H, int64_t ldx, int64_t mode, int64_t size>
void pool(hf2c_stream *stream, float *y, const float *x, const hf2c_sequences *sequences, int rows)
{
    launch_elements(stream, "pool", rows * H, pool_elements<H, ldx, mode, size>, y, x, sequences, rows);
}

#endif
