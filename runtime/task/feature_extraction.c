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

static void write_row(hf2c_run *run, const float *values, int count)
{
    hf2c_sink_text(run->sink, run->people ? "" : "[");
    for (int i = 0; i < count; i++) {
        if (i > 0) hf2c_sink_text(run->sink, run->people ? " " : ", ");
        hf2c_sink_number(run->sink, values[i]);
    }
    hf2c_sink_text(run->sink, run->people ? "\n" : "]");
}

static hf2c_status answer(hf2c_run *run, const void *options, const hf2c_input *input)
{
    const FeatureExtraction *o = options;
    const char *names[] = {"last_hidden_state"};
    hf2c_encoding encoding;
    hf2c_rows_result states;
    hf2c_tokenization tokenization = {.strategy = o->truncation ? HF2C_TRUNCATE_LONGEST_FIRST : HF2C_TRUNCATE_NONE,
                                      .max_length = o->max_length};
    hf2c_status status = hf2c_run_encode(run, input->text, input->second, tokenization, &encoding, NULL);
    if (status == HF2C_OK) status = hf2c_run_forward(run, &encoding, (hf2c_ids){0}, names, 1, &states);
    if (status != HF2C_OK) return status;
    if (!run->people) hf2c_sink_text(run->sink, "[[");
    for (int i = 0; i < states.rows; i++) {
        if (i > 0 && !run->people) hf2c_sink_text(run->sink, ", ");
        write_row(run, states.values + (size_t)i * (size_t)states.columns, states.columns);
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
    .answer = answer,
};
