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
template <class Format, int64_t K, int64_t ldx, int64_t panel>
__device__ inline void multiply_rows(float *sums, const float *x, const void *w, int64_t n, int64_t rows)
{
    const typename Format::Element *elements = (const typename Format::Element *)w;
    for (int64_t r = 0; r < rows; r++) sums[r] = 0.0f;
    for (int64_t k = thread_index(); k < K; k += thread_count()) {
        float weight = Format::decode(elements[packed_index<K, panel>(n, k)]);
        for (int64_t r = 0; r < rows; r++) sums[r] += weight * x[r * ldx + k];
    }
    for (int64_t r = 0; r < rows; r++) sums[r] = block_reduce<Sum>(sums[r]);
}

template <class Format, int64_t K, int64_t N, int64_t ldx, int64_t ldr, int64_t panel, int64_t activation, int64_t gate>
__global__ void linear_tiles(float *y, const float *x, const void *w, const float *bias, const float *residual,
                             int rows, float value)
{
    constexpr int64_t function = gate ? gate : activation;
    const int64_t tiles = (rows + LINEAR_TILE_ROWS - 1) / LINEAR_TILE_ROWS;
    for (int64_t unit = block_index(); unit < tiles * N; unit += block_count()) {
        int64_t n = unit % N, first = unit / N * LINEAR_TILE_ROWS;
        int64_t count = rows - first < LINEAR_TILE_ROWS ? rows - first : LINEAR_TILE_ROWS;
        float sums[LINEAR_TILE_ROWS], up[LINEAR_TILE_ROWS];
        multiply_rows<Format, K, ldx, panel>(sums, x + first * ldx, w, packed_row<panel, gate>(n, 0), count);
        if (gate) multiply_rows<Format, K, ldx, panel>(up, x + first * ldx, w, packed_row<panel, gate>(n, 1), count);
        for (int64_t r = thread_index(); r < count; r += thread_count()) {
            float result = apply_unary<function>(sums[r] + (bias ? bias[n] : 0.0f), value);
            if (gate) result *= up[r] + (bias ? bias[N + n] : 0.0f);
            if (residual) result += residual[(first + r) * ldr + n];
            y[(first + r) * N + n] = result;
        }
    }
}

#define LINEAR(name, Format)                                                                                           \
    /* y: [rows, N]; x: [rows, K], stride ldx; w: [N, K], with a gate [2N, K]; bias: [N] or [2N], or NULL;             \
     * residual: [rows, N], stride ldr, or NULL; it may be y */                                                        \
    template <int64_t K, int64_t N, int64_t ldx, int64_t ldr, int64_t panel, int64_t activation, int64_t gate>         \
    void name(hf2c_stream *stream, float *y, const float *x, const void *w, const float *bias, const float *residual,  \
              int rows, float value)                                                                                   \
    {                                                                                                                  \
        int64_t blocks = (rows + LINEAR_TILE_ROWS - 1) / LINEAR_TILE_ROWS * N;                                         \
        launch(stream, #name, blocks, linear_tiles<Format, K, N, ldx, ldr, panel, activation, gate>, y, x, w, bias,    \
               residual, rows, value);                                                                                 \
    }
LINEAR(linear_f32, FormatF32)
LINEAR(linear_bf16, FormatBf16)
LINEAR(linear_f16, FormatF16)
#undef LINEAR

#endif
