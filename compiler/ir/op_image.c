/* arrange, interleave, grouped, spans: what convolutions, patches and windows of images are made of. */
#include "compiler/ir/attention.h"

#include <inttypes.h>
#include <math.h>

/* ---- arrange ---- */

static bool check_arrange_index(const Node *index, int64_t rows, Err *err)
{
    for (int64_t i = 0; i < index->shape.dim[0].size; i++) {
        float row = index->values[i];
        if (!(row >= -1 && row < (float)rows) || row != (float)(int64_t)row)
            return err_set(err, "arrange: index[%" PRId64 "] is %g, wanted -1 or one of %" PRId64 " rows", i, (double)row, rows);
    }
    return true;
}

/* Row numbers are packed as floats, which count to 2^24 exactly. */
bool arrange_shape(Node *node, Err *err)
{
    const int64_t exact = 1 << 24;
    const Node *x = node->operand[0], *index = node->operand[1], *extra = node->operands > 2 ? node->operand[2] : NULL;
    int64_t size = node->a.size;
    if (!want_activation(node, 0, "x", err) || !want_count(node, "size", size, err))
        return false;
    if (x->shape.dim[0].symbol != SYMBOL_images || node_storage(x, NULL) != x)
        return err_set(err, "arrange of %s, wanted whole rows of images", shape_describe(x->shape));
    if (index->op != OP_constant || !shape_is_vector(index->shape) || index->shape.dim[0].size % size != 0)
        return err_set(err, "arrange: index is %s%s, wanted a constant f32[n] of numbers known to the compiler, n a multiple of %" PRId64,
                       index->op == OP_constant ? "constant " : "", shape_describe(index->shape), size);
    int64_t columns = x->shape.dim[1].size, rows = x->shape.dim[0].size;
    if (extra != NULL && (!shape_is_matrix(extra->shape) || extra->format != FORMAT_f32 || extra->shape.dim[1].size != columns))
        return err_set(err, "arrange: extra is %s%s, wanted a constant f32[m, %" PRId64 "]", format_name(extra->format),
                       shape_describe(extra->shape), columns);
    rows += extra != NULL ? extra->shape.dim[0].size : 0;
    if (rows > exact || columns > DIM_LIMIT / size || !check_arrange_index(index, rows, err))
        return err->text[0] ? false : err_set(err, "arrange: %" PRId64 " rows of %s are too many", rows, shape_describe(x->shape));
    Dim result = {index->shape.dim[0].size / size, SYMBOL_images};
    set_f32(node, shape_of(2, result, dim_of(size * columns)));
    return true;
}

void arrange_evaluate(const Node *node, Evaluation *evaluation)
{
    const Node *x = node->operand[0], *index = node->operand[1], *extra = node->operands > 2 ? node->operand[2] : NULL;
    int64_t H = x->shape.dim[1].size, R = x->shape.dim[0].size, n = index->shape.dim[0].size;
    const double *from = value_of(evaluation, x), *more = value_of(evaluation, extra);
    double *y = value_of(evaluation, node);
    for (int64_t i = 0; i < evaluation->symbols[SYMBOL_images] * n * H; i++) {
        int64_t image = i / (n * H), c = i % H, row = (int64_t)index->values[i / H % n];
        y[i] = row < 0 ? node->a.value : row < R ? from[(image * R + row) * H + c] : more[(row - R) * H + c];
    }
}

void arrange_bind(const Node *node, Call *call)
{
    const Node *x = node->operand[0], *index = node->operand[1];
    call_begin(call, "arrange", node, SYMBOL_images);
    call->multiple = 1;
    call_pointer(call, x);
    call_pointer(call, index);
    call_pointer(call, node->operands > 2 ? node->operand[2] : NULL);
    call_constant(call, x->shape.dim[1].size);
    call_constant(call, x->shape.dim[0].size);
    call_constant(call, index->shape.dim[0].size);
    call_real(call, node->a.value);
    call_label(call, "%" PRId64 "x%" PRId64, index->shape.dim[0].size, x->shape.dim[1].size);
}

/* ---- interleave: for constants only ---- */

bool interleave_shape(Node *node, Err *err)
{
    const Node *x = node->operand[0];
    int64_t size = node->a.size;
    if (!shape_is_matrix(x->shape) || !format_packs(x->format) || size < 1 || x->shape.dim[1].size % size != 0)
        return err_set(err, "interleave: size is %" PRId64 ", wanted a divisor of the columns of a constant matrix, %s", size,
                       shape_describe(x->shape));
    node->format = x->format;
    node->shape = x->shape;
    return true;
}

void interleave_evaluate(const Node *node, Evaluation *evaluation)
{
    int64_t columns = node->shape.dim[1].size, size = node->a.size, channels = columns / size;
    int64_t count = node->shape.dim[0].size * columns;
    const double *x = value_of(evaluation, node->operand[0]);
    double *y = value_of(evaluation, node);
    for (int64_t i = 0; i < count; i++) {
        int64_t t = i % columns / channels, c = i % channels;
        y[i] = x[i / columns * columns + c * size + t];
    }
}

/* ---- grouped ---- */

bool grouped_shape(Node *node, Err *err)
{
    const Node *x = node->operand[0], *w = node->operand[1];
    int64_t size = node->a.size, groups = node->a.groups;
    if (!want_activation(node, 0, "x", err) || !want_count(node, "size", size, err) || !want_count(node, "groups", groups, err))
        return false;
    if (!shape_is_matrix(w->shape) || w->format != FORMAT_f32)
        return err_set(err, "grouped: w is %s%s, wanted a constant f32[K, N]", format_name(w->format), shape_describe(w->shape));
    int64_t columns = x->shape.dim[1].size, K = w->shape.dim[0].size, N = w->shape.dim[1].size;
    if (K % size != 0 || N % groups != 0 || columns % groups != 0 || columns / groups != K)
        return err_set(err, "grouped: w is %s, which does not fit %s with size %" PRId64 " and groups %" PRId64, shape_describe(w->shape),
                       shape_describe(x->shape), size, groups);
    set_f32(node, shape_of(2, x->shape.dim[0], w->shape.dim[1]));
    return true;
}

void grouped_evaluate(const Node *node, Evaluation *evaluation)
{
    const Node *x = node->operand[0], *w = node->operand[1];
    int64_t columns = x->shape.dim[1].size, K = w->shape.dim[0].size, N = w->shape.dim[1].size;
    int64_t channels = K / node->a.size, all = columns / node->a.size, each = N / node->a.groups;
    const double *in = value_of(evaluation, x), *weight = value_of(evaluation, w);
    double *y = value_of(evaluation, node);
    for (int64_t i = 0, count = rows_of(evaluation, node) * N; i < count; i++) {
        const double *from = in + i / N * columns + i % N / each * channels;
        double sum = 0;
        for (int64_t k = 0; k < K; k++) sum += from[k / channels * all + k % channels] * weight[k * N + i % N];
        y[i] = sum;
    }
}

void grouped_bind(const Node *node, Call *call)
{
    const Node *x = node->operand[0], *w = node->operand[1];
    call_begin(call, "grouped", node, bind_rows(node));
    call_pointer(call, x);
    call_pointer(call, w);
    call_constant(call, w->shape.dim[1].size);
    call_constant(call, w->shape.dim[0].size / node->a.size);
    call_constant(call, node->a.size);
    call_constant(call, node->a.groups);
    call_constant(call, bind_stride(x, call));
    call_label(call, "%" PRId64 "x%" PRId64, w->shape.dim[1].size, w->shape.dim[0].size);
}

/* ---- spans ---- */

static bool check_span_bias(const Node *node, const Node *bias, Err *err)
{
    int64_t size = node->a.size;
    Shape wanted = shape_of(2, dim_of(node->a.groups * node->a.heads), dim_of(size * size));
    if (bias == NULL || (bias->format == FORMAT_f32 && shape_equal(bias->shape, wanted)))
        return true;
    return err_set(err, "spans: bias is %s%s, wanted a constant f32%s", format_name(bias->format), shape_describe(bias->shape),
                   shape_describe(wanted));
}

bool spans_shape(Node *node, Err *err)
{
    const Attributes *a = &node->a;
    if (!want_count(node, "heads", a->heads, err) || !want_count(node, "head_dim", a->head_dim, err) ||
        !want_count(node, "size", a->size, err) || !want_count(node, "groups", a->groups, err) ||
        !want_finite(node, "scale", a->scale, true, err))
        return false;
    Shape shape = node->operand[0]->shape;
    for (int i = 0; i < 3; i++) {
        if (!want_activation(node, i, "q, k or v", err))
            return false;
        if (!shape_equal(node->operand[i]->shape, shape) || shape.dim[1].size != a->heads * a->head_dim)
            return err_set(err, "spans: operand %d is %s, wanted that of q, %" PRId64 " columns", i,
                           shape_describe(node->operand[i]->shape), a->heads * a->head_dim);
    }
    if (shape.dim[0].symbol != SYMBOL_images || shape.dim[0].size % a->size != 0 || shape.dim[0].size / a->size % a->groups != 0)
        return err_set(err, "spans: size %" PRId64 " and groups %" PRId64 " do not divide the rows of an image, %s", a->size, a->groups,
                       shape_describe(shape));
    set_f32(node, shape);
    return check_span_bias(node, node->operand[3], err);
}

void spans_evaluate(const Node *node, Evaluation *evaluation)
{
    const Attributes *a = &node->a;
    int64_t rows = rows_of(evaluation, node), width = a->heads * a->head_dim, size = a->size;
    const double *q = value_of(evaluation, node->operand[0]), *k = value_of(evaluation, node->operand[1]);
    const double *v = value_of(evaluation, node->operand[2]), *bias = value_of(evaluation, node->operand[3]);
    double *y = value_of(evaluation, node), *p = ARENA_ARRAY(evaluation->arena, double, (size_t)size);
    for (int64_t unit = 0; unit < rows * a->heads; unit++) {
        int64_t row = unit / a->heads, h = unit % a->heads, i = row % size, group = row / size % a->groups;
        int64_t first = (row - i) * width + h * a->head_dim, at = row * width + h * a->head_dim;
        double total = 0, most = -INFINITY;
        attention_scores_row(a, q + at, k + first, width, i, size, p);
        for (int64_t j = 0; j < size; j++) {
            p[j] += bias != NULL ? bias[((group * a->heads + h) * size + i) * size + j] : 0;
            most = p[j] > most ? p[j] : most;
        }
        for (int64_t j = 0; j < size; j++) total += p[j] = exp(p[j] - most);
        for (int64_t d = 0; d < a->head_dim; d++) {
            double sum = 0;
            for (int64_t j = 0; j < size; j++) sum += p[j] * v[first + j * width + d];
            y[at + d] = sum / total;
        }
    }
}

void spans_bind(const Node *node, Call *call)
{
    const Attributes *a = &node->a;
    call_begin(call, "spans", node, bind_rows(node));
    for (int i = 0; i < 4; i++) call_pointer(call, node->operand[i]);
    call_constant(call, a->heads);
    call_constant(call, a->head_dim);
    call_constant(call, a->size);
    call_constant(call, a->groups);
    for (int i = 0; i < 3; i++) call_constant(call, bind_stride(node->operand[i], call));
    call_real(call, a->scale);
    call_label(call, "%" PRId64 "h%" PRId64 "x%" PRId64, a->heads, a->head_dim, a->size);
}
