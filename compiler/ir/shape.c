/* What shape rules check, with messages that say what was found and what was wanted. */
#include "compiler/ir/op.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

bool shape_is_activation(Shape shape)
{
    return shape.rank == 2 && shape.dim[0].symbol != SYMBOL_none && (shape.dim[0].size == 1 || symbol_repeats(shape.dim[0].symbol)) &&
           shape.dim[1].symbol == SYMBOL_none;
}

bool symbol_repeats(Symbol symbol)
{
    return symbol == SYMBOL_images || symbol == SYMBOL_pieces || symbol == SYMBOL_rows;
}

bool shape_is_vector(Shape shape)
{
    return shape.rank == 1 && shape_is_constant(shape);
}

bool shape_is_matrix(Shape shape)
{
    return shape.rank == 2 && shape_is_constant(shape);
}

const char *shape_describe(Shape shape)
{
    static char buffers[4][160];
    static unsigned turn;
    char *text = buffers[turn++ % COUNT_OF(buffers)];
    size_t size = sizeof buffers[0], at = 0;
    text[at++] = '[';
    for (int i = 0; i < shape.rank && at < size; i++) {
        Dim dim = shape.dim[i];
        bool number = dim.symbol == SYMBOL_none || dim.size != 1;
        at += (size_t)snprintf(text + at, size - at, "%s", i > 0 ? ", " : "");
        if (number && at < size)
            at += (size_t)snprintf(text + at, size - at, "%" PRId64 "%s", dim.size, dim.symbol != SYMBOL_none ? "*" : "");
        if (at < size)
            at += (size_t)snprintf(text + at, size - at, "%s", symbol_name(dim.symbol));
    }
    if (at < size)
        snprintf(text + at, size - at, "]");
    return text;
}

/* Constants are counted in memory: 2^44 elements are far beyond any model and far below any overflow. */
bool shape_check(const Node *node, Err *err)
{
    const int64_t most = (int64_t)1 << 44;
    int64_t elements = 1;
    for (int i = 0; i < node->shape.rank; i++) {
        Dim dim = node->shape.dim[i];
        if (dim.size < 1 || dim.size > DIM_LIMIT)
            return err_set(err, "%s: dimension %" PRId64 " is outside 1 .. %d", op_info(node->op)->name, dim.size, DIM_LIMIT);
        if (elements > most / dim.size)
            return err_set(err, "%s: %s has too many elements", op_info(node->op)->name, shape_describe(node->shape));
        elements *= dim.size;
    }
    return true;
}

static bool complain(const Node *node, int operand, const char *what, const char *wanted, Err *err)
{
    const Node *x = node->operand[operand];
    return err_set(err, "%s: %s (operand %d) is %s%s, wanted %s", op_info(node->op)->name, what, operand,
                   x ? format_name(x->format) : "absent", x ? shape_describe(x->shape) : "", wanted);
}

bool want_format(const Node *node, int operand, const char *what, Format format, Err *err)
{
    const Node *x = node->operand[operand];
    return (x != NULL && x->format == format) || complain(node, operand, what, format_name(format), err);
}

bool want_activation(const Node *node, int operand, const char *what, Err *err)
{
    const Node *x = node->operand[operand];
    if (x == NULL || x->format != FORMAT_f32 || !shape_is_activation(x->shape) || x->shape.dim[0].symbol == SYMBOL_keys)
        return complain(node, operand, what, "f32[symbol, columns]", err);
    return true;
}

bool want_rows(const Node *node, int operand, const char *what, Err *err)
{
    if (!want_activation(node, operand, what, err))
        return false;
    Dim first = node->operand[operand]->shape.dim[0];
    return (first.symbol == SYMBOL_rows && first.size == 1) || complain(node, operand, what, "f32[rows, columns]", err);
}

bool want_vector(const Node *node, int operand, const char *what, int64_t size, Err *err)
{
    const Node *x = node->operand[operand];
    if (x == NULL)
        return true;
    char wanted[48];
    snprintf(wanted, sizeof wanted, "f32[%" PRId64 "]", size);
    if (x->format != FORMAT_f32 || !shape_equal(x->shape, shape_of(1, dim_of(size))))
        return complain(node, operand, what, wanted, err);
    return true;
}

bool want_index(const Node *node, int operand, const char *what, Err *err)
{
    const Node *x = node->operand[operand];
    if (x == NULL || x->format != FORMAT_i32 || x->shape.rank != 1 || shape_is_constant(x->shape) || x->shape.dim[0].size != 1)
        return complain(node, operand, what, "i32[symbol]", err);
    return true;
}

bool want_sequences(const Node *node, int operand, Err *err)
{
    return want_format(node, operand, "sequences", FORMAT_sequences, err);
}

bool want_count(const Node *node, const char *name, int64_t value, Err *err)
{
    if (value >= 1 && value <= DIM_LIMIT)
        return true;
    return err_set(err, "%s: %s is %" PRId64 ", wanted 1 .. %d", op_info(node->op)->name, name, value, DIM_LIMIT);
}

bool want_finite(const Node *node, const char *name, double value, bool positive, Err *err)
{
    if (isfinite(value) && (positive ? value > 0 : value >= 0))
        return true;
    return err_set(err, "%s: %s is %g, wanted a finite number %s 0", op_info(node->op)->name, name, value,
                   positive ? "above" : "not below");
}

void set_f32(Node *node, Shape shape)
{
    node->format = FORMAT_f32;
    node->shape = shape;
}
