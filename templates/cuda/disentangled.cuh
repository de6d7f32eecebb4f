/* disentangled: attention whose scores also hold query times position of the key and key times position of the query; one block per
 * row and head, tiles of keys with a running maximum and sum, as attention. */
#ifndef HF2C_CUDA_DISENTANGLED_CUH
#define HF2C_CUDA_DISENTANGLED_CUH

#include "templates/cuda/attention.cuh"

/* The two tables of positions, one head's columns; either may be NULL. */
struct PositionTables {
    const float *buckets, *keys, *queries;
};

template <int64_t head_dim, int64_t width, int64_t D, int64_t origin>
__device__ inline float disentangled_score(const float *q, const float *k, const PositionTables &tables, int64_t distance)
{
    int64_t at = distance + origin;
    int64_t row = (int64_t)tables.buckets[at < 0 ? 0 : at < D ? at : D - 1] * width;
    float sum = 0.0f;
    for (int64_t d = 0; d < head_dim; d++) {
        sum += q[d] * (tables.keys ? k[d] + tables.keys[row + d] : k[d]);
        if (tables.queries) sum += k[d] * tables.queries[row + d];
    }
    return sum;
}

template <int64_t heads, int64_t head_dim, int64_t ldq, int64_t ldk, int64_t ldv, int64_t D, int64_t origin>
__global__ void disentangled_heads(float *y, const float *q, const float *k, const float *v, const hf2c_sequences *sequences,
                                   const float *buckets, const float *position_keys, const float *position_queries, int rows,
                                   float scale)
{
    constexpr int64_t width = heads * head_dim;
    __shared__ float weights[ATTENTION_TILE_KEYS];
    __shared__ float total[head_dim]; /* element d belongs to one thread */
    for (int64_t unit = block_index(); unit < rows * heads; unit += block_count()) {
        int64_t row = unit / heads, column = unit % heads * head_dim;
        const PositionTables tables = {buckets, position_keys ? position_keys + column : NULL,
                                       position_queries ? position_queries + column : NULL};
        Sight sight = sight_of_row<0, 0, 0>(sequences, row);
        RunningSoftmax running = {-INFINITY, 0.0f};
        for (int64_t d = thread_index(); d < head_dim; d += thread_count()) total[d] = 0.0f;
        for (int64_t first = 0; first < sight.end; first += ATTENTION_TILE_KEYS) {
            int64_t keys = sight.end - first < ATTENTION_TILE_KEYS ? sight.end - first : ATTENTION_TILE_KEYS;
            for (int64_t j = thread_index(); j < keys; j += thread_count())
                weights[j] = scale * disentangled_score<head_dim, width, D, origin>(
                                         q + row * ldq + column, k + (sight.row + first + j) * ldk + column, tables,
                                         sight.position - first - j);
            float correction = weigh_tile(&running, weights, keys);
            for (int64_t d = thread_index(); d < head_dim; d += thread_count()) {
                float sum = total[d] * correction;
                for (int64_t j = 0; j < keys; j++) sum += weights[j] * v[(sight.row + first + j) * ldv + column + d];
                total[d] = sum;
            }
            block_barrier(); /* before the next tile's scores */
        }
        for (int64_t d = thread_index(); d < head_dim; d += thread_count()) y[unit * head_dim + d] = total[d] / running.sum;
    }
}

/* y: [rows, heads * head_dim]; buckets: [D], a row of the tables for each distance of query and key from -origin on; tables: [., heads *
 * head_dim], either NULL */
template <int64_t heads, int64_t head_dim, int64_t ldq, int64_t ldk, int64_t ldv, int64_t D, int64_t origin>
void disentangled(hf2c_stream *stream, float *y, const float *q, const float *k, const float *v, const hf2c_sequences *sequences,
                  const float *buckets, const float *position_keys, const float *position_queries, int rows, float scale)
{
    launch(stream, "disentangled", rows * heads, disentangled_heads<heads, head_dim, ldq, ldk, ldv, D, origin>, y, q, k, v, sequences,
           buckets, position_keys, position_queries, rows, scale);
}

#endif
