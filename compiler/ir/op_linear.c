/* linear: x W' with all that a linear kernel does on the way out: bias, activation or gate, residual. */
#include "compiler/ir/op.h"
#include "templates/cpu/a8.h"
#include "templates/format/bf16.h"

#include <inttypes.h>
#include <math.h>

enum { LINEAR_X, LINEAR_WEIGHT, LINEAR_BIAS, LINEAR_RESIDUAL };

static bool check_functions(const Node *node, Err *err)
{
    int activation = node->a.activation, gate = node->a.gate;
    if ((activation != FUNCTION_none && !op_is_unary(op_of_function(activation))) ||
        (gate != FUNCTION_none && !op_is_unary(op_of_function(gate))))
        return err_set(err, "linear: activation and gate must be functions of one number");
    if (activation != FUNCTION_none && gate != FUNCTION_none)
        return err_set(err, "linear: activation %s and gate %s, wanted one of them", function_name(activation),
                       function_name(gate));
    return true;
}

/* x [R, K], or a constant [K] or [R, K]. A quantised one goes with weights whose kernels multiply such numbers. */
static bool check_x(const Node *node, Err *err)
{
    const Node *x = node->operand[LINEAR_X], *weight = node->operand[LINEAR_WEIGHT];
    bool constant = shape_is_vector(x->shape) || shape_is_matrix(x->shape);
    if (x->op == OP_quantize)
        return quantize_suits((Format)x->a.numbers, weight->format) ||
               err_set(err, "linear: x is %s, which weights of %s have no product with", format_name(x->format), format_name(weight->format));
    return constant || want_activation(node, LINEAR_X, "x", err);
}

static bool check_residual(const Node *node, Shape shape, Err *err)
{
    const Node *residual = node->operand[LINEAR_RESIDUAL];
    if (residual == NULL || (residual->format == FORMAT_f32 && shape_equal(residual->shape, shape)))
        return true;
    return err_set(err, "linear: residual is %s%s, wanted f32%s", format_name(residual->format),
                   shape_describe(residual->shape), shape_describe(shape));
}

bool linear_shape(Node *node, Err *err)
{
    const Node *x = node->operand[LINEAR_X], *weight = node->operand[LINEAR_WEIGHT];
    if (!check_x(node, err) || !check_functions(node, err))
        return false;
    if (!shape_is_matrix(weight->shape) || !format_packs(weight->format) ||
        weight->shape.dim[1].size != shape_columns(x->shape))
        return err_set(err, "linear: weight is %s, wanted a constant [N, %" PRId64 "]", shape_describe(weight->shape),
                       shape_columns(x->shape));
    int64_t rows = weight->shape.dim[0].size;
    if (node->a.gate != FUNCTION_none && rows % 2 != 0)
        return err_set(err, "linear: gated weight is %s, wanted an even number of rows", shape_describe(weight->shape));
    if (!want_vector(node, LINEAR_BIAS, "bias", rows, err))
        return false;
    Shape shape = x->shape;
    shape.dim[shape.rank - 1] = dim_of(node->a.gate != FUNCTION_none ? rows / 2 : rows);
    set_f32(node, shape);
    return check_residual(node, shape, err);
}

typedef struct LinearOperands {
    const double *weight, *bias, *residual; /* bias, residual: NULL when absent */
    int64_t inputs, outputs;                /* columns of x and of y */
    bool rounded;                           /* x is bf16: so are the weights then */
} LinearOperands;

static double dot(const LinearOperands *of, const double *x, const double *w)
{
    double sum = 0;
    for (int64_t k = 0; k < of->inputs; k++) sum += x[k] * (of->rounded ? (double)bf16_round((float)w[k]) : w[k]);
    return sum;
}

static double linear_one(const LinearOperands *of, const double *x, int64_t row)
{
    return dot(of, x, of->weight + row * of->inputs) + (of->bias != NULL ? of->bias[row] : 0);
}

static double linear_element(const Attributes *a, const LinearOperands *of, const double *x, int64_t n)
{
    double y = linear_one(of, x, n);
    if (a->gate != FUNCTION_none)
        return function_apply(a->gate, y, 0, a->value) * linear_one(of, x, of->outputs + n);
    return a->activation != FUNCTION_none ? function_apply(a->activation, y, 0, a->value) : y;
}

void linear_evaluate(const Node *node, Evaluation *evaluation)
{
    const Node *x = node->operand[LINEAR_X];
    const double *in = value_of(evaluation, x);
    LinearOperands of = {weight_of(evaluation, node->operand[LINEAR_WEIGHT]),
                         value_of(evaluation, node->operand[LINEAR_BIAS]),
                         value_of(evaluation, node->operand[LINEAR_RESIDUAL]),
                         shape_columns(x->shape), shape_columns(node->shape), x->format == FORMAT_bf16};
    double *y = value_of(evaluation, node);
    int64_t rows = rows_of(evaluation, node);
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t n = 0; n < of.outputs; n++) {
            int64_t at = r * of.outputs + n;
            y[at] = linear_element(&node->a, &of, in + r * of.inputs, n) + (of.residual != NULL ? of.residual[at] : 0);
        }
    }
}

void linear_bind(const Node *node, Call *call)
{
    const Node *weight = node->operand[LINEAR_WEIGHT];
    int64_t inputs = weight->shape.dim[1].size, outputs = shape_columns(node->shape);
    Format numbers = node->operand[LINEAR_X]->format;
    call_begin(call, numbers == FORMAT_a8 ? "linear_a8" : numbers == FORMAT_bf16 ? "linear_bf16" : "linear", node, bind_rows(node));
    call->format = weight->format;
    for (int i = LINEAR_X; i <= LINEAR_RESIDUAL; i++) call_pointer(call, node->operand[i]);
    call_constant(call, inputs);
    call_constant(call, outputs);
    call_constant(call, bind_stride(node->operand[LINEAR_X], call));
    call_constant(call, bind_stride(node->operand[LINEAR_RESIDUAL], call));
    call_constant(call, call->panel);
    call_constant(call, call->block);
    call_constant(call, node->a.activation);
    call_constant(call, node->a.gate);
    call_real(call, node->a.value);
    call_label(call, "%" PRId64 "x%" PRId64, inputs, outputs);
}

/* ---- quantize ---- */

bool quantize_suits(Format numbers, Format weight)
{
    if (numbers == FORMAT_bf16) return weight == FORMAT_bf16 || (format_packs(weight) && format_bits(weight) < 16);
    return numbers == FORMAT_a8 && (weight == FORMAT_q8 || weight == FORMAT_q4 || weight == FORMAT_q4z || weight == FORMAT_int8);
}

bool quantize_shape(Node *node, Err *err)
{
    if (!want_activation(node, 0, "x", err)) return false;
    Format numbers = (Format)node->a.numbers;
    if (numbers != FORMAT_a8 && numbers != FORMAT_bf16)
        return err_set(err, "quantize: numbers is %s, wanted a8 or bf16", format_name(numbers));
    node->format = numbers;
    node->shape = node->operand[0]->shape;
    return true;
}

static void round_row(double *y, const double *x, int64_t count)
{
    double largest = 0;
    for (int64_t i = 0; i < count; i++) largest = fmax(largest, fabs(x[i]));
    double scale = largest / A8_LARGEST;
    for (int64_t i = 0; i < count; i++) y[i] = scale > 0 ? nearbyint(x[i] / scale) * scale : 0;
}

void quantize_evaluate(const Node *node, Evaluation *evaluation)
{
    const double *x = value_of(evaluation, node->operand[0]);
    double *y = value_of(evaluation, node);
    int64_t rows = rows_of(evaluation, node), columns = shape_columns(node->shape);
    for (int64_t r = 0; r < rows && node->format == FORMAT_a8; r++) round_row(y + r * columns, x + r * columns, columns);
    for (int64_t i = 0; i < rows * columns && node->format == FORMAT_bf16; i++) y[i] = (double)bf16_round((float)x[i]);
}

void quantize_bind(const Node *node, Call *call)
{
    int64_t columns = shape_columns(node->shape);
    call_begin(call, "quantize", node, bind_rows(node));
    call->format = node->format;
    call_pointer(call, node->operand[0]);
    call_constant(call, columns);
    call_constant(call, bind_stride(node->operand[0], call));
    call_label(call, "%" PRId64, columns);
}
