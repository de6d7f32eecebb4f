/* convolve, scan: sums over the rows of a sequence so far, with a state that goes on from call to call. One thread runs through the
 * rows of a sequence for one column, or for one element of one head. */
#ifndef HF2C_CUDA_SCAN_CUH
#define HF2C_CUDA_SCAN_CUH

#include "templates/cuda/sequences.cuh"

template <int64_t C, int64_t ldx, int64_t size>
__global__ void convolve_columns(float *y, const float *x, const float *w, const hf2c_sequences *sequences, const float *bias,
                                 float *state, int count)
{
    for (int64_t unit = global_index(); unit < count * C; unit += global_count()) {
        int sequence = (int)(unit / C);
        int64_t column = unit % C, start = sequences->start[sequence], end = sequences->start[sequence + 1];
        float *slot = state ? state + slot_offset(sequences, sequence) / (int64_t)sizeof(float) + column : NULL;
        float kept[size]; /* the last `size` rows, the newest last */
        bool past = slot && past_of_sequence(sequences, sequence) > 0;
        for (int64_t t = 0; t < size; t++) kept[t] = t > 0 && past ? slot[(t - 1) * C] : 0.0f;
        for (int64_t row = start; row < end; row++) {
            float sum = bias ? bias[column] : 0.0f;
            for (int64_t t = 0; t < size; t++) {
                kept[t] = t + 1 < size ? kept[t + 1] : x[row * ldx + column];
                sum += w[column * size + t] * kept[t];
            }
            y[row * C + column] = sum;
        }
        for (int64_t t = 1; slot && t < size; t++) slot[(t - 1) * C] = kept[t];
    }
}

/* y: [rows, C]; x the same, stride ldx; w: [C, size]; bias: [C] or NULL; state: that of slot 0, [size - 1, C], or NULL */
template <int64_t C, int64_t ldx, int64_t size>
void convolve(hf2c_stream *stream, float *y, const float *x, const float *w, const hf2c_sequences *sequences, const float *bias,
              float *state, int count)
{
    launch_elements(stream, "convolve", count * C, convolve_columns<C, ldx, size>, y, x, w, sequences, bias, state, count);
}

/* softplus, within the limits; limit 0: none */
__device__ inline float scan_step(float x, float least, float limit)
{
    float step = x > 20.0f ? x : log1pf(expf(x));
    step = step < least ? least : step;
    return limit > 0.0f && step > limit ? limit : step;
}

template <int64_t heads, int64_t head_dim, int64_t size, int64_t groups, int64_t decays, int64_t ldx, int64_t lds, int64_t ldbc>
__global__ void scan_elements(float *y, const float *x, const float *step, const float *bc, const float *decay,
                              const hf2c_sequences *sequences, float *state, int count, float least, float limit)
{
    constexpr int64_t width = heads * head_dim;
    for (int64_t unit = global_index(); unit < count * width; unit += global_count()) {
        int sequence = (int)(unit / width);
        int64_t column = unit % width, head = column / head_dim;
        float h[size], *slot = state ? state + slot_offset(sequences, sequence) / (int64_t)sizeof(float) + column * size : NULL;
        bool past = slot && past_of_sequence(sequences, sequence) > 0;
        for (int64_t n = 0; n < size; n++) h[n] = past ? slot[n] : 0.0f;
        for (int64_t row = sequences->start[sequence]; row < sequences->start[sequence + 1]; row++) {
            const float *b = bc + row * ldbc + head / (heads / groups) * size, *c = b + groups * size;
            float d = scan_step(step[row * lds + head], least, limit), sum = 0.0f;
            for (int64_t n = 0; n < size; n++) {
                h[n] = h[n] * expf(d * decay[head * decays + (decays > 1 ? n : 0)]) + d * x[row * ldx + column] * b[n];
                sum += h[n] * c[n];
            }
            y[row * width + column] = sum;
        }
        for (int64_t n = 0; slot && n < size; n++) slot[n] = h[n];
    }
}

/* y: [rows, heads, head_dim]; x the same, stride ldx; step: [rows, heads], stride lds; bc: [rows, b and c, groups, size], stride
 * ldbc; decay: [heads, decays]; state: that of slot 0, [heads, head_dim, size], or NULL */
template <int64_t heads, int64_t head_dim, int64_t size, int64_t groups, int64_t decays, int64_t ldx, int64_t lds, int64_t ldbc>
void scan(hf2c_stream *stream, float *y, const float *x, const float *step, const float *bc, const float *decay,
          const hf2c_sequences *sequences, float *state, int count, float least, float limit)
{
    launch_elements(stream, "scan", count * heads * head_dim,
                    scan_elements<heads, head_dim, size, groups, decays, ldx, lds, ldbc>, y, x, step, bc, decay, sequences, state,
                    count, least, limit);
}

#endif
