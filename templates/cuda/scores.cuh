/* scores: the three steps of attention one by one. p: [rows, heads, keys]; key j of a row is key j of its sequence. */
#ifndef HF2C_CUDA_SCORES_CUH
#define HF2C_CUDA_SCORES_CUH

#include "templates/cuda/reduce.cuh"
#include "templates/cuda/sequences.cuh"

/* cap(scale q k') for one head of one query and one key, a row of the format; softcap 0: no cap */
template <int format, int64_t head_dim>
__device__ inline float attention_score(const float *q, const void *k, float scale, float softcap)
{
    float sum = 0.0f;
    for (int64_t d = 0; d < head_dim; d++) sum += q[d] * row_value(format, k, head_dim, d);
    sum *= scale;
    return softcap > 0.0f ? softcap * tanhf(sum / softcap) : sum;
}

/* What is added to the score of a key; both positions are those in the sequence. */
template <int64_t D, int64_t origin>
__device__ inline float attention_bias(const float *bias, int64_t head, int64_t key, int64_t query)
{
    if (!bias) return 0.0f;
    int64_t at = origin == BIAS_BY_KEY ? key : key - query + origin;
    return bias[head * D + (at < 0 ? 0 : at < D ? at : D - 1)];
}

template <int format, int64_t heads, int64_t kv_heads, int64_t head_dim, int64_t ldq, int64_t ldk, int64_t keys, int64_t cached,
          int64_t causal, int64_t window, int64_t D, int64_t origin>
__global__ void scores_elements(float *p, const float *q, const void *k, const hf2c_sequences *sequences,
                                const float *bias, int rows, float scale, float softcap)
{
    for (int64_t i = global_index(); i < rows * heads * keys; i += global_count()) {
        int64_t row = i / (heads * keys), head = i / keys % heads, key = i % keys;
        Sight sight = sight_of_row<cached, causal, window>(sequences, row);
        if (key < sight.first || key >= sight.end) {
            p[i] = -INFINITY;
            continue;
        }
        const void *from = key_row<format, cached, head_dim, ldk>(k, sight, key, head / (heads / kv_heads));
        p[i] = attention_score<format, head_dim>(q + row * ldq + head * head_dim, from, scale, softcap) +
               attention_bias<D, origin>(bias, head, key, sight.position);
    }
}

/* One block per row and group. What is -infinity everywhere becomes 0 everywhere: a row that sees nothing. */
template <int64_t groups, int64_t H>
__global__ void softmax_groups(float *y, const float *x, const float *sinks, int64_t count)
{
    for (int64_t group = block_index(); group < count; group += block_count()) {
        const float *from = x + group * H;
        float sink = sinks ? sinks[group % groups] : -INFINITY, maximum = sink, sum = 0.0f;
        for (int64_t i = thread_index(); i < H; i += thread_count()) maximum = Maximum::combine(maximum, from[i]);
        maximum = block_reduce<Maximum>(maximum);
        float center = maximum == -INFINITY ? 0.0f : maximum;
        for (int64_t i = thread_index(); i < H; i += thread_count()) sum += expf(from[i] - center);
        sum = block_reduce<Sum>(sum);
        if (sinks) sum += expf(sink - center);
        float factor = sum == 0.0f ? 0.0f : 1.0f / sum;
        for (int64_t i = thread_index(); i < H; i += thread_count()) y[group * H + i] = expf(from[i] - center) * factor;
    }
}

/* Keys behind the sequence's last are not read: their memory may hold anything. */
template <int format, int64_t heads, int64_t kv_heads, int64_t head_dim, int64_t keys, int64_t ldv, int64_t cached>
__global__ void mix_elements(float *y, const float *p, const void *v, const hf2c_sequences *sequences, int rows)
{
    for (int64_t i = global_index(); i < rows * heads * head_dim; i += global_count()) {
        int64_t row = i / (heads * head_dim), head = i / head_dim % heads, d = i % head_dim;
        Sight sight = sight_of_row<cached, 0, 0>(sequences, row);
        int64_t kv = head / (heads / kv_heads);
        const float *weights = p + (row * heads + head) * keys;
        float sum = 0.0f;
        for (int64_t key = 0; key < sight.length && key < keys; key++)
            sum += weights[key] * row_value(format, key_row<format, cached, head_dim, ldv>(v, sight, key, kv), head_dim, d);
        y[i] = sum;
    }
}

/* p: [rows, heads, keys], -infinity where masked; q: [rows, heads * head_dim], stride ldq; k: [., kv_heads * head_dim],
 * stride ldk, rows of this call; or the cache's tensor in slot 0, [kv_heads, ldk, head_dim]; bias: [heads, D] or NULL */
#define CACHE(format, suffix)                                                                                                   \
    template <int64_t heads, int64_t kv_heads, int64_t head_dim, int64_t ldq, int64_t ldk, int64_t keys, int64_t cached,        \
              int64_t causal, int64_t window, int64_t D, int64_t origin>                                                        \
    void scores##suffix(hf2c_stream *stream, float *p, const float *q, const void *k, const hf2c_sequences *sequences,          \
                        const float *bias, int rows, float scale, float softcap)                                                \
    {                                                                                                                           \
        launch_elements(stream, "scores", rows * heads * keys,                                                                  \
                        scores_elements<WEIGHT_##format, heads, kv_heads, head_dim, ldq, ldk, keys, cached, causal, window, D,  \
                                        origin>,                                                                                \
                        p, q, k, sequences, bias, rows, scale, softcap);                                                        \
    }
#include "templates/format/caches.def"

/* y, x: [rows, groups, H]; sinks: [groups] or NULL */
template <int64_t groups, int64_t H>
void softmax(hf2c_stream *stream, float *y, const float *x, const float *sinks, int rows)
{
    launch(stream, "softmax", rows * groups, softmax_groups<groups, H>, y, x, sinks, rows * groups);
}

/* y: [rows, heads * head_dim]; p: [rows, heads, keys]; v as k of scores */
#define CACHE(format, suffix)                                                                                                   \
    template <int64_t heads, int64_t kv_heads, int64_t head_dim, int64_t keys, int64_t ldv, int64_t cached>                     \
    void mix##suffix(hf2c_stream *stream, float *y, const float *p, const void *v, const hf2c_sequences *sequences, int rows)   \
    {                                                                                                                           \
        launch_elements(stream, "mix", rows * heads * head_dim,                                                                 \
                        mix_elements<WEIGHT_##format, heads, kv_heads, head_dim, keys, ldv, cached>, y, p, v, sequences, rows); \
    }
#include "templates/format/caches.def"

#endif
