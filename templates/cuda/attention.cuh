/* attention: y = softmax(mask(cap(scale q k'))) v without ever holding all scores: one block per row and head walks
 * over the keys that the row sees, a tile at a time, and keeps a running maximum and sum. A row that sees no key gives
 * zeros. */
#ifndef HF2C_CUDA_ATTENTION_CUH
#define HF2C_CUDA_ATTENTION_CUH

#include "templates/cuda/scores.cuh"

inline constexpr int64_t ATTENTION_TILE_KEYS = 128;

/* What a block knows of its query after some tiles; the same in every thread. */
struct RunningSoftmax {
    float maximum; /* of all scores so far */
    float sum;     /* of exp(score - maximum) */
};

/* Turns a tile's scores into weights exp(score - maximum), and returns what earlier sums must be multiplied by. */
__device__ inline float weigh_tile(RunningSoftmax *running, float *scores, int64_t keys)
{
    float maximum = running->maximum, sum = 0.0f;
    for (int64_t j = thread_index(); j < keys; j += thread_count()) maximum = Maximum::combine(maximum, scores[j]);
    maximum = block_reduce<Maximum>(maximum);
    for (int64_t j = thread_index(); j < keys; j += thread_count()) {
        scores[j] = expf(scores[j] - maximum);
        sum += scores[j];
    }
    float correction = expf(running->maximum - maximum);
    running->sum = running->sum * correction + block_reduce<Sum>(sum);
    running->maximum = maximum;
    return correction;
}

template <int format, int64_t heads, int64_t kv_heads, int64_t head_dim, int64_t ldq, int64_t ldk, int64_t ldv, int64_t cached,
          int64_t causal, int64_t window, int64_t D, int64_t origin, int64_t v_head_dim>
__global__ void attention_heads(float *y, const float *q, const void *k, const void *v,
                                const hf2c_sequences *sequences, const float *bias, const float *sinks, int rows,
                                float scale, float softcap)
{
    __shared__ float weights[ATTENTION_TILE_KEYS];
    __shared__ float total[v_head_dim]; /* element d belongs to one thread */
    for (int64_t unit = block_index(); unit < rows * heads; unit += block_count()) {
        int64_t row = unit / heads, head = unit % heads, kv = head / (heads / kv_heads);
        const float *query = q + row * ldq + head * head_dim;
        Sight sight = sight_of_row<cached, causal, window>(sequences, row);
        RunningSoftmax running = {sinks ? sinks[head] : -INFINITY, sinks ? 1.0f : 0.0f};
        for (int64_t d = thread_index(); d < v_head_dim; d += thread_count()) total[d] = 0.0f;
        for (int64_t first = sight.first; first < sight.end; first += ATTENTION_TILE_KEYS) {
            int64_t keys = sight.end - first < ATTENTION_TILE_KEYS ? sight.end - first : ATTENTION_TILE_KEYS;
            for (int64_t j = thread_index(); j < keys; j += thread_count()) {
                const void *key = key_row<format, cached, head_dim, ldk>(k, sight, first + j, kv);
                weights[j] = attention_score<format, head_dim>(query, key, scale, softcap) +
                             attention_bias<D, origin>(bias, head, first + j, sight.position);
            }
            float correction = weigh_tile(&running, weights, keys);
            for (int64_t d = thread_index(); d < v_head_dim; d += thread_count()) {
                float sum = total[d] * correction;
                for (int64_t j = 0; j < keys; j++)
                    sum += weights[j] * row_value(format, key_row<format, cached, v_head_dim, ldv>(v, sight, first + j, kv), v_head_dim, d);
                total[d] = sum;
            }
            block_barrier(); /* before the next tile's scores */
        }
        for (int64_t d = thread_index(); d < v_head_dim; d += thread_count())
            y[unit * v_head_dim + d] = running.sum == 0.0f ? 0.0f : total[d] / running.sum;
    }
}

/* y: [rows, heads * v_head_dim]; q: [rows, heads * head_dim], stride ldq; k, v: [., kv_heads * head_dim and v_head_dim],
 * strides ldk and ldv, rows of this call; or the cache's tensors in slot 0, [kv_heads, ldk or ldv, .]; bias: [heads, D] or NULL;
 * sinks: [heads] or NULL; room is for kernels that need memory */
#define CACHE(format, suffix)                                                                                                   \
    template <int64_t heads, int64_t kv_heads, int64_t head_dim, int64_t ldq, int64_t ldk, int64_t ldv, int64_t cached,         \
              int64_t causal, int64_t window, int64_t D, int64_t origin, int64_t v_head_dim, int64_t room = 0>                  \
    void attention##suffix(hf2c_stream *stream, float *y, const float *q, const void *k, const void *v,                         \
                           const hf2c_sequences *sequences, const float *bias, const float *sinks, int rows, float scale,       \
                           float softcap)                                                                                       \
    {                                                                                                                           \
        launch(stream, "attention", rows * heads,                                                                               \
               attention_heads<WEIGHT_##format, heads, kv_heads, head_dim, ldq, ldk, ldv, cached, causal, window, D, origin,    \
                               v_head_dim>,                                                                                     \
               y, q, k, v, sequences, bias, sinks, rows, scale, softcap);                                                       \
    }
#include "templates/format/caches.def"

#endif
