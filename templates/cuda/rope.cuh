/* rope: rotary positions. The table is made once per call, the rotation runs for q and k of every layer. */
#ifndef HF2C_CUDA_ROPE_CUH
#define HF2C_CUDA_ROPE_CUH

#include "templates/cuda/sequences.cuh"

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

/* Frequency i of a sequence of that many positions. */
template <int64_t half, int64_t original>
__device__ inline float frequency_by_length(const float *frequencies, const float *longer, int64_t i, int64_t length,
                                            float factor)
{
    if (length <= original) return frequencies[i];
    if (longer) return longer[i];
    double growth = (double)factor * (double)length / (double)original - ((double)factor - 1);
    return (float)(frequencies[i] * pow(growth, -(double)i / (double)(half - 1)));
}

template <int64_t half, int64_t original>
__global__ void rope_table_by_length_elements(float *y, const int32_t *positions, const float *frequencies,
                                              const hf2c_sequences *sequences, const float *longer, int rows,
                                              float magnitude, float factor)
{
    for (int64_t i = global_index(); i < rows * half; i += global_count()) {
        int64_t row = i / half, column = i % half;
        int s = sequence_of_row(sequences, row);
        int64_t length = past_of_sequence(sequences, s) + sequences->start[s + 1] - sequences->start[s];
        float f = frequency_by_length<half, original>(frequencies, longer, column, length, factor);
        float angle = (float)positions[row] * f;
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

/* As rope_table; sequences of more than original positions, what is cached included, turn by longer, or by factor. */
template <int64_t half, int64_t original>
void rope_table_by_length(hf2c_stream *stream, float *y, const int32_t *positions, const float *frequencies,
                          const hf2c_sequences *sequences, const float *longer, int rows, float magnitude, float factor)
{
    launch_elements(stream, "rope_table", rows * half, rope_table_by_length_elements<half, original>, y, positions,
                    frequencies, sequences, longer, rows, magnitude, factor);
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
