/* batch: the way of one call's inputs to the device and of its outputs back. */
#include "runtime/cuda/device.h"

#include <cuda_runtime.h>
#include <string.h>

#include "runtime/cuda/layout.h"

/* ---- layout ---- */

/* *at moves behind count * size bytes, rounded up; false on overflow. */
static bool lay_behind(size_t *at, size_t count, size_t size, size_t alignment)
{
    if (size != 0 && count > SIZE_MAX / size) return false;
    size_t bytes = count * size;
    if (bytes > SIZE_MAX - (alignment - 1)) return false;
    bytes = (bytes + alignment - 1) / alignment * alignment;
    if (bytes > SIZE_MAX - *at) return false;
    *at += bytes;
    return true;
}

int hf2c_device_lay_out(hf2c_device_layout *layout, const hf2c_model *model, size_t slots, int shared_weights)
{
    size_t at = 0;
    size_t input_bytes = hf2c_input_lay_out(hf2c_input_most(model)).bytes;
    if (!lay_behind(&at, shared_weights ? 0 : 1, model->weights_bytes, HF2C_DEVICE_ALIGNMENT)) return 0;
    layout->state = at;
    if (!lay_behind(&at, slots, model->state_bytes, HF2C_DEVICE_ALIGNMENT)) return 0;
    layout->inputs = at;
    if (!lay_behind(&at, 1, input_bytes, HF2C_DEVICE_ALIGNMENT)) return 0;
    layout->workspace = at;
    if (!lay_behind(&at, 1, model->workspace_bytes, HF2C_DEVICE_ALIGNMENT)) return 0;
    layout->bytes = at;
    return 1;
}

/* Offset of an array of count numbers at *at, which moves behind it. */
static size_t lay_numbers(size_t *at, size_t count)
{
    size_t offset = *at;
    *at += (count * sizeof(int32_t) + 63) / 64 * 64;
    return offset;
}

hf2c_input_layout hf2c_input_lay_out(hf2c_input_counts counts)
{
    hf2c_input_layout layout;
    size_t at = 128, rows = (size_t)counts.rows, sequences = (size_t)counts.sequences;
    static_assert(sizeof(hf2c_sequences) <= 128, "the table of sequences has 128 bytes");
    layout.ids = lay_numbers(&at, rows);
    layout.positions = lay_numbers(&at, rows);
    layout.types = lay_numbers(&at, rows);
    layout.start = lay_numbers(&at, sequences + 1);
    layout.past = lay_numbers(&at, sequences);
    layout.slot = lay_numbers(&at, sequences);
    layout.memory = lay_numbers(&at, sequences);
    layout.memory_slot = lay_numbers(&at, sequences);
    layout.want = lay_numbers(&at, (size_t)counts.wanted);
    layout.sizes = lay_numbers(&at, 2 * (size_t)counts.images);
    layout.values = at;
    layout.bytes = lay_behind(&at, counts.values, sizeof(float), 64) ? at : SIZE_MAX;
    return layout;
}

hf2c_input_counts hf2c_input_most(const hf2c_model *model)
{
    size_t images = (size_t)model->max_images, each = (size_t)model->image_values;
    hf2c_input_counts most = {model->max_rows, model->max_batch, model->max_rows, model->max_images, 0};
    most.values = each != 0 && images > SIZE_MAX / each ? SIZE_MAX : images * each;
    return most;
}

/* Of a batch that has been checked. */
static hf2c_input_counts counts_of(const hf2c_model *model, const hf2c_batch *batch)
{
    hf2c_input_counts counts = {batch->rows, batch->sequences, batch->wanted, batch->images, 0};
    counts.values = (size_t)batch->images * (size_t)model->image_values;
    if (!batch->sizes) return counts;
    counts.values = 0;
    for (int i = 0; i < batch->images; i++)
        counts.values += (size_t)model->image_channels * (size_t)batch->sizes[2 * i] * (size_t)batch->sizes[2 * i + 1];
    return counts;
}

/* ---- in ---- */

static void pack_numbers(uint8_t *to, const int32_t *numbers, int count)
{
    if (numbers)
        memcpy(to, numbers, (size_t)count * sizeof *numbers);
    else
        memset(to, 0, (size_t)count * sizeof *numbers);
}

static void pack_slots(uint8_t *to, const int32_t *slots, int count)
{
    for (int32_t i = 0; i < count; i++) {
        int32_t slot = slots ? slots[i] : i;
        memcpy(to + (size_t)i * sizeof slot, &slot, sizeof slot);
    }
}

/* Fills `staging` as the device will see it: the pointers inside are those of the device's copy. */
static void pack_batch(uint8_t *staging, uint8_t *device, const hf2c_input_layout *at, const hf2c_batch *batch, size_t values,
                       size_t slot_bytes)
{
    hf2c_sequences sequences;
    memset(&sequences, 0, sizeof sequences);
    sequences.count = batch->sequences;
    sequences.rows = batch->rows;
    sequences.start = (const int32_t *)(device + at->start);
    sequences.past = (const int32_t *)(device + at->past);
    sequences.slot = (const int32_t *)(device + at->slot);
    sequences.slot_bytes = slot_bytes;
    sequences.memory = (const int32_t *)(device + at->memory);
    sequences.memory_slot = (const int32_t *)(device + at->memory_slot);
    sequences.sizes = (const int32_t *)(device + at->sizes);
    memcpy(staging, &sequences, sizeof sequences);
    pack_numbers(staging + at->ids, batch->ids, batch->rows);
    pack_numbers(staging + at->positions, batch->positions, batch->rows);
    pack_numbers(staging + at->types, batch->types, batch->rows);
    pack_numbers(staging + at->start, batch->start, batch->sequences + 1);
    pack_numbers(staging + at->past, batch->past, batch->sequences);
    pack_slots(staging + at->slot, batch->slot, batch->sequences);
    pack_numbers(staging + at->memory, batch->memory, batch->sequences);
    pack_slots(staging + at->memory_slot, batch->memory_slot ? batch->memory_slot : batch->slot, batch->sequences);
    pack_numbers(staging + at->want, batch->want, batch->wanted);
    pack_numbers(staging + at->sizes, batch->sizes, 2 * batch->images);
    if (values) memcpy(staging + at->values, batch->values, values * sizeof(float));
}

/* Forgets the last call's error; waits if the last call ended before hf2c_device_finish, since the staging memory may
 * still be read. */
static hf2c_status start_call(hf2c_device *device)
{
    hf2c_stream *stream = &device->stream;
    stream->status = HF2C_OK;
    stream->error[0] = '\0';
    hf2c_stream_check(stream, (int)cudaSetDevice(device->ordinal), "choosing the GPU");
    if (stream->status == HF2C_OK && device->busy)
        hf2c_stream_check(stream, (int)cudaStreamSynchronize((cudaStream_t)stream->handle), "waiting for the GPU");
    if (stream->status == HF2C_OK) device->busy = 0;
    return stream->status;
}

/* A batch that has been checked. */
static hf2c_status send_batch(hf2c_device *device, const hf2c_context *context, const hf2c_batch *batch,
                              hf2c_device_inputs *inputs)
{
    if (!device || !device->memory || context->model != device->model) return HF2C_BAD_ARGUMENT;
    if (!device->ready) return HF2C_BAD_WEIGHTS;
    hf2c_status status = start_call(device);
    if (status != HF2C_OK) return status;
    hf2c_input_counts counts = counts_of(device->model, batch);
    hf2c_input_layout at = hf2c_input_lay_out(counts);
    pack_batch(device->staging, device->inputs, &at, batch, counts.values, device->model->state_bytes);
    inputs->sequences = (const hf2c_sequences *)device->inputs;
    inputs->ids = (const int32_t *)(device->inputs + at.ids);
    inputs->positions = (const int32_t *)(device->inputs + at.positions);
    inputs->types = (const int32_t *)(device->inputs + at.types);
    inputs->want = (const int32_t *)(device->inputs + at.want);
    inputs->values = (const float *)(device->inputs + at.values);
    device->busy = 1;
    cudaError_t result = cudaMemcpyAsync(device->inputs, device->staging, at.bytes, cudaMemcpyHostToDevice,
                                         (cudaStream_t)device->stream.handle);
    return hf2c_stream_check(&device->stream, (int)result, "copying a batch to the GPU");
}

hf2c_status hf2c_device_begin(hf2c_device *device, const hf2c_context *context, const hf2c_batch *batch,
                              hf2c_device_inputs *inputs)
{
    hf2c_status status = hf2c_batch_check(context, batch);
    return status == HF2C_OK ? send_batch(device, context, batch, inputs) : status;
}

hf2c_status hf2c_device_begin_source(hf2c_device *device, const hf2c_context *context, const hf2c_batch *batch,
                                     hf2c_device_inputs *inputs)
{
    hf2c_status status = hf2c_source_check(context, batch);
    return status == HF2C_OK ? send_batch(device, context, batch, inputs) : status;
}

/* ---- out ---- */

void hf2c_device_copy_output(hf2c_device *device, float *to, const void *from, size_t bytes)
{
    if (!to || bytes == 0 || device->stream.status != HF2C_OK) return;
    cudaError_t result = cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, (cudaStream_t)device->stream.handle);
    hf2c_stream_check(&device->stream, (int)result, "copying an output from the GPU");
}

hf2c_status hf2c_device_finish(hf2c_device *device)
{
    cudaError_t result = cudaStreamSynchronize((cudaStream_t)device->stream.handle);
    device->busy = 0;
    return hf2c_stream_check(&device->stream, (int)result, "running on the GPU");
}

hf2c_status hf2c_device_clear_state(hf2c_device *device)
{
    hf2c_status status = start_call(device);
    if (status != HF2C_OK || !device->state) return status;
    cudaError_t result = cudaMemsetAsync(device->state, 0, device->slots * device->model->state_bytes,
                                         (cudaStream_t)device->stream.handle);
    hf2c_stream_check(&device->stream, (int)result, "clearing the cache");
    return hf2c_device_finish(device);
}

hf2c_status hf2c_device_copy_slot(hf2c_context *context, size_t from, size_t to)
{
    hf2c_device *device = (hf2c_device *)context->engine;
    size_t bytes = device->model->state_bytes;
    hf2c_status status = start_call(device);
    if (status != HF2C_OK || from == to) return status;
    cudaError_t result = cudaMemcpyAsync(device->state + to * bytes, device->state + from * bytes, bytes,
                                         cudaMemcpyDeviceToDevice, (cudaStream_t)device->stream.handle);
    hf2c_stream_check(&device->stream, (int)result, "copying a part of the cache");
    return hf2c_device_finish(device);
}
