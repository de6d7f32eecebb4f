/* layer_norm, rms_norm: of whole rows, or of the parts of a row that belong to one head each. */
#include "compiler/ir/op.h"

#include <inttypes.h>
#include <math.h>

enum { NORM_X, NORM_GAIN, NORM_BIAS };

/* Parts of a row that are normalised each by itself; the attribute is absent where the row is one. */
static int64_t norm_heads(const Node *node)
{
    return node->a.heads != 0 ? node->a.heads : 1;
}

static bool norm_shape(Node *node, Err *err)
{
    bool constant = shape_is_matrix(node->operand[NORM_X]->shape); /* normalised when the weights are packed */
    if (!(constant || want_activation(node, NORM_X, "x", err)) ||
        !want_finite(node, "epsilon", node->a.epsilon, false, err))
        return false;
    int64_t columns = shape_columns(node->operand[NORM_X]->shape);
    if (node->a.heads < 0 || columns % norm_heads(node) != 0)
        return err_set(err, "%s: heads is %" PRId64 ", wanted a divisor of the %" PRId64 " columns", op_info(node->op)->name,
                       node->a.heads, columns);
    if (!want_vector(node, NORM_GAIN, "gain", columns, err) || !want_vector(node, NORM_BIAS, "bias", columns, err))
        return false;
    set_f32(node, node->operand[NORM_X]->shape);
    return true;
}

bool layer_norm_shape(Node *node, Err *err)
{
    return norm_shape(node, err);
}

bool rms_norm_shape(Node *node, Err *err)
{
    return norm_shape(node, err);
}

static double mean_of(const double *x, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += x[i];
    return sum / (double)count;
}

/* y = (x - center) / sqrt(mean((x - center)^2) + epsilon) */
static void normalize_row(double *y, const double *x, int64_t count, double center, double epsilon)
{
    double squares = 0;
    for (int64_t i = 0; i < count; i++) squares += (x[i] - center) * (x[i] - center);
    double deviation = sqrt(squares / (double)count + epsilon);
    for (int64_t i = 0; i < count; i++) y[i] = (x[i] - center) / deviation;
}

static void norm_evaluate(const Node *node, Evaluation *evaluation, bool centered)
{
    const double *x = value_of(evaluation, node->operand[NORM_X]);
    const double *gain = value_of(evaluation, node->operand[NORM_GAIN]);
    const double *bias = value_of(evaluation, node->operand[NORM_BIAS]);
    double *y = value_of(evaluation, node);
    int64_t rows = rows_of(evaluation, node), columns = shape_columns(node->shape);
    int64_t heads = norm_heads(node), width = columns / heads;
    for (int64_t r = 0; r < rows; r++, x += columns, y += columns) {
        for (int64_t c = 0; c < columns; c += width)
            normalize_row(y + c, x + c, width, centered ? mean_of(x + c, width) : 0, node->a.epsilon);
        for (int64_t c = 0; c < columns; c++) y[c] = y[c] * (gain ? gain[c] : 1) + (bias ? bias[c] : 0);
    }
}

void layer_norm_evaluate(const Node *node, Evaluation *evaluation)
{
    norm_evaluate(node, evaluation, true);
}

void rms_norm_evaluate(const Node *node, Evaluation *evaluation)
{
    norm_evaluate(node, evaluation, false);
}

static void norm_bind(const Node *node, Call *call, const char *op, int last)
{
    int64_t heads = norm_heads(node), width = shape_columns(node->shape) / heads;
    call_begin(call, op, node, bind_rows(node));
    for (int i = NORM_X; i <= last; i++) call_pointer(call, node->operand[i]);
    call_constant(call, heads);
    call_constant(call, width);
    call_constant(call, bind_stride(node->operand[NORM_X], call));
    call_real(call, node->a.epsilon);
    if (heads == 1)
        call_label(call, "%" PRId64, width);
    else
        call_label(call, "%" PRId64 "x%" PRId64, heads, width);
}

void layer_norm_bind(const Node *node, Call *call)
{
    norm_bind(node, call, "layer_norm", NORM_BIAS);
}

void rms_norm_bind(const Node *node, Call *call)
{
    norm_bind(node, call, "rms_norm", NORM_GAIN);
}
