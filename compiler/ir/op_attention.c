/* attention in one piece, and the arithmetic that it shares with scores, softmax and mix. */
#include "compiler/ir/attention.h"

#include <inttypes.h>
#include <math.h>

enum { ATTENTION_VALUES = 2 };

/* ---- checks ---- */

bool attention_heads_check(const Node *node, Err *err)
{
    const Attributes *a = &node->a;
    if (!want_count(node, "heads", a->heads, err) || !want_count(node, "kv_heads", a->kv_heads, err) ||
        !want_count(node, "head_dim", a->head_dim, err))
        return false;
    if (a->heads % a->kv_heads != 0)
        return err_set(err, "%s: heads %" PRId64 " is not a multiple of kv_heads %" PRId64, op_info(node->op)->name,
                       a->heads, a->kv_heads);
    return true;
}

bool attention_check(const Node *node, Err *err)
{
    const Attributes *a = &node->a;
    if (!attention_heads_check(node, err) || !want_finite(node, "scale", a->scale, true, err) ||
        !want_finite(node, "softcap", a->softcap, false, err) || !want_rows(node, 0, "q", err))
        return false;
    if ((a->causal != 0 && a->causal != 1) || a->window < 0 || a->window > DIM_LIMIT)
        return err_set(err, "%s: causal %" PRId64 " window %" PRId64 ", wanted 0 or 1, and 0 .. %d",
                       op_info(node->op)->name, a->causal, a->window, DIM_LIMIT);
    if (node->operand[0]->shape.dim[1].size != a->heads * a->head_dim)
        return err_set(err, "%s: q is %s, wanted [rows, %" PRId64 "]", op_info(node->op)->name,
                       shape_describe(node->operand[0]->shape), a->heads * a->head_dim);
    return true;
}

int attention_keys(const Node *k)
{
    Op op = node_storage(k, NULL)->op;
    return op == OP_cache ? KEYS_cached : op == OP_memory ? KEYS_memory : KEYS_rows;
}

/* How far from key to key: rows of the call have a stride, a cache so many positions of each head. */
static int64_t keys_bind(const Node *k, const Call *call)
{
    const Node *storage = node_storage(k, NULL);
    return attention_keys(k) == KEYS_rows ? bind_stride(k, call) : cache_positions(storage, call_room(storage, call), call->rows);
}

void attention_keys_bind(const Node *k, Call *call)
{
    call_constant(call, keys_bind(k, call));
}

/* What is cached lies head by head, and no shorter than the window. */
static bool cache_check(const Node *node, const Node *x, const char *what, Err *err)
{
    const Node *cache = node_storage(x, NULL);
    if (cache != x || cache_heads(cache) != node->a.kv_heads)
        return err_set(err, "%s: %s is cached in %" PRId64 " parts, wanted one for each of %" PRId64 " heads", op_info(node->op)->name, what,
                       cache_heads(cache), node->a.kv_heads);
    if (cache->a.window > 0 && node->op != OP_mix && (node->a.window == 0 || node->a.window > cache->a.window))
        return err_set(err, "%s: %s keeps a window of %" PRId64 ", which is less than is looked at", op_info(node->op)->name, what,
                       cache->a.window);
    return true;
}

/* Columns of a head's values. */
static int64_t value_size(const Attributes *a)
{
    return a->v_head_dim != 0 ? a->v_head_dim : a->head_dim;
}

bool attention_keys_check(const Node *node, int operand, const char *what, Err *err)
{
    const Node *x = node->operand[operand];
    Dim rows = dim_symbol(attention_keys(x) == KEYS_rows ? SYMBOL_rows : SYMBOL_keys);
    int64_t size = operand == ATTENTION_VALUES && node->a.v_head_dim != 0 ? node->a.v_head_dim : node->a.head_dim;
    Shape wanted = shape_of(2, rows, dim_of(node->a.kv_heads * size));
    if (attention_keys(x) == KEYS_memory && (node->a.causal || node->a.window))
        return err_set(err, "%s: a source is seen whole, causal and window must be 0", op_info(node->op)->name);
    if (x->format == FORMAT_f32 && shape_equal(x->shape, wanted) && attention_keys(x) == KEYS_rows)
        return true;
    if (shape_equal(x->shape, wanted) && attention_keys(x) != KEYS_rows)
        return cache_check(node, x, what, err);
    return err_set(err, "%s: %s is %s%s, wanted f32%s", op_info(node->op)->name, what, format_name(x->format),
                   shape_describe(x->shape), shape_describe(wanted));
}

bool attention_bias_check(const Node *node, int operand, Err *err)
{
    const Node *bias = operand < node->operands ? node->operand[operand] : NULL;
    int64_t origin = node->a.origin;
    if (bias == NULL && origin == 0)
        return true;
    if (bias == NULL || !shape_is_matrix(bias->shape) || bias->format != FORMAT_f32 ||
        bias->shape.dim[0].size != node->a.heads)
        return err_set(err, "%s: bias is %s, wanted a constant f32[%" PRId64 ", D]", op_info(node->op)->name,
                       bias == NULL ? "absent" : shape_describe(bias->shape), node->a.heads);
    if (origin >= BIAS_BY_KEY && origin < bias->shape.dim[1].size)
        return true;
    return err_set(err, "%s: origin is %" PRId64 ", wanted a column of the bias %s", op_info(node->op)->name, origin,
                   shape_describe(bias->shape));
}

bool attention_shape(Node *node, Err *err)
{
    const Attributes *a = &node->a;
    if (!attention_check(node, err))
        return false;
    if (a->v_head_dim < 0 || value_size(a) > DIM_LIMIT / a->heads)
        return err_set(err, "attention: v_head_dim is %" PRId64 ", wanted 0 .. %" PRId64, a->v_head_dim, DIM_LIMIT / a->heads);
    if (!attention_keys_check(node, 1, "k", err) || !attention_keys_check(node, ATTENTION_VALUES, "v", err) ||
        !want_sequences(node, 3, err) || !attention_bias_check(node, 4, err) || !want_vector(node, 5, "sinks", a->heads, err))
        return false;
    if (attention_keys(node->operand[1]) != attention_keys(node->operand[ATTENTION_VALUES]) ||
        node->operand[1]->format != node->operand[ATTENTION_VALUES]->format)
        return err_set(err, "attention: k and v are not in caches of one kind");
    set_f32(node, shape_of(2, dim_symbol(SYMBOL_rows), dim_of(a->heads * value_size(a))));
    return true;
}

/* ---- arithmetic ---- */

bool attention_is_visible(const Attributes *a, int64_t i, int64_t j)
{
    int64_t distance = i > j ? i - j : j - i;
    return (!a->causal || j <= i) && (a->window == 0 || distance < a->window);
}

void attention_scores_row(const Attributes *a, const double *q, const double *k, int64_t stride, int64_t query,
                          int64_t count, double *p)
{
    for (int64_t j = 0; j < count; j++) {
        double sum = 0;
        for (int64_t d = 0; d < a->head_dim; d++) sum += q[d] * k[j * stride + d];
        double score = a->scale * sum;
        if (a->softcap != 0)
            score = a->softcap * tanh(score / a->softcap);
        p[j] = attention_is_visible(a, query, j) ? score : -INFINITY;
    }
}

void attention_bias_row(const Node *bias, const Evaluation *evaluation, int64_t origin, int64_t h, int64_t query,
                        int64_t count, double *p)
{
    if (bias == NULL)
        return;
    int64_t columns = bias->shape.dim[1].size;
    const double *row = value_of(evaluation, bias) + h * columns;
    for (int64_t j = 0; j < count; j++) {
        int64_t at = origin == BIAS_BY_KEY ? j : j - query + origin;
        p[j] += row[at < 0 ? 0 : at < columns ? at : columns - 1];
    }
}

void softmax_row(double *y, const double *x, int64_t count, const double *sink)
{
    double most = sink != NULL ? *sink : x[0], sum = 0;
    for (int64_t i = 0; i < count; i++) most = x[i] > most ? x[i] : most;
    if (sink != NULL)
        sum = exp(*sink - most);
    for (int64_t i = 0; i < count; i++) {
        y[i] = exp(x[i] - most);
        sum += y[i];
    }
    for (int64_t i = 0; i < count; i++) y[i] /= sum;
}

void attention_mix_row(int64_t size, const double *p, const double *v, int64_t stride, int64_t count, double *y)
{
    for (int64_t d = 0; d < size; d++) {
        double sum = 0;
        for (int64_t j = 0; j < count; j++) sum += p[j] * v[j * stride + d];
        y[d] = sum;
    }
}

void attention_span(const Evaluation *evaluation, const Node *k, int s, int64_t *first, int64_t *count)
{
    const hf2c_batch *batch = attention_keys(k) == KEYS_memory ? evaluation->source : evaluation->batch;
    *first = batch->start[s];
    *count = batch->start[s + 1] - batch->start[s];
}

int64_t attention_kv_head(const Attributes *a, int64_t h)
{
    return h / (a->heads / a->kv_heads);
}

void attention_evaluate(const Node *node, Evaluation *evaluation)
{
    const Attributes *a = &node->a;
    const hf2c_batch *batch = evaluation->batch;
    const double *q = value_of(evaluation, node->operand[0]), *k = value_of(evaluation, node->operand[1]);
    const double *v = value_of(evaluation, node->operand[ATTENTION_VALUES]), *sinks = value_of(evaluation, node->operand[5]);
    double *y = value_of(evaluation, node), *p;
    p = ARENA_ARRAY(evaluation->arena, double, (size_t)evaluation->symbols[SYMBOL_keys]);
    const int *sequence = sequence_of_rows(evaluation);
    int64_t size = value_size(a), stride = a->kv_heads * a->head_dim, v_stride = a->kv_heads * size;
    for (int r = 0; r < batch->rows; r++) {
        int64_t start, count, query = r - batch->start[sequence[r]];
        attention_span(evaluation, node->operand[1], sequence[r], &start, &count);
        for (int64_t h = 0; h < a->heads; h++) {
            int64_t at = r * a->heads + h, kv = attention_kv_head(a, h);
            attention_scores_row(a, q + at * a->head_dim, k + start * stride + kv * a->head_dim, stride, query, count, p);
            attention_bias_row(node->operand[4], evaluation, a->origin, h, query, count, p);
            softmax_row(p, p, count, sinks != NULL ? sinks + h : NULL);
            attention_mix_row(size, p, v + start * v_stride + kv * size, v_stride, count, y + at * size);
        }
    }
}

/* ---- binding ---- */

void attention_label(const Node *node, Call *call)
{
    call_label(call, "%" PRId64 "h%" PRId64 "k%" PRId64, node->a.heads, node->a.kv_heads, node->a.head_dim);
}

void attention_bias_bind(const Node *node, const Node *bias, Call *call)
{
    call_constant(call, bias != NULL ? bias->shape.dim[1].size : 0);
    call_constant(call, node->a.origin);
}

void attention_bind(const Node *node, Call *call)
{
    const Attributes *a = &node->a;
    call_begin(call, "attention", node, bind_rows(node));
    call->format = node->operand[1]->format;
    for (int i = 0; i < 6; i++) call_pointer(call, node->operand[i]);
    call_constant(call, a->heads);
    call_constant(call, a->kv_heads);
    call_constant(call, a->head_dim);
    call_constant(call, bind_stride(node->operand[0], call));
    attention_keys_bind(node->operand[1], call);
    attention_keys_bind(node->operand[2], call);
    call_constant(call, attention_keys(node->operand[1]));
    call_constant(call, a->causal);
    call_constant(call, a->window);
    attention_bias_bind(node, node->operand[4], call);
    call_constant(call, value_size(a));
    call_constant(call, call->output ? 0 : call->rows);
    call_real(call, a->scale);
    call_real(call, a->softcap);
    attention_label(node, call);
}
