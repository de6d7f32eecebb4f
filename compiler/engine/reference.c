/* reference: the graph as the architecture built it, evaluated in double. */
#include <string.h>

#include "compiler/engine/engine.h"

static int rows_of(const hf2c_output *output, const hf2c_batch *batch)
{
    if (output->rows == HF2C_ROWS_SEQUENCES) return batch->sequences;
    return output->rows == HF2C_ROWS_WANTED ? batch->wanted : batch->rows;
}

static void store(const double *value, size_t count, float *out)
{
    for (size_t i = 0; i < count; i++) out[i] = (float)value[i];
}

static hf2c_status reference_forward(hf2c_context *context, const hf2c_batch *batch, float *const *outputs)
{
    const Engine *engine = context->engine;
    const Graph *graph = engine->compiled->before;
    hf2c_status status = hf2c_batch_check(context, batch);
    if (status != HF2C_OK) return status;
    for (int i = 0; batch->past && i < batch->sequences; i++)
        if (batch->past[i]) return HF2C_NOT_SUPPORTED;
    Arena *arena = arena_new();
    double **value = graph_evaluate(arena, graph, batch);
    for (size_t i = 0; i < graph->outputs; i++) {
        const hf2c_output *output = &engine->model.outputs[i];
        size_t count = (size_t)rows_of(output, batch) * (size_t)output->columns;
        if (outputs[i]) store(value[graph->output[i].node->id], count, outputs[i]);
    }
    arena_free(arena);
    return HF2C_OK;
}

Engine *engine_reference(Arena *arena, const Compiled *compiled)
{
    Engine *engine = ARENA_NEW(arena, Engine);
    engine->compiled = compiled;
    engine->model = compiled->facts;
    engine->model.forward = reference_forward;
    engine->model.weights_bytes = engine->model.workspace_bytes = engine->model.state_bytes = 0;
    return engine;
}
