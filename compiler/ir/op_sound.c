/* windows, spread, collect, sound_norm, correlate, weight_norm: what convolutions over sounds of any length are made of.
 *
 * Each sound takes up whole pieces, one for each row that it could lead to at most. Between samples and rows there are a constant
 * number of rows to a piece, fewer with each stride. A convolution without padding is a linear layer over windows; those that reach
 * into the next sound are computed, too, and nobody reads them. */
#include "compiler/ir/op.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

int64_t sound_pieces(const hf2c_batch *batch, int sequence, int64_t size)
{
    return (batch->samples[sequence + 1] - batch->samples[sequence] + size - 1) / size;
}

static bool want_pieces(const Node *node, Err *err)
{
    if (!want_activation(node, 0, "x", err))
        return false;
    Shape shape = node->operand[0]->shape;
    return shape.dim[0].symbol == SYMBOL_pieces ||
           err_set(err, "%s of %s, wanted rows of pieces", op_info(node->op)->name, shape_describe(shape));
}

/* ---- windows ---- */

bool windows_shape(Node *node, Err *err)
{
    const Node *x = node->operand[0];
    int64_t size = node->a.size, stride = node->a.stride;
    if (!want_pieces(node, err) || !want_count(node, "size", size, err) || !want_count(node, "stride", stride, err))
        return false;
    int64_t columns = x->shape.dim[1].size;
    Dim rows = x->shape.dim[0];
    if (rows.size % stride != 0 || columns > DIM_LIMIT / size || columns > DIM_LIMIT / stride || node_storage(x, NULL) != x)
        return err_set(err, "windows of %s, wanted whole rows, %" PRId64 " of which divide a piece", shape_describe(x->shape), stride);
    rows.size /= stride;
    set_f32(node, shape_of(2, rows, dim_of(size * columns)));
    return true;
}

/* What is behind the last row may be anything; here it is 0. */
void windows_evaluate(const Node *node, Evaluation *evaluation)
{
    const Node *x = node->operand[0];
    int64_t columns = x->shape.dim[1].size, width = node->a.size * columns, count = rows_of(evaluation, x) * columns;
    const double *from = value_of(evaluation, x);
    double *y = value_of(evaluation, node);
    for (int64_t i = 0; i < rows_of(evaluation, node) * width; i++) {
        int64_t at = i / width * node->a.stride * columns + i % width;
        y[i] = at < count ? from[at] : 0;
    }
}

/* ---- spread ---- */

bool spread_shape(Node *node, Err *err)
{
    if (!want_activation(node, 0, "x", err) || !want_sequences(node, 1, err) || !want_count(node, "size", node->a.size, err))
        return false;
    Shape shape = node->operand[0]->shape;
    if (shape.dim[0].symbol != SYMBOL_samples || shape.dim[1].size != 1)
        return err_set(err, "spread of %s, wanted [samples, 1]", shape_describe(shape));
    set_f32(node, shape_of(2, (Dim){node->a.size, SYMBOL_pieces}, dim_of(1)));
    return true;
}

void spread_evaluate(const Node *node, Evaluation *evaluation)
{
    const hf2c_batch *batch = evaluation->batch;
    const double *x = value_of(evaluation, node->operand[0]);
    double *y = value_of(evaluation, node);
    for (int s = 0; s < batch->sequences; s++) {
        int64_t first = batch->samples[s], count = batch->samples[s + 1] - first;
        int64_t room = sound_pieces(batch, s, node->a.size) * node->a.size;
        for (int64_t i = 0; i < room; i++) *y++ = i < count ? x[first + i] : 0;
    }
}

void spread_bind(const Node *node, Call *call)
{
    call_begin(call, "spread", node, bind_rows(node));
    call->multiple = 1;
    call_pointer(call, node->operand[0]);
    call_pointer(call, node->operand[1]);
    call_constant(call, node->a.size);
    call_label(call, "%" PRId64, node->a.size);
}

/* ---- collect ---- */

/* The samples of a piece: those of the spread that x was made of. */
static int64_t samples_of_piece(const Node *x)
{
    while (x->op != OP_spread) {
        if (x->operands == 0)
            return 0;
        x = x->operand[0];
    }
    return x->a.size;
}

bool collect_shape(Node *node, Err *err)
{
    if (!want_pieces(node, err) || !want_sequences(node, 1, err))
        return false;
    Shape shape = node->operand[0]->shape;
    if (shape.dim[0].size != 1 || samples_of_piece(node->operand[0]) == 0)
        return err_set(err, "collect of %s, wanted [pieces, columns] made of samples", shape_describe(shape));
    set_f32(node, shape_of(2, dim_symbol(SYMBOL_rows), shape.dim[1]));
    return true;
}

void collect_evaluate(const Node *node, Evaluation *evaluation)
{
    const hf2c_batch *batch = evaluation->batch;
    int64_t columns = shape_columns(node->shape), size = samples_of_piece(node->operand[0]);
    const double *x = value_of(evaluation, node->operand[0]);
    double *y = value_of(evaluation, node);
    for (int s = 0; s < batch->sequences; s++) {
        int64_t rows = batch->start[s + 1] - batch->start[s];
        memcpy(y + batch->start[s] * columns, x, (size_t)(rows * columns) * sizeof *y);
        x += sound_pieces(batch, s, size) * columns;
    }
}

void collect_bind(const Node *node, Call *call)
{
    int64_t columns = shape_columns(node->shape);
    call_begin(call, "collect", node, bind_rows(node));
    call_pointer(call, node->operand[0]);
    call_pointer(call, node->operand[1]);
    call_constant(call, columns);
    call_constant(call, bind_stride(node->operand[0], call));
    call_constant(call, samples_of_piece(node->operand[0]));
    call_label(call, "%" PRId64, columns);
}

/* ---- sound_norm ---- */

bool sound_norm_shape(Node *node, Err *err)
{
    const Attributes *a = &node->a;
    if (!want_pieces(node, err) || !want_sequences(node, 1, err) || !want_count(node, "size", a->size, err) ||
        !want_count(node, "stride", a->stride, err) || !want_finite(node, "epsilon", a->epsilon, false, err))
        return false;
    Shape shape = node->operand[0]->shape;
    if (!want_vector(node, 2, "gain", shape.dim[1].size, err) || !want_vector(node, 3, "bias", shape.dim[1].size, err))
        return false;
    if (shape.dim[0].size > DIM_LIMIT / a->stride || samples_of_piece(node->operand[0]) != shape.dim[0].size * a->stride)
        return err_set(err, "sound_norm: stride %" PRId64 " does not lead from samples to %s", a->stride, shape_describe(shape));
    set_f32(node, shape);
    return true;
}

/* One column of rows that are `columns` apart. */
static void normalize_column(double *y, const double *x, int64_t rows, int64_t columns, double epsilon, double gain, double bias)
{
    double mean = 0, variance = 0;
    for (int64_t r = 0; r < rows; r++) mean += x[r * columns] / (double)rows;
    for (int64_t r = 0; r < rows; r++) variance += (x[r * columns] - mean) * (x[r * columns] - mean) / (double)rows;
    for (int64_t r = 0; r < rows; r++) y[r * columns] = (x[r * columns] - mean) / sqrt(variance + epsilon) * gain + bias;
}

void sound_norm_evaluate(const Node *node, Evaluation *evaluation)
{
    const hf2c_batch *batch = evaluation->batch;
    const Attributes *a = &node->a;
    int64_t columns = shape_columns(node->shape), rows = node->shape.dim[0].size, done = 0;
    const double *x = value_of(evaluation, node->operand[0]), *gain = value_of(evaluation, node->operand[2]);
    const double *bias = value_of(evaluation, node->operand[3]);
    double *y = value_of(evaluation, node);
    memset(y, 0, (size_t)(rows_of(evaluation, node) * columns) * sizeof *y);
    for (int s = 0; s < batch->sequences; s++) {
        int64_t samples = batch->samples[s + 1] - batch->samples[s], count = (samples - a->size) / a->stride + 1;
        for (int64_t c = 0; c < columns; c++)
            normalize_column(y + done + c, x + done + c, count, columns, a->epsilon, gain[c], bias[c]);
        done += sound_pieces(batch, s, rows * a->stride) * rows * columns;
    }
}

void sound_norm_bind(const Node *node, Call *call)
{
    int64_t columns = shape_columns(node->shape);
    call_begin(call, "sound_norm", node, bind_rows(node));
    call->multiple = 1;
    for (int i = 0; i < 4; i++) call_pointer(call, node->operand[i]);
    call_constant(call, columns);
    call_constant(call, bind_stride(node->operand[0], call));
    call_constant(call, node->shape.dim[0].size);
    call_constant(call, node->a.size);
    call_constant(call, node->a.stride);
    call_real(call, node->a.epsilon);
    call_label(call, "%" PRId64, columns);
}

/* ---- correlate ---- */

bool correlate_shape(Node *node, Err *err)
{
    const Node *x = node->operand[0], *w = node->operand[2];
    int64_t size = node->a.size, groups = node->a.groups, origin = node->a.origin;
    if (!want_rows(node, 0, "x", err) || !want_sequences(node, 1, err) || !want_count(node, "size", size, err) ||
        !want_count(node, "groups", groups, err))
        return false;
    if (!shape_is_matrix(w->shape) || w->format != FORMAT_f32)
        return err_set(err, "correlate: w is %s%s, wanted a constant f32[K, N]", format_name(w->format), shape_describe(w->shape));
    int64_t K = w->shape.dim[0].size, columns = x->shape.dim[1].size;
    if (K % size != 0 || w->shape.dim[1].size % groups != 0 || columns % groups != 0 || columns / groups != K / size)
        return err_set(err, "correlate: w is %s, which does not fit %s with size %" PRId64 " and groups %" PRId64,
                       shape_describe(w->shape), shape_describe(x->shape), size, groups);
    if (origin < 0 || origin >= size)
        return err_set(err, "correlate: origin is %" PRId64 ", wanted one of %" PRId64 " rows", origin, size);
    set_f32(node, shape_of(2, x->shape.dim[0], w->shape.dim[1]));
    return true;
}

void correlate_evaluate(const Node *node, Evaluation *evaluation)
{
    const hf2c_batch *batch = evaluation->batch;
    const Node *w = node->operand[2];
    int64_t columns = shape_columns(node->operand[0]->shape), N = w->shape.dim[1].size, channels = columns / node->a.groups;
    const double *x = value_of(evaluation, node->operand[0]), *weight = value_of(evaluation, w);
    const int *sequence = sequence_of_rows(evaluation);
    double *y = value_of(evaluation, node);
    for (int64_t i = 0; i < batch->rows * N; i++) {
        int64_t row = i / N, first = i % N / (N / node->a.groups) * channels;
        y[i] = 0;
        for (int64_t t = 0; t < node->a.size; t++) {
            int64_t from = row + t - node->a.origin;
            if (from < batch->start[sequence[row]] || from >= batch->start[sequence[row] + 1])
                continue;
            for (int64_t c = 0; c < channels; c++)
                y[i] += x[from * columns + first + c] * weight[(t * channels + c) * N + i % N];
        }
    }
}

void correlate_bind(const Node *node, Call *call)
{
    const Node *x = node->operand[0], *w = node->operand[2];
    int64_t channels = w->shape.dim[0].size / node->a.size;
    call_begin(call, "correlate", node, bind_rows(node));
    for (int i = 0; i < 3; i++) call_pointer(call, node->operand[i]);
    call_constant(call, w->shape.dim[1].size);
    call_constant(call, channels);
    call_constant(call, node->a.size);
    call_constant(call, node->a.groups);
    call_constant(call, node->a.origin);
    call_constant(call, bind_stride(x, call));
    call_label(call, "%" PRId64 "x%" PRId64 "x%" PRId64, w->shape.dim[1].size, channels, node->a.size);
}

/* ---- weight_norm: for constants only ---- */

bool weight_norm_shape(Node *node, Err *err)
{
    const Node *x = node->operand[0], *g = node->operand[1];
    bool numbers = shape_is_constant(x->shape) && x->shape.rank == 3 && x->format < FORMAT_i32 && g->format < FORMAT_i32;
    if (!numbers || !shape_equal(g->shape, shape_of(3, dim_of(1), dim_of(1), x->shape.dim[2])))
        return err_set(err, "weight_norm of %s by %s, wanted constants [N, C, T] and [1, 1, T]", shape_describe(x->shape),
                       shape_describe(g->shape));
    set_f32(node, x->shape);
    return true;
}

void weight_norm_evaluate(const Node *node, Evaluation *evaluation)
{
    int64_t taps = node->shape.dim[2].size, rows = node->shape.dim[0].size * node->shape.dim[1].size;
    const double *x = value_of(evaluation, node->operand[0]), *g = value_of(evaluation, node->operand[1]);
    double *y = value_of(evaluation, node);
    for (int64_t t = 0; t < taps; t++) {
        double squares = 0;
        for (int64_t r = 0; r < rows; r++) squares += x[r * taps + t] * x[r * taps + t];
        for (int64_t r = 0; r < rows; r++) y[r * taps + t] = g[t] * x[r * taps + t] / sqrt(squares);
    }
}
