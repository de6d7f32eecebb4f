/* reference: the graph as the architecture built it, evaluated in double. */
#include <string.h>

#include "compiler/engine/engine.h"

static int rows_of(const hf2c_output *output, const hf2c_batch *batch)
{
    if (output->rows == HF2C_ROWS_SEQUENCES) return batch->sequences;
    if (output->rows == HF2C_ROWS_IMAGES) return batch->images;
    return output->rows == HF2C_ROWS_WANTED ? batch->wanted : batch->rows;
}

static void store(const double *value, size_t count, float *out)
{
    for (size_t i = 0; i < count; i++) out[i] = (float)value[i];
}

/* Either may be NULL: outputs of its entry are left alone. */
static void evaluate(const Engine *engine, const hf2c_batch *batch, const hf2c_batch *source, bool encoding, float *const *outputs)
{
    const Graph *graph = engine->compiled->before;
    Arena *arena = arena_new();
    double **value = graph_evaluate_source(arena, graph, batch, source);
    for (size_t i = 0; i < graph->outputs; i++) {
        const hf2c_output *output = &engine->model.outputs[i];
        if ((output->rows == HF2C_ROWS_SOURCE) != encoding) continue;
        size_t count = (size_t)rows_of(output, encoding ? source : batch) * (size_t)output->columns;
        if (outputs[i]) store(value[graph->output[i].node->id], count, outputs[i]);
    }
    arena_free(arena);
}

static hf2c_status reference_forward(hf2c_context *context, const hf2c_batch *batch, float *const *outputs)
{
    const Engine *engine = context->engine;
    const hf2c_batch *source = engine->source.rows ? &engine->source : NULL;
    hf2c_status status = hf2c_batch_check(context, batch);
    if (status != HF2C_OK) return status;
    for (int i = 0; batch->past && i < batch->sequences; i++)
        if (batch->past[i]) return HF2C_NOT_SUPPORTED;
    if (engine->model.encode && (!source || source->sequences != batch->sequences)) return HF2C_NOT_SUPPORTED;
    evaluate(engine, batch, source, false, outputs);
    return HF2C_OK;
}

static const int32_t *keep(Arena *arena, const int32_t *numbers, int count)
{
    if (!numbers) return NULL;
    int32_t *copy = ARENA_ARRAY(arena, int32_t, (size_t)count);
    memcpy(copy, numbers, (size_t)count * sizeof *copy);
    return copy;
}

static const float *keep_values(Arena *arena, const float *values, size_t count)
{
    if (!values || count == 0) return NULL;
    float *copy = ARENA_ARRAY(arena, float, count);
    memcpy(copy, values, count * sizeof *copy);
    return copy;
}

static hf2c_status reference_encode(hf2c_context *context, const hf2c_batch *batch, float *const *outputs)
{
    Engine *engine = context->engine;
    hf2c_status status = hf2c_source_check(context, batch);
    if (status != HF2C_OK) return status;
    Arena *arena = engine->arena;
    engine->source = (hf2c_batch){.rows = batch->rows, .sequences = batch->sequences};
    engine->source.ids = keep(arena, batch->ids, batch->rows);
    engine->source.positions = keep(arena, batch->positions, batch->rows);
    engine->source.types = keep(arena, batch->types, batch->rows);
    engine->source.values = keep_values(arena, batch->values, (size_t)batch->rows * (size_t)engine->model.row_values);
    engine->source.start = keep(arena, batch->start, batch->sequences + 1);
    evaluate(engine, NULL, &engine->source, true, outputs);
    return HF2C_OK;
}

Engine *engine_reference(Arena *arena, const Compiled *compiled)
{
    Engine *engine = ARENA_NEW(arena, Engine);
    engine->compiled = compiled;
    engine->arena = arena;
    engine->model = compiled->facts;
    engine->model.forward = reference_forward;
    if (graph_has_encoder(compiled->before)) engine->model.encode = reference_encode;
    engine->model.weights_bytes = engine->model.workspace_bytes = engine->model.fast_bytes = engine->model.state_bytes = 0;
    return engine;
}
