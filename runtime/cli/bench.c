/* bench: how fast the model runs here, on token ids made up for it. */
#include "runtime/cli/bench.h"
#include "runtime/task/generation.h"

#include <stdlib.h>
#include <string.h>

enum { PROMPT = 128, NEW_TOKENS = 64, GUESSES = 8, ROUNDS = 5 };

static int at_most(int wanted, int limit)
{
    return wanted < limit ? wanted : limit;
}

void bench_make_ids(int32_t *ids, int count, int vocabulary)
{
    for (int i = 0; i < count; i++) ids[i] = (int32_t)(((int64_t)i * 7919 + 13) % vocabulary);
}

typedef struct Clock {
    double first; /* when the first new token was there */
    int calls;    /* of the model, from that token on */
} Clock;

/* Asked before every call. */
static int note_call(void *owner)
{
    Clock *clock = owner;
    clock->calls += clock->first != 0;
    return interrupted(NULL);
}

static int note_token(void *owner, int sequence, int32_t id)
{
    Clock *clock = owner;
    (void)sequence;
    (void)id;
    if (clock->first == 0) clock->first = seconds_now();
    return interrupted(NULL);
}

static int fail(hf2c_status status, const hf2c_message *message)
{
    if (status == HF2C_CANCELLED) return EXIT_INTERRUPTED;
    fprintf(stderr, "%s\n", failure_text(status, message));
    return EXIT_BAD_INPUT;
}

/* The prompt becomes the source, behind which there is room for what a decoder begins with. */
static void begin_decoder(hf2c_sequence *sequence, int32_t start)
{
    sequence->source = (hf2c_ids){sequence->ids, sequence->prompt};
    sequence->ids += sequence->prompt;
    sequence->ids[0] = start >= 0 ? start : 0;
    sequence->capacity -= sequence->prompt - 1;
    sequence->prompt = 1;
}

static int bench_generation(Session *session, int prompt, int fresh, int guesses)
{
    const hf2c_model *model = session->model;
    hf2c_message message = {""};
    hf2c_generation settings;
    int32_t *ids = HF2C_TAKE(&session->scratch, int32_t, prompt + fresh + 1);
    hf2c_sequence sequence = {.ids = ids, .capacity = prompt + fresh, .prompt = prompt};
    Clock clock = {0};
    hf2c_generate_call call = {.context = &session->context, .settings = &settings, .scratch = &session->scratch, .message = &message};
    call.token = note_token;
    call.cancelled = note_call;
    call.owner = &clock;
    if (!ids) return fail(HF2C_TOO_SMALL, &message);
    bench_make_ids(ids, prompt, hf2c_source_vocabulary(model));
    hf2c_generation_init(&settings, model);
    if (hf2c_has_source(model)) begin_decoder(&sequence, settings.decoder_start);
    settings.num_beams = 1;
    settings.eos.count = 0;
    settings.do_sample = 0;
    settings.max_new_tokens = fresh;
    settings.prompt_lookup_num_tokens = guesses;
    double start = seconds_now();
    hf2c_status status = hf2c_generate(&call, &sequence, 1);
    double end = seconds_now();
    if (status != HF2C_OK) return fail(status, &message);
    printf("prompt         %d tokens, %.1f tokens/s, first token after %.2f ms\n", prompt,
           prompt / (clock.first - start), 1e3 * (clock.first - start));
    if (fresh < 2) return 0;
    double each = (end - clock.first) / (fresh - 1);
    printf("decode         %d tokens, %.1f tokens/s, %.3f ms each\n", fresh - 1, 1 / each, 1e3 * each);
    if (guesses) {
        printf("guesses        %.2f tokens per call of the model\n", (double)(fresh - 1) / clock.calls);
        return 0;
    }
    printf("moved          %zu bytes of weights per token at most, %.2f GB/s\n", model->weights_bytes,
           (double)model->weights_bytes / each * 1e-9);
    return 0;
}

/* Grey pictures, the largest square where they have sizes of their own; half a second of them. */
static int bench_images(Session *session)
{
    const hf2c_model *model = session->model;
    hf2c_message message = {""};
    int calls = 0, side = model->image_patch, index = 0;
    float **outputs = HF2C_TAKE(&session->scratch, float *, model->output_count);
    float *values = HF2C_TAKE(&session->scratch, float, model->image_values);
    while (side && hf2c_picture_rows(model, side + model->image_patch, side + model->image_patch)) side += model->image_patch;
    int32_t sizes[2] = {side, side}, start[2] = {0, side ? hf2c_picture_rows(model, side, side) : 0};
    hf2c_batch batch = {.images = 1, .values = values, .rows = start[1], .sequences = side ? 1 : 0};
    if (side) batch.sizes = sizes, batch.start = start;
    while (index + 1 < model->output_count && !side && model->outputs[index].rows != HF2C_ROWS_IMAGES) index++;
    if (!outputs || !values) return fail(HF2C_TOO_SMALL, &message);
    for (int i = 0; i < model->image_values; i++) values[i] = 0;
    for (int i = 0; i < model->output_count; i++) outputs[i] = NULL;
    outputs[index] = hf2c_scratch_take(&session->scratch, (size_t)(side ? start[1] : 1), (size_t)model->outputs[index].columns * sizeof(float));
    if (!outputs[index]) return fail(HF2C_TOO_SMALL, &message);
    double begun = seconds_now(), spent = 0;
    for (; spent < 0.5; calls++, spent = seconds_now() - begun) {
        hf2c_status status = model->forward(&session->context, &batch, outputs);
        if (status != HF2C_OK) return fail(status, &message);
        if (interrupted(NULL)) return EXIT_INTERRUPTED;
        if (calls == 0) begun = seconds_now(); /* the first call warms up */
    }
    printf("image          %.3f ms\n", 1e3 * spent / (calls - 1));
    return 0;
}

/* An output that calls with tokens give. */
static const char *text_output(const hf2c_model *model)
{
    for (int i = 0; i < model->output_count; i++)
        if (model->outputs[i].rows != HF2C_ROWS_IMAGES) return model->outputs[i].name;
    return model->outputs[0].name;
}

/* Seconds from a prompt to its first token and, in *rest, to each one behind it. ids: [prompt + fresh] */
static hf2c_status time_generation(Session *session, hf2c_draft *draft, int32_t *ids, int prompt, int fresh, double *first, double *rest)
{
    hf2c_message message = {""};
    hf2c_generation settings;
    hf2c_sequence sequence = {.ids = ids, .capacity = prompt + fresh, .prompt = prompt};
    Clock clock = {0};
    hf2c_generate_call call = {.context = &session->context, .settings = &settings, .scratch = &session->scratch, .message = &message};
    call.token = note_token;
    call.cancelled = interrupted;
    call.owner = &clock;
    call.draft = draft;
    hf2c_generation_init(&settings, session->model);
    settings.num_beams = 1;
    settings.eos.count = 0;
    settings.do_sample = 0;
    settings.max_new_tokens = fresh;
    double start = seconds_now();
    hf2c_status status = hf2c_generate(&call, &sequence, 1);
    *first = clock.first - start;
    *rest = fresh > 1 ? (seconds_now() - clock.first) / (fresh - 1) : 0;
    return status;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double middle(double values[ROUNDS])
{
    qsort(values, ROUNDS, sizeof *values, by_size);
    return values[ROUNDS / 2];
}

/* With and without the draft, in turns: medians. */
static int bench_draft(Session *session, int prompt, int fresh)
{
    double with[ROUNDS], without[ROUNDS], first;
    int32_t *ids = HF2C_TAKE(&session->scratch, int32_t, prompt + fresh + 1);
    hf2c_status status = ids && fresh > 1 ? HF2C_OK : HF2C_TOO_SMALL;
    hf2c_draft *draft = &session->draft;
    draft->rounds = draft->guessed = draft->right = 0;
    for (int i = 0; i < ROUNDS && status == HF2C_OK; i++) {
        bench_make_ids(ids, prompt, session->model->vocabulary);
        status = time_generation(session, NULL, ids, prompt, fresh, &first, &without[i]);
        bench_make_ids(ids, prompt, session->model->vocabulary);
        if (status == HF2C_OK) status = time_generation(session, draft, ids, prompt, fresh, &first, &with[i]);
    }
    if (status != HF2C_OK) return fail(status, &(hf2c_message){""});
    double alone = middle(without), together = middle(with), rounds = draft->rounds > 0 ? (double)draft->rounds : 1;
    printf("draft          %s: %.1f tokens/s, %.2f times the %.1f without it; %.2f of %.2f guesses right per call\n",
           draft->context->model->name, 1 / together, alone / together, 1 / alone, (double)draft->right / rounds, (double)draft->guessed / rounds);
    return 0;
}

/* The first token behind what is read already, and the same read anew. */
static int bench_baked(Session *session)
{
    double with[ROUNDS], without[ROUNDS], rest;
    const hf2c_model *model = session->model;
    const hf2c_baked *baked = model->baked;
    hf2c_model bare = *model;
    int more = at_most(8, model->max_sequence - baked->count);
    int32_t *ids = HF2C_TAKE(&session->scratch, int32_t, baked->count + more + 2);
    hf2c_status status = ids ? HF2C_OK : HF2C_TOO_SMALL;
    bare.baked = NULL;
    for (int i = 0; i < 2 * ROUNDS && status == HF2C_OK; i++) {
        bench_make_ids(ids, baked->count + more, model->vocabulary);
        for (int j = 0; j < baked->count; j++) ids[j] = baked->ids[j];
        session->context.model = i % 2 ? &bare : model;
        status = time_generation(session, NULL, ids, baked->count + more, 1, i % 2 ? &without[i / 2] : &with[i / 2], &rest);
    }
    session->context.model = model;
    if (status != HF2C_OK) return fail(status, &(hf2c_message){""});
    printf("baked prompt   %d tokens and %d more: first token after %.2f ms, %.2f ms when they are read anew\n", baked->count, more,
           1e3 * middle(with), 1e3 * middle(without));
    return 0;
}

/* Calls with a growing number of repetitions until they take half a second; prints the mean. */
static int bench_encoder(Session *session, int tokens)
{
    const hf2c_model *model = session->model;
    hf2c_message message = {""};
    hf2c_run run = {
        .context = &session->context, .scratch = &session->scratch, .message = &message, .cancelled = interrupted};
    hf2c_encoding encoding = {.count = (size_t)tokens};
    const char *names[] = {text_output(model)};
    hf2c_rows_result result;
    int calls = 0;
    encoding.ids = HF2C_TAKE(&session->scratch, int32_t, tokens);
    encoding.type_ids = HF2C_TAKE(&session->scratch, int32_t, tokens);
    if (!encoding.ids || !encoding.type_ids) return fail(HF2C_TOO_SMALL, &message);
    bench_make_ids(encoding.ids, tokens, model->vocabulary);
    for (int i = 0; i < tokens; i++) encoding.type_ids[i] = 0;
    double start = seconds_now(), spent = 0;
    for (; spent < 0.5; calls++, spent = seconds_now() - start) {
        hf2c_scratch before = session->scratch;
        hf2c_status status = hf2c_run_forward(&run, &encoding, (hf2c_ids){0}, names, 1, &result);
        session->scratch = before;
        if (status != HF2C_OK) return fail(status, &message);
        if (calls == 0) start = seconds_now(); /* the first call warms up */
    }
    printf("call           %d tokens, %.3f ms, %.1f tokens/s\n", tokens, 1e3 * spent / (calls - 1),
           tokens * (double)(calls - 1) / spent);
    return 0;
}

int run_bench(Session *session, const Arguments *arguments)
{
    const hf2c_model *model = session->model;
    if (arguments->text_count == 1 && strcmp(arguments->texts[0], "-") == 0) return bench_lines(session);
    if (model->output_count == 0) return fail(HF2C_NOT_SUPPORTED, &(hf2c_message){""});
    printf("model          %s, %zu bytes of weights, %d threads\n", model->name, model->weights_bytes,
           session->context.threads);
    printf("start-up       %.2f ms\n", 1e3 * session->start_seconds);
    session->scratch.used = 0;
    int seen = model->image_values ? bench_images(session) : 0;
    if (seen || !model->vocabulary) return seen;
    int index = hf2c_output_find(model, "logits");
    int generates = model->state_bytes && index >= 0 && model->outputs[index].rows == HF2C_ROWS_WANTED;
    if (!generates) {
        int limit = model->state_bytes ? model->max_sequence : model->max_rows;
        int status = bench_encoder(session, at_most(16, at_most(limit, model->max_sequence)));
        return status ? status : bench_encoder(session, at_most(PROMPT, at_most(limit, model->max_sequence)));
    }
    int prompt = at_most(PROMPT, model->max_sequence / 2 > 0 ? model->max_sequence / 2 : 1);
    int fresh = at_most(NEW_TOKENS, model->max_sequence - prompt + 1);
    int status = bench_generation(session, prompt, fresh, 0); /* the first pass warms up and reads the weights from disk */
    if (status) return status;
    printf("again, warm:\n");
    session->scratch.used = 0;
    status = bench_generation(session, prompt, fresh, 0);
    session->scratch.used = 0;
    if (!status && session->draft.context) status = bench_draft(session, prompt, fresh);
    if (!status && model->baked) status = bench_baked(session);
    if (status || !model->rewinds) return status;
    printf("again, guessing %d tokens at once from the text (prompt_lookup_num_tokens), on this text:\n", GUESSES);
    session->scratch.used = 0;
    return bench_generation(session, prompt, fresh, GUESSES);
}
