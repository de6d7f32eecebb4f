/* image-classification: labels and scores of the picture in a file. */
#include "runtime/task/pictures.h"

enum { FUNCTION_OF_MODEL = HF2C_FUNCTION_SIGMOID + 1 }; /* behind those of hf2c_function */

typedef struct ImageClassification {
    int top_k;             /* 0: all labels */
    int function_to_apply; /* hf2c_function, or FUNCTION_OF_MODEL */
} ImageClassification;

static const hf2c_option rows[] = {
    {"top_k", HF2C_OPTION_COUNT, offsetof(ImageClassification, top_k), NULL, "labels to return; null: all"},
    {"function_to_apply", HF2C_OPTION_CHOICE, offsetof(ImageClassification, function_to_apply), "none softmax sigmoid",
     "how logits become scores: none, softmax or sigmoid"},
};

static void defaults(void *options, const hf2c_model *model)
{
    ImageClassification *o = options;
    (void)model;
    o->top_k = 5;
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

static hf2c_status answer(hf2c_run *run, const void *options, const hf2c_input *input)
{
    const ImageClassification *o = options;
    hf2c_rows_result logits;
    hf2c_status status = hf2c_run_picture(run, input->text, "logits", &logits);
    if (status != HF2C_OK) return status;
    int labels = logits.columns, shown = o->top_k == 0 || o->top_k > labels ? labels : o->top_k;
    float *scores = HF2C_TAKE(run->scratch, float, labels);
    int32_t *ranked = HF2C_TAKE(run->scratch, int32_t, labels);
    if (!scores || !ranked) return HF2C_TOO_SMALL;
    hf2c_function asked = (hf2c_function)o->function_to_apply;
    hf2c_scores(o->function_to_apply == FUNCTION_OF_MODEL ? hf2c_score_function(run->context->model) : asked, logits.values, labels, scores);
    hf2c_rank(scores, labels, shown, ranked);
    if (!run->people) hf2c_sink_text(run->sink, "[");
    for (int i = 0; i < shown; i++) {
        if (i > 0 && !run->people) hf2c_sink_text(run->sink, ", ");
        write_entry(run, ranked[i], scores[ranked[i]]);
    }
    if (!run->people) hf2c_sink_text(run->sink, "]");
    return HF2C_OK;
}

extern const hf2c_task hf2c_task_image_classification;
const hf2c_task hf2c_task_image_classification = {
    .name = "image-classification",
    .aliases = "",
    .summary = "labels and scores of the picture in a PNG or JPEG file",
    .first = "images",
    .options = {rows, sizeof rows / sizeof *rows},
    .bytes = sizeof(ImageClassification),
    .defaults = defaults,
    .answer = answer,
};
