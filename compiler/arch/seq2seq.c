/* seq2seq: see seq2seq.h. */
#include "compiler/arch/seq2seq.h"

#include <math.h>

void seq2seq_source(Builder *b)
{
    b->graph->entry = 1;
    b->cached = false; /* a source is read whole */
}

static void remember(Builder *b, Node *source, const char *name, int64_t width, bool bias)
{
    Node *operand[2] = {linear(b, source, name, width, bias), input_sequences(b)};
    graph_add(b->graph, OP_cache, 2, operand, &(Attributes){.index = b->caches++});
}

void seq2seq_target(Builder *b, Node *source, const Seq2seqNames *names, int64_t layers, int64_t width, bool bias)
{
    b->source = source;
    b->memories = b->caches;
    for (int i = 0; i < layers; i++) {
        scope_layer(b, i);
        scope_enter(b, "%s.%d.%s", names->layers, i, names->attention);
        remember(b, source, names->key, width, bias && !names->bare_keys);
        remember(b, source, names->value, width, bias);
        scope_leave(b);
    }
    scope_layer(b, -1);
    b->graph->entry = 0;
    b->cached = true;
}

/* Who looks back says in how many heads the cache lies. */
static Node *memory(Builder *b, int64_t index, int64_t heads, int64_t width)
{
    Node *sequences = input_sequences(b);
    for (size_t i = 0; i < b->graph->count; i++) {
        Node *cache = b->graph->node[i];
        if (cache->op == OP_cache && cache->entry == 1 && cache->a.index == index) cache->a.heads = heads;
    }
    return graph_add(b->graph, OP_memory, 1, &sequences, &(Attributes){.heads = heads, .index = index, .size = width});
}

Node *seq2seq_attention(Builder *b, Node *x, const Seq2seqNames *names, int64_t layer, const AttentionShape *shape, int64_t width, bool bias)
{
    AttentionShape whole = *shape;
    whole.causal = false;
    whole.bias = NULL;
    whole.origin = 0;
    int64_t inner = shape->heads * shape->head_dim;
    scope_enter(b, "%s", names->attention);
    Node *q = linear(b, x, names->query, inner, bias);
    Node *k = memory(b, b->memories + 2 * layer, shape->kv_heads, inner);
    Node *v = memory(b, b->memories + 2 * layer + 1, shape->kv_heads, inner);
    Node *y = linear(b, attention_over(b, q, k, v, &whole), names->output, width, bias);
    scope_leave(b);
    return y;
}

Node *seq2seq_sinusoids(Builder *b, int64_t positions, int64_t width, bool own_exponents)
{
    float *value = ARENA_ARRAY(b->graph->arena, float, (size_t)(positions * width));
    int64_t half = own_exponents ? width / 2 : (width + 1) / 2;
    for (int64_t p = 0; p < positions; p++)
        for (int64_t i = 0; i < width; i++) {
            int64_t pair = i % half;
            double exponent = own_exponents ? (double)pair / (double)(half > 1 ? half - 1 : 1) : 2 * (double)pair / (double)width;
            double angle = (double)p * pow(10000, -exponent);
            value[p * width + i] = i >= 2 * half ? 0 : (float)(i < half ? sin(angle) : cos(angle));
        }
    return graph_constant(b->graph, shape_of(2, dim_of(positions), dim_of(width)), value);
}

static void output_source(Builder *b)
{
    graph_output(b->graph, "encoder_last_hidden_state", b->source);
}

void seq2seq_base(Builder *b, Node *hidden)
{
    head_last_hidden_state(b, hidden);
    output_source(b);
}

void seq2seq_logits(Builder *b, Node *hidden, Node *table, Node *bias)
{
    Node *wanted = head_wanted(b, hidden);
    b->graph->scope = "lm_head";
    graph_output(b->graph, "logits", linear_tied(b, wanted, table, bias));
    output_source(b);
}
