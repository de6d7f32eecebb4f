/* pictures: see pictures.h. */
#include "runtime/task/pictures.h"

#include <math.h>
#include <string.h>

/* values: of the picture as the model wants it; *size: its own. */
static hf2c_status read_values(hf2c_run *run, hf2c_text path, float *values, hf2c_picture_size *size)
{
    hf2c_picture picture;
    char *name = HF2C_TAKE(run->scratch, char, path.bytes + 1);
    if (!name) return HF2C_TOO_SMALL;
    memcpy(name, path.text, path.bytes);
    name[path.bytes] = '\0';
    hf2c_status status = hf2c_picture_read(&picture, name, run->message);
    if (status != HF2C_OK) return status;
    *size = (hf2c_picture_size){picture.height, picture.width};
    status = hf2c_picture_values(&picture, run->context->model->image, values);
    hf2c_picture_free(&picture);
    return status;
}

static hf2c_status refuse(hf2c_run *run, const char *what, const char *output)
{
    hf2c_message_set(run->message, what, output);
    return HF2C_NOT_SUPPORTED;
}

/* Room for the outputs of that name in the scratch; buffers: [output_count]. */
static hf2c_status take_results(hf2c_run *run, const char *const *names, int count, hf2c_rows_result *results, float **buffers)
{
    const hf2c_model *model = run->context->model;
    for (int i = 0; i < model->output_count; i++) buffers[i] = NULL;
    for (int i = 0; i < count; i++) {
        int index = hf2c_output_find(model, names[i]);
        if (index < 0) return refuse(run, "this model has no output ", names[i]);
        int columns = model->outputs[index].columns, part = model->places && model->places[index].columns ? model->places[index].columns : columns;
        buffers[index] = HF2C_TAKE(run->scratch, float, columns);
        if (!buffers[index]) return HF2C_TOO_SMALL;
        results[i] = (hf2c_rows_result){buffers[index], columns / part, part};
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

hf2c_status hf2c_run_picture(hf2c_run *run, hf2c_text path, const char *const *names, int count, hf2c_rows_result *results,
                             hf2c_picture_size *size)
{
    const hf2c_model *model = run->context->model;
    hf2c_picture_size own;
    if (!model->image) return refuse(run, "this model came without a preprocessor_config.json", "");
    float *values = HF2C_TAKE(run->scratch, float, model->image_values), **buffers = HF2C_TAKE(run->scratch, float *, model->output_count);
    if (!values || !buffers) return HF2C_TOO_SMALL;
    hf2c_status status = take_results(run, names, count, results, buffers);
    if (status == HF2C_OK) status = read_values(run, path, values, size ? size : &own);
    if (status == HF2C_OK) status = model->forward(run->context, &(hf2c_batch){.images = 1, .values = values}, buffers);
    return status == HF2C_OK ? check_finite(results, count) : status;
}
