/* scores, softmax, mix: attention step by step. p: [rows, heads, keys]; beyond the keys of a row's sequence it is -infinity as
 * scores, 0 after softmax. */
#include "compiler/ir/attention.h"

#include <inttypes.h>
#include <math.h>

/* ---- scores ---- */

bool scores_shape(Node *node, Err *err)
{
    if (!attention_check(node, err) || !attention_keys_check(node, 1, "k", err) || !want_sequences(node, 2, err) ||
        !attention_bias_check(node, 3, err))
        return false;
    set_f32(node, shape_of(3, dim_symbol(SYMBOL_rows), dim_of(node->a.heads), dim_symbol(SYMBOL_keys)));
    return true;
}

void scores_evaluate(const Node *node, Evaluation *evaluation)
{
    const Attributes *a = &node->a;
    const hf2c_batch *batch = evaluation->batch;
    const double *q = value_of(evaluation, node->operand[0]), *k = value_of(evaluation, node->operand[1]);
    double *y = value_of(evaluation, node);
    const int *sequence = sequence_of_rows(evaluation);
    int64_t keys = evaluation->symbols[SYMBOL_keys], stride = a->kv_heads * a->head_dim;
    for (int r = 0; r < batch->rows; r++) {
        int64_t start, count;
        attention_span(evaluation, node->operand[1], sequence[r], &start, &count);
        for (int64_t h = 0; h < a->heads; h++) {
            int64_t at = r * a->heads + h;
            attention_scores_row(a, q + at * a->head_dim, k + start * stride + attention_kv_head(a, h) * a->head_dim, stride,
                                 r - batch->start[sequence[r]], count, y + at * keys);
            attention_bias_row(node->operand[3], evaluation, a->origin, h, r - batch->start[sequence[r]], count,
                               y + at * keys);
            for (int64_t j = count; j < keys; j++) y[at * keys + j] = -INFINITY;
        }
    }
}

void scores_bind(const Node *node, Call *call)
{
    const Attributes *a = &node->a;
    call_begin(call, "scores", node, bind_rows(node));
    call->format = node->operand[1]->format;
    for (int i = 0; i < 4; i++) call_pointer(call, node->operand[i]);
    call_constant(call, a->heads);
    call_constant(call, a->kv_heads);
    call_constant(call, a->head_dim);
    call_constant(call, bind_stride(node->operand[0], call));
    attention_keys_bind(node->operand[1], call);
    call_constant(call, call->keys);
    call_constant(call, attention_keys(node->operand[1]));
    call_constant(call, a->causal);
    call_constant(call, a->window);
    attention_bias_bind(node, node->operand[3], call);
    call_real(call, a->scale);
    call_real(call, a->softcap);
    attention_label(node, call);
}

/* ---- softmax ---- */

/* Elements of one softmax. */
static int64_t softmax_columns(const Node *node, const int64_t *symbols)
{
    Dim last = node->shape.dim[node->shape.rank - 1];
    return last.symbol != SYMBOL_none ? last.size * symbols[last.symbol] : last.size;
}

bool softmax_shape(Node *node, Err *err)
{
    const Node *x = node->operand[0], *sinks = node->operand[1];
    if (x->format != FORMAT_f32 || x->shape.rank < 2 || node_is_constant(x) || x->shape.dim[0].symbol == SYMBOL_keys)
        return err_set(err, "softmax of %s%s, wanted an activation or scores", format_name(x->format),
                       shape_describe(x->shape));
    if (sinks != NULL && x->shape.rank != 3)
        return err_set(err, "softmax of %s with sinks, wanted scores", shape_describe(x->shape));
    if (sinks != NULL && !want_vector(node, 1, "sinks", x->shape.dim[1].size, err))
        return false;
    set_f32(node, x->shape);
    return true;
}

void softmax_evaluate(const Node *node, Evaluation *evaluation)
{
    int64_t columns = softmax_columns(node, evaluation->symbols);
    int64_t elements = shape_elements(node->shape, evaluation->symbols), heads = node->shape.dim[1].size;
    int64_t count = elements > 0 ? elements / columns : 0; /* a call may have images alone, and no keys */
    const double *x = value_of(evaluation, node->operand[0]), *sinks = value_of(evaluation, node->operand[1]);
    double *y = value_of(evaluation, node);
    for (int64_t i = 0; i < count; i++)
        softmax_row(y + i * columns, x + i * columns, columns, sinks != NULL ? sinks + i % heads : NULL);
}

void softmax_bind(const Node *node, Call *call)
{
    const int64_t symbols[SYMBOL_COUNT] = {[SYMBOL_keys] = call->keys};
    int64_t columns = softmax_columns(node, symbols), groups = bind_columns(node, call) / columns;
    call_begin(call, "softmax", node, bind_rows(node));
    call_pointer(call, node->operand[0]);
    call_pointer(call, node->operand[1]);
    call_constant(call, groups);
    call_constant(call, columns);
    call_label(call, "%" PRId64 "x%" PRId64, groups, columns);
}

/* ---- mix ---- */

bool mix_shape(Node *node, Err *err)
{
    if (!attention_heads_check(node, err) || !attention_keys_check(node, 1, "v", err) || !want_sequences(node, 2, err))
        return false;
    const Node *p = node->operand[0];
    Shape wanted = shape_of(3, dim_symbol(SYMBOL_rows), dim_of(node->a.heads), dim_symbol(SYMBOL_keys));
    if (p->format != FORMAT_f32 || !shape_equal(p->shape, wanted))
        return err_set(err, "mix: p is %s%s, wanted f32%s", format_name(p->format), shape_describe(p->shape),
                       shape_describe(wanted));
    set_f32(node, shape_of(2, dim_symbol(SYMBOL_rows), dim_of(node->a.heads * node->a.head_dim)));
    return true;
}

void mix_evaluate(const Node *node, Evaluation *evaluation)
{
    const Attributes *a = &node->a;
    const hf2c_batch *batch = evaluation->batch;
    const double *p = value_of(evaluation, node->operand[0]), *v = value_of(evaluation, node->operand[1]);
    double *y = value_of(evaluation, node);
    const int *sequence = sequence_of_rows(evaluation);
    int64_t keys = evaluation->symbols[SYMBOL_keys], stride = a->kv_heads * a->head_dim;
    for (int r = 0; r < batch->rows; r++) {
        int64_t start, count;
        attention_span(evaluation, node->operand[1], sequence[r], &start, &count);
        for (int64_t h = 0; h < a->heads; h++) {
            int64_t at = r * a->heads + h;
            attention_mix_row(a->head_dim, p + at * keys, v + start * stride + attention_kv_head(a, h) * a->head_dim, stride,
                              count, y + at * a->head_dim);
        }
    }
}

void mix_bind(const Node *node, Call *call)
{
    const Attributes *a = &node->a;
    call_begin(call, "mix", node, bind_rows(node));
    call->format = node->operand[1]->format;
    for (int i = 0; i < 3; i++) call_pointer(call, node->operand[i]);
    call_constant(call, a->heads);
    call_constant(call, a->kv_heads);
    call_constant(call, a->head_dim);
    call_constant(call, call->keys);
    attention_keys_bind(node->operand[1], call);
    call_constant(call, attention_keys(node->operand[1]));
    attention_label(node, call);
}
