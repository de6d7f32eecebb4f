/* token-classification: labels of tokens, words or phrases, such as names of people and places. */
#include "runtime/task/entities.h"

#include <string.h>

typedef struct TokenClassification {
    int aggregation_strategy, stride;
    hf2c_texts ignore_labels;
} TokenClassification;

static const hf2c_option rows[] = {
    {"aggregation_strategy", HF2C_OPTION_CHOICE, offsetof(TokenClassification, aggregation_strategy),
     "none simple first average max", "from tokens to phrases: none, simple, first, average or max"},
    {"ignore_labels", HF2C_OPTION_TEXTS, offsetof(TokenClassification, ignore_labels), NULL,
     "labels to leave out (default: O)"},
    {"stride", HF2C_OPTION_INTEGER, offsetof(TokenClassification, stride), NULL,
     "long texts go in windows that overlap by so many tokens"},
};

static const hf2c_text outside = {"O", 1};

static void defaults(void *options, const hf2c_model *model)
{
    TokenClassification *o = options;
    (void)model;
    o->stride = -1;
    o->ignore_labels = (hf2c_texts){&outside, 1};
}

static int is_ignored(const TokenClassification *o, hf2c_text label)
{
    for (int i = 0; i < o->ignore_labels.count; i++) {
        hf2c_text ignored = o->ignore_labels.texts[i];
        if (ignored.bytes == label.bytes && memcmp(ignored.text, label.text, label.bytes) == 0) return 1;
    }
    return 0;
}

static hf2c_text shown_label(hf2c_run *run, const TokenClassification *o, const hf2c_entity *entity)
{
    hf2c_text label = hf2c_run_label(run, entity->label);
    return o->aggregation_strategy == HF2C_AGGREGATE_NONE ? label : hf2c_entity_group(label);
}

static hf2c_status tag_window(hf2c_run *run, const TokenClassification *o, const hf2c_encoding *encoding, hf2c_rows_result logits,
                              const hf2c_offsets *text, hf2c_entity *entities, int *count)
{
    size_t labels = (size_t)logits.columns;
    float *scores = hf2c_scratch_take(run->scratch, encoding->count, labels * sizeof(float));
    if (!scores) return HF2C_TOO_SMALL;
    for (size_t i = 0; i < encoding->count; i++)
        hf2c_softmax(logits.values + i * labels, logits.columns, scores + i * labels);
    hf2c_tagged tagged = {encoding, text, scores, logits.columns};
    hf2c_status status = hf2c_entities_find(run, &tagged, (hf2c_aggregation)o->aggregation_strategy, entities, count);
    int kept = 0;
    for (int i = 0; i < *count && status == HF2C_OK; i++) {
        if (!is_ignored(o, shown_label(run, o, &entities[i]))) entities[kept++] = entities[i];
    }
    *count = kept;
    return status;
}

/* Entities of all windows; a window has at most as many as tokens. */
static hf2c_status tag(hf2c_run *run, const TokenClassification *o, const hf2c_job *job, hf2c_entity **entities, int *count)
{
    hf2c_offsets offsets;
    size_t tokens = 0;
    *count = 0;
    for (int i = 0; i < job->count; i++) tokens += job->items[i].encoding->count;
    *entities = HF2C_TAKE(run->scratch, hf2c_entity, tokens);
    if (!*entities || !hf2c_offsets_make(&offsets, job->input.text, run->scratch)) return HF2C_TOO_SMALL;
    for (int i = 0; i < job->count; i++) {
        int found;
        hf2c_status status = tag_window(run, o, job->items[i].encoding, job->results[i], &offsets, *entities + *count, &found);
        if (status != HF2C_OK) return status;
        *count += found;
    }
    if (job->count > 1) *count = hf2c_entities_merge(*entities, *count);
    return HF2C_OK;
}

static void write_people(hf2c_run *run, hf2c_text label, const hf2c_entity *entity)
{
    hf2c_sink_bytes(run->sink, label.text, label.bytes);
    hf2c_sink_text(run->sink, "  ");
    hf2c_sink_fixed(run->sink, entity->score, 4);
    hf2c_sink_text(run->sink, "  ");
    hf2c_sink_bytes(run->sink, entity->word.text, entity->word.bytes);
    hf2c_sink_text(run->sink, "\n");
}

static void write_entry(hf2c_run *run, const TokenClassification *o, const hf2c_entity *entity)
{
    int single = o->aggregation_strategy == HF2C_AGGREGATE_NONE;
    hf2c_text label = shown_label(run, o, entity);
    if (run->people) {
        write_people(run, label, entity);
        return;
    }
    hf2c_sink_text(run->sink, "{");
    hf2c_sink_key(run->sink, single ? "entity" : "entity_group", 1);
    hf2c_sink_string(run->sink, label.text, label.bytes);
    hf2c_sink_key(run->sink, "score", 0);
    hf2c_sink_number(run->sink, entity->score);
    if (single) {
        hf2c_sink_key(run->sink, "index", 0);
        hf2c_sink_integer(run->sink, entity->first);
    }
    hf2c_sink_key(run->sink, "word", 0);
    hf2c_sink_string(run->sink, entity->word.text, entity->word.bytes);
    hf2c_sink_key(run->sink, "start", 0);
    hf2c_sink_integer(run->sink, entity->start);
    hf2c_sink_key(run->sink, "end", 0);
    hf2c_sink_integer(run->sink, entity->end);
    hf2c_sink_text(run->sink, "}");
}

static hf2c_status prepare_window(hf2c_run *run, const TokenClassification *o, hf2c_job *job, int window, int *windows)
{
    hf2c_encoding *encoding = HF2C_TAKE(run->scratch, hf2c_encoding, 1);
    hf2c_tokenization tokenization = {.strategy = HF2C_TRUNCATE_LONGEST_FIRST, .window = window};
    if (!encoding) return HF2C_TOO_SMALL;
    tokenization.stride = o->stride > 0 ? o->stride : 0;
    hf2c_status status = hf2c_run_encode(run, job->input.text, (hf2c_text){0}, tokenization, encoding, windows);
    if (status != HF2C_OK) return status;
    if (window == 0) {
        if (o->stride < 0) *windows = 1;
        job->items = HF2C_TAKE(run->scratch, hf2c_forward_item, *windows);
        if (!job->items) return HF2C_TOO_SMALL;
    }
    job->items[job->count++] = (hf2c_forward_item){.encoding = encoding};
    return HF2C_OK;
}

/* Without a stride there is one window, cut at the longest text. */
static hf2c_status prepare(hf2c_run *run, const void *options, hf2c_job *job)
{
    const TokenClassification *o = options;
    int windows = 1, in_all = 1;
    hf2c_status status = HF2C_OK;
    if (o->stride >= 0 && o->aggregation_strategy == HF2C_AGGREGATE_NONE) {
        hf2c_message_set(run->message, "stride needs an aggregation_strategy other than none");
        return HF2C_BAD_ARGUMENT;
    }
    for (int window = 0; window < in_all && status == HF2C_OK; window++) {
        status = prepare_window(run, o, job, window, &windows);
        if (window == 0) in_all = windows;
    }
    return status;
}

static hf2c_status finish(hf2c_run *run, const void *options, const hf2c_job *job)
{
    const TokenClassification *o = options;
    hf2c_entity *entities;
    int count;
    hf2c_status status = tag(run, o, job, &entities, &count);
    if (status != HF2C_OK) return status;
    if (!run->people) hf2c_sink_text(run->sink, "[");
    for (int i = 0; i < count; i++) {
        if (i > 0 && !run->people) hf2c_sink_text(run->sink, ", ");
        write_entry(run, o, &entities[i]);
    }
    if (!run->people) hf2c_sink_text(run->sink, "]");
    return HF2C_OK;
}

extern const hf2c_task hf2c_task_token_classification;
const hf2c_task hf2c_task_token_classification = {
    .name = "token-classification",
    .aliases = "ner",
    .summary = "labels of words and phrases",
    .first = "text",
    .options = {rows, sizeof rows / sizeof *rows},
    .bytes = sizeof(TokenClassification),
    .defaults = defaults,
    .prepare = prepare,
    .finish = finish,
    .outputs = {"logits"},
};
