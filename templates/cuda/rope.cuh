/* rope: rotary positions. The table is made once per call, the rotation runs for q and k of every layer. */
#ifndef HF2C_CUDA_ROPE_CUH
#define HF2C_CUDA_ROPE_CUH

#include "templates/cuda/portable.cuh"

template <int64_t half>
__global__ void rope_table_elements(float *y, const int32_t *positions, const float *frequencies, int rows,
                                    float magnitude)
{
    for (int64_t i = global_index(); i < rows * half; i += global_count()) {
        int64_t row = i / half, column = i % half;
        float angle = (float)positions[row] * frequencies[column];
        y[row * 2 * half + column] = magnitude * cosf(angle);
        y[row * 2 * half + half + column] = magnitude * sinf(angle);
    }
}

/* One thread rotates one pair, or copies one element behind the pairs: y may be x. */
template <int64_t heads, int64_t head_dim, int64_t rotary_dim, int64_t interleaved, int64_t ldx>
__global__ void rope_pairs(float *y, const float *x, const float *table, int rows)
{
    const int64_t half = rotary_dim / 2, units = half + head_dim - rotary_dim;
    for (int64_t i = global_index(); i < rows * heads * units; i += global_count()) {
        int64_t row = i / (heads * units), head = i / units % heads, unit = i % units;
        const float *from = x + row * ldx + head * head_dim;
        float *to = y + (row * heads + head) * head_dim;
        if (unit >= half) {
            to[half + unit] = from[half + unit];
            continue;
        }
        int64_t first = interleaved ? 2 * unit : unit, second = interleaved ? first + 1 : first + half;
        float a = from[first], b = from[second];
        float cosine = table[row * rotary_dim + unit], sine = table[row * rotary_dim + half + unit];
        to[first] = a * cosine - b * sine;
        to[second] = b * cosine + a * sine;
    }
}

/* y: [rows, 2 * half], cosines before sines; positions: [rows]; frequencies: [half] */
template <int64_t half>
void rope_table(hf2c_stream *stream, float *y, const int32_t *positions, const float *frequencies, int rows,
                float magnitude)
{
    launch_elements(stream, "rope_table", rows * half, rope_table_elements<half>, y, positions, frequencies, rows,
                    magnitude);
}

/* y: [rows, heads * head_dim]; x the same, stride ldx; table: [rows, rotary_dim] */
template <int64_t heads, int64_t head_dim, int64_t rotary_dim, int64_t interleaved, int64_t ldx>
void rope(hf2c_stream *stream, float *y, const float *x, const float *table, int rows)
{
    int64_t units = rows * heads * (head_dim - rotary_dim / 2);
    launch_elements(stream, "rope", units, rope_pairs<heads, head_dim, rotary_dim, interleaved, ldx>, y, x, table,
                    rows);
}

#endif
