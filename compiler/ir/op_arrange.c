/* slice, transpose, gather, reshape, concat: the same numbers in another place. A slice of an activation is a view; the others, and slices of
 * constants, happen when the weights are packed. */
#include "compiler/ir/op.h"

#include <inttypes.h>
#include <string.h>

/* ---- slice: columns of a matrix, elements of a vector ---- */

bool slice_shape(Node *node, Err *err)
{
    const Node *x = node->operand[0];
    bool vector = shape_is_vector(x->shape);
    bool matrix = x->shape.rank == 2 && x->shape.dim[1].symbol == SYMBOL_none;
    if (!(vector || matrix) || !format_packs(x->format))
        return err_set(err, "slice of %s%s, wanted numbers in a vector or in rows of constant length",
                       format_name(x->format), shape_describe(x->shape));
    int64_t columns = shape_columns(x->shape), first = node->a.first, size = node->a.size;
    if (first < 0 || size < 1 || first > columns || size > columns - first)
        return err_set(err, "slice: first %" PRId64 " size %" PRId64 " is outside %s", first, size, shape_describe(x->shape));
    node->format = x->format;
    node->shape = x->shape;
    node->shape.dim[x->shape.rank - 1].size = size;
    return true;
}

void slice_evaluate(const Node *node, Evaluation *evaluation)
{
    const Node *x = node->operand[0];
    int64_t rows = rows_of(evaluation, node), from = shape_columns(x->shape), to = node->a.size;
    const double *in = value_of(evaluation, x) + node->a.first;
    double *out = value_of(evaluation, node);
    for (int64_t r = 0; r < rows; r++) memcpy(out + r * to, in + r * from, (size_t)to * sizeof *out);
}

/* ---- transpose ---- */

bool transpose_shape(Node *node, Err *err)
{
    const Node *x = node->operand[0];
    if (!shape_is_matrix(x->shape))
        return err_set(err, "transpose of %s, wanted a constant matrix", shape_describe(x->shape));
    node->format = x->format;
    node->shape = shape_of(2, x->shape.dim[1], x->shape.dim[0]);
    return true;
}

void transpose_evaluate(const Node *node, Evaluation *evaluation)
{
    int64_t rows = node->shape.dim[0].size, columns = node->shape.dim[1].size;
    const double *x = value_of(evaluation, node->operand[0]);
    double *y = value_of(evaluation, node);
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t c = 0; c < columns; c++) y[r * columns + c] = x[c * rows + r];
    }
}

/* ---- gather: rows of a matrix or elements of a vector, by numbers known to the compiler ---- */

/* Rows of x, or elements of a vector. */
static int64_t gather_width(const Node *x)
{
    return x->shape.rank == 2 ? x->shape.dim[1].size : 1;
}

static bool check_gather_index(const Node *x, const Node *index, Err *err)
{
    int64_t rows = x->shape.dim[0].size;
    for (int64_t i = 0; i < index->shape.dim[0].size; i++) {
        float row = index->values[i];
        if (!(row >= 0 && row < (float)rows) || row != (float)(int64_t)row)
            return err_set(err, "gather: index[%" PRId64 "] is %g, wanted a row of %s", i, (double)row, shape_describe(x->shape));
    }
    return true;
}

bool gather_shape(Node *node, Err *err)
{
    const Node *x = node->operand[0], *index = node->operand[1];
    if (!shape_is_matrix(x->shape) && !shape_is_vector(x->shape))
        return err_set(err, "gather of %s, wanted a constant vector or matrix", shape_describe(x->shape));
    if (index->op != OP_constant || !shape_is_vector(index->shape))
        return err_set(err, "gather: index is %s%s, wanted a constant f32[n] of numbers known to the compiler",
                       index->op == OP_constant ? "constant " : "", shape_describe(index->shape));
    if (index->values != NULL && !check_gather_index(x, index, err))
        return false;
    node->format = x->format;
    node->shape = x->shape;
    node->shape.dim[0] = index->shape.dim[0];
    return true;
}

void gather_evaluate(const Node *node, Evaluation *evaluation)
{
    const Node *x = node->operand[0];
    int64_t rows = node->shape.dim[0].size, width = gather_width(x);
    const double *from = value_of(evaluation, x), *index = value_of(evaluation, node->operand[1]);
    double *y = value_of(evaluation, node);
    for (int64_t r = 0; r < rows; r++)
        memcpy(y + r * width, from + (int64_t)index[r] * width, (size_t)width * sizeof *y);
}

/* ---- reshape ---- */

bool reshape_shape(Node *node, Err *err)
{
    const Node *x = node->operand[0];
    if (!shape_is_constant(x->shape) || !format_packs(x->format))
        return err_set(err, "reshape of %s%s, wanted constant numbers", format_name(x->format), shape_describe(x->shape));
    int64_t elements = shape_elements(x->shape, (const int64_t[SYMBOL_COUNT]){0}), columns = node->a.size;
    if (columns < 1 || elements % columns != 0)
        return err_set(err, "reshape: size %" PRId64 " does not divide %s", columns, shape_describe(x->shape));
    node->format = x->format;
    node->shape = shape_of(2, dim_of(elements / columns), dim_of(columns));
    return true;
}

void reshape_evaluate(const Node *node, Evaluation *evaluation)
{
    size_t count = (size_t)shape_elements(node->shape, evaluation->symbols);
    memcpy(value_of(evaluation, node), value_of(evaluation, node->operand[0]), count * sizeof(double));
}

/* ---- concat ---- */

bool concat_shape(Node *node, Err *err)
{
    const Node *first = node->operand[0];
    int64_t total = 0;
    if (!shape_is_matrix(first->shape) && !shape_is_vector(first->shape))
        return err_set(err, "concat of %s, wanted constant vectors or matrices", shape_describe(first->shape));
    node->format = first->format;
    for (int i = 0; i < node->operands; i++) {
        const Node *x = node->operand[i];
        if (x == NULL)
            return err_set(err, "concat: operand %d is absent", i);
        if (x->shape.rank != first->shape.rank || !shape_is_constant(x->shape) ||
            (x->shape.rank == 2 && x->shape.dim[1].size != first->shape.dim[1].size))
            return err_set(err, "concat of %s and %s", shape_describe(first->shape), shape_describe(x->shape));
        total += x->shape.dim[0].size;
        if (x->format != node->format)
            node->format = FORMAT_f32; /* of different formats: the one that holds them all */
    }
    node->shape = first->shape;
    node->shape.dim[0].size = total;
    return true;
}

void concat_evaluate(const Node *node, Evaluation *evaluation)
{
    double *y = value_of(evaluation, node);
    for (int i = 0; i < node->operands; i++) {
        size_t count = (size_t)shape_elements(node->operand[i]->shape, evaluation->symbols);
        memcpy(y, value_of(evaluation, node->operand[i]), count * sizeof *y);
        y += count;
    }
}
