/* fill-mask: the likeliest tokens for every mask in a text. */
#include "runtime/task/task.h"

#include <string.h>

typedef struct FillMask {
    int top_k;
    hf2c_texts targets;
} FillMask;

static const hf2c_option rows[] = {
    {"top_k", HF2C_OPTION_COUNT, offsetof(FillMask, top_k), NULL, "tokens to return for each mask"},
    {"targets", HF2C_OPTION_TEXTS, offsetof(FillMask, targets), NULL, "only these tokens compete"},
};

static void defaults(void *options, const hf2c_model *model)
{
    FillMask *o = options;
    (void)model;
    o->top_k = 5;
}

/* ---- the masks and the tokens that compete ---- */

static hf2c_status find_masks(hf2c_run *run, const hf2c_encoding *encoding, hf2c_ids *masks)
{
    int32_t mask = hf2c_special_id(run->context->model->tokenizer, HF2C_MASK), count = 0;
    int32_t *found = HF2C_TAKE(run->scratch, int32_t, encoding->count);
    if (!found) return HF2C_TOO_SMALL;
    for (size_t i = 0; i < encoding->count && mask >= 0; i++) {
        if (encoding->ids[i] == mask) found[count++] = (int32_t)i;
    }
    if (count == 0) {
        size_t length = 0;
        const char *text = mask >= 0 ? hf2c_token_text(run->context->model->tokenizer, mask, &length) : NULL;
        hf2c_message_set(run->message, mask >= 0 ? "no mask in the text; write " : "this tokenizer has no mask token");
        if (text) hf2c_message_add(run->message, text, length);
        return HF2C_BAD_TEXT;
    }
    *masks = (hf2c_ids){found, count};
    return HF2C_OK;
}

/* A target outside the vocabulary counts as the first token of its spelling. -1: it has none. */
static hf2c_status target_id(hf2c_run *run, hf2c_text target, int32_t *id)
{
    hf2c_encoding encoding;
    hf2c_tokenization plain = {.strategy = HF2C_TRUNCATE_NONE, .without_special = 1};
    *id = hf2c_token_id(run->context->model->tokenizer, target.text, target.bytes);
    if (*id >= 0 || target.bytes == 0) return HF2C_OK;
    hf2c_status status = hf2c_run_encode(run, target, (hf2c_text){0}, plain, &encoding, NULL);
    if (status == HF2C_OK) *id = encoding.ids[0];
    return status;
}

static int contains(const int32_t *ids, int count, int32_t id)
{
    for (int i = 0; i < count; i++) {
        if (ids[i] == id) return 1;
    }
    return 0;
}

static hf2c_status find_targets(hf2c_run *run, hf2c_texts targets, hf2c_ids *ids)
{
    int32_t *found = HF2C_TAKE(run->scratch, int32_t, targets.count), id;
    int count = 0;
    if (!found) return HF2C_TOO_SMALL;
    for (int i = 0; i < targets.count; i++) {
        hf2c_status status = target_id(run, targets.texts[i], &id);
        if (status != HF2C_OK) return status;
        if (id >= 0 && id < run->context->model->vocabulary && !contains(found, count, id)) found[count++] = id;
    }
    *ids = (hf2c_ids){found, count};
    if (count > 0) return HF2C_OK;
    hf2c_message_set(run->message, "targets: none of them is a token");
    return HF2C_BAD_ARGUMENT;
}

/* ---- the answer ---- */

static void write_entry(hf2c_run *run, float score, int32_t id, hf2c_text token, hf2c_text sequence)
{
    if (run->people) {
        hf2c_sink_fixed(run->sink, score, 4);
        hf2c_sink_text(run->sink, "  ");
        hf2c_sink_bytes(run->sink, token.text, token.bytes);
        hf2c_sink_text(run->sink, "  ");
        hf2c_sink_bytes(run->sink, sequence.text, sequence.bytes);
        hf2c_sink_text(run->sink, "\n");
        return;
    }
    hf2c_sink_text(run->sink, "{");
    hf2c_sink_key(run->sink, "score", 1);
    hf2c_sink_number(run->sink, score);
    hf2c_sink_key(run->sink, "token", 0);
    hf2c_sink_integer(run->sink, id);
    hf2c_sink_key(run->sink, "token_str", 0);
    hf2c_sink_string(run->sink, token.text, token.bytes);
    hf2c_sink_key(run->sink, "sequence", 0);
    hf2c_sink_string(run->sink, sequence.text, sequence.bytes);
    hf2c_sink_text(run->sink, "}");
}

/* The text with the mask filled by the token; special tokens show only when there are several masks, as in
 * transformers. */
static hf2c_status fill(hf2c_run *run, hf2c_encoding *encoding, int32_t at, int32_t id, int single, hf2c_text *sequence)
{
    int32_t held = encoding->ids[at], pad = hf2c_special_id(run->context->model->tokenizer, HF2C_PAD);
    int count = 0;
    int32_t *ids = HF2C_TAKE(run->scratch, int32_t, encoding->count);
    if (!ids) return HF2C_TOO_SMALL;
    encoding->ids[at] = id;
    for (size_t i = 0; i < encoding->count; i++) {
        if (encoding->ids[i] != pad) ids[count++] = encoding->ids[i];
    }
    encoding->ids[at] = held;
    return hf2c_run_decode(run, ids, count, single, sequence);
}

static hf2c_status rank_candidates(hf2c_run *run, const float *logits, int vocabulary, hf2c_ids targets, int shown,
                                   int32_t *ranked, float *scores)
{
    float *all = HF2C_TAKE(run->scratch, float, vocabulary);
    if (!all) return HF2C_TOO_SMALL;
    hf2c_softmax(logits, vocabulary, all);
    for (int i = 0; i < targets.count; i++) scores[i] = all[targets.ids[i]];
    const float *from = targets.ids ? scores : all;
    hf2c_rank(from, targets.ids ? targets.count : vocabulary, shown, ranked);
    float *best = HF2C_TAKE(run->scratch, float, shown);
    if (!best) return HF2C_TOO_SMALL;
    for (int i = 0; i < shown; i++) best[i] = from[ranked[i]];
    for (int i = 0; i < shown; i++) ranked[i] = targets.ids ? targets.ids[ranked[i]] : ranked[i];
    memcpy(scores, best, (size_t)shown * sizeof *best);
    return HF2C_OK;
}

static hf2c_status answer_mask(hf2c_run *run, const FillMask *o, hf2c_encoding *encoding, int32_t at,
                               const float *logits, int vocabulary, hf2c_ids targets, int single)
{
    int competing = targets.ids ? targets.count : vocabulary;
    int shown = o->top_k < 1 ? 5 : o->top_k;
    shown = shown < competing ? shown : competing;
    int32_t *ranked = HF2C_TAKE(run->scratch, int32_t, competing);
    float *scores = HF2C_TAKE(run->scratch, float, competing);
    if (!ranked || !scores) return HF2C_TOO_SMALL;
    hf2c_status status = rank_candidates(run, logits, vocabulary, targets, shown, ranked, scores);
    if (!run->people) hf2c_sink_text(run->sink, "[");
    for (int i = 0; i < shown && status == HF2C_OK; i++) {
        hf2c_text token, sequence;
        status = hf2c_run_decode(run, &ranked[i], 1, 0, &token);
        if (status == HF2C_OK) status = fill(run, encoding, at, ranked[i], single, &sequence);
        if (status != HF2C_OK) return status;
        if (i > 0 && !run->people) hf2c_sink_text(run->sink, ", ");
        write_entry(run, scores[i], ranked[i], token, sequence);
    }
    if (!run->people) hf2c_sink_text(run->sink, "]");
    return status;
}

/* Between prepare() and finish(). */
typedef struct Masked {
    hf2c_encoding *encoding;
    hf2c_ids masks, targets;
} Masked;

static hf2c_status prepare(hf2c_run *run, const void *options, hf2c_job *job)
{
    const FillMask *o = options;
    Masked *masked = HF2C_TAKE(run->scratch, Masked, 1);
    hf2c_encoding *encoding = hf2c_job_single(run, job);
    if (!masked || !encoding) return HF2C_TOO_SMALL;
    *masked = (Masked){.encoding = encoding};
    hf2c_status status = hf2c_run_encode(run, job->input.text, (hf2c_text){0}, (hf2c_tokenization){0}, encoding, NULL);
    if (status == HF2C_OK) status = find_masks(run, encoding, &masked->masks);
    if (status == HF2C_OK && o->targets.texts) status = find_targets(run, o->targets, &masked->targets);
    job->items[0].want = masked->masks;
    job->data = masked;
    return status;
}

static hf2c_status finish(hf2c_run *run, const void *options, const hf2c_job *job)
{
    const FillMask *o = options;
    const Masked *masked = job->data;
    hf2c_ids masks = masked->masks;
    hf2c_rows_result logits = job->results[0];
    hf2c_status status = HF2C_OK;
    int on_demand = logits.rows == masks.count; /* else every row is there */
    if (masks.count > 1 && !run->people) hf2c_sink_text(run->sink, "[");
    for (int i = 0; i < masks.count && status == HF2C_OK; i++) {
        int row = on_demand ? i : masks.ids[i];
        hf2c_scratch before = *run->scratch;
        if (i > 0 && !run->people) hf2c_sink_text(run->sink, ", ");
        status = answer_mask(run, o, masked->encoding, masks.ids[i], logits.values + (size_t)row * (size_t)logits.columns,
                             logits.columns, masked->targets, masks.count == 1);
        *run->scratch = before;
    }
    if (masks.count > 1 && !run->people) hf2c_sink_text(run->sink, "]");
    return status;
}

extern const hf2c_task hf2c_task_fill_mask;
const hf2c_task hf2c_task_fill_mask = {
    .name = "fill-mask",
    .aliases = "",
    .summary = "the likeliest tokens for every mask in a text",
    .first = "text",
    .options = {rows, sizeof rows / sizeof *rows},
    .bytes = sizeof(FillMask),
    .defaults = defaults,
    .prepare = prepare,
    .finish = finish,
    .outputs = {"logits"},
};
