/* quantize: rows of activations in narrower numbers, the same bytes as the CPU's. */
#ifndef HF2C_CUDA_QUANTIZE_CUH
#define HF2C_CUDA_QUANTIZE_CUH

#include "templates/cuda/format.cuh"
#include "templates/cuda/reduce.cuh"

/* A block makes a row. */
template <int64_t K, int64_t ldx>
__global__ void quantize_rows(char *y, const float *x, int rows)
{
    for (int64_t r = block_index(); r < rows; r += block_count()) {
        const float *from = x + r * ldx;
        char *row = y + r * (int64_t)a8_row_bytes(K);
        float most = 0.0f, nothing = 0.0f;
        for (int64_t k = thread_index(); k < K; k += thread_count()) {
            most = fabsf(from[k]) > most ? fabsf(from[k]) : most;
            nothing += from[k] * 0.0f;
        }
        float largest = block_reduce<Maximum>(most) + block_reduce<Sum>(nothing), inverse = A8_LARGEST / largest;
        if (!(inverse <= 3.4028234664e38f)) inverse = 0.0f;
        int32_t *starts = (int32_t *)(void *)(row + a8_starts(K));
        for (int64_t part = thread_index(); part < (int64_t)a8_columns(K) / A8_SUM; part += thread_count()) {
            int32_t sum = 0;
            for (int64_t k = part * A8_SUM; k < (part + 1) * A8_SUM; k++) {
                int32_t q = k < K && inverse > 0.0f ? (int32_t)rintf(from[k] * inverse) : 0;
                ((signed char *)row)[k] = (signed char)q;
                sum += q;
            }
            starts[part] = A8_START * sum;
        }
        block_barrier();
        if (thread_index() == 0) {
            int32_t start = 0;
            for (int64_t part = 0; part < (int64_t)a8_columns(K) / A8_SUM; part++) start += starts[part];
            *(float *)(void *)(row + a8_scale(K)) = largest / A8_LARGEST;
            *(int32_t *)(void *)(row + a8_start(K)) = start;
        }
    }
}

template <int64_t K, int64_t ldx>
__global__ void quantize_elements(bf16_element *y, const float *x, int rows)
{
    for (int64_t i = global_index(); i < rows * K; i += global_count()) y[i] = bf16_encode(x[i / K * ldx + i % K]);
}

/* y: rows of a8.h; x: [rows, K], stride ldx */
template <int64_t K, int64_t ldx>
void quantize_a8(hf2c_stream *stream, void *y, const float *x, int rows)
{
    launch(stream, "quantize_a8", rows, quantize_rows<K, ldx>, (char *)y, x, rows);
}

/* y: [rows, K] */
template <int64_t K, int64_t ldx>
void quantize_bf16(hf2c_stream *stream, void *y, const float *x, int rows)
{
    launch_elements(stream, "quantize_bf16", rows * K, quantize_elements<K, ldx>, (bf16_element *)y, x, rows);
}

#endif
