/* linear of activations in narrower numbers: bf16, to which weights are rounded too, or rows of a8.h, whose whole numbers are scaled at last. */
#ifndef HF2C_CUDA_LINEAR_DOT_CUH
#define HF2C_CUDA_LINEAR_DOT_CUH

#include "templates/cuda/linear.cuh"

template <int64_t K, int64_t ldx>
struct RowsBf16 {
    const void *x;
    __device__ float value(int64_t r, int64_t k) const { return bf16_decode(((const bf16_element *)x)[r * ldx + k]); }
    __device__ float scale(int64_t) const { return 1.0f; }
    __device__ float weight(float w) const { return bf16_round(w); }
};
template <int64_t K, int64_t ldx>
struct RowsA8 {
    const void *x;
    __device__ const char *row(int64_t r) const { return (const char *)x + r * (int64_t)a8_row_bytes(K); }
    __device__ float value(int64_t r, int64_t k) const { return (float)((const signed char *)row(r))[k]; }
    __device__ float scale(int64_t r) const { return *(const float *)(row(r) + a8_scale(K)); }
    __device__ float weight(float w) const { return w; }
};

LINEAR(linear_q8_a8, q8, void, RowsA8)
LINEAR(linear_q4_a8, q4, void, RowsA8)
LINEAR(linear_q4z_a8, q4z, void, RowsA8)
LINEAR(linear_int8_a8, int8, void, RowsA8)
LINEAR(linear_bf16_bf16, bf16, void, RowsBf16)
#define FORMAT(name, bits, own_block, parameters, group, cut, text) LINEAR(linear_##name##_bf16, name, void, RowsBf16)
#include "templates/format/blocks.def"

#endif
