/* text-classification: labels and scores of a text or of a pair of texts. */
#include "runtime/task/task.h"

enum { FUNCTION_OF_MODEL = HF2C_FUNCTION_SIGMOID + 1 }; /* behind those of hf2c_function */

typedef struct TextClassification {
    int top_k;             /* 0: all labels; -1: not given, which gives one label in a flatter shape */
    int function_to_apply; /* hf2c_function, or FUNCTION_OF_MODEL */
    int truncation, max_length;
    int padding;
} TextClassification;

static const hf2c_option rows[] = {
    {"top_k", HF2C_OPTION_COUNT, offsetof(TextClassification, top_k), NULL, "labels to return; null: all"},
    {"function_to_apply", HF2C_OPTION_CHOICE, offsetof(TextClassification, function_to_apply), "none softmax sigmoid",
     "how logits become scores: none, softmax or sigmoid"},
    {"truncation", HF2C_OPTION_FLAG, offsetof(TextClassification, truncation), NULL, "cut texts that are too long"},
    {"max_length", HF2C_OPTION_COUNT, offsetof(TextClassification, max_length), NULL,
     "tokens to cut to, with truncation"},
    {"padding", HF2C_OPTION_FLAG, offsetof(TextClassification, padding), NULL, "accepted; nothing is padded here"},
};

static void defaults(void *options, const hf2c_model *model)
{
    TextClassification *o = options;
    (void)model;
    o->top_k = -1;
    o->function_to_apply = FUNCTION_OF_MODEL;
}

static void write_entry(hf2c_run *run, int label, float score)
{
    hf2c_text name = hf2c_run_label(run, label);
    if (run->people) {
        hf2c_sink_bytes(run->sink, name.text, name.bytes);
        hf2c_sink_text(run->sink, "  ");
        hf2c_sink_fixed(run->sink, score, 4);
        hf2c_sink_text(run->sink, "\n");
        return;
    }
    hf2c_sink_text(run->sink, "{");
    hf2c_sink_key(run->sink, "label", 1);
    hf2c_sink_string(run->sink, name.text, name.bytes);
    hf2c_sink_key(run->sink, "score", 0);
    hf2c_sink_number(run->sink, score);
    hf2c_sink_text(run->sink, "}");
}

static hf2c_status prepare(hf2c_run *run, const void *options, hf2c_job *job)
{
    const TextClassification *o = options;
    hf2c_encoding *encoding = hf2c_job_single(run, job);
    hf2c_tokenization tokenization = {.strategy = o->truncation ? HF2C_TRUNCATE_LONGEST_FIRST : HF2C_TRUNCATE_NONE,
                                      .max_length = o->max_length};
    return encoding ? hf2c_run_encode(run, job->input.text, job->input.second, tokenization, encoding, NULL) : HF2C_TOO_SMALL;
}

static hf2c_status finish(hf2c_run *run, const void *options, const hf2c_job *job)
{
    const TextClassification *o = options;
    hf2c_rows_result logits = job->results[0];
    int labels = logits.columns, shown = o->top_k < 0 ? 1 : o->top_k == 0 || o->top_k > labels ? labels : o->top_k;
    float *scores = HF2C_TAKE(run->scratch, float, labels);
    int32_t *ranked = HF2C_TAKE(run->scratch, int32_t, labels);
    if (!scores || !ranked) return HF2C_TOO_SMALL;
    hf2c_function asked = (hf2c_function)o->function_to_apply;
    hf2c_scores(o->function_to_apply == FUNCTION_OF_MODEL ? hf2c_score_function(run->context->model) : asked,
                logits.values, labels, scores);
    hf2c_rank(scores, labels, shown, ranked);
    /* transformers: one string without top_k gives [entry], items of a list and objects give entry alone. */
    int bracket = !run->people && (o->top_k >= 0 || job->input.form == HF2C_INPUT_STRING);
    if (bracket) hf2c_sink_text(run->sink, "[");
    for (int i = 0; i < shown; i++) {
        if (i > 0 && !run->people) hf2c_sink_text(run->sink, ", ");
        write_entry(run, ranked[i], scores[ranked[i]]);
    }
    if (bracket) hf2c_sink_text(run->sink, "]");
    return HF2C_OK;
}

extern const hf2c_task hf2c_task_text_classification;
const hf2c_task hf2c_task_text_classification = {
    .name = "text-classification",
    .aliases = "sentiment-analysis",
    .summary = "labels and scores of a text",
    .first = "text",
    .second = "text_pair",
    .options = {rows, sizeof rows / sizeof *rows},
    .bytes = sizeof(TextClassification),
    .defaults = defaults,
    .prepare = prepare,
    .finish = finish,
    .outputs = {"logits"},
};
