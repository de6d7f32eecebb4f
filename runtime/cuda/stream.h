/* stream: work enqueued on a device, and the first error it met. Kernels are launched on one (templates/cuda). */
#ifndef HF2C_CUDA_STREAM_H
#define HF2C_CUDA_STREAM_H

#include "runtime/hf2c.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hf2c_stream {
    void *handle;       /* a cudaStream_t */
    hf2c_status status; /* HF2C_OK, or that of the first call that failed: launches then do nothing */
    char error[256];    /* what failed, for people; empty while status is HF2C_OK */
} hf2c_stream;

/* Keeps the first error: `error` is a cudaError_t, `what` says what was tried. Returns stream->status. */
hf2c_status hf2c_stream_check(hf2c_stream *stream, int error, const char *what);

#ifdef __cplusplus
}
#endif
#endif
