/* device: what a compiled model needs of a GPU: memory, its weights there, a stream, and the way of a batch in and out.
 *
 * The program owns an hf2c_device and opens it once per context; hf2c_device_attach then makes an hf2c_context whose
 * weights, workspace and state are device memory and whose `engine` is the device. An emitted NAME_forward is:
 *
 *     hf2c_device *device = (hf2c_device *)context->engine;
 *     hf2c_device_inputs in;
 *     hf2c_status status = hf2c_device_begin(device, context, batch, &in);
 *     if (status != HF2C_OK) return status;
 *     ... launch kernels on &device->stream: in.ids, in.sequences, context->workspace + X, context->state + Y ...
 *     hf2c_device_copy_output(device, outputs[0], context->workspace + LOGITS, bytes);
 *     return hf2c_device_finish(device);
 *
 * All memory is taken by hf2c_device_open, in one allocation on the device and one of pinned host memory, unless the
 * caller brings the device memory. Every CUDA call is checked; an error is a status and a text in device->stream.error.
 */
#ifndef HF2C_CUDA_DEVICE_H
#define HF2C_CUDA_DEVICE_H

#include "runtime/core/team.h"
#include "runtime/cuda/stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How to open a device. All zero: the first GPU, its own memory and stream. */
typedef struct hf2c_device_options {
    int ordinal;      /* which GPU, from 0 */
    int architecture; /* least compute capability that the code was compiled for, 80 for 8.0; 0: do not ask */
    size_t slots;     /* sequences that the state holds; 0: as 1 */
    void *memory;     /* device memory of the caller, 256-byte aligned, [hf2c_device_bytes]; NULL: allocated */
    size_t memory_bytes;
    void *stream;           /* a cudaStream_t of the caller; NULL: made here */
    const uint8_t *weights; /* those of another context on the same GPU; NULL: they will be uploaded */
} hf2c_device_options;

/* Caller-owned; filled by hf2c_device_open, of no interest otherwise. */
typedef struct hf2c_device {
    hf2c_stream stream;
    const hf2c_model *model;
    int ordinal;
    int owns_memory, owns_stream;
    int ready; /* its weights are on the device */
    int busy;  /* something may still be enqueued */
    size_t slots;
    uint8_t *memory; /* device: weights (unless shared), state, inputs, workspace */
    const uint8_t *weights;
    uint8_t *state, *workspace;
    uint8_t *inputs;  /* device: a batch, as hf2c_device_begin packs it */
    uint8_t *staging; /* host, pinned: the same */
} hf2c_device;

/* A batch on the device: device pointers, valid until the next hf2c_device_begin. Nothing is NULL: absent types and
 * past are zeros, absent slots 0, 1, 2 ... */
typedef struct hf2c_device_inputs {
    const int32_t *ids, *positions, *types, *want;
    const float *values;
    const hf2c_sequences *sequences;
} hf2c_device_inputs;

/* Usable GPUs; 0 without a driver. error (may be NULL): [256], receives why there are none. */
int hf2c_device_count(char *error);
/* Device memory that a context needs; 0 when the sizes overflow. */
size_t hf2c_device_bytes(const hf2c_model *model, size_t slots, int shared_weights);
/* HF2C_DEVICE: no driver, no such GPU, too old a GPU, or a failing call; HF2C_NO_MEMORY: says what is needed and what
 * is free; HF2C_BAD_ARGUMENT, HF2C_TOO_SMALL: the options. After an error nothing is held and device->stream.error says
 * why. */
hf2c_status hf2c_device_open(hf2c_device *device, const hf2c_model *model, const hf2c_device_options *options);
/* weights: the whole file of the model's weights, in host memory. Returns when they are on the device.
 * HF2C_BAD_WEIGHTS: they are others; HF2C_BAD_ARGUMENT: this device shares the weights of another context. */
hf2c_status hf2c_device_upload(hf2c_device *device, const void *weights, size_t bytes);
/* Fills a context that uses this device. */
void hf2c_device_attach(hf2c_device *device, hf2c_context *context);
void hf2c_device_close(hf2c_device *device); /* also after a failed open; does nothing the second time */

/* Checks the batch and enqueues its copy to the device. */
hf2c_status hf2c_device_begin(hf2c_device *device, const hf2c_context *context, const hf2c_batch *batch,
                              hf2c_device_inputs *inputs);
/* The same for a batch of encode(). */
hf2c_status hf2c_device_begin_source(hf2c_device *device, const hf2c_context *context, const hf2c_batch *batch,
                                     hf2c_device_inputs *inputs);
/* Enqueues a copy to host memory; to NULL: nothing. */
void hf2c_device_copy_output(hf2c_device *device, float *to, const void *from, size_t bytes);
/* Waits for everything enqueued. */
hf2c_status hf2c_device_finish(hf2c_device *device);
/* Sets the memory of all slots to zero, so that a new conversation sees nothing of an old one. */
hf2c_status hf2c_device_clear_state(hf2c_device *device);
/* Copies one slot of the state to another: hf2c_context.copy_slot of an attached context. */
hf2c_status hf2c_device_copy_slot(hf2c_context *context, size_t from, size_t to);

#ifdef __cplusplus
}
#endif
#endif
