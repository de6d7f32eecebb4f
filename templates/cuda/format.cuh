/* format: how a kernel reads an element of a packed weight, or of a row of a cache. */
#ifndef HF2C_CUDA_FORMAT_CUH
#define HF2C_CUDA_FORMAT_CUH

#include "templates/cuda/portable.cuh"

/* The formats are plain C, shared with the packer; a device may call them too. */
#ifdef __CUDACC__
#define inline inline __host__ __device__
#endif
#include "templates/cpu/a8.h"
#include "templates/format/layout.h"
#include "templates/format/row.h"
#ifdef __CUDACC__
#undef inline
#endif

/* A weight of that many rows as it is packed. */
template <int format, int64_t rows, int64_t K, int64_t panel, int64_t block>
struct Weight {
    const void *data;
    __device__ Packed packed() const { return Packed{data, format, rows, K, panel, block}; }
    __device__ float value(int64_t n, int64_t k) const
    {
        const Packed p = packed();
        return packed_value(&p, n, k);
    }
};

#endif
