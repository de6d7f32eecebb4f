/* spread, collect, sound_norm: sounds of any length in whole pieces, which their samples take up one sound after another. */
#ifndef HF2C_CUDA_SOUND_CUH
#define HF2C_CUDA_SOUND_CUH

#include "templates/cuda/sequences.cuh"

/* Pieces of all sounds before that of a sequence. */
template <int64_t size>
__device__ inline int64_t pieces_before(const hf2c_sequences *sequences, int sequence)
{
    int64_t pieces = 0;
    for (int s = 0; s < sequence; s++) pieces += pieces_of_sequence(sequences, s, (int)size);
    return pieces;
}

template <int64_t size>
__global__ void spread_elements(float *y, const float *x, const hf2c_sequences *sequences, int pieces)
{
    for (int64_t i = global_index(); i < pieces * size; i += global_count()) {
        int64_t at = i;
        int s = 0;
        for (; at >= pieces_of_sequence(sequences, s, (int)size) * size; s++) at -= pieces_of_sequence(sequences, s, (int)size) * size;
        y[i] = at < sequences->samples[s + 1] - sequences->samples[s] ? x[sequences->samples[s] + at] : 0.0f;
    }
}

/* y: [pieces * size]; x: the samples of all sounds */
template <int64_t size>
void spread(hf2c_stream *stream, float *y, const float *x, const hf2c_sequences *sequences, int pieces)
{
    launch_elements(stream, "spread", pieces * size, spread_elements<size>, y, x, sequences, pieces);
}

template <int64_t H, int64_t ldx, int64_t size>
__global__ void collect_elements(float *y, const float *x, const hf2c_sequences *sequences, int rows)
{
    for (int64_t i = global_index(); i < rows * H; i += global_count()) {
        int s = sequence_of_row(sequences, i / H);
        y[i] = x[(pieces_before<size>(sequences, s) + i / H - sequences->start[s]) * ldx + i % H];
    }
}

/* y: [rows, H]; x: [pieces, H], stride ldx */
template <int64_t H, int64_t ldx, int64_t size>
void collect(hf2c_stream *stream, float *y, const float *x, const hf2c_sequences *sequences, int rows)
{
    launch_elements(stream, "collect", rows * H, collect_elements<H, ldx, size>, y, x, sequences, rows);
}

/* Sum over rows of (x - mean)^power, power 1 or 2; sums of parts are added. */
template <int64_t ldx, int power>
__device__ inline float sound_sum(const float *x, float mean, int64_t rows)
{
    float sum = 0.0f;
    for (int64_t first = 0; first < rows; first += 128) {
        float part = 0.0f;
        for (int64_t r = first; r < rows && r < first + 128; r++)
            part += power == 2 ? (x[r * ldx] - mean) * (x[r * ldx] - mean) : x[r * ldx] - mean;
        sum += part;
    }
    return sum;
}

template <int64_t H, int64_t ldx, int64_t rows, int64_t size, int64_t stride>
__global__ void sound_norm_columns(float *y, const float *x, const hf2c_sequences *sequences, const float *gain, const float *bias,
                                   float epsilon)
{
    for (int64_t i = global_index(); i < sequences->count * H; i += global_count()) {
        int s = (int)(i / H);
        int64_t column = i % H, samples = sequences->samples[s + 1] - sequences->samples[s];
        int64_t count = samples < size ? 0 : (samples - size) / stride + 1, all = pieces_of_sequence(sequences, s, (int)(rows * stride)) * rows;
        int64_t before = pieces_before<rows * stride>(sequences, s) * rows;
        const float *from = x + before * ldx + column;
        float mean = sound_sum<ldx, 1>(from, 0.0f, count) / (float)count;
        float variance = sound_sum<ldx, 2>(from, mean, count) / (float)count;
        float scale = gain[column] / sqrtf(variance + epsilon), offset = bias[column] - mean * scale;
        for (int64_t r = 0; r < all; r++) y[(before + r) * H + column] = r < count ? from[r * ldx] * scale + offset : 0.0f;
    }
}

/* y: [pieces * rows, H]; x: the same, stride ldx; a row of x is made of `size` samples, `stride` behind those of the row before */
template <int64_t H, int64_t ldx, int64_t rows, int64_t size, int64_t stride>
void sound_norm(hf2c_stream *stream, float *y, const float *x, const hf2c_sequences *sequences, const float *gain, const float *bias, int pieces,
                float epsilon)
{
    launch_elements(stream, "sound_norm", pieces * H, sound_norm_columns<H, ldx, rows, size, stride>, y, x, sequences, gain, bias, epsilon);
}

#endif
