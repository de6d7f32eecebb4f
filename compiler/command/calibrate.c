/* calibrate: see calibrate.h. */
#include "compiler/command/calibrate.h"

#include "compiler/command/budget.h"
#include "compiler/command/windows.h"
#include "runtime/core/team.h"

/* As it is stored, so that inputs are those of the original; a norm's gain stays a part of them. */
Compiled *compile_original(Arena *arena, const Options *options)
{
    static const char *without[OPTION_MAX_LIST + 1];
    CompileOptions o = options_compile(options);
    for (size_t i = 0; i < o.passes.without_count; i++) without[i] = o.passes.without[i];
    without[o.passes.without_count++] = "fuse_norm";
    o.passes.without = without;
    o.precision = (PrecisionOptions){.weights = "stored", .embeddings = options->budget ? options->embeddings : NULL, .activations = "f32"};
    o.target = NULL;
    return command_compile(arena, options, &o);
}

const Calibration *calibrate(Arena *arena, const Options *options, const char *path)
{
    Err err = {{0}};
    Windows windows;
    hf2c_context context;
    Compiled *compiled = compile_original(arena, options);
    Engine *engine = engine_interpreter(arena, compiled, &err);
    int threads = options->threads ? (int)options->threads : hf2c_thread_limit();
    if (!engine || !engine_context(arena, &engine->model, engine, engine->weights, 1, threads, &context, &err)) fatal("%s", err.text);
    if (!windows_read(arena, compiled, path, &windows, &err)) fatal("%s", err.text);
    engine->observer = observer_new(arena, compiled->graph);
    for (int i = 0; i < windows.count; i++) {
        Arena *scratch = arena_new();
        int columns;
        if (!windows_logits(scratch, &context, &windows, i, &columns, &err)) fatal("%s", err.text);
        arena_free(scratch);
    }
    Calibration *calibration = ARENA_NEW(arena, Calibration);
    calibration->inputs = observer_inputs(engine->observer);
    return calibration;
}

void calibrate_for(Arena *arena, const Options *options, FILE *out, CompileOptions *compile_options)
{
    const Calibration *calibration = options->calibrate ? calibrate(arena, options, options->calibrate) : NULL;
    if (calibration) compile_options->inputs = calibration->inputs;
    if (!options->budget) return;
    const Budget *budget = budget_choose(budget_measure(arena, options, calibration), options->budget);
    budget_use(budget->chosen, compile_options);
    budget_print(out, budget);
}
