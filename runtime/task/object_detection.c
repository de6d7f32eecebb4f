/* object-detection: what is in the picture in a file, and where. */
#include "runtime/task/pictures.h"

typedef struct ObjectDetection {
    float threshold;
} ObjectDetection;

static const hf2c_option rows[] = {
    {"threshold", HF2C_OPTION_NUMBER, offsetof(ObjectDetection, threshold), NULL, "least score of what is reported (default: 0.5)"},
};

static void defaults(void *options, const hf2c_model *model)
{
    ObjectDetection *o = options;
    (void)model;
    o->threshold = 0.5F;
}

typedef struct Detection {
    int label;
    float score;
    int box[4]; /* xmin, ymin, xmax, ymax in pixels of the picture, cut to whole numbers as transformers does it */
} Detection;

/* relative: middle x and y, width and height as shares of the picture's sides */
static void place_box(const float *relative, hf2c_picture_size size, int *box)
{
    const float half_width = 0.5F * relative[2], half_height = 0.5F * relative[3];
    box[0] = (int)((relative[0] - half_width) * (float)size.width);
    box[1] = (int)((relative[1] - half_height) * (float)size.height);
    box[2] = (int)((relative[0] + half_width) * (float)size.width);
    box[3] = (int)((relative[1] + half_height) * (float)size.height);
}

/* The best of the labels; the last logit stands for nothing at all, and takes part in the softmax only. */
static Detection best_label(const float *logits, int count, float *scores)
{
    Detection d = {0};
    hf2c_softmax(logits, count, scores);
    for (int i = 0; i + 1 < count; i++) {
        if (i > 0 && !(scores[i] > d.score)) continue;
        d.score = scores[i];
        d.label = i;
    }
    return d;
}

static void write_json(hf2c_run *run, const Detection *d, hf2c_text label)
{
    static const char *const names[] = {"xmin", "ymin", "xmax", "ymax"};
    hf2c_sink_text(run->sink, "{");
    hf2c_sink_key(run->sink, "score", 1);
    hf2c_sink_number(run->sink, d->score);
    hf2c_sink_key(run->sink, "label", 0);
    hf2c_sink_string(run->sink, label.text, label.bytes);
    hf2c_sink_key(run->sink, "box", 0);
    for (int i = 0; i < 4; i++) {
        if (i == 0) hf2c_sink_text(run->sink, "{");
        hf2c_sink_key(run->sink, names[i], i == 0);
        hf2c_sink_integer(run->sink, d->box[i]);
    }
    hf2c_sink_text(run->sink, "}}");
}

/* "cat  0.9123  from 10,20 to 110,220" */
static void write_line(hf2c_run *run, const Detection *d, hf2c_text label)
{
    hf2c_sink_bytes(run->sink, label.text, label.bytes);
    hf2c_sink_text(run->sink, "  ");
    hf2c_sink_fixed(run->sink, d->score, 4);
    for (int i = 0; i < 4; i++) {
        hf2c_sink_text(run->sink, i == 0 ? "  from " : i == 2 ? " to " : ",");
        hf2c_sink_integer(run->sink, d->box[i]);
    }
    hf2c_sink_text(run->sink, "\n");
}

static hf2c_status answer(hf2c_run *run, const void *options, const hf2c_input *input)
{
    static const char *const names[] = {"logits", "pred_boxes"};
    const ObjectDetection *o = options;
    hf2c_rows_result results[2];
    hf2c_picture_size size;
    int written = 0;
    hf2c_status status = hf2c_run_picture(run, input->text, names, 2, results, &size);
    if (status != HF2C_OK) return status;
    float *scores = HF2C_TAKE(run->scratch, float, results[0].columns);
    if (!scores) return HF2C_TOO_SMALL;
    if (!run->people) hf2c_sink_text(run->sink, "[");
    for (int i = 0; i < results[0].rows; i++) {
        Detection d = best_label(results[0].values + (size_t)i * (size_t)results[0].columns, results[0].columns, scores);
        if (!(d.score > o->threshold)) continue;
        place_box(results[1].values + (size_t)i * 4, size, d.box);
        if (written++ > 0 && !run->people) hf2c_sink_text(run->sink, ", ");
        (run->people ? write_line : write_json)(run, &d, hf2c_run_label(run, d.label));
    }
    if (!run->people) hf2c_sink_text(run->sink, "]");
    return HF2C_OK;
}

extern const hf2c_task hf2c_task_object_detection;
const hf2c_task hf2c_task_object_detection = {
    .name = "object-detection",
    .aliases = "",
    .summary = "what is in the picture in a PNG or JPEG file, and where",
    .first = "inputs",
    .options = {rows, sizeof rows / sizeof *rows},
    .bytes = sizeof(ObjectDetection),
    .defaults = defaults,
    .answer = answer,
};
