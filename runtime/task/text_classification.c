/* text-classification: labels and scores of a text or of a pair of texts. */
#include "runtime/task/classification.h"

typedef struct TextClassification {
    hf2c_classification classification; /* without top_k one label in a flatter shape */
    int truncation, max_length;
    int padding;
} TextClassification;

static const hf2c_option rows[] = {
    HF2C_CLASSIFICATION_OPTIONS(TextClassification, classification),
    {"truncation", HF2C_OPTION_FLAG, offsetof(TextClassification, truncation), NULL, "cut texts that are too long"},
    {"max_length", HF2C_OPTION_COUNT, offsetof(TextClassification, max_length), NULL,
     "tokens to cut to, with truncation"},
    {"padding", HF2C_OPTION_FLAG, offsetof(TextClassification, padding), NULL, "accepted; nothing is padded here"},
};

static void defaults(void *options, const hf2c_model *model)
{
    TextClassification *o = options;
    (void)model;
    hf2c_classification_defaults(&o->classification, -1);
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
    /* transformers: one string without top_k gives [entry], items of a list and objects give entry alone. */
    int bracket = !run->people && (o->classification.top_k >= 0 || job->input.form == HF2C_INPUT_STRING);
    if (bracket) hf2c_sink_text(run->sink, "[");
    hf2c_status status = hf2c_classification_write(run, &o->classification, job->results[0]);
    if (bracket) hf2c_sink_text(run->sink, "]");
    return status;
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
