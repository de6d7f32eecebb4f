/* format: how a kernel reads an element of a packed weight. One struct per row of templates/format/formats.def. */
#ifndef HF2C_CUDA_FORMAT_CUH
#define HF2C_CUDA_FORMAT_CUH

#include "templates/cuda/portable.cuh"

/* The formats are plain C, shared with the packer; a device may call them too. */
#ifdef __CUDACC__
#define inline inline __host__ __device__
#endif
#include "templates/format/bf16.h"
#include "templates/format/f16.h"
#include "templates/format/f32.h"
#ifdef __CUDACC__
#undef inline
#endif

#define FORMAT_STRUCT(Name, name)                                                                                      \
    struct Name {                                                                                                      \
        using Element = name##_element;                                                                                \
        __device__ static float decode(Element element) { return name##_decode(element); }                             \
    };
FORMAT_STRUCT(FormatF32, f32)
FORMAT_STRUCT(FormatBf16, bf16)
FORMAT_STRUCT(FormatF16, f16)
#undef FORMAT_STRUCT

/* Where element (n, k) of a weight of K columns is: rows are interleaved in panels, as kernels.def says. */
template <int64_t K, int64_t panel>
__device__ inline int64_t packed_index(int64_t n, int64_t k)
{
    return n / panel * panel * K + k * panel + n % panel;
}

#endif
