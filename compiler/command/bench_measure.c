/* bench_measure: times one subject of one contestant. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compiler/command/bench.h"

double seconds_since_boot(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* ---- calls ---- */

typedef struct Request {
    Arena *arena;
    hf2c_batch batch;
    float **output;
} Request;

/* The first output that calls with images give, or those with tokens. */
static void want_output(Request *request, const hf2c_model *model, bool images, size_t rows)
{
    int index = 0;
    while (index + 1 < model->output_count && !hf2c_takes_pictures(model) && (model->outputs[index].rows == HF2C_ROWS_IMAGES) != images) index++;
    request->output = ARENA_ARRAY(request->arena, float *, (size_t)model->output_count);
    request->output[index] = arena_alloc_array(request->arena, rows * (size_t)model->outputs[index].columns, sizeof(float));
}

/* Grey pictures; where they have sizes of their own, the largest squares. */
static void prepare_images(Request *request, const hf2c_model *model, int images)
{
    int side = model->image_patch;
    request->arena = arena_new();
    int32_t *start = ARENA_ARRAY(request->arena, int32_t, (size_t)images + 1), *sizes = ARENA_ARRAY(request->arena, int32_t, 2 * (size_t)images);
    request->batch = (hf2c_batch){.images = images};
    request->batch.values = ARENA_ARRAY(request->arena, float, (size_t)images * (size_t)model->image_values);
    while (hf2c_takes_pictures(model) && hf2c_picture_rows(model, side + model->image_patch, side + model->image_patch)) side += model->image_patch;
    int rows = hf2c_takes_pictures(model) ? hf2c_picture_rows(model, side, side) : 0;
    for (int i = 0; i < images; i++) {
        start[i + 1] = (i + 1) * rows;
        sizes[2 * i] = sizes[2 * i + 1] = side;
    }
    if (rows) {
        request->batch.rows = images * rows;
        request->batch.sequences = images;
        request->batch.start = start;
        request->batch.sizes = sizes;
    }
    want_output(request, model, true, (size_t)images * (size_t)(rows ? rows : 1));
}

/* Only what a program would ask for: the first output; of a decoder the row behind the last token. */
static void prepare(Request *request, const hf2c_model *model, int sequences, int tokens, bool last_row)
{
    size_t rows = (size_t)sequences * (size_t)tokens;
    request->arena = arena_new();
    int32_t *ids = ARENA_ARRAY(request->arena, int32_t, rows), *positions = ARENA_ARRAY(request->arena, int32_t, rows);
    int32_t *start = ARENA_ARRAY(request->arena, int32_t, (size_t)sequences + 1), *want = ARENA_ARRAY(request->arena, int32_t, rows);
    int32_t *memory = ARENA_ARRAY(request->arena, int32_t, (size_t)sequences);
    int wanted = last_row ? sequences : (int)rows;
    for (int i = 0; i < (int)rows; i++) {
        ids[i] = (int32_t)(((int64_t)i * 7919 + 13) % model->vocabulary);
        positions[i] = i % tokens;
    }
    for (int i = 0; i <= sequences; i++) start[i] = i * tokens;
    for (int i = 0; i < sequences; i++) memory[i] = tokens;
    for (int i = 0; i < wanted; i++) want[i] = last_row ? (i + 1) * tokens - 1 : i;
    request->batch = (hf2c_batch){.rows = (int)rows, .sequences = sequences, .wanted = wanted, .ids = ids, .positions = positions};
    request->batch.start = start;
    request->batch.memory = memory;
    request->batch.want = want;
    want_output(request, model, false, rows);
}

static void check(const hf2c_context *context, hf2c_status status)
{
    if (status != HF2C_OK) fatal("%s: %s", context->model->name, hf2c_status_text(status));
}

/* Where there is an encoder, it reads the same tokens. */
static void encode(hf2c_context *context, const Request *request)
{
    hf2c_batch batch = request->batch;
    batch.past = NULL;
    if (hf2c_has_source(context->model)) check(context, context->model->encode(context, &batch, request->output));
}

static void forward(hf2c_context *context, const Request *request)
{
    if (!request->batch.past) encode(context, request);
    hf2c_status status = context->model->forward(context, &request->batch, request->output);
    check(context, status);
}

/* ---- subjects ---- */

/* From a context's memory to the first result. */
static double measure_start(const Contestant *c)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    Request request;
    hf2c_context context;
    const hf2c_model *model = &c->engine->model;
    if (model->vocabulary) prepare(&request, model, 1, 1, true);
    else prepare_images(&request, model, 1);
    double start = seconds_since_boot();
    if (!engine_context(arena, model, c->engine, c->engine->weights, 1, c->context.threads, &context, &err)) fatal("%s", err.text);
    forward(&context, &request);
    double seconds = seconds_since_boot() - start;
    arena_free(request.arena);
    arena_free(arena);
    return seconds;
}

/* Mean of as many calls as fill a twentieth of a second, after one that warms up. The request ends here. */
static double measure_request(Contestant *c, Request *request)
{
    static const double enough = 0.05;
    forward(&c->context, request);
    double start = seconds_since_boot(), spent = 0;
    int calls = 0;
    for (; spent < enough; calls++, spent = seconds_since_boot() - start) forward(&c->context, request);
    arena_free(request->arena);
    return spent / calls;
}

static double measure_calls(Contestant *c, int sequences, int tokens, bool last_row)
{
    Request request;
    prepare(&request, &c->engine->model, sequences, tokens, last_row);
    return measure_request(c, &request);
}

static double measure_images(Contestant *c, int images)
{
    Request request;
    prepare_images(&request, &c->engine->model, images);
    return measure_request(c, &request);
}

/* Mean time of a token, behind a prompt of one. */
static double measure_decode(Contestant *c, int tokens)
{
    Request request;
    int32_t past = 0, id = 13, position = 0;
    prepare(&request, &c->engine->model, 1, 1, true);
    request.batch.past = &past;
    request.batch.ids = &id;
    request.batch.positions = &position;
    encode(&c->context, &request);
    forward(&c->context, &request);
    double start = seconds_since_boot();
    for (int i = 1; i <= tokens; i++) {
        past = position = i;
        id = (int32_t)(((int64_t)i * 7919 + 13) % c->engine->model.vocabulary);
        forward(&c->context, &request);
    }
    double seconds = seconds_since_boot() - start;
    arena_free(request.arena);
    return seconds / tokens;
}

double measure(Contestant *contestant, const Subject *subject)
{
    switch (subject->kind) {
    case SUBJECT_start: return measure_start(contestant);
    case SUBJECT_prefill: return measure_calls(contestant, 1, subject->tokens, true);
    case SUBJECT_decode: return measure_decode(contestant, subject->tokens);
    case SUBJECT_encode: return measure_calls(contestant, subject->sequences, subject->tokens, false);
    case SUBJECT_see: return measure_images(contestant, subject->sequences);
    default: bug("subject %d", (int)subject->kind);
    }
}
