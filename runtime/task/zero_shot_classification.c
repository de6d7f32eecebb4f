/* zero-shot-classification: labels of one's own, scored by a model that was trained on inference: does the text entail a sentence
 * about the label? */
#include "runtime/task/classification.h"
#include "runtime/task/labels.h"

#include <string.h>

typedef struct ZeroShot {
    hf2c_texts candidate_labels;
    hf2c_text hypothesis_template;
    int multi_label;
} ZeroShot;

static const hf2c_option rows[] = {
    {"candidate_labels", HF2C_OPTION_LABELS, offsetof(ZeroShot, candidate_labels), NULL, "the labels: a list, or one text with commas"},
    {"hypothesis_template", HF2C_OPTION_TEXT, offsetof(ZeroShot, hypothesis_template), NULL,
     "sentence about a label, which stands for {} (default: This example is {}.)"},
    {"multi_label", HF2C_OPTION_FLAG, offsetof(ZeroShot, multi_label), NULL, "labels do not exclude each other: score each alone"},
};

static void defaults(void *options, const hf2c_model *model)
{
    static const char sentence[] = "This example is {}.";
    ZeroShot *o = options;
    (void)model;
    o->hypothesis_template = (hf2c_text){sentence, sizeof sentence - 1};
}

static int suits(const hf2c_model *model)
{
    return hf2c_labels_entailment(model) >= 0;
}

static hf2c_status refuse(hf2c_run *run, const char *what)
{
    hf2c_message_set(run->message, what);
    return HF2C_BAD_ARGUMENT;
}

static hf2c_status prepare_label(hf2c_run *run, const ZeroShot *o, hf2c_job *job, hf2c_text label)
{
    hf2c_encoding *encoding = HF2C_TAKE(run->scratch, hf2c_encoding, 1);
    hf2c_text sentence;
    if (!encoding) return HF2C_TOO_SMALL;
    hf2c_status status = hf2c_labels_format(run, "hypothesis_template", o->hypothesis_template, label, &sentence);
    if (status == HF2C_OK)
        status = hf2c_run_encode(run, job->input.text, sentence, (hf2c_tokenization){.strategy = HF2C_TRUNCATE_ONLY_FIRST}, encoding, NULL);
    job->items[job->count++] = (hf2c_forward_item){.encoding = encoding};
    return status;
}

static hf2c_status prepare(hf2c_run *run, const void *options, hf2c_job *job)
{
    const ZeroShot *o = options;
    hf2c_status status = HF2C_OK;
    if (!suits(run->context->model)) {
        hf2c_message_set(run->message, "none of the model's labels is an entailment");
        return HF2C_NOT_SUPPORTED;
    }
    if (o->candidate_labels.count < 1) return refuse(run, "candidate_labels: wanted at least one label");
    if (job->input.text.bytes == 0) return refuse(run, "the text is empty");
    job->items = HF2C_TAKE(run->scratch, hf2c_forward_item, o->candidate_labels.count);
    if (!job->items) return HF2C_TOO_SMALL;
    for (int i = 0; i < o->candidate_labels.count && status == HF2C_OK; i++)
        status = prepare_label(run, o, job, o->candidate_labels.texts[i]);
    return status;
}

/* Each label alone: entailment against contradiction, which transformers takes for the first label or, when that is the entailment,
 * for the last. Otherwise the labels' entailments against each other. */
static hf2c_status score(hf2c_run *run, const ZeroShot *o, const hf2c_job *job, float *scores)
{
    const hf2c_model *model = run->context->model;
    int entailment = hf2c_labels_entailment(model), contradiction = entailment == 0 ? job->results[0].columns - 1 : 0;
    float *logits = HF2C_TAKE(run->scratch, float, job->count);
    if (!logits) return HF2C_TOO_SMALL;
    for (int i = 0; i < job->count; i++) {
        float both[2] = {job->results[i].values[contradiction], job->results[i].values[entailment]}, alone[2];
        hf2c_softmax(both, 2, alone);
        logits[i] = both[1];
        scores[i] = alone[1];
    }
    if (!o->multi_label && job->count > 1) hf2c_softmax(logits, job->count, scores);
    return HF2C_OK;
}

static void write_json(hf2c_run *run, const ZeroShot *o, hf2c_text sequence, const float *scores, const int32_t *ranked)
{
    hf2c_sink_text(run->sink, "{");
    hf2c_sink_key(run->sink, "sequence", 1);
    hf2c_sink_string(run->sink, sequence.text, sequence.bytes);
    hf2c_sink_key(run->sink, "labels", 0);
    for (int i = 0; i < o->candidate_labels.count; i++) {
        hf2c_text label = o->candidate_labels.texts[ranked[i]];
        hf2c_sink_text(run->sink, i ? ", " : "[");
        hf2c_sink_string(run->sink, label.text, label.bytes);
    }
    hf2c_sink_text(run->sink, "]");
    hf2c_sink_key(run->sink, "scores", 0);
    for (int i = 0; i < o->candidate_labels.count; i++) {
        hf2c_sink_text(run->sink, i ? ", " : "[");
        hf2c_sink_number(run->sink, scores[ranked[i]]);
    }
    hf2c_sink_text(run->sink, "]}");
}

static hf2c_status finish(hf2c_run *run, const void *options, const hf2c_job *job)
{
    const ZeroShot *o = options;
    float *scores = HF2C_TAKE(run->scratch, float, job->count);
    int32_t *ranked = HF2C_TAKE(run->scratch, int32_t, job->count);
    if (!scores || !ranked) return HF2C_TOO_SMALL;
    hf2c_status status = score(run, o, job, scores);
    if (status != HF2C_OK) return status;
    hf2c_rank(scores, job->count, job->count, ranked);
    for (int i = 0; run->people && i < job->count; i++) hf2c_score_line(run, o->candidate_labels.texts[ranked[i]], scores[ranked[i]]);
    if (!run->people) write_json(run, o, job->input.text, scores, ranked);
    return HF2C_OK;
}

extern const hf2c_task hf2c_task_zero_shot_classification;
const hf2c_task hf2c_task_zero_shot_classification = {
    .name = "zero-shot-classification",
    .aliases = "",
    .summary = "which of the given labels a text is about",
    .first = "sequences",
    .suits = suits,
    .options = {rows, sizeof rows / sizeof *rows},
    .bytes = sizeof(ZeroShot),
    .defaults = defaults,
    .prepare = prepare,
    .finish = finish,
    .outputs = {"logits"},
};
