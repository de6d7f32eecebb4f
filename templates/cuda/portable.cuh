/* portable: the little that a kernel needs of the machine, so that one source is both CUDA and plain C++.
 *
 * nvcc sees the real thing. Any other C++17 compiler gets host.cuh, which runs a launch's blocks one after another: a
 * block of one thread in programs, of several in tests, where sanitizers then watch every index, and an order that
 * changes at each barrier shows where one is missing. Kernels therefore use only the names below, are right for any number
 * of threads in a block, and stride over their work, so that they are right for any number of blocks too. */
#ifndef HF2C_CUDA_PORTABLE_CUH
#define HF2C_CUDA_PORTABLE_CUH

#include <math.h>
#include <stdint.h>

#include "runtime/cuda/stream.h"
#include "templates/kernel.h"

inline constexpr int BLOCK_THREADS = 128;       /* of every launch on a device; the most anywhere */
inline constexpr int64_t GRID_BLOCKS = 1 << 20; /* most blocks of a launch on a device */

#ifdef __CUDACC__
#include <cuda_runtime.h>

__device__ inline int thread_index() { return (int)threadIdx.x; }
__device__ inline int thread_count() { return (int)blockDim.x; }
__device__ inline int64_t block_index() { return blockIdx.x; }
__device__ inline int64_t block_count() { return gridDim.x; }
__device__ inline void block_barrier() { __syncthreads(); }

/* Enqueues a kernel on at most `blocks` blocks. After a failure on this stream it does nothing: the first error is the
 * cause. */
template <class... Parameters, class... Arguments>
void launch(hf2c_stream *stream, const char *name, int64_t blocks, void (*kernel)(Parameters...),
            Arguments... arguments)
{
    if (stream->status != HF2C_OK || blocks <= 0) return;
    unsigned grid = (unsigned)(blocks < GRID_BLOCKS ? blocks : GRID_BLOCKS);
    kernel<<<grid, BLOCK_THREADS, 0, (cudaStream_t)stream->handle>>>(arguments...);
    hf2c_stream_check(stream, (int)cudaGetLastError(), name);
}
#else
#include "templates/cuda/host.cuh"
#endif

/* This thread's number among all threads of the launch, and how many there are: for work without a block's cooperation.
 */
__device__ inline int64_t global_index() { return block_index() * thread_count() + thread_index(); }
__device__ inline int64_t global_count() { return block_count() * thread_count(); }

/* Launches one thread per element. */
template <class... Parameters, class... Arguments>
void launch_elements(hf2c_stream *stream, const char *name, int64_t elements, void (*kernel)(Parameters...),
                     Arguments... arguments)
{
    launch(stream, name, (elements + BLOCK_THREADS - 1) / BLOCK_THREADS, kernel, arguments...);
}

#endif
