/* BERT: post-norm encoder with learned positions and token types.
 * Reference: transformers, models/bert/modeling_bert.py. */
#include <math.h>
#include <string.h>

#include "compiler/arch/blocks.h"

typedef struct BertShape {
    int64_t hidden, intermediate;
    double epsilon;
    AttentionShape attention;
} BertShape;

static Node *bert_embeddings(Builder *b, const BertShape *s)
{
    const Config *c = b->config;
    int64_t vocabulary = config_int(c, "vocab_size", 1, 1 << 24);
    int64_t pad = config_int_or(c, "pad_token_id", -1, vocabulary - 1, 0);
    int64_t positions = config_int(c, "max_position_embeddings", 1, 1 << 24);
    int64_t types = config_int_or(c, "type_vocab_size", 1, 1 << 16, 2);
    if (b->err->text[0]) return NULL;
    scope_enter(b, "embeddings");
    Node *x = embedding(b, input_ids(b), "word_embeddings", vocabulary, s->hidden, pad);
    x = add(b, x, embedding(b, input_types(b), "token_type_embeddings", types, s->hidden, -1));
    x = add(b, x, embedding(b, input_positions(b), "position_embeddings", positions, s->hidden, -1));
    x = layer_norm(b, x, "LayerNorm", s->epsilon);
    scope_leave(b);
    return x;
}

static Node *bert_attention(Builder *b, Node *x, const BertShape *s)
{
    scope_enter(b, "attention");
    Node *q = linear(b, x, "self.query", s->hidden, true);
    Node *k = linear(b, x, "self.key", s->hidden, true);
    Node *v = linear(b, x, "self.value", s->hidden, true);
    Node *y = linear(b, attention(b, q, k, v, &s->attention), "output.dense", s->hidden, true);
    y = layer_norm(b, add(b, y, x), "output.LayerNorm", s->epsilon);
    scope_leave(b);
    return y;
}

static Node *bert_layer(Builder *b, Node *x, const BertShape *s, int layer)
{
    scope_enter(b, "encoder.layer.%d", layer);
    x = bert_attention(b, x, s);
    Node *inner = activation(b, linear(b, x, "intermediate.dense", s->intermediate, true), "hidden_act", "gelu");
    Node *y = linear(b, inner, "output.dense", s->hidden, true);
    y = layer_norm(b, add(b, y, x), "output.LayerNorm", s->epsilon);
    scope_leave(b);
    return y;
}

static BertShape bert_shape(Builder *b)
{
    const Config *c = b->config;
    BertShape s = {0};
    s.hidden = config_int(c, "hidden_size", 1, 1 << 20);
    s.intermediate = config_int(c, "intermediate_size", 1, 1 << 22);
    s.epsilon = config_float_or(c, "layer_norm_eps", 0, 1, 1e-12);
    s.attention.heads = s.attention.kv_heads = config_int(c, "num_attention_heads", 1, 1 << 14);
    s.attention.head_dim = s.hidden / s.attention.heads;
    s.attention.scale = 1 / sqrt((double)s.attention.head_dim);
    if (s.hidden % s.attention.heads)
        err_set(b->err, "%s: hidden_size %lld is no multiple of num_attention_heads %lld", c->file, (long long)s.hidden,
                (long long)s.attention.heads);
    const char *positions = config_text_or(c, "position_embedding_type", "absolute");
    if (strcmp(positions, "absolute") != 0) config_refuse(c, "position_embedding_type", positions, "absolute");
    if (config_bool_or(c, "is_decoder", false)) config_refuse(c, "is_decoder", "true", "false");
    return s;
}

static Node *bert_body(Builder *b)
{
    BertShape s = bert_shape(b);
    int64_t layers = config_int(b->config, "num_hidden_layers", 1, 4096);
    Node *x = bert_embeddings(b, &s);
    if (b->err->text[0]) return NULL;
    for (int i = 0; i < layers; i++) {
        hidden_state(b, i, x);
        scope_layer(b, i);
        x = bert_layer(b, x, &s, i);
        scope_layer(b, -1);
    }
    hidden_state(b, (int)layers, x);
    return x;
}

/* tanh(W h + b) of the first token. */
static Node *bert_pooler(Builder *b, Node *hidden)
{
    Node *operand[2] = {hidden, input_sequences(b)};
    b->graph->scope = "first_token";
    Node *first = graph_add(b->graph, OP_pool, 2, operand, &(Attributes){.mode = POOL_first});
    Node *y = linear(b, first, arena_printf(b->graph->arena, "%spooler.dense", b->base), shape_columns(hidden->shape), true);
    return graph_add(b->graph, OP_tanh, 1, &y, &(Attributes){0});
}

static void bert_base(Builder *b, Node *hidden)
{
    head_last_hidden_state(b, hidden);
    /* Sentence-embedding checkpoints are sometimes saved without the pooler, which they do not use. */
    if (!b->model->has_weights || model_has_tensor(b->model, "bert.pooler.dense.weight"))
        graph_output(b->graph, "pooler_output", bert_pooler(b, hidden));
}

static void bert_masked_lm(Builder *b, Node *hidden)
{
    Node *table = NULL;
    for (size_t i = 0; i < b->graph->count && !table; i++)
        if (b->graph->node[i]->op == OP_embed) table = embedding_table(b->graph->node[i]);
    Node *wanted = head_wanted(b, hidden);
    int64_t vocabulary = table->shape.dim[0].size;
    scope_enter(b, "cls.predictions");
    Node *y = linear(b, wanted, "transform.dense", shape_columns(hidden->shape), true);
    y = activation(b, y, "hidden_act", "gelu");
    y = layer_norm(b, y, "transform.LayerNorm", config_float_or(b->config, "layer_norm_eps", 0, 1, 1e-12));
    bool tied = config_bool_or(b->config, "tie_word_embeddings", true);
    if (!tied) table = param_matrix(b, "decoder.weight", vocabulary, shape_columns(hidden->shape), initial_normal(b));
    graph_output(b->graph, "logits", linear_tied(b, y, table, param_vector(b, "bias", vocabulary, INITIAL_ZEROS)));
    scope_leave(b);
}

static void bert_classify(Builder *b, Node *hidden)
{
    graph_output(b->graph, "logits", linear(b, bert_pooler(b, hidden), "classifier", label_count(b), true));
}

const Architecture arch_bert = {
    .model_type = "bert",
    .prefix = "bert.",
    .length_keys = "max_position_embeddings",
    .body = bert_body,
    .head = {[HEAD_base] = bert_base,
             [HEAD_masked_lm] = bert_masked_lm,
             [HEAD_sequence_classification] = bert_classify,
             [HEAD_token_classification] = head_token_classification,
             [HEAD_question_answering] = head_question_answering},
};
