/* embed, take, pool, neighbours, join: rows chosen or combined. */
#include "compiler/ir/op.h"

#include <inttypes.h>
#include <string.h>

/* Row number in a table of that many rows; ids come from the caller of an evaluation. */
static int64_t checked_row(const Node *node, double index, int64_t rows)
{
    if (!(index >= 0 && index < (double)rows))
        bug("%s %%%d: row %g of a table of %" PRId64, op_info(node->op)->name, node->id, index, rows);
    return (int64_t)index;
}

/* ---- embed ---- */

bool embed_shape(Node *node, Err *err)
{
    const Node *table = node->operand[1];
    if (!want_index(node, 0, "ids", err) || !want_finite(node, "scale", node->a.scale, true, err))
        return false;
    if (!shape_is_matrix(table->shape))
        return err_set(err, "embed: table is %s, wanted a constant [V, H]", shape_describe(table->shape));
    if (node->a.first < 0 || node->a.first >= table->shape.dim[0].size)
        return err_set(err, "embed: first is %" PRId64 ", wanted a row of %s", node->a.first, shape_describe(table->shape));
    set_f32(node, shape_of(2, node->operand[0]->shape.dim[0], table->shape.dim[1]));
    return true;
}

void embed_evaluate(const Node *node, Evaluation *evaluation)
{
    const Node *table = node->operand[1];
    int64_t rows = rows_of(evaluation, node), columns = shape_columns(node->shape);
    const double *ids = value_of(evaluation, node->operand[0]), *from = weight_of(evaluation, table);
    double *y = value_of(evaluation, node);
    for (int64_t r = 0; r < rows; r++) {
        int64_t id = checked_row(node, ids[r] + (double)node->a.first, table->shape.dim[0].size);
        for (int64_t c = 0; c < columns; c++) y[r * columns + c] = node->a.scale * from[id * columns + c];
    }
}

void embed_bind(const Node *node, Call *call)
{
    const Shape table = node->operand[1]->shape;
    call_begin(call, "embed", node, bind_rows(node));
    call->format = node->operand[1]->format;
    call_pointer(call, node->operand[0]);
    call_pointer(call, node->operand[1]);
    call_constant(call, table.dim[0].size);
    call_constant(call, table.dim[1].size);
    call_constant(call, call->panel);
    call_constant(call, call->block);
    call_constant(call, node->a.first);
    call_real(call, node->a.scale);
    call_label(call, "%" PRId64 "x%" PRId64, table.dim[0].size, table.dim[1].size);
}

/* ---- take ---- */

bool take_shape(Node *node, Err *err)
{
    if (!want_activation(node, 0, "x", err) || !want_index(node, 1, "index", err))
        return false;
    set_f32(node, shape_of(2, node->operand[1]->shape.dim[0], node->operand[0]->shape.dim[1]));
    return true;
}

void take_evaluate(const Node *node, Evaluation *evaluation)
{
    const Node *x = node->operand[0];
    int64_t rows = rows_of(evaluation, node), from = rows_of(evaluation, x), columns = shape_columns(node->shape);
    const double *in = value_of(evaluation, x), *index = value_of(evaluation, node->operand[1]);
    double *y = value_of(evaluation, node);
    for (int64_t r = 0; r < rows; r++)
        memcpy(y + r * columns, in + checked_row(node, index[r], from) * columns, (size_t)columns * sizeof *y);
}

void take_bind(const Node *node, Call *call)
{
    int64_t columns = shape_columns(node->shape);
    call_begin(call, "take", node, bind_rows(node));
    call_pointer(call, node->operand[0]);
    call_pointer(call, node->operand[1]);
    call_constant(call, columns);
    call_constant(call, bind_stride(node->operand[0], call));
    call_label(call, "%" PRId64, columns);
}

/* ---- pool ---- */

bool pool_shape(Node *node, Err *err)
{
    int64_t size = node->a.size;
    if (size == 0 ? !want_rows(node, 0, "x", err) || !want_sequences(node, 1, err) : !want_activation(node, 0, "x", err))
        return false;
    Dim rows = node->operand[0]->shape.dim[0];
    if (size < 0 || (size > 0 && (rows.symbol != SYMBOL_images || rows.size % size != 0)))
        return err_set(err, "pool: size is %" PRId64 ", wanted a divisor of the rows of an image, %s", size,
                       shape_describe(node->operand[0]->shape));
    if (pool_mode_name(node->a.mode) == NULL)
        return err_set(err, "pool: there is no mode %d", node->a.mode);
    Dim result = dim_symbol(SYMBOL_sequences);
    if (size > 0)
        result = (Dim){rows.size / size, rows.symbol};
    set_f32(node, shape_of(2, result, node->operand[0]->shape.dim[1]));
    return true;
}

/* One column of one sequence: rows first .. end, a column step of `columns` apart. */
static double pool_column(int mode, const double *x, int64_t first, int64_t end, int64_t columns)
{
    if (mode == POOL_first)
        return x[first * columns];
    if (mode == POOL_last)
        return x[(end - 1) * columns];
    double sum = 0, most = x[first * columns];
    for (int64_t r = first; r < end; r++) {
        double value = x[r * columns];
        sum += value;
        most = value > most ? value : most;
    }
    return mode == POOL_max ? most : sum / (double)(end - first);
}

void pool_evaluate(const Node *node, Evaluation *evaluation)
{
    const hf2c_batch *batch = evaluation->batch;
    int64_t columns = shape_columns(node->shape);
    const double *x = value_of(evaluation, node->operand[0]);
    double *y = value_of(evaluation, node);
    for (int64_t r = 0; node->a.size > 0 && r < rows_of(evaluation, node); r++) {
        for (int64_t c = 0; c < columns; c++)
            y[r * columns + c] = pool_column(node->a.mode, x + c, r * node->a.size, (r + 1) * node->a.size, columns);
    }
    for (int s = 0; node->a.size == 0 && s < batch->sequences; s++) {
        if (batch->start[s] >= batch->start[s + 1])
            bug("pool %%%d: sequence %d has no rows", node->id, s);
        for (int64_t c = 0; c < columns; c++)
            y[s * columns + c] = pool_column(node->a.mode, x + c, batch->start[s], batch->start[s + 1], columns);
    }
}

void pool_bind(const Node *node, Call *call)
{
    int64_t columns = shape_columns(node->shape);
    call_begin(call, "pool", node, bind_rows(node));
    call_pointer(call, node->operand[0]);
    call_pointer(call, node->operand[1]);
    call_constant(call, columns);
    call_constant(call, bind_stride(node->operand[0], call));
    call_constant(call, node->a.mode);
    call_constant(call, node->a.size);
    call_label(call, "%s_%" PRId64, pool_mode_name(node->a.mode), columns);
}

/* ---- neighbours ---- */

static int64_t neighbours_stride(const Node *node)
{
    return node->a.stride != 0 ? node->a.stride : 1;
}

bool neighbours_shape(Node *node, Err *err)
{
    int64_t size = node->a.size, origin = node->a.origin, stride = neighbours_stride(node);
    if (!want_activation(node, 0, "x", err) || !want_sequences(node, 1, err) || !want_count(node, "size", size, err) ||
        !want_count(node, "stride", stride, err))
        return false;
    Dim rows = node->operand[0]->shape.dim[0];
    if (rows.symbol != SYMBOL_rows || rows.size % stride != 0)
        return err_set(err, "neighbours: x (operand 0) is f32%s, wanted f32[rows, columns], or a multiple of %" PRId64 " rows for each",
                       shape_describe(node->operand[0]->shape), stride);
    if (origin < 0 || origin >= size)
        return err_set(err, "neighbours: origin is %" PRId64 ", wanted one of %" PRId64 " rows", origin, size);
    int64_t columns = node->operand[0]->shape.dim[1].size;
    if (columns > DIM_LIMIT / size)
        return err_set(err, "neighbours: size %" PRId64 " of %s is too wide", size, shape_describe(node->operand[0]->shape));
    rows.size /= stride;
    set_f32(node, shape_of(2, rows, dim_of(columns * size)));
    return true;
}

void neighbours_evaluate(const Node *node, Evaluation *evaluation)
{
    const hf2c_batch *batch = evaluation->batch;
    int64_t columns = node->operand[0]->shape.dim[1].size, size = node->a.size;
    const double *x = value_of(evaluation, node->operand[0]);
    int64_t stride = neighbours_stride(node), multiple = node->operand[0]->shape.dim[0].size;
    const int *sequence = sequence_of_rows(evaluation);
    double *y = value_of(evaluation, node);
    for (int64_t i = 0; i < rows_of(evaluation, node) * columns * size; i++) {
        int64_t first = i / (columns * size) * stride, from = first + i % size - node->a.origin;
        int s = sequence[first / multiple];
        bool inside = from >= batch->start[s] * multiple && from < batch->start[s + 1] * multiple;
        y[i] = inside ? x[from * columns + i / size % columns] : 0;
    }
}

void neighbours_bind(const Node *node, Call *call)
{
    int64_t columns = node->operand[0]->shape.dim[1].size;
    call_begin(call, "neighbours", node, bind_rows(node));
    call_pointer(call, node->operand[0]);
    call_pointer(call, node->operand[1]);
    call_constant(call, columns);
    call_constant(call, bind_stride(node->operand[0], call));
    call_constant(call, node->a.size);
    call_constant(call, node->a.origin);
    call_constant(call, neighbours_stride(node));
    call_constant(call, node->operand[0]->shape.dim[0].size);
    call_label(call, "%" PRId64 "x%" PRId64, columns, node->a.size);
}

/* ---- join ---- */

bool join_shape(Node *node, Err *err)
{
    if (!want_activation(node, 0, "x", err) || !want_activation(node, 1, "z", err) ||
        !want_count(node, "heads", node->a.heads, err))
        return false;
    Shape x = node->operand[0]->shape, z = node->operand[1]->shape;
    int64_t heads = node->a.heads, columns = z.dim[1].size / heads + x.dim[1].size;
    if (z.dim[0].symbol != x.dim[0].symbol || z.dim[1].size % heads != 0 || columns > DIM_LIMIT / heads)
        return err_set(err, "join: x is %s and z %s, wanted [%s, a multiple of %" PRId64 "]", shape_describe(x), shape_describe(z),
                       symbol_name(x.dim[0].symbol), heads);
    set_f32(node, shape_of(2, x.dim[0], dim_of(heads * columns)));
    return true;
}

void join_evaluate(const Node *node, Evaluation *evaluation)
{
    int64_t rows = rows_of(evaluation, node), heads = node->a.heads;
    int64_t shared = shape_columns(node->operand[0]->shape), own = shape_columns(node->operand[1]->shape) / heads;
    const double *x = value_of(evaluation, node->operand[0]), *z = value_of(evaluation, node->operand[1]);
    double *y = value_of(evaluation, node);
    for (int64_t i = 0; i < rows * heads; i++, y += shared + own) {
        memcpy(y, x + i / heads * shared, (size_t)shared * sizeof *y);
        memcpy(y + shared, z + i * own, (size_t)own * sizeof *y);
    }
}

void join_bind(const Node *node, Call *call)
{
    int64_t shared = shape_columns(node->operand[0]->shape), own = shape_columns(node->operand[1]->shape) / node->a.heads;
    call_begin(call, "join", node, bind_rows(node));
    call_pointer(call, node->operand[0]);
    call_pointer(call, node->operand[1]);
    call_constant(call, node->a.heads);
    call_constant(call, shared);
    call_constant(call, own);
    call_constant(call, bind_stride(node->operand[0], call));
    call_constant(call, bind_stride(node->operand[1], call));
    call_label(call, "%" PRId64 "x%" PRId64 "_%" PRId64, node->a.heads, shared, own);
}
