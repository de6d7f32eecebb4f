/* join: columns that all heads share before those of each head. */
#ifndef HF2C_CUDA_JOIN_CUH
#define HF2C_CUDA_JOIN_CUH

#include "templates/cuda/portable.cuh"

template <int64_t heads, int64_t M, int64_t N, int64_t ldx, int64_t ldz>
__global__ void join_elements(float *y, const float *x, const float *z, int rows)
{
    for (int64_t i = global_index(); i < rows * heads * (M + N); i += global_count()) {
        int64_t row = i / (heads * (M + N)), head = i / (M + N) % heads, column = i % (M + N);
        y[i] = column < M ? x[row * ldx + column] : z[row * ldz + head * N + column - M];
    }
}

/* y: [rows, heads, M + N]; x: [rows, M], stride ldx; z: [rows, heads, N], stride ldz */
template <int64_t heads, int64_t M, int64_t N, int64_t ldx, int64_t ldz>
void join(hf2c_stream *stream, float *y, const float *x, const float *z, int rows)
{
    launch_elements(stream, "join", rows * heads * (M + N), join_elements<heads, M, N, ldx, ldz>, y, x, z, rows);
}

#endif
