/* runtime/cuda on a pretended machine: what a model gets there, and that every failing call becomes a status and a text
 * with nothing left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cuda_runtime.h>

extern "C" {
#include <cmocka.h>
#include "runtime/core/weights.h"
}
#include "runtime/cuda/device.h"
#include "runtime/cuda/layout.h"
#include "runtime/cuda/program.h"
#include "templates/cuda/take.cuh"

enum { HIDDEN = 4, WEIGHTS_BYTES = 64 + 3 * HIDDEN * (int)sizeof(float), STATE_BYTES = 128, WORKSPACE_BYTES = 512 };

/* y[i] = table[types[want[i]]], where the table is the weights' data */
static hf2c_status forward(hf2c_context *context, const hf2c_batch *batch, float *const *outputs)
{
    hf2c_device *device = (hf2c_device *)context->engine;
    hf2c_device_inputs in;
    hf2c_status status = hf2c_device_begin(device, context, batch, &in);
    if (status != HF2C_OK) return status;
    float *rows = (float *)context->workspace, *wanted = (float *)(context->workspace + 256);
    take<HIDDEN, HIDDEN>(&device->stream, rows, (const float *)(context->weights + 64), in.types, batch->rows);
    take<HIDDEN, HIDDEN>(&device->stream, wanted, rows, in.want, batch->wanted);
    hf2c_device_copy_output(device, outputs[0], wanted, (size_t)batch->wanted * HIDDEN * sizeof(float));
    return hf2c_device_finish(device);
}

static hf2c_model make_model()
{
    hf2c_model model;
    memset(&model, 0, sizeof model);
    model.abi = HF2C_ABI;
    model.name = "test";
    model.weights_bytes = WEIGHTS_BYTES;
    model.weights_hash = 7;
    model.state_bytes = STATE_BYTES;
    model.workspace_bytes = WORKSPACE_BYTES;
    model.vocabulary = 100;
    model.max_sequence = 8;
    model.max_rows = 8;
    model.max_batch = 3;
    model.forward = forward;
    return model;
}

static const hf2c_model model = make_model();

struct Weights {
    uint8_t bytes[WEIGHTS_BYTES];
    Weights()
    {
        hf2c_weights_write_header(bytes, WEIGHTS_BYTES, 0, 7);
        for (int i = 0; i < 3 * HIDDEN; i++) {
            float value = (float)i;
            memcpy(bytes + 64 + (size_t)i * sizeof value, &value, sizeof value);
        }
    }
};

static hf2c_device_options with_slots(size_t slots)
{
    hf2c_device_options options;
    memset(&options, 0, sizeof options);
    options.slots = slots;
    return options;
}

static void open_fails(const hf2c_device_options &options, hf2c_status wanted, const char *text)
{
    hf2c_device device;
    assert_int_equal(hf2c_device_open(&device, &model, &options), wanted);
    assert_int_equal(device.stream.status, wanted);
    assert_non_null(strstr(device.stream.error, text));
    assert_int_equal(fake_machine.held, 0);
    hf2c_device_close(&device);
}

static int reset(void **)
{
    fake_machine = FakeMachine();
    return 0;
}

/* ---- which GPU ---- */

static void test_no_gpu(void **)
{
    fake_machine.devices = 0;
    open_fails(with_slots(1), HF2C_DEVICE, "the driver reports none");
    char error[256];
    assert_int_equal(hf2c_device_count(error), 0);
    assert_non_null(strstr(error, "no usable GPU"));
    assert_int_equal(hf2c_device_count(NULL), 0);
}

static void test_no_driver(void **)
{
    fake_machine.count_error = cudaErrorInsufficientDriver;
    open_fails(with_slots(1), HF2C_DEVICE, "no usable GPU: CUDA driver version is insufficient");
}

static void test_wrong_gpu(void **)
{
    hf2c_device_options options = with_slots(1);
    options.ordinal = 1;
    open_fails(options, HF2C_DEVICE, "there is no GPU 1: the driver reports 1");
    options.ordinal = -1;
    open_fails(options, HF2C_DEVICE, "there is no GPU -1");
}

static void test_old_gpu(void **)
{
    hf2c_device_options options = with_slots(1);
    fake_machine.major = 7;
    fake_machine.minor = 5;
    options.architecture = 80;
    open_fails(options, HF2C_DEVICE, "GPU 0 has compute capability 7.5; this program was compiled for 8.0 or later");
}

/* ---- memory ---- */

static void test_too_little_memory(void **)
{
    fake_machine.available = 1000;
    open_fails(with_slots(2), HF2C_NO_MEMORY, "bytes of memory are needed, 1000 of 2000 are free");
    open_fails(with_slots(SIZE_MAX / 64), HF2C_NO_MEMORY, "more memory than can be addressed");
    assert_int_equal(hf2c_device_bytes(&model, SIZE_MAX / 64, 0), 0);
}

static void test_borrowed_memory(void **)
{
    alignas(256) static uint8_t memory[8192];
    hf2c_device_options options = with_slots(2);
    options.memory = memory;
    options.memory_bytes = hf2c_device_bytes(&model, 2, 0);
    assert_true(options.memory_bytes > 0 && options.memory_bytes <= sizeof memory);
    hf2c_device device;
    assert_int_equal(hf2c_device_open(&device, &model, &options), HF2C_OK);
    assert_true(device.weights == memory);
    hf2c_device_close(&device);
    assert_int_equal(fake_machine.held, 0);
    options.memory_bytes--;
    open_fails(options, HF2C_TOO_SMALL, "bytes of GPU memory were given");
    options.memory = memory + 64;
    open_fails(options, HF2C_BAD_ARGUMENT, "not 256-byte aligned");
}

/* Parts of the device's memory are aligned, in order, and apart. */
static void test_layout(void **)
{
    hf2c_device_layout layout;
    assert_true(hf2c_device_lay_out(&layout, &model, 3, 0));
    assert_true(layout.state >= model.weights_bytes);
    assert_true(layout.inputs >= layout.state + 3 * model.state_bytes);
    hf2c_input_layout most = hf2c_input_lay_out(hf2c_input_most(&model));
    assert_true(layout.workspace >= layout.inputs + most.bytes);
    assert_true(layout.bytes >= layout.workspace + model.workspace_bytes);
    assert_int_equal((layout.state | layout.inputs | layout.workspace) % HF2C_DEVICE_ALIGNMENT, 0);
    assert_true(hf2c_device_lay_out(&layout, &model, 3, 1));
    assert_int_equal(layout.state, 0);
    hf2c_input_layout at = hf2c_input_lay_out({17, 16, 1, 3, 100});
    assert_true(at.past - at.start >= 17 * sizeof(int32_t));
    assert_true(at.values - at.sizes >= 6 * sizeof(int32_t));
    assert_true(at.bytes - at.values >= 100 * sizeof(float));
    assert_true(hf2c_input_lay_out({1, 1, 1, 1, SIZE_MAX / 4}).bytes == SIZE_MAX);
}

/* ---- a call ---- */

static const int32_t ids[] = {1, 2, 3, 4}, positions[] = {0, 1, 0, 1}, types[] = {2, 0, 1, 2}, start[] = {0, 2, 4},
                     want[] = {1, 3};

static hf2c_batch make_batch()
{
    hf2c_batch batch;
    memset(&batch, 0, sizeof batch);
    batch.rows = 4;
    batch.sequences = 2;
    batch.wanted = 2;
    batch.ids = ids;
    batch.positions = positions;
    batch.types = types;
    batch.start = start;
    batch.want = want;
    return batch;
}

static void test_forward(void **)
{
    Weights weights;
    hf2c_device device;
    hf2c_context context;
    hf2c_device_options options = with_slots(2);
    assert_int_equal(hf2c_device_open(&device, &model, &options), HF2C_OK);
    hf2c_device_attach(&device, &context);
    assert_int_equal(context.slots, 2);
    hf2c_batch batch = make_batch();
    float y[2 * HIDDEN], *outputs[] = {y};
    assert_int_equal(model.forward(&context, &batch, outputs), HF2C_BAD_WEIGHTS); /* not uploaded */
    assert_int_equal(hf2c_device_upload(&device, weights.bytes, sizeof weights.bytes), HF2C_OK);
    assert_int_equal(model.forward(&context, &batch, outputs), HF2C_OK);
    for (int i = 0; i < HIDDEN; i++) {
        assert_true(y[i] == (float)i);                         /* type 0 */
        assert_true(y[HIDDEN + i] == (float)(2 * HIDDEN + i)); /* type 2 */
    }
    outputs[0] = NULL;
    assert_int_equal(model.forward(&context, &batch, outputs), HF2C_OK);
    batch.sequences = 9;
    assert_int_equal(model.forward(&context, &batch, outputs), HF2C_BAD_ARGUMENT);
    hf2c_device_close(&device);
    hf2c_device_close(&device);
    assert_int_equal(fake_machine.held, 0);
}

/* What kernels see when the caller leaves out all that may be left out, and when not. */
static void test_inputs(void **)
{
    Weights weights;
    hf2c_device device;
    hf2c_context context;
    hf2c_device_inputs in;
    hf2c_device_options options = with_slots(3);
    assert_int_equal(hf2c_device_open(&device, &model, &options), HF2C_OK);
    assert_int_equal(hf2c_device_upload(&device, weights.bytes, sizeof weights.bytes), HF2C_OK);
    hf2c_device_attach(&device, &context);
    hf2c_batch batch = make_batch();
    batch.types = NULL;
    assert_int_equal(hf2c_device_begin(&device, &context, &batch, &in), HF2C_OK);
    assert_memory_equal(in.ids, ids, sizeof ids);
    assert_memory_equal(in.positions, positions, sizeof positions);
    assert_memory_equal(in.want, want, sizeof want);
    assert_memory_equal(in.sequences->start, start, sizeof start);
    assert_int_equal(in.sequences->count, 2);
    assert_int_equal(in.sequences->rows, 4);
    assert_int_equal(in.sequences->slot_bytes, STATE_BYTES);
    for (int i = 0; i < 4; i++) assert_int_equal(in.types[i], 0);
    for (int i = 0; i < 2; i++) assert_true(in.sequences->past[i] == 0 && in.sequences->slot[i] == i);
    const int32_t past[] = {3, 0}, slot[] = {2, 1};
    batch.past = past;
    batch.slot = slot;
    assert_int_equal(hf2c_device_begin(&device, &context, &batch, &in), HF2C_OK); /* without finish before */
    assert_memory_equal(in.sequences->past, past, sizeof past);
    assert_memory_equal(in.sequences->slot, slot, sizeof slot);
    assert_memory_equal(in.sequences->memory_slot, slot, sizeof slot); /* its own where nothing is said */
    const int32_t memory[] = {4, 1}, memory_slot[] = {0, 0};
    batch.memory = memory;
    batch.memory_slot = memory_slot;
    assert_int_equal(hf2c_device_begin(&device, &context, &batch, &in), HF2C_OK);
    assert_memory_equal(in.sequences->memory, memory, sizeof memory);
    assert_memory_equal(in.sequences->memory_slot, memory_slot, sizeof memory_slot);
    assert_int_equal(hf2c_device_begin_source(&device, &context, &batch, &in), HF2C_BAD_ARGUMENT); /* part of it is past */
    batch.past = NULL;
    assert_int_equal(hf2c_device_begin_source(&device, &context, &batch, &in), HF2C_OK);
    assert_int_equal(hf2c_device_finish(&device), HF2C_OK);
    hf2c_device_close(&device);
}

static void test_shared_weights(void **)
{
    Weights weights;
    hf2c_device first, second;
    hf2c_context context;
    hf2c_device_options options = with_slots(1);
    assert_int_equal(hf2c_device_open(&first, &model, &options), HF2C_OK);
    assert_int_equal(hf2c_device_upload(&first, weights.bytes, sizeof weights.bytes), HF2C_OK);
    options.weights = first.weights;
    options.slots = 2;
    assert_int_equal(hf2c_device_open(&second, &model, &options), HF2C_OK);
    assert_int_equal(hf2c_device_upload(&second, weights.bytes, sizeof weights.bytes), HF2C_BAD_ARGUMENT);
    hf2c_device_attach(&second, &context);
    hf2c_batch batch = make_batch();
    float y[2 * HIDDEN], *outputs[] = {y};
    assert_int_equal(model.forward(&context, &batch, outputs), HF2C_OK);
    assert_true(y[HIDDEN] == (float)(2 * HIDDEN));
    hf2c_device_close(&second);
    hf2c_device_close(&first);
    assert_int_equal(fake_machine.held, 0);
}

static void test_wrong_weights(void **)
{
    Weights weights;
    hf2c_device device;
    hf2c_device_options options = with_slots(1);
    assert_int_equal(hf2c_device_open(&device, &model, &options), HF2C_OK);
    assert_int_equal(hf2c_device_upload(&device, weights.bytes, sizeof weights.bytes - 1), HF2C_BAD_WEIGHTS);
    assert_int_equal(hf2c_device_upload(&device, NULL, sizeof weights.bytes), HF2C_BAD_WEIGHTS);
    weights.bytes[24] ^= 1;
    assert_int_equal(hf2c_device_upload(&device, weights.bytes, sizeof weights.bytes), HF2C_BAD_WEIGHTS);
    hf2c_device_close(&device);
    assert_int_equal(hf2c_device_upload(&device, weights.bytes, sizeof weights.bytes), HF2C_BAD_ARGUMENT);
}

/* ---- every call fails once ---- */

/* Opens, uploads, runs; returns the first status that is not HF2C_OK. The error's text is in *error. */
static hf2c_status run_everything(char error[256])
{
    static const Weights weights;
    hf2c_device device;
    hf2c_context context;
    hf2c_device_options options = with_slots(2);
    hf2c_status status = hf2c_device_open(&device, &model, &options);
    if (status == HF2C_OK) status = hf2c_device_upload(&device, weights.bytes, sizeof weights.bytes);
    if (status == HF2C_OK) {
        hf2c_device_attach(&device, &context);
        hf2c_batch batch = make_batch();
        float y[2 * HIDDEN], *outputs[] = {y};
        status = model.forward(&context, &batch, outputs);
    }
    memcpy(error, device.stream.error, 256);
    hf2c_device_close(&device);
    return status;
}

static void test_every_call_fails(void **)
{
    char error[256];
    assert_int_equal(run_everything(error), HF2C_OK);
    int calls = fake_machine.calls, failures = 0;
    for (int fail_at = 1; fail_at <= calls; fail_at++) {
        fake_machine = FakeMachine();
        fake_machine.fail_at = fail_at;
        hf2c_status status = run_everything(error);
        assert_int_equal(fake_machine.held, 0);
        failures += status != HF2C_OK;
        if (status != HF2C_OK) {
            assert_int_equal(status, HF2C_DEVICE);
            assert_non_null(strstr(error, "an illegal memory access was encountered (cudaErrorIllegalAddress)"));
        }
    }
    assert_int_equal(failures, calls - 4); /* all but those of hf2c_device_close: choose, two memories, the stream */
}

static void test_allocation_fails(void **)
{
    char error[256];
    fake_machine.fail_at = 7; /* count, choose, two attributes, stream, free memory; then the memory */
    fake_machine.fail_with = cudaErrorMemoryAllocation;
    assert_int_equal(run_everything(error), HF2C_NO_MEMORY);
    assert_non_null(strstr(error, "allocating the GPU's memory: out of memory"));
}

/* A context recovers from an error that passes. */
static void test_error_passes(void **)
{
    Weights weights;
    hf2c_device device;
    hf2c_context context;
    hf2c_device_options options = with_slots(2);
    assert_int_equal(hf2c_device_open(&device, &model, &options), HF2C_OK);
    assert_int_equal(hf2c_device_upload(&device, weights.bytes, sizeof weights.bytes), HF2C_OK);
    hf2c_device_attach(&device, &context);
    hf2c_batch batch = make_batch();
    float y[2 * HIDDEN], *outputs[] = {y};
    fake_machine.fail_at = fake_machine.calls + 2;
    assert_int_equal(model.forward(&context, &batch, outputs), HF2C_DEVICE);
    assert_int_equal(model.forward(&context, &batch, outputs), HF2C_OK);
    assert_int_equal(device.stream.error[0], '\0');
    hf2c_device_close(&device);
}

/* ---- what stands on it ---- */

static void test_copy_slot(void **)
{
    hf2c_device device;
    hf2c_context context;
    hf2c_device_options options = with_slots(3);
    assert_int_equal(hf2c_device_open(&device, &model, &options), HF2C_OK);
    hf2c_device_attach(&device, &context);
    for (int i = 0; i < 3 * STATE_BYTES; i++) device.state[i] = (uint8_t)(i / STATE_BYTES + 1);
    assert_int_equal(hf2c_context_copy_slot(&context, 2, 0), HF2C_OK);
    for (int i = 0; i < 3 * STATE_BYTES; i++) assert_int_equal(device.state[i], i / STATE_BYTES == 1 ? 2 : 3);
    assert_int_equal(hf2c_context_copy_slot(&context, 3, 0), HF2C_BAD_ARGUMENT);
    assert_int_equal(hf2c_context_copy_slot(&context, 0, 3), HF2C_BAD_ARGUMENT);
    fake_machine.fail_at = fake_machine.calls + 2;
    assert_int_equal(hf2c_context_copy_slot(&context, 0, 1), HF2C_DEVICE);
    hf2c_device_close(&device);
}

/* As many slots as there is room for, halved from what was asked; nothing is left behind. */
static void test_program(void **)
{
    Weights weights;
    hf2c_context context;
    char reason[256];
    fake_machine.available = hf2c_device_bytes(&model, 20, 0);
    assert_int_equal(hf2c_program_cuda.attach(&context, &model, weights.bytes, sizeof weights.bytes, 64, reason), HF2C_OK);
    assert_int_equal(context.slots, 16);
    hf2c_batch batch = make_batch();
    float y[2 * HIDDEN], *outputs[] = {y};
    assert_int_equal(model.forward(&context, &batch, outputs), HF2C_OK);
    hf2c_program_cuda.detach(&context);
    assert_int_equal(fake_machine.held, 0);

    weights.bytes[0] = 'X';
    assert_int_equal(hf2c_program_cuda.attach(&context, &model, weights.bytes, sizeof weights.bytes, 64, reason), HF2C_BAD_WEIGHTS);
    assert_non_null(strstr(reason, "not those of this model"));
    fake_machine.available = 64;
    assert_int_equal(hf2c_program_cuda.attach(&context, &model, weights.bytes, sizeof weights.bytes, 64, reason), HF2C_NO_MEMORY);
    assert_non_null(strstr(reason, "bytes of memory are needed, 64 of"));
    assert_int_equal(fake_machine.held, 0);
}

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_no_gpu, reset),
        cmocka_unit_test_setup(test_no_driver, reset),
        cmocka_unit_test_setup(test_wrong_gpu, reset),
        cmocka_unit_test_setup(test_old_gpu, reset),
        cmocka_unit_test_setup(test_too_little_memory, reset),
        cmocka_unit_test_setup(test_borrowed_memory, reset),
        cmocka_unit_test_setup(test_layout, reset),
        cmocka_unit_test_setup(test_forward, reset),
        cmocka_unit_test_setup(test_inputs, reset),
        cmocka_unit_test_setup(test_shared_weights, reset),
        cmocka_unit_test_setup(test_wrong_weights, reset),
        cmocka_unit_test_setup(test_every_call_fails, reset),
        cmocka_unit_test_setup(test_allocation_fails, reset),
        cmocka_unit_test_setup(test_error_passes, reset),
        cmocka_unit_test_setup(test_copy_slot, reset),
        cmocka_unit_test_setup(test_program, reset),
    };
    return cmocka_run_group_tests_name("cuda device", tests, NULL, NULL);
}
