/* arrange: rows of an image chosen by number: patches, windows, what a convolution reads. */
#ifndef HF2C_CUDA_ARRANGE_CUH
#define HF2C_CUDA_ARRANGE_CUH

#include "templates/cuda/portable.cuh"

template <int64_t H, int64_t R, int64_t n>
__global__ void arrange_elements(float *y, const float *x, const float *index, const float *extra, int images, float value)
{
    for (int64_t i = global_index(); i < images * n * H; i += global_count()) {
        int64_t row = (int64_t)index[i / H % n], column = i % H;
        y[i] = row < 0 ? value : row < R ? x[(i / (n * H) * R + row) * H + column] : extra[(row - R) * H + column];
    }
}

/* y: [images, n, H]; x: [images, R, H]; index: [n], whole numbers: a row of the image, R + j for row j of extra, -1 for
 * `value` */
template <int64_t H, int64_t R, int64_t n>
void arrange(hf2c_stream *stream, float *y, const float *x, const float *index, const float *extra, int images, float value)
{
    launch_elements(stream, "arrange", images * n * H, arrange_elements<H, R, n>, y, x, index, extra, images, value);
}

#endif
