/* program: opens the GPU for a program and closes it. */
#include "runtime/cuda/program.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/cuda/device.h"

/* The least compute capability that this file, and with it the model, was compiled for: 80 for 8.0. */
static int compiled_architecture(void)
{
#ifdef __CUDA_ARCH_LIST__
    static const int architectures[] = {__CUDA_ARCH_LIST__};
    return architectures[0] / 10;
#else
    return 0;
#endif
}

/* Half as many slots, and so on, until they fit. */
static hf2c_status open_device(hf2c_device *device, const hf2c_model *model, size_t slots)
{
    hf2c_device_options options = {};
    options.architecture = compiled_architecture();
    hf2c_status status;
    for (options.slots = model->state_bytes ? slots : 1;; options.slots /= 2) {
        status = hf2c_device_open(device, model, &options);
        if (status != HF2C_NO_MEMORY || options.slots <= 1) return status;
    }
}

static hf2c_status attach(hf2c_context *context, const hf2c_model *model, const void *weights, size_t bytes, size_t slots,
                          char *reason)
{
    hf2c_device *device = (hf2c_device *)calloc(1, sizeof *device);
    if (!device) return HF2C_NO_MEMORY;
    hf2c_status status = open_device(device, model, slots);
    if (status == HF2C_OK) status = hf2c_device_upload(device, weights, bytes);
    if (status == HF2C_OK) {
        hf2c_device_attach(device, context);
        return HF2C_OK;
    }
    snprintf(reason, 256, "%s", device->stream.error);
    hf2c_device_close(device);
    free(device);
    return status;
}

static void detach(hf2c_context *context)
{
    hf2c_device_close((hf2c_device *)context->engine);
    free(context->engine);
    context->engine = NULL;
}

const hf2c_program_device hf2c_program_cuda = {attach, detach};
