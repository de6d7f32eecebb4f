/* GPT-2: pre-norm decoder with learned positions; weights of linears are stored as Conv1D, [in, out].
 * Reference: transformers, models/gpt2/modeling_gpt2.py. */
#include <math.h>

#include "compiler/arch/blocks.h"

typedef struct Gpt2Shape {
    int64_t hidden, inner;
    double epsilon, residual_deviation;
    bool scale, scale_by_layer;
    AttentionShape attention;
} Gpt2Shape;

static Node *gpt2_attention(Builder *b, Node *x, const Gpt2Shape *s, int layer)
{
    AttentionShape a = s->attention;
    a.scale = (s->scale ? 1 / sqrt((double)a.head_dim) : 1) / (s->scale_by_layer ? layer + 1 : 1);
    scope_enter(b, "attn");
    Node *qkv = linear_conv1d(b, x, "c_attn", 3 * s->hidden, b->deviation);
    Node *q = slice(b, qkv, 0, s->hidden);
    Node *k = slice(b, qkv, s->hidden, s->hidden);
    Node *v = slice(b, qkv, 2 * s->hidden, s->hidden);
    Node *y = linear_conv1d(b, attention(b, q, k, v, &a), "c_proj", s->hidden, s->residual_deviation);
    scope_leave(b);
    return y;
}

static Node *gpt2_mlp(Builder *b, Node *x, const Gpt2Shape *s)
{
    scope_enter(b, "mlp");
    Node *inner = activation(b, linear_conv1d(b, x, "c_fc", s->inner, b->deviation), "activation_function", "gelu_new");
    Node *y = linear_conv1d(b, inner, "c_proj", s->hidden, s->residual_deviation);
    scope_leave(b);
    return y;
}

static Gpt2Shape gpt2_shape(Builder *b, int64_t layers)
{
    const Config *c = b->config;
    Gpt2Shape s = {0};
    s.hidden = config_int(c, "n_embd|hidden_size", 1, 1 << 20);
    s.inner = config_int_or(c, "n_inner", 1, 1 << 22, 4 * s.hidden);
    s.epsilon = config_float_or(c, "layer_norm_epsilon", 0, 1, 1e-5);
    s.scale = config_bool_or(c, "scale_attn_weights", true);
    s.scale_by_layer = config_bool_or(c, "scale_attn_by_inverse_layer_idx", false);
    s.residual_deviation = b->deviation / sqrt(2.0 * (double)layers);
    s.attention.heads = s.attention.kv_heads = config_int(c, "n_head|num_attention_heads", 1, 1 << 14);
    s.attention.head_dim = s.hidden / s.attention.heads;
    s.attention.causal = true;
    if (s.hidden % s.attention.heads)
        err_set(b->err, "%s: n_embd %lld is no multiple of n_head %lld", c->file, (long long)s.hidden,
                (long long)s.attention.heads);
    if (config_bool_or(c, "add_cross_attention", false)) config_refuse(c, "add_cross_attention", "true", "false");
    return s;
}

static Node *gpt2_body(Builder *b)
{
    int64_t layers = config_int(b->config, "n_layer|num_hidden_layers", 1, 4096);
    int64_t vocabulary = config_int(b->config, "vocab_size", 1, 1 << 24);
    int64_t positions = config_int(b->config, "n_positions|max_position_embeddings", 1, 1 << 24);
    Gpt2Shape s = gpt2_shape(b, layers);
    if (b->err->text[0]) return NULL;
    Node *x = embedding(b, input_ids(b), "wte", vocabulary, s.hidden, -1);
    x = add(b, x, embedding(b, input_positions(b), "wpe", positions, s.hidden, -1));
    for (int i = 0; i < layers; i++) {
        hidden_state(b, i, x);
        scope_layer(b, i);
        scope_enter(b, "h.%d", i);
        x = add(b, x, gpt2_attention(b, layer_norm(b, x, "ln_1", s.epsilon), &s, i));
        x = add(b, x, gpt2_mlp(b, layer_norm(b, x, "ln_2", s.epsilon), &s));
        scope_leave(b);
        scope_layer(b, -1);
    }
    x = layer_norm(b, x, "ln_f", s.epsilon);
    hidden_state(b, (int)layers, x);
    return x;
}

const Architecture arch_gpt2 = {
    .model_type = "gpt2",
    .prefix = "transformer.",
    .decoder = true,
    .length_keys = "n_positions|max_position_embeddings",
    .body = gpt2_body,
    .head = {[HEAD_base] = head_last_hidden_state,
             [HEAD_causal_lm] = head_causal_lm,
             [HEAD_sequence_classification] = head_last_token_classification,
             [HEAD_token_classification] = head_token_classification,
             [HEAD_question_answering] = head_question_answering},
};
