/* columns: those of a matrix in another order. */
#ifndef HF2C_CUDA_COLUMNS_CUH
#define HF2C_CUDA_COLUMNS_CUH

#include "templates/cuda/portable.cuh"

template <int64_t K, int64_t ldx>
__global__ void columns_elements(float *y, const float *x, const float *index, int rows)
{
    for (int64_t i = global_index(); i < rows * K; i += global_count()) y[i] = x[i / K * ldx + (int64_t)index[i % K]];
}

/* y: [rows, K]; x: [rows, any], stride ldx; index: [K] numbers of columns of x, as floats */
template <int64_t K, int64_t ldx>
void columns(hf2c_stream *stream, float *y, const float *x, const float *index, int rows)
{
    launch_elements(stream, "columns", rows * K, columns_elements<K, ldx>, y, x, index, rows);
}

#endif
