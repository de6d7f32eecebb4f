/* interpret: executes a plan op by op through the kernels' uniform calls. The arithmetic is that of compiled code; what is missing
 * is the specialisation: every shape is a variable here. */
#include "compiler/emit/pack.h"
#include "compiler/engine/engine.h"
#include "runtime/core/call.h"

typedef struct Interpretation {
    hf2c_call run;
    const Plan *plan;
    Observer *observer;
    int entry;
} Interpretation;

static void *input_pointer(hf2c_call *run, int input)
{
    switch ((PlanInput)input) {
    case INPUT_ids: return (void *)run->ids;
    case INPUT_positions: return (void *)run->positions;
    case INPUT_types: return (void *)run->types;
    case INPUT_want: return (void *)run->want;
    case INPUT_sequences: return &run->table;
    case INPUT_values: return (void *)run->values;
    default: bug("input %d", input);
    }
}

static void *operand_pointer(hf2c_call *run, const Operand *operand, int iteration)
{
    size_t offset = operand->offset + operand->stride * (size_t)iteration;
    switch (operand->place) {
    case PLACE_INPUT: return input_pointer(run, operand->index);
    case PLACE_ARENA: return run->workspace + offset;
    case PLACE_WEIGHTS: return (void *)(run->weights + offset);
    case PLACE_STATE: return run->state + offset;
    case PLACE_OUTPUT: return run->outputs[operand->index + operand->index_stride * iteration];
    default: return NULL;
    }
}

static int symbol_value(const hf2c_call *run, Symbol symbol)
{
    switch (symbol) {
    case SYMBOL_rows: return run->rows;
    case SYMBOL_sequences: return run->sequence_count;
    case SYMBOL_wanted: return run->wanted;
    case SYMBOL_images: return run->images;
    case SYMBOL_pieces: return run->pieces;
    default: bug("no kernel counts %s", symbol_name(symbol));
    }
}

static void interpret_step(const hf2c_team *team, hf2c_call *run, const Plan *plan, const Step *step, int iteration)
{
    void *pointer[CALL_MAX_POINTERS];
    int dynamic[CALL_MAX_DYNAMICS];
    float real[CALL_MAX_REALS];
    for (int i = 0; i < step->call.pointers; i++) pointer[i] = operand_pointer(run, &step->pointer[i], iteration);
    for (int i = 0; i < step->call.dynamics; i++) dynamic[i] = (int)step->call.multiple * symbol_value(run, step->call.dynamic[i]);
    for (int i = 0; i < step->call.reals; i++) real[i] = (float)step->call.real[i];
    if (step->guard >= 0 && !pointer[0]) return;
    const Instance *instance = &plan->instance[step->instance];
    hf2c_team part;
    if (hf2c_enter(team, &part, dynamic[0] <= instance->alone)) instance->kernel->thunk(&part, pointer, dynamic, step->call.constant, real);
}

/* x of a linear is there once all that came before is done. */
static void observe_step(const hf2c_team *team, Interpretation *in, const Step *step, const Node *node, int iteration)
{
    const Node *x = step->node && step->node->op == OP_linear ? step->node->operand[0] : NULL;
    hf2c_team part;
    if (!x || (step->guard >= 0 && !operand_pointer(&in->run, &step->pointer[0], iteration))) return;
    hf2c_enter(team, &part, 0);
    for (int i = 1; i < step->call.pointers; i++)
        if (step->pointer[i].node == x) {
            int rows = (int)step->call.multiple * symbol_value(&in->run, step->call.dynamic[0]);
            observer_add(in->observer, &part, node, operand_pointer(&in->run, &step->pointer[i], iteration), rows);
            return;
        }
}

static void interpret(const hf2c_team *team, void *argument)
{
    Interpretation *in = argument;
    for (size_t s = 0; s < in->plan->sections; s++) {
        const Section *section = &in->plan->section[s];
        if (section->entry != in->entry) continue;
        for (int n = 0; n < section->iterations; n++)
            for (size_t i = 0; i < section->count; i++) {
                const Step *step = &in->plan->step[section->first + i];
                if (in->observer) observe_step(team, in, step, section->nodes[(size_t)n * section->count + i], n);
                interpret_step(team, &in->run, in->plan, step, n);
            }
    }
}

static hf2c_status interpret_forward(hf2c_context *context, const hf2c_batch *batch, float *const *outputs)
{
    const Engine *engine = context->engine;
    Interpretation in = {.plan = engine->compiled->plan, .observer = engine->observer};
    hf2c_status status = hf2c_batch_check(context, batch);
    if (status != HF2C_OK) return status;
    hf2c_call_begin(&in.run, context, batch, outputs);
    hf2c_call_run(context, batch, interpret, &in);
    return HF2C_OK;
}

static hf2c_status interpret_encode(hf2c_context *context, const hf2c_batch *batch, float *const *outputs)
{
    const Engine *engine = context->engine;
    Interpretation in = {.plan = engine->compiled->plan, .observer = engine->observer, .entry = 1};
    hf2c_status status = hf2c_source_check(context, batch);
    if (status != HF2C_OK) return status;
    hf2c_call_begin(&in.run, context, batch, outputs);
    hf2c_call_run(context, batch, interpret, &in);
    return HF2C_OK;
}

Engine *engine_interpreter(Arena *arena, const Compiled *compiled, Err *err)
{
    if (!kernels_isa_runs(compiled->target->isa)) {
        err_set(err, "this machine cannot run %s kernels of target %s", compiled->target->isa, compiled->target->name);
        return NULL;
    }
    Engine *engine = ARENA_NEW(arena, Engine);
    engine->compiled = compiled;
    engine->model = compiled->facts;
    engine->model.forward = interpret_forward;
    if (graph_has_encoder(compiled->graph)) engine->model.encode = interpret_encode;
    engine->weights = arena_alloc(arena, compiled->plan->weights_bytes);
    uint64_t hash;
    if (!pack_to_memory(compiled->plan, engine->weights, &hash, err)) return NULL;
    engine->model.weights_hash = hash;
    return engine;
}
