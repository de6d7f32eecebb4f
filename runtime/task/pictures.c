/* pictures: see pictures.h. */
#include "runtime/task/pictures.h"

#include <math.h>
#include <string.h>

/* A picture as the model wants it. */
typedef struct Seen {
    float *values;
    hf2c_picture_size size, own; /* own: before it was resized */
    int rows;                    /* where pictures are sequences; else 0 */
} Seen;

static hf2c_status complain(hf2c_run *run, hf2c_text path, const char *what, hf2c_status status)
{
    hf2c_message_set(run->message, "");
    hf2c_message_add(run->message, path.text, path.bytes);
    hf2c_message_add(run->message, what, strlen(what));
    return status;
}

/* From the pixels to seen->values, of which there is room for what the model takes. */
static hf2c_status prepare(hf2c_run *run, hf2c_text path, const hf2c_picture *picture, Seen *seen)
{
    const hf2c_model *model = run->context->model;
    seen->own = (hf2c_picture_size){picture->height, picture->width};
    hf2c_status status = hf2c_picture_values(picture, model->image, seen->values, (size_t)model->image_values, &seen->size);
    if (status == HF2C_BAD_ARGUMENT) return complain(run, path, ": too narrow: nothing is left of it when it is resized", HF2C_BAD_ARGUMENT);
    if (status == HF2C_OK && hf2c_takes_pictures(model)) seen->rows = hf2c_picture_rows(model, seen->size.height, seen->size.width);
    if (status == HF2C_TOO_SMALL || (status == HF2C_OK && hf2c_takes_pictures(model) && seen->rows == 0))
        return complain(run, path, ": resized it is larger or smaller than what this program takes", HF2C_TOO_LONG);
    return status;
}

static hf2c_status see(hf2c_run *run, hf2c_text path, Seen *seen)
{
    hf2c_picture picture;
    char *name = HF2C_TAKE(run->scratch, char, path.bytes + 1);
    seen->values = HF2C_TAKE(run->scratch, float, run->context->model->image_values);
    if (!name || !seen->values) return HF2C_TOO_SMALL;
    memcpy(name, path.text, path.bytes);
    name[path.bytes] = '\0';
    hf2c_status status = hf2c_picture_read(&picture, name, run->message);
    if (status != HF2C_OK) return status;
    status = prepare(run, path, &picture, seen);
    hf2c_picture_free(&picture);
    return status;
}

static hf2c_status refuse(hf2c_run *run, const char *what, const char *output)
{
    hf2c_message_set(run->message, what, output);
    return HF2C_NOT_SUPPORTED;
}

/* Room for the outputs of that name in the scratch; buffers: [output_count]. */
static hf2c_status take_results(hf2c_run *run, const Seen *seen, const char *const *names, int count, hf2c_rows_result *results, float **buffers)
{
    const hf2c_model *model = run->context->model;
    for (int i = 0; i < model->output_count; i++) buffers[i] = NULL;
    for (int i = 0; i < count; i++) {
        int index = hf2c_output_find(model, names[i]);
        if (index < 0) return refuse(run, "this model has no output ", names[i]);
        int rows = model->outputs[index].rows == HF2C_ROWS_ALL ? seen->rows : 1, columns = model->outputs[index].columns;
        int part = model->places && model->places[index].columns ? model->places[index].columns : columns;
        buffers[index] = hf2c_scratch_take(run->scratch, (size_t)rows, (size_t)columns * sizeof(float));
        if (!buffers[index]) return HF2C_TOO_SMALL;
        results[i] = (hf2c_rows_result){buffers[index], rows * (columns / part), part};
    }
    return HF2C_OK;
}

static hf2c_status check_finite(const hf2c_rows_result *results, int count)
{
    for (int i = 0; i < count; i++)
        for (int64_t k = 0; k < (int64_t)results[i].rows * results[i].columns; k++)
            if (!isfinite(results[i].values[k])) return HF2C_NOT_FINITE;
    return HF2C_OK;
}

static hf2c_status call_model(hf2c_run *run, const Seen *seen, float *const *buffers)
{
    int32_t start[2] = {0, seen->rows}, sizes[2] = {seen->size.height, seen->size.width};
    hf2c_batch batch = {.images = 1, .values = seen->values};
    if (seen->rows) {
        batch.rows = seen->rows;
        batch.sequences = 1;
        batch.start = start;
        batch.sizes = sizes;
    }
    return run->context->model->forward(run->context, &batch, buffers);
}

hf2c_status hf2c_run_picture(hf2c_run *run, hf2c_text path, const char *const *names, int count, hf2c_rows_result *results,
                             hf2c_picture_size *size)
{
    const hf2c_model *model = run->context->model;
    Seen seen = {0};
    if (!model->image) return refuse(run, "this model came without a preprocessor_config.json", "");
    float **buffers = HF2C_TAKE(run->scratch, float *, model->output_count);
    if (!buffers) return HF2C_TOO_SMALL;
    hf2c_status status = see(run, path, &seen);
    if (status == HF2C_OK) status = take_results(run, &seen, names, count, results, buffers);
    if (status == HF2C_OK) status = call_model(run, &seen, buffers);
    if (size) *size = seen.own;
    return status == HF2C_OK ? check_finite(results, count) : status;
}
