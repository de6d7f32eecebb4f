/* call_run: whole calls on a team of threads. Firmware, which has none, runs its schedule itself. */
#include "runtime/core/call.h"

/* Pictures are much work each. */
static int threads_for(const hf2c_context *context, const hf2c_batch *batch)
{
    return batch->images == 0 && batch->rows <= context->model->alone_rows ? 1 : context->threads;
}

void hf2c_call_run(hf2c_context *context, const hf2c_batch *batch, void (*schedule)(const hf2c_team *team, void *call), void *call)
{
    hf2c_parallel_paced(&context->pace, threads_for(context, batch), schedule, call);
}

hf2c_status hf2c_call_schedule(hf2c_context *context, const hf2c_batch *batch, float *const *outputs,
                              void (*schedule)(const hf2c_team *team, void *call))
{
    hf2c_call call;
    hf2c_status status = hf2c_batch_check(context, batch);
    if (status != HF2C_OK) return status;
    hf2c_call_begin(&call, context, batch, outputs);
    hf2c_call_run(context, batch, schedule, &call);
    return HF2C_OK;
}

hf2c_status hf2c_call_encode(hf2c_context *context, const hf2c_batch *batch, float *const *outputs,
                             void (*schedule)(const hf2c_team *team, void *call))
{
    hf2c_call call;
    hf2c_status status = hf2c_source_check(context, batch);
    if (status != HF2C_OK) return status;
    hf2c_call_begin(&call, context, batch, outputs);
    hf2c_call_run(context, batch, schedule, &call);
    return HF2C_OK;
}
