/* probe: see probe.h. */
#include "compiler/command/probe.h"

#include <math.h>
#include <string.h>

#include "compiler/command/forward.h"
#include "compiler/command/random.h"
#include "compiler/command/windows.h"
#include "compiler/emit/pack.h"
#include "runtime/core/team.h"

enum { MOST_WINDOWS = 4, RANDOM_WIDTH = 128 };

struct Probe {
    Engine *engine;
    hf2c_context context;
    Windows windows;
    bool predicts; /* the next token */
    const float *exact[MOST_WINDOWS];
};

static Windows random_windows(Arena *arena, const hf2c_model *model)
{
    const RandomStream stream = random_stream(0, "tokens");
    int width = model->max_sequence < RANDOM_WIDTH ? model->max_sequence : RANDOM_WIDTH;
    int32_t *ids = ARENA_ARRAY(arena, int32_t, (size_t)(MOST_WINDOWS * width));
    for (int i = 0; i < MOST_WINDOWS * width; i++) ids[i] = (int32_t)(random_uniform(stream, (uint64_t)i) * model->vocabulary);
    return (Windows){MOST_WINDOWS, width, ids};
}

/* The first output for one window, and how many numbers of it belong together. */
static const float *probe_output(Arena *arena, Probe *probe, int number, size_t *rows, int *columns)
{
    Err err = {{0}};
    const float *values;
    int width = probe->windows.width;
    if (probe->predicts) {
        values = windows_logits(arena, &probe->context, &probe->windows, number, columns, &err);
        *rows = (size_t)width;
    } else {
        uint8_t *mask = ARENA_ARRAY(arena, uint8_t, (size_t)width);
        memset(mask, 1, (size_t)width);
        Padded inputs = {.sequences = 1, .width = width, .ids = probe->windows.ids + (size_t)number * (size_t)width, .mask = mask};
        float **value = forward_padded(arena, &probe->context, &inputs, (Feeding){0, 0}, false, 0, &err);
        values = value ? value[0] : NULL;
        *rows = padded_count(&inputs, probe->context.model->outputs[0].rows);
        *columns = probe->context.model->outputs[0].columns;
    }
    if (!values) fatal("%s", err.text);
    return values;
}

Probe *probe_new(Arena *arena, const Compiled *compiled, const char *text, int threads)
{
    Err err = {{0}};
    size_t rows;
    int columns;
    const hf2c_model *model = &compiled->facts;
    if (hf2c_has_source(model) || !model->vocabulary || model->max_images || compiled->built.frame_step) return NULL;
    Probe *probe = ARENA_NEW(arena, Probe);
    probe->predicts = model->state_bytes != 0;
    probe->engine = engine_interpreter(arena, compiled, &err);
    if (!probe->engine || !engine_context(arena, &probe->engine->model, probe->engine, probe->engine->weights, 1, threads, &probe->context, &err))
        fatal("%s", err.text);
    if (!text) probe->windows = random_windows(arena, model);
    else if (!windows_read(arena, compiled, text, &probe->windows, &err)) fatal("%s", err.text);
    if (probe->windows.count > MOST_WINDOWS) probe->windows.count = MOST_WINDOWS;
    for (int i = 0; i < probe->windows.count; i++) probe->exact[i] = probe_output(arena, probe, i, &rows, &columns);
    return probe;
}

static double relative_change(const float *exact, const float *other, size_t count)
{
    double change = 0, energy = 0;
    for (size_t i = 0; i < count; i++) {
        change += ((double)other[i] - (double)exact[i]) * ((double)other[i] - (double)exact[i]);
        energy += (double)exact[i] * (double)exact[i];
    }
    return energy > 0 ? change / energy : 0;
}

static double mean_loss(Probe *probe)
{
    double sum = 0;
    for (int i = 0; i < probe->windows.count; i++) {
        Arena *scratch = arena_new();
        size_t rows;
        int columns;
        const float *values = probe_output(scratch, probe, i, &rows, &columns);
        sum += probe->predicts ? logits_divergence(probe->exact[i], values, (int)rows, columns)
                               : relative_change(probe->exact[i], values, rows * (size_t)columns);
        arena_free(scratch);
    }
    return fmax(sum / probe->windows.count, 0);
}

double probe_loss(Probe *probe, const PackedWeight *weight, Format format)
{
    Err err = {{0}};
    PackError error;
    uint8_t *place = probe->engine->weights + weight->offset;
    if (!pack_rounded(weight, format, place, &error, &err)) fatal("%s", err.text);
    double loss = mean_loss(probe);
    if (!pack_one(weight, place, &err)) fatal("%s", err.text);
    return loss;
}
