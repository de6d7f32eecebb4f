/* columns: activations in the order in which a quantised weight has its inputs (GPTQ's act order). */
#include "compiler/ir/op.h"

#include <inttypes.h>

bool columns_shape(Node *node, Err *err)
{
    const Node *x = node->operand[0], *index = node->operand[1];
    if (!want_activation(node, 0, "x", err)) return false;
    if (index->op != OP_constant || !shape_is_vector(index->shape))
        return err_set(err, "columns: index is %s, wanted a constant [n]", shape_describe(index->shape));
    for (int64_t i = 0; i < shape_columns(index->shape); i++)
        if (!(index->values[i] >= 0 && index->values[i] < (float)shape_columns(x->shape)) || index->values[i] != (float)(int64_t)index->values[i])
            return err_set(err, "columns: index %" PRId64 " is %g, wanted a column of %" PRId64, i, (double)index->values[i], shape_columns(x->shape));
    set_f32(node, shape_of(2, x->shape.dim[0], dim_of(shape_columns(index->shape))));
    return true;
}

void columns_evaluate(const Node *node, Evaluation *evaluation)
{
    const double *x = value_of(evaluation, node->operand[0]), *index = value_of(evaluation, node->operand[1]);
    double *y = value_of(evaluation, node);
    int64_t rows = rows_of(evaluation, node), from = shape_columns(node->operand[0]->shape), to = shape_columns(node->shape);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < to; c++) y[r * to + c] = x[r * from + (int64_t)index[c]];
}

void columns_bind(const Node *node, Call *call)
{
    int64_t columns = shape_columns(node->shape);
    call_begin(call, "columns", node, bind_rows(node));
    call_pointer(call, node->operand[0]);
    call_pointer(call, node->operand[1]);
    call_constant(call, columns);
    call_constant(call, bind_stride(node->operand[0], call));
    call_label(call, "%" PRId64, columns);
}
