/* pictures: see pictures.h. */
#include "runtime/task/pictures.h"

#include <math.h>
#include <string.h>

static hf2c_status read_values(hf2c_run *run, hf2c_text path, float *values)
{
    hf2c_picture picture;
    char *name = HF2C_TAKE(run->scratch, char, path.bytes + 1);
    if (!name) return HF2C_TOO_SMALL;
    memcpy(name, path.text, path.bytes);
    name[path.bytes] = '\0';
    hf2c_status status = hf2c_picture_read(&picture, name, run->message);
    if (status != HF2C_OK) return status;
    status = hf2c_picture_values(&picture, run->context->model->image, values);
    hf2c_picture_free(&picture);
    return status;
}

static hf2c_status call_model(hf2c_run *run, const float *values, int index, float *result)
{
    const hf2c_model *model = run->context->model;
    float **outputs = HF2C_TAKE(run->scratch, float *, model->output_count);
    if (!outputs) return HF2C_TOO_SMALL;
    for (int i = 0; i < model->output_count; i++) outputs[i] = i == index ? result : NULL;
    hf2c_status status = model->forward(run->context, &(hf2c_batch){.images = 1, .values = values}, outputs);
    for (int i = 0; status == HF2C_OK && i < model->outputs[index].columns; i++)
        if (!isfinite(result[i])) status = HF2C_NOT_FINITE;
    return status;
}

hf2c_status hf2c_run_picture(hf2c_run *run, hf2c_text path, const char *output, hf2c_rows_result *result)
{
    const hf2c_model *model = run->context->model;
    int index = hf2c_output_find(model, output);
    if (!model->image || index < 0) {
        hf2c_message_set(run->message, !model->image ? "this model came without a preprocessor_config.json" : "this model has no output ",
                         !model->image ? "" : output);
        return HF2C_NOT_SUPPORTED;
    }
    float *values = HF2C_TAKE(run->scratch, float, model->image_values);
    float *found = HF2C_TAKE(run->scratch, float, model->outputs[index].columns);
    if (!values || !found) return HF2C_TOO_SMALL;
    hf2c_status status = read_values(run, path, values);
    if (status == HF2C_OK) status = call_model(run, values, index, found);
    *result = (hf2c_rows_result){found, 1, model->outputs[index].columns};
    return status;
}
