/* experts, combine: the few experts that p, [rows, E], gives a row a weight other than 0, in the order of their numbers. One block
 * makes one column of one row: its threads stride over k. */
#ifndef HF2C_CUDA_EXPERTS_CUH
#define HF2C_CUDA_EXPERTS_CUH

#include "templates/cuda/elementwise.cuh"
#include "templates/cuda/format.cuh"
#include "templates/cuda/reduce.cuh"

/* The expert in a row's slot; -1: the row has fewer. */
template <int64_t E>
__device__ inline int64_t expert_of_slot(const float *p, int64_t slot)
{
    for (int64_t e = 0; e < E; e++)
        if (p[e] != 0.0f && slot-- == 0) return e;
    return -1;
}

/* Row n of the weight times x, for every thread. */
template <class W>
__device__ inline float multiply_expert(const float *x, const W &w, int64_t K, int64_t n)
{
    float sum = 0.0f;
    for (int64_t k = thread_index(); k < K; k += thread_count()) sum += w.value(n, k) * x[k];
    return block_reduce<Sum>(sum);
}

template <int format, int64_t E, int64_t K, int64_t N, int64_t active, int64_t ldx, int64_t ldp, int64_t block, int64_t gate>
__global__ void experts_columns(float *y, const float *x, const float *p, const void *weights, const float *bias, int rows,
                                float value, float limit, float shift)
{
    const Weight<format, E * 2 * N, K, 1, block> w = {weights};
    for (int64_t unit = block_index(); unit < rows * active * N; unit += block_count()) {
        int64_t row = unit / (active * N), n = unit % N, e = expert_of_slot<E>(p + row * ldp, unit / N % active);
        if (e < 0) {
            if (thread_index() == 0) y[unit] = 0.0f;
            continue;
        }
        int64_t first = 2 * e * N + n, second = first + N;
        float g = multiply_expert(x + row * ldx, w, K, first) + (bias ? bias[first] : 0.0f);
        float up = multiply_expert(x + row * ldx, w, K, second) + (bias ? bias[second] : 0.0f);
        if (limit > 0.0f) {
            g = g > limit ? limit : g;
            up = up > limit ? limit : up < -limit ? -limit : up;
        }
        if (thread_index() == 0) y[unit] = apply_unary<gate>(g, value) * (up + shift);
    }
}

template <int format, int64_t E, int64_t K, int64_t N, int64_t active, int64_t ldx, int64_t ldp, int64_t block>
__global__ void combine_columns(float *y, const float *x, const float *p, const void *weights, const float *bias, int rows)
{
    const Weight<format, E * N, K, 1, block> w = {weights};
    for (int64_t unit = block_index(); unit < rows * N; unit += block_count()) {
        int64_t row = unit / N, n = unit % N;
        float total = 0.0f;
        for (int64_t slot = 0; slot < active; slot++) {
            int64_t e = expert_of_slot<E>(p + row * ldp, slot);
            if (e < 0) break;
            float sum = multiply_expert(x + row * ldx + slot * K, w, K, e * N + n);
            total += p[row * ldp + e] * (bias ? sum + bias[e * N + n] : sum);
        }
        if (thread_index() == 0) y[unit] = total;
    }
}

#define FORMAT(name, bits, own_block, parameters, group, cut, text)                                                    \
    /* y: [rows, active, N]; x: [rows, K], stride ldx; p: [rows, E], stride ldp; w: [E, gate and up, N, K]; bias:      \
     * [E, 2 N] or NULL */                                                                                             \
    template <int64_t E, int64_t K, int64_t N, int64_t active, int64_t ldx, int64_t ldp, int64_t block, int64_t gate>  \
    void experts_##name(hf2c_stream *stream, float *y, const float *x, const float *p, const void *w,                  \
                        const float *bias, int rows, float value, float limit, float shift)                            \
    {                                                                                                                  \
        launch(stream, "experts", rows * active * N,                                                                   \
               experts_columns<WEIGHT_##name, E, K, N, active, ldx, ldp, block, gate>, y, x, p, w, bias, rows, value,  \
               limit, shift);                                                                                          \
    }                                                                                                                  \
    /* y: [rows, N]; x: [rows, active, K]; w: [E, N, K]; bias: [E, N] or NULL */                                       \
    template <int64_t E, int64_t K, int64_t N, int64_t active, int64_t ldx, int64_t ldp, int64_t block>                \
    void combine_##name(hf2c_stream *stream, float *y, const float *x, const float *p, const void *w,                  \
                        const float *bias, int rows)                                                                   \
    {                                                                                                                  \
        launch(stream, "combine", rows * N, combine_columns<WEIGHT_##name, E, K, N, active, ldx, ldp, block>, y, x, p, \
               w, bias, rows);                                                                                         \
    }
#include "templates/format/formats.def"

#endif
