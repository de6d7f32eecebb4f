/* direct_write: greedy text, as a call from C. */
#include "runtime/task/direct.h"

#include <string.h>

enum { TEXT_BYTES = 512, HELD = 12 }; /* of a few tokens; tokens held back at most for the rest of a character */

typedef struct Writing {
    hf2c_context *context;
    hf2c_scratch *scratch;
    int32_t *ids, *positions; /* [max_sequence]; [max_rows] */
    float *logits;            /* [vocabulary] */
    char *text;               /* [TEXT_BYTES] */
    int count, fed;           /* tokens; those that the model has read */
    int window, shown;        /* the text of tokens [window, shown) is `before` bytes and is out */
    size_t before;
    int (*put)(void *to, const char *text, size_t bytes);
    void *to;
} Writing;

static hf2c_status take_arrays(Writing *w)
{
    const hf2c_model *model = w->context->model;
    w->ids = HF2C_TAKE(w->scratch, int32_t, model->max_sequence);
    w->positions = HF2C_TAKE(w->scratch, int32_t, model->max_rows);
    w->logits = HF2C_TAKE(w->scratch, float, model->vocabulary);
    w->text = HF2C_TAKE(w->scratch, char, TEXT_BYTES);
    return w->ids && w->positions && w->logits && w->text ? HF2C_OK : HF2C_TOO_SMALL;
}

/* Lets the model read what it has not read yet; logits are those behind the last token. */
static hf2c_status feed(Writing *w)
{
    const hf2c_model *model = w->context->model;
    while (w->fed < w->count) {
        int rows = w->count - w->fed < model->max_rows ? w->count - w->fed : model->max_rows;
        int32_t start[2] = {0, rows}, past = w->fed, want = rows - 1;
        float *outputs[1] = {w->logits};
        hf2c_batch batch = {.rows = rows, .sequences = 1, .ids = w->ids + w->fed, .positions = w->positions, .start = start};
        batch.past = &past;
        batch.want = &want;
        batch.wanted = w->fed + rows == w->count;
        if (!batch.wanted) outputs[0] = NULL;
        for (int i = 0; i < rows; i++) w->positions[i] = w->fed + i;
        hf2c_status status = model->forward(w->context, &batch, outputs);
        if (status != HF2C_OK) return status;
        w->fed += rows;
    }
    return HF2C_OK;
}

/* The likeliest token; -1: no number among the logits. */
static int32_t best_token(const float *logits, int count)
{
    int32_t best = -1;
    for (int32_t i = 0; i < count; i++)
        if (logits[i] == logits[i] && (best < 0 || logits[i] > logits[best])) best = i;
    return best;
}

static int ends_text(const hf2c_model *model, int32_t id)
{
    for (int i = 0; i < model->generation.eos_count; i++)
        if (model->generation.eos[i] == id) return 1;
    return 0;
}

/* A character that is not complete yet decodes to U+FFFD. */
static int ends_unfinished(const char *text, size_t length)
{
    return length >= 3 && memcmp(text + length - 3, "\xEF\xBF\xBD", 3) == 0;
}

/* Puts out what the newest tokens add to the text of those before them. *stop: the caller wants no more. */
static hf2c_status show(Writing *w, int end, int *stop)
{
    const hf2c_tokenizer *tokenizer = w->context->model->tokenizer;
    size_t length;
    hf2c_status status = hf2c_decode_clean(tokenizer, w->ids + w->window, (size_t)(w->count - w->window), 1, w->text, TEXT_BYTES, &length);
    if (status != HF2C_OK) return status;
    if (!end && w->count - w->shown < HELD && ends_unfinished(w->text, length)) return HF2C_OK;
    if (length > w->before) *stop = w->put(w->to, w->text + w->before, length - w->before);
    w->window = w->shown;
    w->shown = w->count;
    return hf2c_decode_clean(tokenizer, w->ids + w->window, (size_t)(w->shown - w->window), 1, w->text, TEXT_BYTES, &w->before);
}

static hf2c_status write_tokens(Writing *w, int most)
{
    const hf2c_model *model = w->context->model;
    int stop = 0;
    hf2c_status status = HF2C_OK;
    for (int made = 0; made < most && !stop && w->count < model->max_sequence && status == HF2C_OK; made++) {
        status = feed(w);
        if (status != HF2C_OK) return status;
        int32_t id = best_token(w->logits, model->vocabulary);
        if (id < 0) return HF2C_NOT_FINITE;
        if (ends_text(model, id)) break;
        w->ids[w->count++] = id;
        status = show(w, 0, &stop);
    }
    return status == HF2C_OK && !stop && w->shown < w->count ? show(w, 1, &stop) : status;
}

hf2c_status hf2c_direct_write(hf2c_context *context, hf2c_text prompt, int most, hf2c_scratch *scratch,
                              int (*put)(void *to, const char *text, size_t bytes), void *to)
{
    Writing w = {.context = context, .scratch = scratch, .put = put, .to = to};
    const hf2c_model *model = context->model;
    size_t count;
    if (!model->tokenizer || !context->state || hf2c_has_source(model)) return HF2C_NOT_SUPPORTED;
    hf2c_status status = take_arrays(&w);
    if (status == HF2C_OK) status = hf2c_direct_encode(context, prompt, 0, scratch, w.ids, NULL, &count);
    if (status != HF2C_OK) return status;
    w.count = w.shown = (int)count;
    w.window = w.count > HELD ? w.count - HELD : 0;
    status = hf2c_decode_clean(model->tokenizer, w.ids + w.window, (size_t)(w.count - w.window), 1, w.text, TEXT_BYTES, &w.before);
    return status == HF2C_OK ? write_tokens(&w, most) : status;
}

size_t hf2c_direct_write_scratch(const hf2c_model *model, size_t text_bytes)
{
    enum { PIECES = 5 };
    if (!model->tokenizer) return 0;
    size_t encode = hf2c_direct_encode_scratch(model, text_bytes);
    return PIECES * 64 + ((size_t)model->max_sequence + (size_t)model->max_rows + (size_t)model->vocabulary) * 4 + TEXT_BYTES + encode;
}
