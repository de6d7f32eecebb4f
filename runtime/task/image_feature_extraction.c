/* image-feature-extraction: what the model makes of the picture in a file, before any head. */
#include "runtime/task/pictures.h"

typedef struct ImageFeatureExtraction {
    int pool;
} ImageFeatureExtraction;

static const hf2c_option rows[] = {
    {"pool", HF2C_OPTION_FLAG, offsetof(ImageFeatureExtraction, pool), NULL, "one vector for the whole picture (pooler_output)"},
};

static void defaults(void *options, const hf2c_model *model) { (void)options, (void)model; }

/* [channels][height][width] from a row for each place. */
static void write_planes(hf2c_run *run, hf2c_rows_result places, int line, float *values)
{
    for (int c = 0; c < places.columns; c++) {
        if (!run->people) hf2c_sink_text(run->sink, c ? ", [" : "[");
        for (int first = 0; first < places.rows; first += line) {
            for (int x = 0; x < line; x++) values[x] = places.values[(size_t)(first + x) * (size_t)places.columns + (size_t)c];
            if (first > 0 && !run->people) hf2c_sink_text(run->sink, ", ");
            hf2c_write_numbers(run, values, line);
        }
        if (!run->people) hf2c_sink_text(run->sink, "]");
    }
}

static void write_rows(hf2c_run *run, hf2c_rows_result result)
{
    for (int i = 0; i < result.rows; i++) {
        if (i > 0 && !run->people) hf2c_sink_text(run->sink, ", ");
        hf2c_write_numbers(run, result.values + (size_t)i * (size_t)result.columns, result.columns);
    }
}

static hf2c_status answer(hf2c_run *run, const void *options, const hf2c_input *input)
{
    const ImageFeatureExtraction *o = options;
    const char *const name = o->pool ? "pooler_output" : "last_hidden_state";
    hf2c_rows_result result;
    hf2c_status status = hf2c_run_picture(run, input->text, &name, 1, &result, NULL);
    if (status != HF2C_OK) return status;
    const hf2c_model *model = run->context->model;
    int line = model->places ? model->places[hf2c_output_find(model, name)].line : 0;
    float *values = HF2C_TAKE(run->scratch, float, line);
    if (!values) return HF2C_TOO_SMALL;
    int nested = line > 0 || !o->pool; /* a pooled vector stands alone in the batch, rows and planes in a list of their own */
    if (!run->people) hf2c_sink_text(run->sink, nested ? "[[" : "[");
    if (line) write_planes(run, result, line, values);
    else write_rows(run, result);
    if (!run->people) hf2c_sink_text(run->sink, nested ? "]]" : "]");
    return HF2C_OK;
}

extern const hf2c_task hf2c_task_image_feature_extraction;
const hf2c_task hf2c_task_image_feature_extraction = {
    .name = "image-feature-extraction",
    .aliases = "",
    .summary = "the last hidden states of the picture in a PNG or JPEG file",
    .first = "images",
    .options = {rows, sizeof rows / sizeof *rows},
    .bytes = sizeof(ImageFeatureExtraction),
    .defaults = defaults,
    .answer = answer,
};
