/* outliers: columns that hold a large number somewhere, the others zero. */
#ifndef HF2C_CUDA_OUTLIERS_CUH
#define HF2C_CUDA_OUTLIERS_CUH

#include "templates/cuda/portable.cuh"

/* A thread for each column. */
template <int64_t K, int64_t ldx>
__global__ void outliers_columns(float *y, const float *x, int rows, float limit)
{
    for (int64_t c = global_index(); c < K; c += global_count()) {
        float largest = 0;
        for (int64_t r = 0; r < rows; r++) largest = fmaxf(largest, fabsf(x[r * ldx + c]));
        for (int64_t r = 0; r < rows; r++) y[r * K + c] = largest >= limit ? x[r * ldx + c] : 0;
    }
}

/* y: [rows, K]; x: [rows, K], stride ldx */
template <int64_t K, int64_t ldx>
void outliers(hf2c_stream *stream, float *y, const float *x, int rows, float limit)
{
    launch_elements(stream, "outliers", K, outliers_columns<K, ldx>, y, x, rows, limit);
}

#endif
