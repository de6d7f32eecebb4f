/* LLaMA: pre-norm decoder with RMSNorm, rotary positions, grouped-query attention and a gated MLP.
 * Reference: transformers, models/llama/modeling_llama.py. */
#include <math.h>

#include "compiler/arch/blocks.h"

typedef struct LlamaShape {
    int64_t hidden, intermediate;
    double epsilon;
    bool attention_bias, mlp_bias;
    AttentionShape attention;
    Node *rope;
} LlamaShape;

static Node *llama_attention(Builder *b, Node *x, const LlamaShape *s)
{
    const AttentionShape *a = &s->attention;
    scope_enter(b, "self_attn");
    Node *q = linear(b, x, "q_proj", a->heads * a->head_dim, s->attention_bias);
    Node *k = linear(b, x, "k_proj", a->kv_heads * a->head_dim, s->attention_bias);
    Node *v = linear(b, x, "v_proj", a->kv_heads * a->head_dim, s->attention_bias);
    q = rope(b, q, s->rope, a->heads, a->head_dim, a->head_dim, false);
    k = rope(b, k, s->rope, a->kv_heads, a->head_dim, a->head_dim, false);
    Node *y = linear(b, attention(b, q, k, v, a), "o_proj", s->hidden, s->attention_bias);
    scope_leave(b);
    return y;
}

static Node *llama_mlp(Builder *b, Node *x, const LlamaShape *s)
{
    scope_enter(b, "mlp");
    Node *gate = activation(b, linear(b, x, "gate_proj", s->intermediate, s->mlp_bias), "hidden_act", "silu");
    Node *up = linear(b, x, "up_proj", s->intermediate, s->mlp_bias);
    Node *y = linear(b, mul(b, gate, up), "down_proj", s->hidden, s->mlp_bias);
    scope_leave(b);
    return y;
}

static Node *llama_layer(Builder *b, Node *x, const LlamaShape *s, int layer)
{
    scope_enter(b, "layers.%d", layer);
    x = add(b, x, llama_attention(b, rms_norm(b, x, "input_layernorm", s->epsilon), s));
    x = add(b, x, llama_mlp(b, rms_norm(b, x, "post_attention_layernorm", s->epsilon), s));
    scope_leave(b);
    return x;
}

static LlamaShape llama_shape(Builder *b)
{
    const Config *c = b->config;
    LlamaShape s = {0};
    s.hidden = config_int(c, "hidden_size", 1, 1 << 20);
    s.intermediate = config_int(c, "intermediate_size", 1, 1 << 22);
    s.epsilon = config_float_or(c, "rms_norm_eps", 0, 1, 1e-6);
    s.attention_bias = config_bool_or(c, "attention_bias", false);
    s.mlp_bias = config_bool_or(c, "mlp_bias", false);
    s.attention.heads = config_int(c, "num_attention_heads", 1, 1 << 14);
    s.attention.kv_heads = config_int_or(c, "num_key_value_heads", 1, 1 << 14, s.attention.heads);
    s.attention.head_dim = config_int_or(c, "head_dim", 1, 512, s.hidden / s.attention.heads);
    s.attention.scale = 1 / sqrt((double)s.attention.head_dim);
    s.attention.causal = true;
    if (s.attention.heads % s.attention.kv_heads)
        err_set(b->err, "%s: num_attention_heads %lld is no multiple of num_key_value_heads %lld", c->file,
                (long long)s.attention.heads, (long long)s.attention.kv_heads);
    if (s.attention.head_dim % 2)
        err_set(b->err, "%s: head_dim: found %lld, wanted an even number", c->file, (long long)s.attention.head_dim);
    return s;
}

static Node *llama_body(Builder *b)
{
    LlamaShape s = llama_shape(b);
    int64_t layers = config_int(b->config, "num_hidden_layers", 1, 4096);
    int64_t vocabulary = config_int(b->config, "vocab_size", 1, 1 << 24);
    int64_t pad = config_int_or(b->config, "pad_token_id", -1, vocabulary - 1, -1);
    if (b->err->text[0]) return NULL;
    s.rope = rope_table(b, s.attention.head_dim, 0);
    Node *x = embedding(b, input_ids(b), "embed_tokens", vocabulary, s.hidden, pad);
    for (int i = 0; i < layers; i++) {
        hidden_state(b, i, x);
        scope_layer(b, i);
        x = llama_layer(b, x, &s, i);
        scope_layer(b, -1);
    }
    x = rms_norm(b, x, "norm", s.epsilon);
    hidden_state(b, (int)layers, x);
    return x;
}

const Architecture arch_llama = {
    .model_type = "llama",
    .prefix = "model.",
    .decoder = true,
    .length_keys = "max_position_embeddings",
    .body = llama_body,
    .head = {[HEAD_base] = head_last_hidden_state,
             [HEAD_causal_lm] = head_causal_lm,
             [HEAD_sequence_classification] = head_last_token_classification,
             [HEAD_token_classification] = head_token_classification,
             [HEAD_question_answering] = head_question_answering},
};
