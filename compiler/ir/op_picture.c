/* patches, places, ends: pictures of sizes of their own. Each is a sequence: rows in front, one for each patch, line by line, and rows
 * behind. */
#include "compiler/ir/op.h"

#include <inttypes.h>
#include <math.h>

/* ---- what the three share ---- */

/* A picture of the call as rows, in whole patches. */
typedef struct Picture {
    int64_t height, width; /* pixels */
    int64_t down, across;  /* patches */
    int64_t first;         /* row of its first patch */
} Picture;

static Picture picture_of(const Node *node, const Evaluation *evaluation, int sequence)
{
    const hf2c_batch *batch = evaluation->batch;
    if (batch->sizes == NULL || node->a.size < 1)
        bug("%s %%%d without sizes of pictures", op_info(node->op)->name, node->id);
    Picture p = {.height = batch->sizes[2 * sequence], .width = batch->sizes[2 * sequence + 1], .first = batch->start[sequence] + node->a.first};
    p.down = p.height / node->a.size;
    p.across = p.width / node->a.size;
    if (batch->start[sequence + 1] - p.first != p.down * p.across + node->a.behind)
        bug("%s %%%d: picture %d of %" PRId64 " x %" PRId64 " has other rows", op_info(node->op)->name, node->id, sequence, p.height, p.width);
    return p;
}

static bool want_picture_rows(const Node *node, Err *err)
{
    const Attributes *a = &node->a;
    if (a->first < 0 || a->behind < 0 || a->first > DIM_LIMIT || a->behind > DIM_LIMIT)
        return err_set(err, "%s: %" PRId64 " rows in front and %" PRId64 " behind, wanted 0 .. %d", op_info(node->op)->name, a->first, a->behind,
                       DIM_LIMIT);
    return want_count(node, "size", a->size, err) && want_sequences(node, 1, err);
}

static void bind_picture_rows(const Node *node, Call *call)
{
    call_constant(call, node->a.size);
    call_constant(call, node->a.first);
}

/* ---- patches ---- */

bool patches_shape(Node *node, Err *err)
{
    const Attributes *a = &node->a;
    if (!want_activation(node, 0, "values", err) || !want_picture_rows(node, err) || !want_count(node, "channels", a->channels, err))
        return false;
    const Node *values = node->operand[0];
    if (values->op != OP_input || values->shape.dim[0].symbol != SYMBOL_images)
        return err_set(err, "patches of %s, wanted the values of images", shape_describe(values->shape));
    if (a->size > DIM_LIMIT / a->size || a->channels > DIM_LIMIT / (a->size * a->size))
        return err_set(err, "patches: %" PRId64 " channels of %" PRId64 " x %" PRId64 " pixels are too many", a->channels, a->size, a->size);
    set_f32(node, shape_of(2, dim_symbol(SYMBOL_rows), dim_of(a->channels * a->size * a->size)));
    return true;
}

void patches_evaluate(const Node *node, Evaluation *evaluation)
{
    const hf2c_batch *batch = evaluation->batch;
    int64_t size = node->a.size, area = size * size, columns = shape_columns(node->shape), before = 0;
    double *y = value_of(evaluation, node);
    for (int64_t i = 0; i < rows_of(evaluation, node) * columns; i++) y[i] = 0;
    for (int s = 0; s < batch->sequences; s++) {
        Picture p = picture_of(node, evaluation, s);
        for (int64_t i = 0; i < p.down * p.across * columns; i++) {
            int64_t place = i / columns, c = i % columns / area;
            int64_t row = place / p.across * size + i % area / size, column = place % p.across * size + i % size;
            y[p.first * columns + i] = (double)batch->values[before + (c * p.height + row) * p.width + column];
        }
        before += node->a.channels * p.height * p.width;
    }
}

void patches_bind(const Node *node, Call *call)
{
    call_begin(call, "patches", node, SYMBOL_rows);
    call_pointer(call, node->operand[0]);
    call_pointer(call, node->operand[1]);
    call_constant(call, node->a.channels);
    bind_picture_rows(node, call);
    call_label(call, "%" PRId64 "x%" PRId64, node->a.channels, node->a.size);
}

/* ---- places ---- */

double cubic_weight(double distance)
{
    const double a = -0.75;
    double x = fabs(distance);
    if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

bool places_shape(Node *node, Err *err)
{
    const Attributes *a = &node->a;
    const Node *table = node->operand[0];
    if (!want_picture_rows(node, err) || !want_count(node, "height", a->height, err) || !want_count(node, "width", a->width, err))
        return false;
    if (!shape_is_matrix(table->shape) || table->format != FORMAT_f32 || a->height > DIM_LIMIT / a->width ||
        table->shape.dim[0].size != a->first + a->height * a->width + a->behind)
        return err_set(err, "places: table is %s%s, wanted a constant f32 of %" PRId64 " + %" PRId64 " x %" PRId64 " + %" PRId64 " rows",
                       format_name(table->format), shape_describe(table->shape), a->first, a->height, a->width, a->behind);
    set_f32(node, shape_of(2, dim_symbol(SYMBOL_rows), table->shape.dim[1]));
    return true;
}

static int64_t within(int64_t index, int64_t count) { return index < 0 ? 0 : index < count ? index : count - 1; }

/* One column of the grid at (y, x), which count from the middle of its first place; columns lie H apart. */
static double interpolate(const double *grid, int64_t H, int64_t height, int64_t width, double y, double x)
{
    double sum = 0;
    for (int64_t i = 0; i < 16; i++) {
        int64_t row = (int64_t)floor(y) - 1 + i / 4, column = (int64_t)floor(x) - 1 + i % 4;
        double weight = cubic_weight(y - (double)row) * cubic_weight(x - (double)column);
        sum += weight * grid[(within(row, height) * width + within(column, width)) * H];
    }
    return sum;
}

void places_evaluate(const Node *node, Evaluation *evaluation)
{
    const Attributes *a = &node->a;
    int64_t H = shape_columns(node->shape), grid = a->height * a->width;
    const double *table = value_of(evaluation, node->operand[0]);
    double *y = value_of(evaluation, node);
    for (int s = 0; s < evaluation->batch->sequences; s++) {
        Picture p = picture_of(node, evaluation, s);
        int64_t count = p.down * p.across;
        for (int64_t i = 0; i < (a->first + count + a->behind) * H; i++) {
            int64_t row = i / H - a->first, from = row < 0 ? row + a->first : a->first + grid + row - count;
            double down = ((double)(row / p.across) + 0.5) * (double)a->height / (double)p.down - 0.5;
            double across = ((double)(row % p.across) + 0.5) * (double)a->width / (double)p.across - 0.5;
            y[(p.first - a->first) * H + i] = row < 0 || row >= count ? table[from * H + i % H]
                                                                      : interpolate(table + a->first * H + i % H, H, a->height, a->width, down, across);
        }
    }
}

void places_bind(const Node *node, Call *call)
{
    call_begin(call, "places", node, SYMBOL_rows);
    call_pointer(call, node->operand[0]);
    call_pointer(call, node->operand[1]);
    call_constant(call, shape_columns(node->shape));
    call_constant(call, node->a.height);
    call_constant(call, node->a.width);
    bind_picture_rows(node, call);
    call_label(call, "%" PRId64 "x%" PRId64 "_%" PRId64, node->a.height, node->a.width, shape_columns(node->shape));
}

/* ---- ends ---- */

bool ends_shape(Node *node, Err *err)
{
    if (!want_rows(node, 0, "x", err) || !want_sequences(node, 1, err) || !want_count(node, "size", node->a.size, err))
        return false;
    set_f32(node, shape_of(2, (Dim){node->a.size, SYMBOL_images}, node->operand[0]->shape.dim[1]));
    return true;
}

void ends_evaluate(const Node *node, Evaluation *evaluation)
{
    const hf2c_batch *batch = evaluation->batch;
    int64_t H = shape_columns(node->shape), size = node->a.size;
    const double *x = value_of(evaluation, node->operand[0]);
    double *y = value_of(evaluation, node);
    if (batch->images != batch->sequences)
        bug("ends %%%d: %d sequences of %d images", node->id, batch->sequences, batch->images);
    for (int64_t i = 0; i < batch->sequences * size * H; i++) {
        int64_t sequence = i / (size * H), row = batch->start[sequence + 1] - size + i / H % size;
        if (row < batch->start[sequence])
            bug("ends %%%d: sequence %" PRId64 " is too short", node->id, sequence);
        y[i] = x[row * H + i % H];
    }
}

void ends_bind(const Node *node, Call *call)
{
    int64_t columns = shape_columns(node->shape);
    call_begin(call, "ends", node, SYMBOL_images);
    call_pointer(call, node->operand[0]);
    call_pointer(call, node->operand[1]);
    call_constant(call, columns);
    call_constant(call, bind_stride(node->operand[0], call));
    call_constant(call, node->a.size);
    call_label(call, "%" PRId64 "x%" PRId64, node->a.size, columns);
}
