/* linear: y = activation(x W' + bias) + residual, and with a gate y = gate(x Wg' + bg) * (x Wu' + bu) + residual.
 *
 * A block makes one column of y for a tile of rows: its threads stride over k, so that each weight is read and decoded
 * once per tile. The order of additions depends on K and the block alone: a row gives the same bits in every batch. */
#ifndef HF2C_CUDA_LINEAR_CUH
#define HF2C_CUDA_LINEAR_CUH

#include "templates/cuda/elementwise.cuh"
#include "templates/cuda/format.cuh"
#include "templates/cuda/reduce.cuh"

inline constexpr int64_t LINEAR_TILE_ROWS = 8;

/* Which packed row holds column n of y: with a gate, panels of gate (part 0) and up (part 1) alternate. */
template <int64_t panel, int64_t gate>
__device__ inline int64_t packed_row(int64_t n, int64_t part)
{
    return gate ? (n / panel * 2 + part) * panel + n % panel : n;
}

/* sums[r] = x[r] . w[n] for `rows` <= LINEAR_TILE_ROWS rows, for every thread. */
template <class Rows, class W>
__device__ inline void multiply_rows(float *sums, const Rows &x, const W &w, int64_t K, int64_t n, int64_t first, int64_t rows)
{
    for (int64_t r = 0; r < rows; r++) sums[r] = 0.0f;
    for (int64_t k = thread_index(); k < K; k += thread_count()) {
        float weight = x.weight(w.value(n, k));
        for (int64_t r = 0; r < rows; r++) sums[r] += weight * x.value(first + r, k);
    }
    for (int64_t r = 0; r < rows; r++) sums[r] = x.scale(first + r) * block_reduce<Sum>(sums[r]);
}

/* Rows of activations; others are in linear_dot.cuh. */
template <int64_t K, int64_t ldx>
struct RowsF32 {
    const void *x;
    __device__ float value(int64_t r, int64_t k) const { return ((const float *)x)[r * ldx + k]; }
    __device__ float scale(int64_t) const { return 1.0f; }
    __device__ float weight(float w) const { return w; }
};

template <int format, template <int64_t, int64_t> class Rows, int64_t K, int64_t N, int64_t ldx, int64_t ldr, int64_t panel, int64_t block,
          int64_t activation, int64_t gate>
__global__ void linear_tiles(float *y, const void *inputs, const void *weights, const float *bias, const float *residual,
                             int rows, float value)
{
    constexpr int64_t function = gate ? gate : activation;
    const int64_t tiles = (rows + LINEAR_TILE_ROWS - 1) / LINEAR_TILE_ROWS;
    const Weight<format, gate ? 2 * N : N, K, panel, block> w = {weights};
    const Rows<K, ldx> x = {inputs};
    for (int64_t unit = block_index(); unit < tiles * N; unit += block_count()) {
        int64_t n = unit % N, first = unit / N * LINEAR_TILE_ROWS;
        int64_t count = rows - first < LINEAR_TILE_ROWS ? rows - first : LINEAR_TILE_ROWS;
        float sums[LINEAR_TILE_ROWS], up[LINEAR_TILE_ROWS];
        multiply_rows(sums, x, w, K, packed_row<panel, gate>(n, 0), first, count);
        if (gate) multiply_rows(up, x, w, K, packed_row<panel, gate>(n, 1), first, count);
        for (int64_t r = thread_index(); r < count; r += thread_count()) {
            float result = apply_unary<function>(sums[r] + (bias ? bias[n] : 0.0f), value);
            if (gate) result *= up[r] + (bias ? bias[N + n] : 0.0f);
            if (residual) result += residual[(first + r) * ldr + n];
            y[(first + r) * N + n] = result;
        }
    }
}

#define LINEAR(name, weights, Input, Rows)                                                                             \
    /* y: [rows, N]; x: [rows, K], stride ldx; w: [N, K], with a gate [2N, K]; bias: [N] or [2N], or NULL;             \
     * residual: [rows, N], stride ldr, or NULL; it may be y */                                                        \
    template <int64_t K, int64_t N, int64_t ldx, int64_t ldr, int64_t panel, int64_t block, int64_t activation,        \
              int64_t gate>                                                                                            \
    void name(hf2c_stream *stream, float *y, const Input *x, const void *w, const float *bias, const float *residual,  \
              int rows, float value)                                                                                   \
    {                                                                                                                  \
        int64_t blocks = (rows + LINEAR_TILE_ROWS - 1) / LINEAR_TILE_ROWS * N;                                         \
        launch(stream, #name, blocks,                                                                                  \
               linear_tiles<WEIGHT_##weights, Rows, K, N, ldx, ldr, panel, block, activation, gate>, y,                \
               (const void *)x, w, bias, residual, rows, value);                                                       \
    }
#define FORMAT(name, bits, own_block, parameters, group, cut, text) LINEAR(linear_##name, name, float, RowsF32)
#include "templates/format/formats.def"

#endif
