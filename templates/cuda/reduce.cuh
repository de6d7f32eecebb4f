/* reduce: one number from all threads of a block, in an order that depends on the number of threads alone. Every thread
 * must call it, and every thread gets the result. */
#ifndef HF2C_CUDA_REDUCE_CUH
#define HF2C_CUDA_REDUCE_CUH

#include "templates/cuda/portable.cuh"

struct Sum {
    __device__ static float combine(float a, float b) { return a + b; }
};

/* NaN wins, so that it stays visible. */
struct Maximum {
    __device__ static float combine(float a, float b) { return a < b || b != b ? b : a; }
};

template <class Operation>
__device__ inline float block_reduce(float value)
{
    __shared__ float partial[BLOCK_THREADS];
    int thread = thread_index();
    partial[thread] = value;
    block_barrier();
    for (int step = BLOCK_THREADS / 2; step > 0; step /= 2) {
        if (step >= thread_count()) continue;
        if (thread < step && thread + step < thread_count())
            partial[thread] = Operation::combine(partial[thread], partial[thread + step]);
        block_barrier();
    }
    float result = partial[0];
    block_barrier(); /* before the next reduction writes */
    return result;
}

#endif
