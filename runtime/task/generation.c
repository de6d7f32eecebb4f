#include "runtime/task/generation.h"

#include "runtime/generate/stream.h"

#include <limits.h>
#include <string.h>

hf2c_generate_call hf2c_generate_begin(hf2c_run *run, const hf2c_generation *settings)
{
    hf2c_generate_call call = {
        .context = run->context, .settings = settings, .scratch = run->scratch, .message = run->message};
    call.cancelled = run->cancelled;
    call.owner = run->owner;
    call.kept = run->kept;
    call.rule = run->rule;
    call.draft = run->draft;
    return call;
}

hf2c_status hf2c_generate_prompt(hf2c_run *run, const hf2c_generation *settings, hf2c_text text, int add_special_tokens,
                                 hf2c_ids *ids)
{
    hf2c_encoding encoding = {0};
    hf2c_tokenization tokenization = {.without_special = !add_special_tokens};
    hf2c_status status = hf2c_run_encode(run, text, (hf2c_text){0}, tokenization, &encoding, NULL);
    if (status == HF2C_BAD_TEXT && encoding.ids && encoding.count == 0) {
        if (settings->bos < 0) return status;
        run->message->text[0] = '\0'; /* the empty text is fine here */
        encoding.ids[encoding.count++] = settings->bos;
        status = HF2C_OK;
    }
    *ids = (hf2c_ids){encoding.ids, (int)encoding.count};
    return status;
}

/* Shorter prompts of a batch as transformers pads them: sources of an encoder on the right, others on the left. */
static hf2c_status pad_prompt(hf2c_run *run, const hf2c_generation *settings, hf2c_ids prompt, int longest, hf2c_ids *padded)
{
    const hf2c_model *model = run->context->model;
    int32_t pad = model->tokenizer ? hf2c_special_id(model->tokenizer, HF2C_PAD) : -1;
    if (pad < 0) pad = settings->pad >= 0 ? settings->pad : settings->eos.count > 0 ? settings->eos.ids[0] : -1;
    if (pad < 0 || pad >= hf2c_source_vocabulary(model) || prompt.count == longest) return HF2C_OK;
    int32_t *ids = HF2C_TAKE(run->scratch, int32_t, longest);
    if (!ids) return HF2C_TOO_SMALL;
    for (int i = 0; i < longest; i++) ids[i] = pad;
    memcpy(hf2c_has_source(model) ? ids : ids + longest - prompt.count, prompt.ids, (size_t)prompt.count * sizeof *ids);
    *padded = (hf2c_ids){ids, longest};
    return HF2C_OK;
}

hf2c_status hf2c_generate_sequences(hf2c_run *run, const hf2c_generation *settings, const hf2c_ids *prompts, int count,
                                    hf2c_sequence **sequences)
{
    const hf2c_model *model = run->context->model;
    int each = settings->num_return_sequences, longest = 0;
    hf2c_status status = hf2c_generation_check(settings, model, run->message);
    if (status != HF2C_OK) return status;
    if (count > INT_MAX / each) return HF2C_TOO_LONG;
    for (int i = 0; i < count; i++) longest = prompts[i].count > longest ? prompts[i].count : longest;
    hf2c_sequence *list = HF2C_TAKE(run->scratch, hf2c_sequence, count * each);
    if (!list) return HF2C_TOO_SMALL;
    const hf2c_ids start = {&settings->decoder_start, 1};
    if (hf2c_has_source(model) && settings->decoder_start < 0) {
        hf2c_message_set(run->message, "the model does not say what its decoder begins with: give decoder_start_token_id");
        return HF2C_BAD_ARGUMENT;
    }
    int widest = longest;
    if (hf2c_has_source(model)) longest = start.count; /* what transformers pads on the right */
    for (int i = 0; i < count * each; i++) {
        hf2c_ids prompt = hf2c_has_source(model) ? start : prompts[i / each];
        int padding = longest - prompt.count, capacity = hf2c_generate_capacity(settings, model, prompt.count, padding);
        list[i] = (hf2c_sequence){.capacity = capacity, .prompt = prompt.count, .padding = padding};
        if (hf2c_has_source(model)) list[i].source = prompts[i / each];
        list[i].ids = HF2C_TAKE(run->scratch, int32_t, capacity);
        if (!list[i].ids) return HF2C_TOO_SMALL;
        if (i % each > 0) list[i].padded = list[i - 1].padded;
        else if (pad_prompt(run, settings, prompts[i / each], widest, &list[i].padded) != HF2C_OK) return HF2C_TOO_SMALL;
        memcpy(list[i].ids, prompt.ids, (size_t)prompt.count * sizeof(int32_t));
    }
    *sequences = list;
    return HF2C_OK;
}

/* ---- text that appears while it is generated ---- */

typedef struct Streaming {
    hf2c_run *run;
    hf2c_stream stream;
    int count;
    hf2c_status status;
} Streaming;

static int show_token(void *owner, int sequence, int32_t id)
{
    Streaming *s = owner;
    (void)sequence;
    (void)id;
    s->status = hf2c_stream_push(&s->stream, ++s->count, 0);
    if (s->run->flush) s->run->flush(s->run->owner);
    return s->status != HF2C_OK || s->run->sink->failed || (s->run->cancelled && s->run->cancelled(s->run->owner));
}

static int is_cancelled(void *owner)
{
    const Streaming *s = owner;
    return s->run->cancelled && s->run->cancelled(s->run->owner);
}

hf2c_status hf2c_generate_streaming(hf2c_run *run, const hf2c_generation *settings, int skip_special_tokens, hf2c_sequence *sequence)
{
    Streaming s = {.run = run};
    hf2c_generate_call call = hf2c_generate_begin(run, settings);
    hf2c_status status = hf2c_stream_begin(&s.stream, hf2c_writing_tokenizer(run->context->model), sequence->ids + sequence->prompt,
                                           skip_special_tokens, run->sink, run->scratch);
    if (status != HF2C_OK) return status;
    call.token = show_token;
    call.cancelled = is_cancelled;
    call.owner = &s;
    status = hf2c_generate(&call, sequence, 1);
    if (s.status != HF2C_OK) return s.status;
    hf2c_status rest = hf2c_stream_push(&s.stream, sequence->count - sequence->prompt, 1);
    hf2c_sink_text(run->sink, "\n");
    if (status == HF2C_OK && sequence->finish == HF2C_FINISH_CONTEXT)
        hf2c_message_set(run->message, "the context is full");
    return status == HF2C_OK ? rest : status;
}

void hf2c_write_ids(hf2c_sink *sink, const int32_t *ids, int count)
{
    hf2c_sink_text(sink, "[");
    for (int i = 0; i < count; i++) {
        if (i > 0) hf2c_sink_text(sink, ", ");
        hf2c_sink_integer(sink, ids[i]);
    }
    hf2c_sink_text(sink, "]");
}
