/* elementwise: the arithmetic of templates/elementwise.def in float, and the kernels of ops that stand alone. */
#ifndef HF2C_CUDA_ELEMENTWISE_CUH
#define HF2C_CUDA_ELEMENTWISE_CUH

#include "templates/cuda/portable.cuh"

#define REAL float
#define EXP expf
#define TANH tanhf
#define ERF erff
#define SOFTPLUS(x) (((x) < 0 ? 0.0f : (x)) + log1pf(expf(-fabsf(x))))
#define SQRT sqrtf
#define ABS fabsf
#define MAX(a, b) ((a) < (b) ? (b) : (a)) /* a NaN in a stays */
#define MIN(a, b) ((b) < (a) ? (b) : (a))

/* c: the attribute `value`. */
template <int64_t function>
__device__ inline float apply_unary(float x, float c)
{
    (void)c;
    switch (function) {
#define UNARY(name, expression)                                                                                        \
    case FUNCTION_##name:                                                                                              \
        return expression;
#include "templates/elementwise.def"
    default: return x;
    }
}

template <int64_t function>
__device__ inline float apply_binary(float x, float y, float c)
{
    (void)c;
    switch (function) {
#define BINARY(name, expression)                                                                                       \
    case FUNCTION_##name:                                                                                              \
        return expression;
#include "templates/elementwise.def"
    default: return x;
    }
}

#undef REAL
#undef EXP
#undef TANH
#undef ERF
#undef SOFTPLUS
#undef SQRT
#undef ABS
#undef MAX
#undef MIN

template <int64_t H, int64_t ldx, int64_t function>
__global__ void unary_elements(float *y, const float *x, int rows, float value)
{
    for (int64_t i = global_index(); i < rows * H; i += global_count())
        y[i] = apply_unary<function>(x[i / H * ldx + i % H], value);
}

template <int64_t H, int64_t lda, int64_t ldb, int64_t function>
__global__ void binary_elements(float *y, const float *a, const float *b, int rows, float value)
{
    for (int64_t i = global_index(); i < rows * H; i += global_count()) {
        int64_t row = i / H, column = i % H;
        y[i] = apply_binary<function>(a[row * lda + column], b[row * ldb + column], value);
    }
}

/* y: [rows, H]; x: [rows, H], stride ldx */
template <int64_t H, int64_t ldx, int64_t function>
void unary(hf2c_stream *stream, float *y, const float *x, int rows, float value)
{
    launch_elements(stream, "unary", rows * H, unary_elements<H, ldx, function>, y, x, rows, value);
}

/* y: [rows, H]; a and b: [rows, H], strides lda and ldb; stride 0: one row for all */
template <int64_t H, int64_t lda, int64_t ldb, int64_t function>
void binary(hf2c_stream *stream, float *y, const float *a, const float *b, int rows, float value)
{
    launch_elements(stream, "binary", rows * H, binary_elements<H, lda, ldb, function>, y, a, b, rows, value);
}

#endif
