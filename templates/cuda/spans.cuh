/* spans: attention among each `size` rows of a picture: all of it, or a window. One block per row and head. */
#ifndef HF2C_CUDA_SPANS_CUH
#define HF2C_CUDA_SPANS_CUH

#include "templates/cuda/attention.cuh"

template <int64_t heads, int64_t head_dim, int64_t size, int64_t groups, int64_t ldq, int64_t ldk, int64_t ldv>
__global__ void spans_heads(float *y, const float *q, const float *k, const float *v, const float *bias, int rows, float scale)
{
    __shared__ float weights[ATTENTION_TILE_KEYS];
    __shared__ float total[head_dim]; /* element d belongs to one thread */
    for (int64_t unit = block_index(); unit < rows * heads; unit += block_count()) {
        int64_t row = unit / heads, head = unit % heads, start = row / size * size;
        const float *own = bias ? bias + ((row / size % groups * heads + head) * size + row % size) * size : nullptr;
        RunningSoftmax running = {-INFINITY, 0.0f};
        for (int64_t d = thread_index(); d < head_dim; d += thread_count()) total[d] = 0.0f;
        for (int64_t first = 0; first < size; first += ATTENTION_TILE_KEYS) {
            int64_t keys = size - first < ATTENTION_TILE_KEYS ? size - first : ATTENTION_TILE_KEYS;
            for (int64_t j = thread_index(); j < keys; j += thread_count()) {
                const float *key = k + (start + first + j) * ldk + head * head_dim;
                weights[j] = attention_score<WEIGHT_f32, head_dim>(q + row * ldq + head * head_dim, key, scale, 0.0f) + (own ? own[first + j] : 0.0f);
            }
            float correction = weigh_tile(&running, weights, keys);
            for (int64_t d = thread_index(); d < head_dim; d += thread_count()) {
                float sum = total[d] * correction;
                for (int64_t j = 0; j < keys; j++) sum += weights[j] * v[(start + first + j) * ldv + head * head_dim + d];
                total[d] = sum;
            }
            block_barrier(); /* before the next tile's scores */
        }
        for (int64_t d = thread_index(); d < head_dim; d += thread_count()) y[unit * head_dim + d] = total[d] / running.sum;
    }
}

/* y: [rows, heads * head_dim]; q, k, v the same, strides ldq, ldk, ldv; bias: [groups, heads, size, size] or NULL */
template <int64_t heads, int64_t head_dim, int64_t size, int64_t groups, int64_t ldq, int64_t ldk, int64_t ldv>
void spans(hf2c_stream *stream, float *y, const float *q, const float *k, const float *v, const float *bias, int rows, float scale)
{
    launch(stream, "spans", rows * heads, spans_heads<heads, head_dim, size, groups, ldq, ldk, ldv>, y, q, k, v, bias, rows, scale);
}

#endif
