/* state, convolve, scan: what models with a state in place of attention are made of. A state is a few numbers that each sequence keeps
 * from call to call; without one (whole sequences in one call) everything begins with zeros. */
#include "compiler/ir/op.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const Node *operand_of(const Node *node, int operand)
{
    return operand < node->operands ? node->operand[operand] : NULL;
}

/* ---- state ---- */

bool state_shape(Node *node, Err *err)
{
    if (!want_sequences(node, 0, err) || !want_count(node, "size", node->a.size, err))
        return false;
    if (node->a.index < 0 || node->a.index > DIM_LIMIT)
        return err_set(err, "state: index is %" PRId64 ", wanted 0 .. %d", node->a.index, DIM_LIMIT);
    set_f32(node, shape_of(2, dim_symbol(SYMBOL_sequences), dim_of(node->a.size)));
    return true;
}

/* Without a past. */
void state_evaluate(const Node *node, Evaluation *evaluation)
{
    size_t count = (size_t)shape_elements(node->shape, evaluation->symbols);
    memset(value_of(evaluation, node), 0, count * sizeof(double));
}

static bool check_state(const Node *node, int operand, int64_t size, Err *err)
{
    const Node *state = operand_of(node, operand);
    if (state == NULL || (state->op == OP_state && state->a.size == size))
        return true;
    return err_set(err, "%s: state is %s %s, wanted a state of %" PRId64, op_info(node->op)->name, op_info(state->op)->name,
                   shape_describe(state->shape), size);
}

/* ---- convolve ---- */

enum { CONVOLVE_X, CONVOLVE_WEIGHT, CONVOLVE_SEQUENCES, CONVOLVE_BIAS, CONVOLVE_STATE };

bool convolve_shape(Node *node, Err *err)
{
    if (!want_rows(node, CONVOLVE_X, "x", err) || !want_sequences(node, CONVOLVE_SEQUENCES, err))
        return false;
    const Node *x = node->operand[CONVOLVE_X], *weight = node->operand[CONVOLVE_WEIGHT];
    int64_t columns = shape_columns(x->shape);
    if (!shape_is_matrix(weight->shape) || weight->format != FORMAT_f32 || weight->shape.dim[0].size != columns)
        return err_set(err, "convolve: weight is %s%s, wanted a constant f32[%" PRId64 ", size]", format_name(weight->format),
                       shape_describe(weight->shape), columns);
    int64_t size = shape_columns(weight->shape);
    if (size < 2 || size > DIM_LIMIT / columns)
        return err_set(err, "convolve: weight is %s, wanted 2 columns or more", shape_describe(weight->shape));
    if (!want_vector(node, CONVOLVE_BIAS, "bias", columns, err) || !check_state(node, CONVOLVE_STATE, (size - 1) * columns, err))
        return false;
    set_f32(node, x->shape);
    return true;
}

void convolve_evaluate(const Node *node, Evaluation *evaluation)
{
    const hf2c_batch *batch = evaluation->batch;
    int64_t columns = shape_columns(node->shape), size = shape_columns(node->operand[CONVOLVE_WEIGHT]->shape);
    const double *x = value_of(evaluation, node->operand[CONVOLVE_X]), *weight = value_of(evaluation, node->operand[CONVOLVE_WEIGHT]);
    const double *bias = value_of(evaluation, operand_of(node, CONVOLVE_BIAS));
    const int *sequence = sequence_of_rows(evaluation);
    double *y = value_of(evaluation, node);
    for (int64_t i = 0; i < batch->rows * columns; i++) {
        int64_t row = i / columns, column = i % columns;
        y[i] = bias != NULL ? bias[column] : 0;
        for (int64_t t = 0; t < size; t++) {
            int64_t from = row + t - (size - 1);
            if (from >= batch->start[sequence[row]])
                y[i] += weight[column * size + t] * x[from * columns + column];
        }
    }
}

void convolve_bind(const Node *node, Call *call)
{
    int64_t columns = shape_columns(node->shape), size = shape_columns(node->operand[CONVOLVE_WEIGHT]->shape);
    call_begin(call, "convolve", node, SYMBOL_sequences);
    for (int i = CONVOLVE_X; i <= CONVOLVE_STATE; i++) call_pointer(call, operand_of(node, i));
    call_constant(call, columns);
    call_constant(call, bind_stride(node->operand[CONVOLVE_X], call));
    call_constant(call, size);
    call_label(call, "%" PRId64 "x%" PRId64, columns, size);
}

/* ---- scan ---- */

enum { SCAN_X, SCAN_STEP, SCAN_BC, SCAN_DECAY, SCAN_SEQUENCES, SCAN_STATE };

/* Numbers of the state for each element of a head. */
static int64_t scan_size(const Node *node)
{
    return shape_columns(node->operand[SCAN_BC]->shape) / (2 * node->a.groups);
}

static bool scan_counts(const Node *node, Err *err)
{
    const Attributes *a = &node->a;
    if (!want_count(node, "heads", a->heads, err) || !want_count(node, "head_dim", a->head_dim, err) ||
        !want_count(node, "groups", a->groups, err) || !want_finite(node, "least", a->least, false, err) ||
        !want_finite(node, "limit", a->limit, false, err))
        return false;
    if (a->heads % a->groups != 0)
        return err_set(err, "scan: heads %" PRId64 " is not a multiple of groups %" PRId64, a->heads, a->groups);
    return true;
}

bool scan_shape(Node *node, Err *err)
{
    const Attributes *a = &node->a;
    if (!scan_counts(node, err) || !want_rows(node, SCAN_X, "x", err) || !want_rows(node, SCAN_STEP, "step", err) ||
        !want_rows(node, SCAN_BC, "b and c", err) || !want_sequences(node, SCAN_SEQUENCES, err))
        return false;
    Shape x = node->operand[SCAN_X]->shape, bc = node->operand[SCAN_BC]->shape, decay = node->operand[SCAN_DECAY]->shape;
    if (shape_columns(x) != a->heads * a->head_dim || shape_columns(node->operand[SCAN_STEP]->shape) != a->heads ||
        shape_columns(bc) % (2 * a->groups) != 0)
        return err_set(err, "scan: x is %s, step %s, b and c %s; wanted %" PRId64 " heads of %" PRId64 ", %" PRId64 " groups",
                       shape_describe(x), shape_describe(node->operand[SCAN_STEP]->shape), shape_describe(bc), a->heads, a->head_dim,
                       a->groups);
    int64_t size = scan_size(node);
    if (!shape_is_matrix(decay) || node->operand[SCAN_DECAY]->format != FORMAT_f32 || decay.dim[0].size != a->heads ||
        (decay.dim[1].size != size && decay.dim[1].size != 1))
        return err_set(err, "scan: decay is %s, wanted a constant f32[%" PRId64 ", %" PRId64 " or 1]", shape_describe(decay), a->heads, size);
    if (size > SCAN_NUMBERS / a->head_dim)
        return err_set(err, "scan: a head's state of %" PRId64 " times %" PRId64 " numbers, wanted at most %d", a->head_dim, size,
                       (int)SCAN_NUMBERS);
    if (a->heads > DIM_LIMIT / (size * a->head_dim))
        return err_set(err, "scan: %" PRId64 " heads are too many", a->heads);
    if (!check_state(node, SCAN_STATE, a->heads * a->head_dim * size, err))
        return false;
    set_f32(node, x);
    return true;
}

static double scan_step(const Attributes *a, double x)
{
    double step = x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
    step = fmax(step, a->least);
    return a->limit > 0 ? fmin(step, a->limit) : step;
}

/* One row of one head; state: [head_dim, size] */
static void scan_row(const Node *node, const Evaluation *evaluation, int64_t row, int64_t h, double *state)
{
    const Attributes *a = &node->a;
    int64_t size = scan_size(node), columns = a->heads * a->head_dim, decays = shape_columns(node->operand[SCAN_DECAY]->shape);
    const double *x = value_of(evaluation, node->operand[SCAN_X]) + row * columns + h * a->head_dim;
    const double *b = value_of(evaluation, node->operand[SCAN_BC]) + row * 2 * a->groups * size + h / (a->heads / a->groups) * size;
    const double *decay = value_of(evaluation, node->operand[SCAN_DECAY]) + h * decays, *c = b + a->groups * size;
    double *y = value_of(evaluation, node) + row * columns + h * a->head_dim;
    double step = scan_step(a, value_of(evaluation, node->operand[SCAN_STEP])[row * a->heads + h]);
    for (int64_t i = 0; i < a->head_dim; i++) {
        y[i] = 0;
        for (int64_t n = 0; n < size; n++) {
            double *s = &state[i * size + n];
            *s = *s * exp(step * decay[decays > 1 ? n : 0]) + step * x[i] * b[n];
            y[i] += *s * c[n];
        }
    }
}

void scan_evaluate(const Node *node, Evaluation *evaluation)
{
    const hf2c_batch *batch = evaluation->batch;
    size_t numbers = (size_t)(node->a.head_dim * scan_size(node));
    double *state = ARENA_ARRAY(evaluation->arena, double, numbers);
    for (int s = 0; s < batch->sequences; s++) {
        for (int64_t h = 0; h < node->a.heads; h++) {
            memset(state, 0, numbers * sizeof *state);
            for (int r = batch->start[s]; r < batch->start[s + 1]; r++) scan_row(node, evaluation, r, h, state);
        }
    }
}

void scan_bind(const Node *node, Call *call)
{
    const Attributes *a = &node->a;
    call_begin(call, "scan", node, SYMBOL_sequences);
    for (int i = SCAN_X; i <= SCAN_STATE; i++) call_pointer(call, operand_of(node, i));
    call_constant(call, a->heads);
    call_constant(call, a->head_dim);
    call_constant(call, scan_size(node));
    call_constant(call, a->groups);
    call_constant(call, shape_columns(node->operand[SCAN_DECAY]->shape));
    for (int i = SCAN_X; i <= SCAN_BC; i++) call_constant(call, bind_stride(node->operand[i], call));
    call_real(call, a->least);
    call_real(call, a->limit);
    call_label(call, "%" PRId64 "h%" PRId64 "x%" PRId64, a->heads, a->head_dim, scan_size(node));
}
