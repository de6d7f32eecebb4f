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

/* A run of a step: in which iteration, for which rows. */
typedef struct Turn {
    int iteration, row, rows;
} Turn;

static void *behind(void *pointer, size_t bytes) { return pointer ? (char *)pointer + bytes : NULL; }

static void *operand_pointer(hf2c_call *run, const Operand *operand, Turn turn)
{
    size_t before = operand->row_bytes * (size_t)turn.row, offset = operand->offset + operand->stride * (size_t)turn.iteration + before;
    switch (operand->place) {
    case PLACE_INPUT: return behind(input_pointer(run, operand->index), before);
    case PLACE_ARENA: return run->workspace + offset;
    case PLACE_WEIGHTS: return (void *)(run->weights + offset);
    case PLACE_STATE: return run->state + offset;
    case PLACE_OUTPUT: return behind(run->outputs[operand->index + operand->index_stride * turn.iteration], before);
    default: return NULL;
    }
}

static int symbol_value(const hf2c_call *run, Symbol symbol, Turn turn)
{
    switch (symbol) {
    case SYMBOL_rows: return turn.rows;
    case SYMBOL_sequences: return run->sequence_count;
    case SYMBOL_wanted: return run->wanted;
    case SYMBOL_images: return run->images;
    case SYMBOL_pieces: return run->pieces;
    default: bug("no kernel counts %s", symbol_name(symbol));
    }
}

static void interpret_step(const hf2c_team *team, hf2c_call *run, const Plan *plan, const Step *step, Turn turn)
{
    void *pointer[CALL_MAX_POINTERS];
    int dynamic[CALL_MAX_DYNAMICS];
    float real[CALL_MAX_REALS];
    for (int i = 0; i < step->call.pointers; i++) pointer[i] = operand_pointer(run, &step->pointer[i], turn);
    for (int i = 0; i < step->call.dynamics; i++) dynamic[i] = (int)step->call.multiple * symbol_value(run, step->call.dynamic[i], turn);
    for (int i = 0; i < step->call.reals; i++) real[i] = (float)step->call.real[i];
    if (step->guard >= 0 && !pointer[0]) return;
    const Instance *instance = &plan->instance[step->instance];
    hf2c_team part;
    if (hf2c_enter(team, &part, dynamic[0] <= instance->alone)) instance->kernel->thunk(&part, pointer, dynamic, step->call.constant, real);
}

/* x of a linear is there once all that came before is done. */
static void observe_step(const hf2c_team *team, Interpretation *in, const Step *step, const Node *node, Turn turn)
{
    const Node *x = step->node && step->node->op == OP_linear ? step->node->operand[0] : NULL;
    hf2c_team part;
    if (!x || (step->guard >= 0 && !operand_pointer(&in->run, &step->pointer[0], turn))) return;
    hf2c_enter(team, &part, 0);
    for (int i = 1; i < step->call.pointers; i++)
        if (step->pointer[i].node == x) {
            int rows = (int)step->call.multiple * symbol_value(&in->run, step->call.dynamic[0], turn);
            observer_add(in->observer, &part, node, operand_pointer(&in->run, &step->pointer[i], turn), rows);
            return;
        }
}

/* Steps [first, first + count) of a section for some rows. */
static void interpret_steps(const hf2c_team *team, const Interpretation *in, const Section *section, size_t first, size_t count, Turn turn)
{
    Interpretation own = *in; /* members are not in the same strip at the same time */
    own.run.table.first = turn.row;
    for (size_t i = first; i < first + count; i++) {
        const Step *step = &in->plan->step[i];
        if (in->observer) observe_step(team, &own, step, section->nodes[(size_t)turn.iteration * section->count + i - section->first], turn);
        interpret_step(team, &own.run, in->plan, step, turn);
    }
}

static void interpret_iteration(const hf2c_team *team, const Interpretation *in, const Section *section, int iteration)
{
    int rows = in->run.rows, height = (int)in->plan->options.strip_rows;
    size_t end = section->first + section->count, count;
    for (size_t i = section->first; i < end; i += count) {
        const Strip *strip = plan_strip_of(in->plan, i);
        count = strip ? strip->count : 1;
        while (!strip && i + count < end && !plan_strip_of(in->plan, i + count)) count++;
        for (int row = 0; strip && row < rows; row += height)
            interpret_steps(team, in, section, i, count, (Turn){iteration, row, rows - row < height ? rows - row : height});
        if (!strip) interpret_steps(team, in, section, i, count, (Turn){iteration, 0, rows});
    }
}

static void interpret(const hf2c_team *team, void *argument)
{
    const Interpretation *in = argument;
    for (size_t s = 0; s < in->plan->sections; s++)
        for (int n = 0; in->plan->section[s].entry == in->entry && n < in->plan->section[s].iterations; n++)
            interpret_iteration(team, in, &in->plan->section[s], n);
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
