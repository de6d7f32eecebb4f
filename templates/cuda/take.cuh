/* take: chosen rows, and all rows. */
#ifndef HF2C_CUDA_TAKE_CUH
#define HF2C_CUDA_TAKE_CUH

#include "templates/cuda/portable.cuh"

/* index NULL: every row */
template <int64_t H, int64_t ldx>
__global__ void take_elements(float *y, const float *x, const int32_t *index, int rows)
{
    for (int64_t i = global_index(); i < rows * H; i += global_count()) {
        int64_t row = index ? index[i / H] : i / H;
        y[i] = x[row * ldx + i % H];
    }
}

/* y: [rows, H]; x: [any, H], stride ldx; index: [rows] */
template <int64_t H, int64_t ldx>
void take(hf2c_stream *stream, float *y, const float *x, const int32_t *index, int rows)
{
    launch_elements(stream, "take", rows * H, take_elements<H, ldx>, y, x, index, rows);
}

/* y: [rows, H]; x: [rows, H], stride ldx */
template <int64_t H, int64_t ldx>
void copy(hf2c_stream *stream, float *y, const float *x, int rows)
{
    launch_elements(stream, "copy", rows * H, take_elements<H, ldx>, y, x, nullptr, rows);
}

#endif
