/* norm: layer and root-mean-square norm, one block per row, or per head's part of a row. */
#ifndef HF2C_CUDA_NORM_CUH
#define HF2C_CUDA_NORM_CUH

#include "templates/cuda/reduce.cuh"

/* Sum of (x[i] - center)^2 over a row, for every thread. */
template <int64_t H>
__device__ inline float square_sum(const float *x, float center)
{
    float sum = 0.0f;
    for (int64_t i = thread_index(); i < H; i += thread_count()) sum += (x[i] - center) * (x[i] - center);
    return block_reduce<Sum>(sum);
}

template <int64_t H>
__device__ inline float row_mean(const float *x)
{
    float sum = 0.0f;
    for (int64_t i = thread_index(); i < H; i += thread_count()) sum += x[i];
    return block_reduce<Sum>(sum) / (float)H;
}

/* y = (x - center) * factor * gain + bias over a row; y may be x. */
template <int64_t H>
__device__ inline void write_norm(float *y, const float *x, const float *gain, const float *bias, float center,
                                  float factor)
{
    for (int64_t i = thread_index(); i < H; i += thread_count()) {
        float value = (x[i] - center) * factor;
        if (gain) value *= gain[i];
        if (bias) value += bias[i];
        y[i] = value;
    }
}

template <int64_t heads, int64_t H, int64_t ldx>
__global__ void layer_norm_rows(float *y, const float *x, const float *gain, const float *bias, int rows, float epsilon)
{
    for (int64_t unit = block_index(); unit < rows * heads; unit += block_count()) {
        int64_t column = unit % heads * H;
        const float *from = x + unit / heads * ldx + column;
        float mean = row_mean<H>(from);
        float variance = square_sum<H>(from, mean) / (float)H;
        write_norm<H>(y + unit * H, from, gain ? gain + column : nullptr, bias ? bias + column : nullptr, mean,
                      1.0f / sqrtf(variance + epsilon));
    }
}

template <int64_t heads, int64_t H, int64_t ldx>
__global__ void rms_norm_rows(float *y, const float *x, const float *gain, int rows, float epsilon)
{
    for (int64_t unit = block_index(); unit < rows * heads; unit += block_count()) {
        int64_t column = unit % heads * H;
        const float *from = x + unit / heads * ldx + column;
        float mean_square = square_sum<H>(from, 0.0f) / (float)H;
        write_norm<H>(y + unit * H, from, gain ? gain + column : nullptr, nullptr, 0.0f,
                      1.0f / sqrtf(mean_square + epsilon));
    }
}

/* y: [rows, heads, H]; x the same, stride ldx; gain and bias: [heads, H] or NULL */
template <int64_t heads, int64_t H, int64_t ldx>
void layer_norm(hf2c_stream *stream, float *y, const float *x, const float *gain, const float *bias, int rows,
                float epsilon)
{
    launch(stream, "layer_norm", rows * heads, layer_norm_rows<heads, H, ldx>, y, x, gain, bias, rows, epsilon);
}

template <int64_t heads, int64_t H, int64_t ldx>
void rms_norm(hf2c_stream *stream, float *y, const float *x, const float *gain, int rows, float epsilon)
{
    launch(stream, "rms_norm", rows * heads, rms_norm_rows<heads, H, ldx>, y, x, gain, rows, epsilon);
}

#endif
