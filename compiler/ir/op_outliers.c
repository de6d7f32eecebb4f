/* outliers: what LLM.int8 takes out of the inputs of a linear before it rounds them. */
#include "compiler/ir/op.h"

#include <inttypes.h>
#include <math.h>

bool outliers_shape(Node *node, Err *err)
{
    if (!want_activation(node, 0, "x", err) || !want_finite(node, "limit", node->a.limit, true, err)) return false;
    set_f32(node, node->operand[0]->shape);
    return true;
}

void outliers_evaluate(const Node *node, Evaluation *evaluation)
{
    const double *x = value_of(evaluation, node->operand[0]);
    double *y = value_of(evaluation, node);
    int64_t rows = rows_of(evaluation, node), columns = shape_columns(node->shape);
    for (int64_t c = 0; c < columns; c++) {
        double largest = 0;
        for (int64_t r = 0; r < rows; r++) largest = fmax(largest, fabs(x[r * columns + c]));
        for (int64_t r = 0; r < rows; r++) y[r * columns + c] = largest >= node->a.limit ? x[r * columns + c] : 0;
    }
}

void outliers_bind(const Node *node, Call *call)
{
    int64_t columns = shape_columns(node->shape);
    call_begin(call, "outliers", node, bind_rows(node));
    call_pointer(call, node->operand[0]);
    call_constant(call, columns);
    call_constant(call, bind_stride(node->operand[0], call));
    call_real(call, node->a.limit);
    call_label(call, "%" PRId64, columns);
}
