/* Every op of elementwise.def, in double. */
#include "compiler/ir/op.h"

#include <inttypes.h>
#include <math.h>

#define REAL double
#define EXP exp
#define TANH tanh
#define ERF erf
#define SOFTPLUS(x) (fmax(x, 0) + log1p(exp(-fabs(x))))
#define SQRT sqrt
#define ABS fabs
#define MAX fmax
#define MIN fmin

double function_apply(int function, double x, double y, double c)
{
    (void)y, (void)c;
    switch (function) {
#define UNARY(name, expression) case FUNCTION_##name: return expression;
#define BINARY(name, expression) case FUNCTION_##name: return expression;
#include "templates/elementwise.def"
    default: bug("there is no function %d", function);
    }
}

/* ---- one operand ---- */

bool unary_shape(Node *node, Err *err)
{
    const Node *x = node->operand[0];
    if (!format_packs(x->format) || (x->format != FORMAT_f32 && !node_is_constant(x)))
        return err_set(err, "%s of %s%s, wanted f32", op_info(node->op)->name, format_name(x->format),
                       shape_describe(x->shape));
    if (!isfinite(node->a.value) || (node->op == OP_softcap && !(node->a.value > 0)))
        return err_set(err, "%s: value is %g, wanted a finite number%s", op_info(node->op)->name, node->a.value,
                       node->op == OP_softcap ? " above 0" : "");
    set_f32(node, x->shape);
    return true;
}

void unary_evaluate(const Node *node, Evaluation *evaluation)
{
    int64_t count = shape_elements(node->shape, evaluation->symbols);
    int function = op_function(node->op);
    const double *x = value_of(evaluation, node->operand[0]);
    double *y = value_of(evaluation, node);
    for (int64_t i = 0; i < count; i++) y[i] = function_apply(function, x[i], 0, node->a.value);
}

void unary_bind(const Node *node, Call *call)
{
    int64_t columns = bind_columns(node, call);
    call_begin(call, "unary", node, bind_rows(node));
    call_pointer(call, node->operand[0]);
    call_constant(call, columns);
    call_constant(call, bind_stride(node->operand[0], call));
    call_constant(call, op_function(node->op));
    call_real(call, node->a.value);
    call_label(call, "%s_%" PRId64, op_info(node->op)->name, columns);
}

/* ---- two operands ---- */

/* The second operand is one constant row for all rows of the first. */
static bool broadcasts(Shape a, Shape b)
{
    bool row = shape_is_vector(b) || (shape_is_matrix(b) && b.dim[0].size == 1);
    return row && !shape_equal(a, b) && a.rank == 2 && a.dim[1].symbol == SYMBOL_none &&
           shape_columns(a) == shape_columns(b);
}

/* The second operand is constant, with a row for each row of an image. */
static bool repeats(Shape a, Shape b)
{
    return shape_is_matrix(b) && shape_is_activation(a) && a.dim[0].symbol == SYMBOL_images && b.dim[0].size == a.dim[0].size &&
           b.dim[1].size == a.dim[1].size && b.dim[0].size <= DIM_LIMIT / b.dim[1].size;
}

bool binary_shape(Node *node, Err *err)
{
    const Node *a = node->operand[0], *b = node->operand[1];
    bool numbers = format_packs(a->format) && format_packs(b->format);
    bool ready = numbers && (a->format == FORMAT_f32 || node_is_constant(a)) && a->shape.dim[0].symbol != SYMBOL_keys &&
                 (b->format == FORMAT_f32 || (node_is_constant(a) && node_is_constant(b)));
    if (!ready || !(shape_equal(a->shape, b->shape) || broadcasts(a->shape, b->shape) || repeats(a->shape, b->shape)))
        return err_set(err, "%s of %s%s and %s%s, wanted the same shape, or a constant f32 row, or one for each row of an image, as the second",
                       op_info(node->op)->name, format_name(a->format), shape_describe(a->shape),
                       format_name(b->format), shape_describe(b->shape));
    if (repeats(a->shape, b->shape) && node_storage(a, NULL) != a)
        return err_set(err, "%s: the first operand is a slice, wanted whole rows", op_info(node->op)->name);
    set_f32(node, a->shape);
    return true;
}

void binary_evaluate(const Node *node, Evaluation *evaluation)
{
    const Node *a = node->operand[0], *b = node->operand[1];
    int function = op_function(node->op);
    const double *x = value_of(evaluation, a), *y = value_of(evaluation, b);
    double *z = value_of(evaluation, node);
    int64_t count = shape_elements(a->shape, evaluation->symbols);
    int64_t period = shape_elements(b->shape, evaluation->symbols);
    for (int64_t i = 0; i < count; i++) z[i] = function_apply(function, x[i], y[i % period], 0);
}

void binary_bind(const Node *node, Call *call)
{
    const Node *a = node->operand[0], *b = node->operand[1];
    bool whole = repeats(a->shape, b->shape) && a->shape.dim[0].size > 1; /* an image is one long row, and so is the table */
    int64_t columns = bind_columns(node, call), rows = whole ? a->shape.dim[0].size : 1;
    call_begin(call, "binary", node, bind_rows(node));
    if (whole)
        call->multiple = 1;
    columns *= rows;
    call_pointer(call, a);
    call_pointer(call, b);
    call_constant(call, columns);
    call_constant(call, rows * bind_stride(a, call));
    call_constant(call, whole || broadcasts(a->shape, b->shape) ? 0 : bind_stride(b, call));
    call_constant(call, op_function(node->op));
    call_real(call, 0);
    call_label(call, "%s_%" PRId64, op_info(node->op)->name, columns);
}
