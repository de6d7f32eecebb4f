/* device: opening and closing a GPU, its one allocation, and the weights on it. */
#include "runtime/cuda/device.h"

#include <cuda_runtime.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime/cuda/layout.h"

extern "C" {
#include "runtime/core/weights.h"
}

/* ---- errors ---- */

static hf2c_status fail(hf2c_stream *stream, hf2c_status status, const char *format, ...)
{
    if (stream->status != HF2C_OK) return stream->status;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(stream->error, sizeof stream->error, format, arguments);
    va_end(arguments);
    stream->status = status;
    return status;
}

hf2c_status hf2c_stream_check(hf2c_stream *stream, int error, const char *what)
{
    if (error == (int)cudaSuccess) return stream->status;
    hf2c_status status = error == (int)cudaErrorMemoryAllocation ? HF2C_NO_MEMORY : HF2C_DEVICE;
    return fail(stream, status, "%s: %s (%s)", what, cudaGetErrorString((cudaError_t)error),
                cudaGetErrorName((cudaError_t)error));
}

/* For calls whose result changes nothing any more: the runtime forgets the error too. */
static void ignore(cudaError_t error)
{
    if (error != cudaSuccess) (void)cudaGetLastError();
}

/* ---- which GPU ---- */

int hf2c_device_count(char *error)
{
    int count = 0;
    cudaError_t result = cudaGetDeviceCount(&count);
    if (error) error[0] = '\0';
    if (result != cudaSuccess) {
        if (error) snprintf(error, 256, "no usable GPU: %s (%s)", cudaGetErrorString(result), cudaGetErrorName(result));
        ignore(result);
        return 0;
    }
    if (count == 0 && error) snprintf(error, 256, "no usable GPU: the driver reports none");
    return count;
}

static hf2c_status choose_device(hf2c_device *device, int ordinal)
{
    char reason[256];
    int count = hf2c_device_count(reason);
    if (count == 0) return fail(&device->stream, HF2C_DEVICE, "%s", reason);
    if (ordinal < 0 || ordinal >= count)
        return fail(&device->stream, HF2C_DEVICE, "there is no GPU %d: the driver reports %d, numbered from 0", ordinal,
                    count);
    device->ordinal = ordinal;
    return hf2c_stream_check(&device->stream, (int)cudaSetDevice(ordinal), "choosing the GPU");
}

static hf2c_status check_architecture(hf2c_device *device, int wanted)
{
    int major = 0, minor = 0;
    hf2c_stream *stream = &device->stream;
    hf2c_stream_check(stream, (int)cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device->ordinal),
                      "asking for the compute capability");
    hf2c_stream_check(stream, (int)cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device->ordinal),
                      "asking for the compute capability");
    if (stream->status != HF2C_OK || major * 10 + minor >= wanted) return stream->status;
    return fail(stream, HF2C_DEVICE,
                "GPU %d has compute capability %d.%d; this program was compiled for %d.%d or later", device->ordinal,
                major, minor, wanted / 10, wanted % 10);
}

/* ---- memory ---- */

size_t hf2c_device_bytes(const hf2c_model *model, size_t slots, int shared_weights)
{
    hf2c_device_layout layout;
    return hf2c_device_lay_out(&layout, model, slots, shared_weights) ? layout.bytes : 0;
}

static hf2c_status allocate_memory(hf2c_device *device, size_t bytes)
{
    size_t available = 0, total = 0;
    hf2c_stream *stream = &device->stream;
    hf2c_stream_check(stream, (int)cudaMemGetInfo(&available, &total), "asking for free memory");
    if (stream->status != HF2C_OK) return stream->status;
    if (bytes > available)
        return fail(stream, HF2C_NO_MEMORY, "GPU %d: %zu bytes of memory are needed, %zu of %zu are free",
                    device->ordinal, bytes, available, total);
    void *memory = NULL;
    hf2c_stream_check(stream, (int)cudaMalloc(&memory, bytes), "allocating the GPU's memory");
    if (stream->status != HF2C_OK) return stream->status;
    device->memory = (uint8_t *)memory;
    device->owns_memory = 1;
    return HF2C_OK;
}

static hf2c_status borrow_memory(hf2c_device *device, const hf2c_device_options *options, size_t bytes)
{
    if ((uintptr_t)options->memory % HF2C_DEVICE_ALIGNMENT != 0)
        return fail(&device->stream, HF2C_BAD_ARGUMENT, "the GPU memory given is not %d-byte aligned",
                    HF2C_DEVICE_ALIGNMENT);
    if (options->memory_bytes < bytes)
        return fail(&device->stream, HF2C_TOO_SMALL, "%zu bytes of GPU memory were given, %zu are needed",
                    options->memory_bytes, bytes);
    device->memory = (uint8_t *)options->memory;
    return HF2C_OK;
}

static hf2c_status take_memory(hf2c_device *device, const hf2c_device_options *options)
{
    hf2c_device_layout layout;
    if (!hf2c_device_lay_out(&layout, device->model, device->slots, options->weights != NULL))
        return fail(&device->stream, HF2C_NO_MEMORY, "%zu slots need more memory than can be addressed", device->slots);
    hf2c_status status =
        options->memory ? borrow_memory(device, options, layout.bytes) : allocate_memory(device, layout.bytes);
    if (status != HF2C_OK) return status;
    device->weights = options->weights ? options->weights : device->memory;
    device->ready = options->weights != NULL || device->model->weights_bytes == 0;
    device->state = device->model->state_bytes ? device->memory + layout.state : NULL;
    device->inputs = device->memory + layout.inputs;
    device->workspace = device->memory + layout.workspace;
    void *staging = NULL;
    size_t input_bytes = layout.workspace - layout.inputs;
    status = hf2c_stream_check(&device->stream, (int)cudaMallocHost(&staging, input_bytes), "allocating pinned memory");
    if (status == HF2C_OK) {
        device->staging = (uint8_t *)staging;
        memset(device->staging, 0, input_bytes);
    }
    return status;
}

/* ---- open and close ---- */

static hf2c_status take_stream(hf2c_device *device, void *given)
{
    if (given) {
        device->stream.handle = given;
        return HF2C_OK;
    }
    cudaStream_t stream = NULL;
    hf2c_status status = hf2c_stream_check(
        &device->stream, (int)cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "making a stream");
    if (status != HF2C_OK) return status;
    device->stream.handle = stream;
    device->owns_stream = 1;
    return HF2C_OK;
}

static hf2c_status open_steps(hf2c_device *device, const hf2c_device_options *options)
{
    hf2c_status status = choose_device(device, options->ordinal);
    if (status == HF2C_OK) status = check_architecture(device, options->architecture);
    if (status == HF2C_OK) status = take_stream(device, options->stream);
    if (status == HF2C_OK) status = take_memory(device, options);
    return status == HF2C_OK ? hf2c_device_clear_state(device) : status;
}

hf2c_status hf2c_device_open(hf2c_device *device, const hf2c_model *model, const hf2c_device_options *options)
{
    if (!device) return HF2C_BAD_ARGUMENT;
    memset(device, 0, sizeof *device);
    if (!model || !options || model->abi != HF2C_ABI || model->max_rows < 1 || model->max_batch < 1)
        return fail(&device->stream, HF2C_BAD_ARGUMENT, "no model, or one of another version");
    device->model = model;
    device->slots = options->slots ? options->slots : 1;
    hf2c_status status = open_steps(device, options);
    if (status != HF2C_OK) {
        hf2c_stream failure = device->stream;
        hf2c_device_close(device);
        device->stream.status = failure.status;
        memcpy(device->stream.error, failure.error, sizeof failure.error);
    }
    return status;
}

void hf2c_device_close(hf2c_device *device)
{
    if (!device) return;
    if (device->owns_stream || device->memory) ignore(cudaSetDevice(device->ordinal));
    if (device->busy) ignore(cudaStreamSynchronize((cudaStream_t)device->stream.handle));
    if (device->staging) ignore(cudaFreeHost(device->staging));
    if (device->owns_memory) ignore(cudaFree(device->memory));
    if (device->owns_stream) ignore(cudaStreamDestroy((cudaStream_t)device->stream.handle));
    memset(device, 0, sizeof *device);
}

void hf2c_device_attach(hf2c_device *device, hf2c_context *context)
{
    memset(context, 0, sizeof *context);
    context->model = device->model;
    context->weights = device->weights;
    context->workspace = device->workspace;
    context->state = device->state;
    context->slots = device->state ? device->slots : 0;
    context->threads = 1;
    context->engine = device;
    context->copy_slot = hf2c_device_copy_slot;
}

/* ---- weights ---- */

hf2c_status hf2c_device_upload(hf2c_device *device, const void *weights, size_t bytes)
{
    hf2c_stream *stream = &device->stream;
    stream->status = HF2C_OK;
    stream->error[0] = '\0';
    if (!device->memory || device->weights != device->memory)
        return fail(stream, HF2C_BAD_ARGUMENT,
                    "this device has no memory for weights: it is closed, or shares those of another");
    if (!weights || hf2c_weights_check(device->model, weights, bytes) != HF2C_OK)
        return fail(stream, HF2C_BAD_WEIGHTS, "the weights are not those of this model and layout");
    hf2c_stream_check(stream, (int)cudaSetDevice(device->ordinal), "choosing the GPU");
    if (stream->status == HF2C_OK)
        hf2c_stream_check(stream,
                          (int)cudaMemcpyAsync(device->memory, weights, device->model->weights_bytes,
                                               cudaMemcpyHostToDevice, (cudaStream_t)stream->handle),
                          "copying the weights to the GPU");
    hf2c_status status = hf2c_device_finish(device);
    device->ready = status == HF2C_OK;
    return status;
}
