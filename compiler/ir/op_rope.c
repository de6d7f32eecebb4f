/* rope_table, rope: rotary positions. */
#include "compiler/ir/op.h"

#include <inttypes.h>
#include <math.h>

/* ---- rope_table: [R, 2 half]: half cosines, then half sines ---- */

enum { TABLE_POSITIONS, TABLE_FREQUENCIES, TABLE_SEQUENCES, TABLE_LONGER };

/* What the angles of long sequences depend on: all or nothing. */
static bool check_long_sequences(const Node *node, Err *err)
{
    const Attributes *a = &node->a;
    const Node *longer = node->operand[TABLE_LONGER];
    if (node->operand[TABLE_SEQUENCES] == NULL) {
        if (longer == NULL && a->original == 0 && a->factor == 0)
            return true;
        return err_set(err, "rope_table: original %" PRId64 " factor %g without sequences", a->original, a->factor);
    }
    if (!want_sequences(node, TABLE_SEQUENCES, err) || !want_count(node, "original", a->original, err))
        return false;
    int64_t half = shape_columns(node->operand[TABLE_FREQUENCIES]->shape);
    if (longer != NULL)
        return a->factor == 0 ? want_vector(node, TABLE_LONGER, "longer", half, err)
                              : err_set(err, "rope_table: factor %g beside longer frequencies", a->factor);
    if (a->factor >= 1 && isfinite(a->factor) && half > 1)
        return true;
    return err_set(err, "rope_table: factor is %g for %" PRId64 " frequencies, wanted at least 1, and 2", a->factor, half);
}

bool rope_table_shape(Node *node, Err *err)
{
    const Node *frequencies = node->operand[TABLE_FREQUENCIES];
    if (!want_index(node, 0, "positions", err) || !want_finite(node, "magnitude", node->a.magnitude, true, err))
        return false;
    if (!shape_is_vector(frequencies->shape) || frequencies->format != FORMAT_f32)
        return err_set(err, "rope_table: frequencies are %s%s, wanted a constant f32[rotary_dim / 2]",
                       format_name(frequencies->format), shape_describe(frequencies->shape));
    if (!check_long_sequences(node, err))
        return false;
    set_f32(node, shape_of(2, node->operand[0]->shape.dim[0], dim_of(2 * shape_columns(frequencies->shape))));
    return true;
}

/* Frequency i for a sequence of that many positions. */
static float frequency_of(const Node *node, const double *f, const double *longer, int64_t i, int64_t half, int64_t length)
{
    const Attributes *a = &node->a;
    if (a->original == 0 || length <= a->original)
        return (float)f[i];
    if (longer != NULL)
        return (float)longer[i];
    double growth = a->factor * (double)length / (double)a->original - (a->factor - 1);
    return (float)(f[i] * pow(growth, -(double)i / (double)(half - 1)));
}

/* transformers computes the angle in float32: at large positions its rounding is part of the model. */
void rope_table_evaluate(const Node *node, Evaluation *evaluation)
{
    int64_t rows = rows_of(evaluation, node), half = shape_columns(node->shape) / 2;
    const double *positions = value_of(evaluation, node->operand[0]), *f = value_of(evaluation, node->operand[1]);
    const double *longer = value_of(evaluation, node->operand[TABLE_LONGER]);
    const int *sequence = sequence_of_rows(evaluation), *start = evaluation->batch->start;
    double *y = value_of(evaluation, node);
    for (int64_t r = 0; r < rows; r++, y += 2 * half) {
        int64_t length = start[sequence[r] + 1] - start[sequence[r]];
        for (int64_t i = 0; i < half; i++) {
            float angle = (float)positions[r] * frequency_of(node, f, longer, i, half, length);
            y[i] = node->a.magnitude * cos((double)angle);
            y[half + i] = node->a.magnitude * sin((double)angle);
        }
    }
}

void rope_table_bind(const Node *node, Call *call)
{
    int64_t half = shape_columns(node->shape) / 2;
    bool by_length = node->operand[TABLE_SEQUENCES] != NULL;
    call_begin(call, by_length ? "rope_table_by_length" : "rope_table", node, bind_rows(node));
    for (int i = TABLE_POSITIONS; i <= (by_length ? TABLE_LONGER : TABLE_FREQUENCIES); i++) call_pointer(call, node->operand[i]);
    call_constant(call, half);
    if (by_length)
        call_constant(call, node->a.original);
    call_real(call, node->a.magnitude);
    if (by_length)
        call_real(call, node->a.factor);
    call_label(call, "%" PRId64, 2 * half);
}

/* ---- rope ---- */

static bool rope_counts(const Node *node, Err *err)
{
    const Attributes *a = &node->a;
    if (!want_count(node, "heads", a->heads, err) || !want_count(node, "head_dim", a->head_dim, err) ||
        !want_count(node, "rotary_dim", a->rotary_dim, err))
        return false;
    if (a->rotary_dim > a->head_dim || a->rotary_dim % 2 != 0)
        return err_set(err, "rope: rotary_dim is %" PRId64 ", wanted an even number up to head_dim %" PRId64,
                       a->rotary_dim, a->head_dim);
    if (a->interleaved != 0 && a->interleaved != 1)
        return err_set(err, "rope: interleaved is %" PRId64 ", wanted 0 or 1", a->interleaved);
    return true;
}

bool rope_shape(Node *node, Err *err)
{
    if (!want_activation(node, 0, "x", err) || !want_activation(node, 1, "table", err) || !rope_counts(node, err))
        return false;
    Shape x = node->operand[0]->shape, table = node->operand[1]->shape;
    if (x.dim[1].size != node->a.heads * node->a.head_dim)
        return err_set(err, "rope: x is %s, wanted %" PRId64 " heads of %" PRId64, shape_describe(x), node->a.heads,
                       node->a.head_dim);
    if (table.dim[0].symbol != x.dim[0].symbol || table.dim[1].size != node->a.rotary_dim)
        return err_set(err, "rope: table is %s, wanted [%s, %" PRId64 "]", shape_describe(table),
                       symbol_name(x.dim[0].symbol), node->a.rotary_dim);
    set_f32(node, x);
    return true;
}

/* Pair i of a head: elements i and i + half, or 2i and 2i + 1 when interleaved. */
static void rope_head(double *y, const double *x, const double *table, const Attributes *a)
{
    int64_t half = a->rotary_dim / 2;
    for (int64_t i = 0; i < half; i++) {
        int64_t first = a->interleaved ? 2 * i : i, second = a->interleaved ? 2 * i + 1 : i + half;
        double c = table[i], s = table[half + i];
        y[first] = x[first] * c - x[second] * s;
        y[second] = x[second] * c + x[first] * s;
    }
    for (int64_t i = a->rotary_dim; i < a->head_dim; i++) y[i] = x[i];
}

void rope_evaluate(const Node *node, Evaluation *evaluation)
{
    const double *x = value_of(evaluation, node->operand[0]), *table = value_of(evaluation, node->operand[1]);
    double *y = value_of(evaluation, node);
    int64_t rows = rows_of(evaluation, node), columns = shape_columns(node->shape);
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t h = 0; h < node->a.heads; h++) {
            int64_t at = r * columns + h * node->a.head_dim;
            rope_head(y + at, x + at, table + r * node->a.rotary_dim, &node->a);
        }
    }
}

void rope_bind(const Node *node, Call *call)
{
    call_begin(call, "rope", node, bind_rows(node));
    call_pointer(call, node->operand[0]);
    call_pointer(call, node->operand[1]);
    call_constant(call, node->a.heads);
    call_constant(call, node->a.head_dim);
    call_constant(call, node->a.rotary_dim);
    call_constant(call, node->a.interleaved);
    call_constant(call, bind_stride(node->operand[0], call));
    call_label(call, "%" PRId64 "x%" PRId64, node->a.heads, node->a.head_dim);
}
