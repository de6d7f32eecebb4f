/* route, experts, combine: mixtures of experts. route gives each row a weight for every expert, 0 for all but a few; experts computes
 * the inner values of those few, side by side in the order of their numbers; combine adds up what they make of them.
 *
 * The weights of all experts are one matrix, expert after expert: kernels walk over its rows, which are packed row after row. */
#include "compiler/ir/op.h"

#include <inttypes.h>
#include <math.h>

static const Node *operand_of(const Node *node, int operand)
{
    return operand < node->operands ? node->operand[operand] : NULL;
}

static bool want_between(const Node *node, const char *name, int64_t value, int64_t least, int64_t most, Err *err)
{
    if (value >= least && value <= most)
        return true;
    return err_set(err, "%s: %s is %" PRId64 ", wanted %" PRId64 " .. %" PRId64, op_info(node->op)->name, name, value, least, most);
}

/* ---- route ---- */

bool route_shape(Node *node, Err *err)
{
    const Attributes *a = &node->a;
    if (!want_activation(node, 0, "x", err))
        return false;
    int64_t experts = shape_columns(node->operand[0]->shape);
    if (experts > ROUTE_EXPERTS)
        return err_set(err, "route: %" PRId64 " experts, wanted at most %d", experts, (int)ROUTE_EXPERTS);
    if (!want_between(node, "groups", a->groups, 1, experts, err) ||
        !want_between(node, "active_groups", a->active_groups, 1, a->groups, err) ||
        !want_between(node, "group_best", a->group_best, 1, 2, err) || !want_between(node, "normalized", a->normalized, 0, 1, err) ||
        !want_finite(node, "scale", a->scale, true, err))
        return false;
    if (experts % a->groups != 0)
        return err_set(err, "route: groups is %" PRId64 ", no divisor of the %" PRId64 " experts", a->groups, experts);
    if (a->activation != FUNCTION_none && a->activation != FUNCTION_sigmoid)
        return err_set(err, "route: activation is %s, wanted none (softmax) or sigmoid", function_name(a->activation));
    if (!want_between(node, "active", a->active, 1, experts / a->groups * a->active_groups, err) ||
        !want_vector(node, 1, "offset", experts, err))
        return false;
    set_f32(node, node->operand[0]->shape);
    return true;
}

static void route_scores(const Node *node, const double *x, double *scores, int64_t experts)
{
    double most = x[0], sum = 0;
    for (int64_t e = 1; e < experts; e++) most = x[e] > most ? x[e] : most;
    for (int64_t e = 0; e < experts; e++) {
        scores[e] = node->a.activation == FUNCTION_sigmoid ? 1 / (1 + exp(-x[e])) : exp(x[e] - most);
        sum += scores[e];
    }
    for (int64_t e = 0; e < experts && node->a.activation != FUNCTION_sigmoid; e++) scores[e] /= sum;
}

/* The place of the largest of count numbers, the first of equal ones. */
static int64_t largest(const double *x, int64_t count)
{
    int64_t best = 0;
    for (int64_t i = 1; i < count; i++) {
        if (x[i] > x[best])
            best = i;
    }
    return best;
}

/* The sum of the group's best scores, one or two. */
static double group_score(const double *scores, int64_t size, int64_t count)
{
    int64_t best = largest(scores, size);
    double second = -INFINITY;
    for (int64_t e = 0; e < size; e++) second = e != best && scores[e] > second ? scores[e] : second;
    return scores[best] + (count > 1 && size > 1 ? second : 0);
}

/* Takes the groups that are not among the best out of the choice. */
static void drop_groups(const Attributes *a, double *choice, int64_t experts)
{
    double scores[ROUTE_EXPERTS];
    int64_t size = experts / a->groups;
    bool kept[ROUTE_EXPERTS] = {false};
    for (int64_t g = 0; g < a->groups; g++) scores[g] = group_score(choice + g * size, size, a->group_best);
    for (int64_t i = 0; i < a->active_groups; i++) {
        int64_t best = largest(scores, a->groups);
        kept[best] = true;
        scores[best] = -INFINITY;
    }
    for (int64_t e = 0; e < experts; e++) {
        if (!kept[e / size])
            choice[e] = -INFINITY;
    }
}

static void route_row(const Node *node, const double *x, const double *offset, double *y)
{
    const Attributes *a = &node->a;
    int64_t experts = shape_columns(node->shape);
    double scores[ROUTE_EXPERTS], choice[ROUTE_EXPERTS], sum = 0;
    route_scores(node, x, scores, experts);
    for (int64_t e = 0; e < experts; e++) {
        choice[e] = scores[e] + (offset != NULL ? offset[e] : 0);
        y[e] = 0;
    }
    drop_groups(a, choice, experts);
    for (int64_t i = 0; i < a->active; i++) {
        int64_t best = largest(choice, experts);
        choice[best] = -INFINITY;
        y[best] = scores[best];
        sum += scores[best];
    }
    for (int64_t e = 0; e < experts; e++) y[e] *= a->normalized ? a->scale / sum : a->scale;
}

void route_evaluate(const Node *node, Evaluation *evaluation)
{
    int64_t rows = rows_of(evaluation, node), experts = shape_columns(node->shape);
    const double *x = value_of(evaluation, node->operand[0]), *offset = value_of(evaluation, operand_of(node, 1));
    for (int64_t r = 0; r < rows; r++) route_row(node, x + r * experts, offset, value_of(evaluation, node) + r * experts);
}

void route_bind(const Node *node, Call *call)
{
    const Attributes *a = &node->a;
    call_begin(call, "route", node, bind_rows(node));
    call_pointer(call, node->operand[0]);
    call_pointer(call, operand_of(node, 1));
    call_constant(call, shape_columns(node->shape));
    call_constant(call, bind_stride(node->operand[0], call));
    call_constant(call, a->active);
    call_constant(call, a->groups);
    call_constant(call, a->active_groups);
    call_constant(call, a->group_best);
    call_constant(call, a->normalized);
    call_constant(call, a->activation);
    call_real(call, a->scale);
    call_label(call, "%" PRId64 "of%" PRId64, a->active, shape_columns(node->shape));
}

/* ---- experts and combine: operands x, p [rows, E], W [E rows_each, K], bias [E, rows_each] ---- */

enum { MIXTURE_X, MIXTURE_P, MIXTURE_WEIGHT, MIXTURE_BIAS };

static int64_t expert_count(const Node *node)
{
    return shape_columns(node->operand[MIXTURE_P]->shape);
}

/* Rows of the weight that belong to each expert. */
static int64_t expert_rows(const Node *node)
{
    return node->operand[MIXTURE_WEIGHT]->shape.dim[0].size / expert_count(node);
}

static bool check_mixture(const Node *node, Err *err)
{
    const char *op = op_info(node->op)->name;
    if (!want_rows(node, MIXTURE_X, "x", err) || !want_rows(node, MIXTURE_P, "p", err) ||
        !want_between(node, "active", node->a.active, 1, expert_count(node), err))
        return false;
    const Node *weight = node->operand[MIXTURE_WEIGHT], *bias = operand_of(node, MIXTURE_BIAS);
    if (!shape_is_matrix(weight->shape) || !format_packs(weight->format) || weight->shape.dim[0].size % expert_count(node) != 0)
        return err_set(err, "%s: weight is %s, wanted a constant matrix of as many rows for each of %" PRId64 " experts", op,
                       shape_describe(weight->shape), expert_count(node));
    Shape wanted = shape_of(2, dim_of(expert_count(node)), dim_of(expert_rows(node)));
    if (bias == NULL || (bias->format == FORMAT_f32 && shape_equal(bias->shape, wanted)))
        return true;
    return err_set(err, "%s: bias is %s%s, wanted f32%s", op, format_name(bias->format), shape_describe(bias->shape),
                   shape_describe(wanted));
}

static bool check_inner(const Node *node, int64_t found, int64_t wanted, Err *err)
{
    if (found == wanted)
        return true;
    return err_set(err, "%s: x is %s, wanted %" PRId64 " columns", op_info(node->op)->name,
                   shape_describe(node->operand[MIXTURE_X]->shape), wanted);
}

bool experts_shape(Node *node, Err *err)
{
    const Attributes *a = &node->a;
    if (!check_mixture(node, err) || !want_finite(node, "limit", a->limit, false, err) ||
        !check_inner(node, shape_columns(node->operand[MIXTURE_X]->shape), shape_columns(node->operand[MIXTURE_WEIGHT]->shape), err))
        return false;
    if (!isfinite(a->shift) || (a->gate != FUNCTION_none && !op_is_unary(op_of_function(a->gate))))
        return err_set(err, "experts: wanted a finite shift, and as gate a function of one number");
    if (expert_rows(node) % 2 != 0)
        return err_set(err, "experts: weight is %s, wanted gate and up of each expert alike", shape_describe(node->operand[MIXTURE_WEIGHT]->shape));
    if (expert_rows(node) / 2 > DIM_LIMIT / a->active)
        return err_set(err, "experts: active %" PRId64 " times %" PRId64 " columns are too many", a->active, expert_rows(node) / 2);
    set_f32(node, shape_of(2, dim_symbol(SYMBOL_rows), dim_of(a->active * (expert_rows(node) / 2))));
    return true;
}

bool combine_shape(Node *node, Err *err)
{
    if (!check_mixture(node, err))
        return false;
    int64_t columns = shape_columns(node->operand[MIXTURE_WEIGHT]->shape);
    if (columns > DIM_LIMIT / node->a.active)
        return err_set(err, "combine: active %" PRId64 " times %" PRId64 " columns are too many", node->a.active, columns);
    if (!check_inner(node, shape_columns(node->operand[MIXTURE_X]->shape), node->a.active * columns, err))
        return false;
    set_f32(node, shape_of(2, dim_symbol(SYMBOL_rows), dim_of(expert_rows(node))));
    return true;
}

/* Weights as their kernels see them: rounding them costs more than all products with them. */
typedef struct ExpertWeights {
    const double *weight, *bias; /* bias may be NULL */
    int64_t rows, columns;       /* of one expert */
} ExpertWeights;

static ExpertWeights expert_weights(const Node *node, const Evaluation *evaluation)
{
    const Node *weight = node->operand[MIXTURE_WEIGHT];
    return (ExpertWeights){weight_of(evaluation, weight), value_of(evaluation, operand_of(node, MIXTURE_BIAS)), expert_rows(node),
                           shape_columns(weight->shape)};
}

/* W[e, n] x + bias[e, n] */
static double expert_one(const ExpertWeights *of, const double *x, int64_t e, int64_t n)
{
    int64_t row = e * of->rows + n;
    double sum = of->bias != NULL ? of->bias[row] : 0;
    for (int64_t k = 0; k < of->columns; k++) sum += of->weight[row * of->columns + k] * x[k];
    return sum;
}

static double expert_gated(const Attributes *a, double gate, double up)
{
    if (a->limit > 0) {
        gate = fmin(gate, a->limit);
        up = fmax(fmin(up, a->limit), -a->limit);
    }
    return (a->gate != FUNCTION_none ? function_apply(a->gate, gate, 0, a->value) : gate) * (up + a->shift);
}

void experts_evaluate(const Node *node, Evaluation *evaluation)
{
    int64_t rows = rows_of(evaluation, node), experts = expert_count(node), inner = expert_rows(node) / 2;
    int64_t columns = shape_columns(node->operand[MIXTURE_X]->shape);
    const double *p = value_of(evaluation, node->operand[MIXTURE_P]), *x = value_of(evaluation, node->operand[MIXTURE_X]);
    double *y = value_of(evaluation, node);
    const ExpertWeights of = expert_weights(node, evaluation);
    for (int64_t r = 0; r < rows; r++, x += columns) {
        double *end = y + node->a.active * inner;
        for (int64_t e = 0; e < experts && y < end; e++) {
            for (int64_t n = 0; p[r * experts + e] != 0 && n < inner; n++)
                *y++ = expert_gated(&node->a, expert_one(&of, x, e, n), expert_one(&of, x, e, inner + n));
        }
        while (y < end) *y++ = 0;
    }
}

void combine_evaluate(const Node *node, Evaluation *evaluation)
{
    int64_t rows = rows_of(evaluation, node), experts = expert_count(node), columns = shape_columns(node->shape);
    int64_t inner = shape_columns(node->operand[MIXTURE_WEIGHT]->shape);
    const double *p = value_of(evaluation, node->operand[MIXTURE_P]), *x = value_of(evaluation, node->operand[MIXTURE_X]);
    double *y = value_of(evaluation, node);
    const ExpertWeights of = expert_weights(node, evaluation);
    for (int64_t r = 0; r < rows; r++, x += node->a.active * inner, y += columns) {
        for (int64_t n = 0; n < columns; n++) y[n] = 0;
        for (int64_t e = 0, slot = 0; e < experts && slot < node->a.active; e++) {
            double weight = p[r * experts + e];
            for (int64_t n = 0; weight != 0 && n < columns; n++) y[n] += weight * expert_one(&of, x + slot * inner, e, n);
            slot += weight != 0;
        }
    }
}

static void mixture_bind(const Node *node, const char *op, int64_t each, Call *call)
{
    int64_t columns = shape_columns(node->operand[MIXTURE_WEIGHT]->shape);
    call_begin(call, op, node, bind_rows(node));
    call->format = node->operand[MIXTURE_WEIGHT]->format;
    for (int i = MIXTURE_X; i <= MIXTURE_BIAS; i++) call_pointer(call, operand_of(node, i));
    call_constant(call, expert_count(node));
    call_constant(call, columns);
    call_constant(call, each);
    call_constant(call, node->a.active);
    call_constant(call, bind_stride(node->operand[MIXTURE_X], call));
    call_constant(call, bind_stride(node->operand[MIXTURE_P], call));
    call_constant(call, call->block);
    call_label(call, "%" PRId64 "x%" PRId64 "_%" PRId64 "of%" PRId64, columns, each, node->a.active, expert_count(node));
}

void experts_bind(const Node *node, Call *call)
{
    mixture_bind(node, "experts", expert_rows(node) / 2, call);
    call_constant(call, node->a.gate);
    call_real(call, node->a.value);
    call_real(call, node->a.limit);
    call_real(call, node->a.shift);
}

void combine_bind(const Node *node, Call *call)
{
    mixture_bind(node, "combine", expert_rows(node), call);
}
