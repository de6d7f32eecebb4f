/* A CUDA runtime without a GPU, for tests of runtime/cuda on any machine: "device" memory is heap memory of exactly the
 * size asked for, copies are immediate, and any call can be made to fail. Only what runtime/cuda calls is here. */
#ifndef HF2C_TESTS_CUDA_RUNTIME_H
#define HF2C_TESTS_CUDA_RUNTIME_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum cudaError_t {
    cudaSuccess = 0,
    cudaErrorMemoryAllocation = 2,
    cudaErrorInsufficientDriver = 35,
    cudaErrorNoDevice = 100,
    cudaErrorIllegalAddress = 700
};
enum cudaDeviceAttr { cudaDevAttrComputeCapabilityMajor = 75, cudaDevAttrComputeCapabilityMinor = 76 };
enum cudaMemcpyKind { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2, cudaMemcpyDeviceToDevice = 3 };
enum { cudaStreamNonBlocking = 1 };
typedef struct fake_stream *cudaStream_t;

/* What the pretended machine is like, and what happened on it. */
struct FakeMachine {
    int devices = 1;
    cudaError_t count_error = cudaSuccess; /* of cudaGetDeviceCount */
    int major = 8, minor = 0;
    size_t available = (size_t)1 << 30;
    int fail_at = 0; /* number of the call that fails, from 1; 0: none */
    cudaError_t fail_with = cudaErrorIllegalAddress;
    int calls = 0;
    int held = 0; /* allocations and streams not yet given back */
};
inline FakeMachine fake_machine;

inline cudaError_t fake_call()
{
    return ++fake_machine.calls == fake_machine.fail_at ? fake_machine.fail_with : cudaSuccess;
}

inline const char *cudaGetErrorString(cudaError_t error)
{
    switch (error) {
    case cudaSuccess: return "no error";
    case cudaErrorMemoryAllocation: return "out of memory";
    case cudaErrorInsufficientDriver: return "CUDA driver version is insufficient for CUDA runtime version";
    case cudaErrorNoDevice: return "no CUDA-capable device is detected";
    case cudaErrorIllegalAddress: return "an illegal memory access was encountered";
    }
    return "unrecognized error code";
}

inline const char *cudaGetErrorName(cudaError_t error)
{
    switch (error) {
    case cudaSuccess: return "cudaSuccess";
    case cudaErrorMemoryAllocation: return "cudaErrorMemoryAllocation";
    case cudaErrorInsufficientDriver: return "cudaErrorInsufficientDriver";
    case cudaErrorNoDevice: return "cudaErrorNoDevice";
    case cudaErrorIllegalAddress: return "cudaErrorIllegalAddress";
    }
    return "unrecognized error code";
}

inline cudaError_t cudaGetLastError() { return cudaSuccess; }

inline cudaError_t cudaGetDeviceCount(int *count)
{
    cudaError_t error = fake_call();
    if (error == cudaSuccess) error = fake_machine.count_error;
    *count = error == cudaSuccess ? fake_machine.devices : 0;
    return error;
}

inline cudaError_t cudaSetDevice(int) { return fake_call(); }

inline cudaError_t cudaDeviceGetAttribute(int *value, cudaDeviceAttr attribute, int)
{
    *value = attribute == cudaDevAttrComputeCapabilityMajor ? fake_machine.major : fake_machine.minor;
    return fake_call();
}

inline cudaError_t cudaMemGetInfo(size_t *available, size_t *total)
{
    *available = fake_machine.available;
    *total = fake_machine.available * 2;
    return fake_call();
}

inline cudaError_t fake_allocate(void **memory, size_t bytes)
{
    cudaError_t error = fake_call();
    *memory = NULL;
    if (error != cudaSuccess) return error;
    if (posix_memalign(memory, 256, bytes) != 0) return cudaErrorMemoryAllocation;
    memset(*memory, 0xff, bytes); /* not a number, where nobody wrote */
    fake_machine.held++;
    return cudaSuccess;
}

/* Memory goes even when the call "fails", as it does when a lost device's context is destroyed. */
inline cudaError_t fake_release(void *memory)
{
    free(memory);
    fake_machine.held--;
    return fake_call();
}

inline cudaError_t cudaMalloc(void **memory, size_t bytes) { return fake_allocate(memory, bytes); }
inline cudaError_t cudaMallocHost(void **memory, size_t bytes) { return fake_allocate(memory, bytes); }
inline cudaError_t cudaFree(void *memory) { return fake_release(memory); }
inline cudaError_t cudaFreeHost(void *memory) { return fake_release(memory); }

inline cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned)
{
    void *memory;
    cudaError_t error = fake_allocate(&memory, 1);
    *stream = (cudaStream_t)memory;
    return error;
}

inline cudaError_t cudaStreamDestroy(cudaStream_t stream) { return fake_release(stream); }
inline cudaError_t cudaStreamSynchronize(cudaStream_t) { return fake_call(); }

inline cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind, cudaStream_t)
{
    cudaError_t error = fake_call();
    if (error == cudaSuccess) memcpy(to, from, bytes);
    return error;
}

inline cudaError_t cudaMemsetAsync(void *to, int value, size_t bytes, cudaStream_t)
{
    cudaError_t error = fake_call();
    if (error == cudaSuccess) memset(to, value, bytes);
    return error;
}

#endif
