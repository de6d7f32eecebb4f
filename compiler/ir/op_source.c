/* input, param, constant: values that are simply there. Their shape is given, not computed. */
#include "compiler/ir/op.h"

#include <string.h>

typedef struct InputInfo {
    const char *name;
    Format format;
    Symbol symbol; /* its only dimension; of values: that of images */
} InputInfo;

static const InputInfo inputs[] = {
    {"ids", FORMAT_i32, SYMBOL_rows},       {"positions", FORMAT_i32, SYMBOL_rows},
    {"types", FORMAT_i32, SYMBOL_rows},     {"sequences", FORMAT_sequences, SYMBOL_sequences},
    {"want", FORMAT_i32, SYMBOL_wanted},    {"values", FORMAT_f32, SYMBOL_images},
};

static const InputInfo *find_input(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(inputs); i++) {
        if (strcmp(inputs[i].name, name) == 0)
            return &inputs[i];
    }
    return NULL;
}

/* Of each image as many numbers as the model says, one in a row; samples of sounds; or rows of features, several for one row of the
 * model where it says so. */
static Shape values_shape(Shape found)
{
    Symbol symbol = found.rank == 2 ? found.dim[0].symbol : SYMBOL_none;
    if (symbol == SYMBOL_rows)
        return shape_of(2, (Dim){found.dim[0].size, SYMBOL_rows}, dim_of(found.dim[1].size));
    if (symbol == SYMBOL_samples)
        return shape_of(2, dim_symbol(SYMBOL_samples), dim_of(1));
    return shape_of(2, (Dim){found.rank == 2 ? found.dim[0].size : 1, SYMBOL_images}, dim_of(1));
}

bool input_shape(Node *node, Err *err)
{
    if (node->a.key == NULL)
        return err_set(err, "input without a key");
    const InputInfo *info = find_input(node->a.key);
    if (info == NULL)
        return err_set(err, "there is no input \"%s\"", node->a.key);
    Shape shape = shape_of(1, dim_symbol(info->symbol));
    if (info->format == FORMAT_f32) shape = values_shape(node->shape);
    if (node->format != info->format || !shape_equal(node->shape, shape))
        return err_set(err, "input \"%s\" is %s%s, wanted %s%s", info->name, format_name(node->format),
                       shape_describe(node->shape), format_name(info->format), shape_describe(shape));
    return true;
}

static void copy_integers(double *to, const int32_t *from, int64_t count)
{
    for (int64_t i = 0; i < count; i++) to[i] = from != NULL ? from[i] : 0;
}

void input_evaluate(const Node *node, Evaluation *evaluation)
{
    const hf2c_batch *batch = evaluation->batch;
    if (node->format == FORMAT_f32 && batch->sizes != NULL)
        return; /* patches looks them up */
    if (node->format == FORMAT_f32) {
        int64_t count = shape_elements(node->shape, evaluation->symbols);
        for (int64_t i = 0; i < count; i++) value_of(evaluation, node)[i] = (double)batch->values[i];
        return;
    }
    const struct {
        const char *name;
        const int32_t *values;
    } sources[] = {{"ids", batch->ids}, {"positions", batch->positions}, {"types", batch->types}, {"want", batch->want}};
    for (size_t i = 0; i < COUNT_OF(sources); i++) {
        if (strcmp(sources[i].name, node->a.key) == 0)
            copy_integers(value_of(evaluation, node), sources[i].values, shape_elements(node->shape, evaluation->symbols));
    }
}

bool param_shape(Node *node, Err *err)
{
    if (node->a.key == NULL || node->a.key[0] == '\0')
        return err_set(err, "param without a key");
    if (!shape_is_constant(node->shape) || !format_packs(node->format))
        return err_set(err, "param \"%s\" is %s%s, wanted numbers and a constant shape", node->a.key,
                       format_name(node->format), shape_describe(node->shape));
    return true;
}

void param_evaluate(const Node *node, Evaluation *evaluation)
{
    int64_t count = shape_elements(node->shape, evaluation->symbols);
    if (node->tensor == NULL || (int64_t)node->tensor->elements != count)
        bug("param \"%s\" has no tensor of %s", node->a.key, shape_describe(node->shape));
    enum { PIECE = 1024 };
    float piece[PIECE];
    double *y = value_of(evaluation, node);
    for (int64_t i = 0; i < count; i += PIECE) {
        size_t part = count - i < PIECE ? (size_t)(count - i) : PIECE;
        tensor_to_float(node->tensor, (size_t)i, part, piece);
        for (size_t j = 0; j < part; j++) y[(size_t)i + j] = (double)piece[j];
    }
}

bool constant_shape(Node *node, Err *err)
{
    if (node->format != FORMAT_f32 || !shape_is_constant(node->shape) || node->shape.rank < 1)
        return err_set(err, "constant is %s%s, wanted f32 and a constant shape", format_name(node->format),
                       shape_describe(node->shape));
    return true;
}

void constant_evaluate(const Node *node, Evaluation *evaluation)
{
    int64_t count = shape_elements(node->shape, evaluation->symbols);
    double *y = value_of(evaluation, node);
    for (int64_t i = 0; i < count; i++) y[i] = (double)node->values[i];
}
