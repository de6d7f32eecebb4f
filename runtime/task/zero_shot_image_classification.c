/* zero-shot-image-classification: labels of one's own, scored by a model that puts pictures and texts in one space: how close is the
 * picture to a sentence about the label? */
#include "runtime/task/classification.h"
#include "runtime/task/labels.h"
#include "runtime/task/pictures.h"

typedef struct ZeroShotImage {
    hf2c_texts candidate_labels;
    hf2c_text hypothesis_template;
} ZeroShotImage;

static const hf2c_option rows[] = {
    {"candidate_labels", HF2C_OPTION_LABELS, offsetof(ZeroShotImage, candidate_labels), NULL, "the labels: a list, or one text with commas"},
    {"hypothesis_template", HF2C_OPTION_TEXT, offsetof(ZeroShotImage, hypothesis_template), NULL,
     "sentence about a label, which stands for {} (default: This is a photo of {}.)"},
};

static void defaults(void *options, const hf2c_model *model)
{
    static const char sentence[] = "This is a photo of {}.";
    ZeroShotImage *o = options;
    (void)model;
    o->hypothesis_template = (hf2c_text){sentence, sizeof sentence - 1};
}

/* embeddings: [labels] of the sentences, in the scratch */
static hf2c_status embed_labels(hf2c_run *run, const ZeroShotImage *o, hf2c_rows_result **embeddings)
{
    static const char *const names[] = {"text_embeds"};
    int count = o->candidate_labels.count;
    hf2c_encoding *encodings = HF2C_TAKE(run->scratch, hf2c_encoding, count);
    hf2c_forward_item *items = HF2C_TAKE(run->scratch, hf2c_forward_item, count);
    hf2c_status status = HF2C_OK;
    *embeddings = HF2C_TAKE(run->scratch, hf2c_rows_result, count);
    if (!encodings || !items || !*embeddings) return HF2C_TOO_SMALL;
    for (int i = 0; i < count && status == HF2C_OK; i++) {
        hf2c_text sentence;
        status = hf2c_labels_format(run, "hypothesis_template", o->hypothesis_template, o->candidate_labels.texts[i], &sentence);
        if (status == HF2C_OK) status = hf2c_run_encode(run, sentence, (hf2c_text){0}, (hf2c_tokenization){0}, &encodings[i], NULL);
        items[i] = (hf2c_forward_item){.encoding = &encodings[i]};
    }
    return status == HF2C_OK ? hf2c_run_forward_all(run, items, count, names, 1, *embeddings) : status;
}

/* Probabilities of the labels: softmax of the scaled products of embeddings of length 1. */
static hf2c_status score(hf2c_run *run, hf2c_rows_result picture, const hf2c_rows_result *labels, int count, float *scores)
{
    float *logits = HF2C_TAKE(run->scratch, float, count);
    if (!logits) return HF2C_TOO_SMALL;
    for (int i = 0; i < count; i++) {
        double sum = 0;
        for (int c = 0; c < picture.columns; c++) sum += (double)picture.values[c] * labels[i].values[c];
        logits[i] = run->context->model->similarity * (float)sum;
    }
    hf2c_softmax(logits, count, scores);
    return HF2C_OK;
}

static void write_entry(hf2c_run *run, hf2c_text label, float value)
{
    if (run->people) {
        hf2c_score_line(run, label, value);
        return;
    }
    hf2c_sink_text(run->sink, "{");
    hf2c_sink_key(run->sink, "score", 1);
    hf2c_sink_number(run->sink, value);
    hf2c_sink_key(run->sink, "label", 0);
    hf2c_sink_string(run->sink, label.text, label.bytes);
    hf2c_sink_text(run->sink, "}");
}

static hf2c_status write_ranked(hf2c_run *run, hf2c_texts labels, const float *scores)
{
    int32_t *ranked = HF2C_TAKE(run->scratch, int32_t, labels.count);
    if (!ranked) return HF2C_TOO_SMALL;
    hf2c_rank(scores, labels.count, labels.count, ranked);
    if (!run->people) hf2c_sink_text(run->sink, "[");
    for (int i = 0; i < labels.count; i++) {
        if (i > 0 && !run->people) hf2c_sink_text(run->sink, ", ");
        write_entry(run, labels.texts[ranked[i]], scores[ranked[i]]);
    }
    if (!run->people) hf2c_sink_text(run->sink, "]");
    return HF2C_OK;
}

static hf2c_status answer(hf2c_run *run, const void *options, const hf2c_input *input)
{
    static const char *const names[] = {"image_embeds"};
    const ZeroShotImage *o = options;
    hf2c_rows_result picture, *labels;
    int count = o->candidate_labels.count;
    if (count < 1) {
        hf2c_message_set(run->message, "candidate_labels: wanted at least one label");
        return HF2C_BAD_ARGUMENT;
    }
    float *scores = HF2C_TAKE(run->scratch, float, count);
    if (!scores) return HF2C_TOO_SMALL;
    hf2c_status status = hf2c_run_picture(run, input->text, names, 1, &picture, NULL);
    if (status == HF2C_OK) status = embed_labels(run, o, &labels);
    if (status == HF2C_OK) status = score(run, picture, labels, count, scores);
    return status == HF2C_OK ? write_ranked(run, o->candidate_labels, scores) : status;
}

extern const hf2c_task hf2c_task_zero_shot_image_classification;
const hf2c_task hf2c_task_zero_shot_image_classification = {
    .name = "zero-shot-image-classification",
    .aliases = "",
    .summary = "which of the given labels the picture in a PNG or JPEG file shows",
    .first = "image",
    .options = {rows, sizeof rows / sizeof *rows},
    .bytes = sizeof(ZeroShotImage),
    .defaults = defaults,
    .answer = answer,
};
