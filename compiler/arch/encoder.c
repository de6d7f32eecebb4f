/* encoder: see encoder.h. */
#include "compiler/arch/encoder.h"

#include <math.h>
#include <string.h>

const EncoderNames encoder_bert_names = {.query = "attention.self.query",
                                         .key = "attention.self.key",
                                         .value = "attention.self.value",
                                         .attended = "attention.output.dense",
                                         .attention_norm = "attention.output.LayerNorm",
                                         .inner = "intermediate.dense",
                                         .outer = "output.dense",
                                         .norm = "output.LayerNorm"};

EncoderShape encoder_shape(Builder *b, const EncoderNames *names)
{
    const Config *c = b->config;
    EncoderShape s = {.names = names, .activation = "gelu"};
    s.hidden = config_int(c, "hidden_size|dim", 1, 1 << 20);
    s.intermediate = config_int(c, "intermediate_size|hidden_dim", 1, 1 << 22);
    s.layers = config_int(c, "num_hidden_layers|n_layers", 1, 4096);
    s.epsilon = config_float_or(c, "layer_norm_eps", 0, 1, 1e-12);
    s.attention.heads = s.attention.kv_heads = config_int(c, "num_attention_heads|n_heads", 1, 1 << 14);
    if (b->err->text[0]) return s;
    s.attention.head_dim = s.hidden / s.attention.heads;
    s.attention.scale = 1 / sqrt((double)s.attention.head_dim);
    if (s.hidden % s.attention.heads)
        err_set(b->err, "%s: hidden_size %lld is no multiple of num_attention_heads %lld", c->file, (long long)s.hidden,
                (long long)s.attention.heads);
    const char *positions = config_text_or(c, "position_embedding_type", "absolute");
    if (strcmp(positions, "absolute") != 0) config_refuse(c, "position_embedding_type", positions, "absolute");
    if (config_bool_or(c, "is_decoder", false)) config_refuse(c, "is_decoder", "true", "false");
    if (config_bool_or(c, "add_cross_attention", false)) config_refuse(c, "add_cross_attention", "true", "false");
    return s;
}

int64_t encoder_reserve_positions(Builder *b)
{
    b->reserved_positions = config_int_or(b->config, "pad_token_id", 0, 1 << 24, 1) + 1;
    return b->reserved_positions;
}

/* The types of all tokens are 0 where there is but one. */
static Node *add_types(Builder *b, Node *x, int64_t types)
{
    if (types > 1) return add(b, x, embedding(b, input_types(b), "token_type_embeddings", types, shape_columns(x->shape), -1));
    return add(b, x, param_matrix(b, "token_type_embeddings.weight", 1, shape_columns(x->shape), initial_normal(b)));
}

static Node *add_positions(Builder *b, Node *x, int64_t first)
{
    int64_t positions = config_int(b->config, "max_position_embeddings", 1, 1 << 24);
    if (first >= positions)
        err_set(b->err, "%s: max_position_embeddings %lld leaves no position behind the padding's %lld", b->config->file,
                (long long)positions, (long long)first);
    if (b->err->text[0]) return x;
    return add(b, x, embedding_from(b, input_positions(b), "position_embeddings", positions, shape_columns(x->shape), first));
}

Node *encoder_embeddings(Builder *b, const EncoderShape *s, const EncoderEmbeddings *e)
{
    int64_t vocabulary = config_int(b->config, "vocab_size", 1, 1 << 24);
    int64_t pad = config_int_or(b->config, "pad_token_id", -1, vocabulary - 1, 0);
    if (b->err->text[0]) return NULL;
    scope_enter(b, "embeddings");
    Node *x = embedding(b, input_ids(b), "word_embeddings", vocabulary, e->width ? e->width : s->hidden, pad);
    if (e->types) x = add_types(b, x, e->types);
    if (e->positions) x = add_positions(b, x, e->first_position);
    x = layer_norm(b, x, "LayerNorm", s->epsilon);
    scope_leave(b);
    return x;
}

Node *encoder_attention(Builder *b, Node *x, const EncoderShape *s)
{
    Node *q = linear(b, x, s->names->query, s->hidden, true);
    Node *k = linear(b, x, s->names->key, s->hidden, true);
    Node *v = linear(b, x, s->names->value, s->hidden, true);
    return attention(b, q, k, v, &s->attention);
}

Node *encoder_finish(Builder *b, Node *x, Node *attended, const EncoderShape *s)
{
    const EncoderNames *names = s->names;
    Node *y = linear(b, attended, names->attended, s->hidden, true);
    x = layer_norm(b, add(b, y, x), names->attention_norm, s->epsilon);
    Node *inner = activation(b, linear(b, x, names->inner, s->intermediate, true), "hidden_act|activation", s->activation);
    y = linear(b, inner, names->outer, s->hidden, true);
    return layer_norm(b, add(b, y, x), names->norm, s->epsilon);
}

Node *encoder_layers(Builder *b, Node *x, const EncoderShape *s, const char *scope)
{
    if (b->err->text[0]) return NULL;
    for (int i = 0; i < s->layers; i++) {
        hidden_state(b, i, x);
        scope_layer(b, i);
        scope_enter(b, "%s.%d", scope, i);
        x = encoder_finish(b, x, encoder_attention(b, x, s), s);
        scope_leave(b);
        scope_layer(b, -1);
    }
    hidden_state(b, (int)s->layers, x);
    return x;
}

/* ---- heads ---- */

Node *encoder_pooled(Builder *b, Node *hidden, const char *name, bool base, Op activation)
{
    Node *operand[2] = {hidden, input_sequences(b)};
    b->graph->scope = "first_token";
    Node *first = graph_add(b->graph, OP_pool, 2, operand, &(Attributes){.mode = POOL_first});
    const char *full = arena_printf(b->graph->arena, "%s%s", base ? b->base : "", name);
    Node *y = linear(b, first, full, shape_columns(hidden->shape), true);
    return activation == OP_none ? y : graph_add(b->graph, activation, 1, &y, &(Attributes){0});
}

/* Sentence-embedding checkpoints are sometimes saved without the pooler, which they do not use. */
void encoder_base(Builder *b, Node *hidden, const char *pooler)
{
    head_last_hidden_state(b, hidden);
    const char *weight = arena_printf(b->graph->arena, "%s%s.weight", b->base, pooler);
    if (!b->model->has_weights || model_has_tensor(b->model, weight))
        graph_output(b->graph, "pooler_output", encoder_pooled(b, hidden, pooler, true, OP_tanh));
}

void encoder_classify(Builder *b, Node *pooled, const char *name)
{
    int64_t labels = b->head == HEAD_multiple_choice ? 1 : b->head == HEAD_next_sentence ? 2 : label_count(b);
    graph_output(b->graph, "logits", linear(b, pooled, name, labels, true));
}

const MaskedLmNames encoder_bert_masked_lm = {"cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm",
                                              "cls.predictions.bias", "cls.predictions.decoder", false, NULL};
const MaskedLmNames encoder_roberta_masked_lm = {"lm_head.dense", "lm_head.layer_norm", "lm_head.bias", "lm_head.decoder", true, NULL};

/* An untied decoder has a bias of its own; older checkpoints name the shared one alone. */
static Node *untied_logits(Builder *b, Node *y, const MaskedLmNames *names, int64_t vocabulary)
{
    const char *own = arena_printf(b->graph->arena, "%s.bias", names->decoder);
    if (!b->model->has_weights || model_has_tensor(b->model, own)) return linear(b, y, names->decoder, vocabulary, true);
    return add(b, linear(b, y, names->decoder, vocabulary, false), param_vector(b, names->bias, vocabulary, INITIAL_ZEROS));
}

void encoder_masked_lm(Builder *b, Node *hidden, const MaskedLmNames *names, double epsilon)
{
    Node *table = word_table(b);
    int64_t vocabulary = table->shape.dim[0].size, width = table->shape.dim[1].size;
    Node *y = linear(b, head_wanted(b, hidden), names->dense, width, true);
    if (names->gelu) y = graph_add(b->graph, OP_gelu, 1, &y, &(Attributes){0});
    else y = activation(b, y, "hidden_act|activation", names->function ? names->function : "gelu");
    y = layer_norm(b, y, names->norm, epsilon);
    bool tied = head_is_tied(b, table, names->decoder, config_bool_or(b->config, "tie_word_embeddings", true));
    graph_output(b->graph, "logits", tied ? linear_tied(b, y, table, param_vector(b, names->bias, vocabulary, INITIAL_ZEROS))
                                          : untied_logits(b, y, names, vocabulary));
}
