/* feature-extraction: the last hidden state of every token. */
#include "runtime/task/task.h"

typedef struct FeatureExtraction {
    int truncation, max_length;
} FeatureExtraction;

static const hf2c_option rows[] = {
    {"truncation", HF2C_OPTION_FLAG, offsetof(FeatureExtraction, truncation), NULL, "cut texts that are too long"},
    {"max_length", HF2C_OPTION_COUNT, offsetof(FeatureExtraction, max_length), NULL,
     "tokens to cut to, with truncation"},
};

static void defaults(void *options, const hf2c_model *model)
{
    (void)options;
    (void)model;
}

static hf2c_status prepare(hf2c_run *run, const void *options, hf2c_job *job)
{
    const FeatureExtraction *o = options;
    hf2c_encoding *encoding = hf2c_job_single(run, job);
    hf2c_tokenization tokenization = {.strategy = o->truncation ? HF2C_TRUNCATE_LONGEST_FIRST : HF2C_TRUNCATE_NONE,
                                      .max_length = o->max_length};
    return encoding ? hf2c_run_encode(run, job->input.text, job->input.second, tokenization, encoding, NULL) : HF2C_TOO_SMALL;
}

static hf2c_status finish(hf2c_run *run, const void *options, const hf2c_job *job)
{
    hf2c_rows_result states = job->results[0];
    (void)options;
    if (!run->people) hf2c_sink_text(run->sink, "[[");
    for (int i = 0; i < states.rows; i++) {
        if (i > 0 && !run->people) hf2c_sink_text(run->sink, ", ");
        hf2c_write_numbers(run, states.values + (size_t)i * (size_t)states.columns, states.columns);
    }
    if (!run->people) hf2c_sink_text(run->sink, "]]");
    return HF2C_OK;
}

extern const hf2c_task hf2c_task_feature_extraction;
const hf2c_task hf2c_task_feature_extraction = {
    .name = "feature-extraction",
    .aliases = "",
    .summary = "the last hidden state of every token",
    .first = "text",
    .second = "text_pair",
    .options = {rows, sizeof rows / sizeof *rows},
    .bytes = sizeof(FeatureExtraction),
    .defaults = defaults,
    .prepare = prepare,
    .finish = finish,
    .outputs = {"last_hidden_state"},
};
