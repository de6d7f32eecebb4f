/* image-classification: labels and scores of the picture in a file. */
#include "runtime/task/classification.h"
#include "runtime/task/pictures.h"

typedef struct ImageClassification {
    hf2c_classification classification;
} ImageClassification;

static const hf2c_option rows[] = {
    HF2C_CLASSIFICATION_OPTIONS(ImageClassification, classification),
};

static void defaults(void *options, const hf2c_model *model)
{
    ImageClassification *o = options;
    (void)model;
    hf2c_classification_defaults(&o->classification, 5);
}

static hf2c_status answer(hf2c_run *run, const void *options, const hf2c_input *input)
{
    const ImageClassification *o = options;
    static const char *const names[] = {"logits"};
    hf2c_rows_result logits;
    hf2c_status status = hf2c_run_picture(run, input->text, names, 1, &logits, NULL);
    if (status != HF2C_OK) return status;
    if (!run->people) hf2c_sink_text(run->sink, "[");
    status = hf2c_classification_write(run, &o->classification, logits);
    if (!run->people) hf2c_sink_text(run->sink, "]");
    return status;
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
