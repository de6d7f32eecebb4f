/* bench: how fast the model runs here, on token ids made up for it. */
#include "runtime/cli/cli.h"
#include "runtime/task/generation.h"

#include <stdlib.h>

enum { PROMPT = 128, NEW_TOKENS = 64, GUESSES = 8 };

static int at_most(int wanted, int limit)
{
    return wanted < limit ? wanted : limit;
}

/* Any ids do, as long as they differ. */
static void make_ids(int32_t *ids, int count, int vocabulary)
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
    make_ids(ids, prompt, model->vocabulary);
    hf2c_generation_init(&settings, model);
    if (model->encode) begin_decoder(&sequence, settings.decoder_start);
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
    make_ids(encoding.ids, tokens, model->vocabulary);
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
    (void)arguments;
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
    if (status || !model->rewinds) return status;
    printf("again, guessing %d tokens at once from the text (prompt_lookup_num_tokens), on this text:\n", GUESSES);
    session->scratch.used = 0;
    return bench_generation(session, prompt, fresh, GUESSES);
}
