#include "runtime/task/classification.h"

enum { FUNCTION_OF_MODEL = HF2C_FUNCTION_SIGMOID + 1 };

void hf2c_classification_defaults(hf2c_classification *options, int top_k)
{
    options->top_k = top_k;
    options->function_to_apply = FUNCTION_OF_MODEL;
}

void hf2c_score_line(hf2c_run *run, hf2c_text label, float score)
{
    hf2c_sink_bytes(run->sink, label.text, label.bytes);
    hf2c_sink_text(run->sink, "  ");
    hf2c_sink_fixed(run->sink, score, 4);
    hf2c_sink_text(run->sink, "\n");
}

static void write_entry(hf2c_run *run, int label, float score)
{
    hf2c_text name = hf2c_run_label(run, label);
    if (run->people) {
        hf2c_score_line(run, name, score);
        return;
    }
    hf2c_sink_text(run->sink, "{");
    hf2c_sink_key(run->sink, "label", 1);
    hf2c_sink_string(run->sink, name.text, name.bytes);
    hf2c_sink_key(run->sink, "score", 0);
    hf2c_sink_number(run->sink, score);
    hf2c_sink_text(run->sink, "}");
}

hf2c_status hf2c_classification_write(hf2c_run *run, const hf2c_classification *options, hf2c_rows_result logits)
{
    int labels = logits.columns, top_k = options->top_k, asked = options->function_to_apply;
    int shown = top_k < 0 ? 1 : top_k == 0 || top_k > labels ? labels : top_k;
    float *scores = HF2C_TAKE(run->scratch, float, labels);
    int32_t *ranked = HF2C_TAKE(run->scratch, int32_t, labels);
    if (!scores || !ranked) return HF2C_TOO_SMALL;
    hf2c_scores(asked == FUNCTION_OF_MODEL ? hf2c_score_function(run->context->model) : (hf2c_function)asked, logits.values, labels, scores);
    hf2c_rank(scores, labels, shown, ranked);
    for (int i = 0; i < shown; i++) {
        if (i > 0 && !run->people) hf2c_sink_text(run->sink, ", ");
        write_entry(run, ranked[i], scores[ranked[i]]);
    }
    return HF2C_OK;
}
