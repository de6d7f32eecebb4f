/* context: memory for a model that runs inside hf2c. */
#include "compiler/engine/engine.h"

bool engine_context(Arena *arena, const hf2c_model *model, void *engine, const void *weights, size_t slots, int threads,
                    hf2c_context *context, Err *err)
{
    size_t state_bytes;
    if (!size_mul(model->state_bytes, slots, &state_bytes)) return err_set(err, "%zu slots are too many", slots);
    size_t workspace_bytes = model->workspace_bytes + model->fast_bytes; /* one memory behind the other, as the plan counts */
    void *workspace = arena_alloc(arena, workspace_bytes ? workspace_bytes : 1);
    void *state = arena_alloc(arena, state_bytes ? state_bytes : 1);
    hf2c_status status = hf2c_context_init(context, model, weights, model->weights_bytes, workspace, workspace_bytes, state,
                                           state_bytes, threads);
    context->engine = engine;
    if (status == HF2C_OK) context->fast = workspace;
    return status == HF2C_OK || err_set(err, "%s: %s", model->name, hf2c_status_text(status));
}
