/* T5 1.0 and 1.1, mT5, UMT5: encoder-decoder with pre-norm layers, RMSNorm, biases by distance that the layers of a stack share (UMT5's
 * have their own), and unscaled attention scores; T5's encoder alone. Reference: transformers, models/{t5,mt5,umt5}/modeling_*.py. */
#include <math.h>
#include <string.h>

#include "compiler/arch/seq2seq.h"

extern const Architecture arch_mt5, arch_umt5, arch_umt5_encoder;

typedef struct T5Shape {
    int64_t model, inner, layers, decoder_layers, vocabulary, buckets, distance;
    double epsilon, factor;
    const char *function; /* of the MLP */
    bool gated, own_biases; /* own_biases: every layer has a table of its own */
    AttentionShape attention;
} T5Shape;

static const Seq2seqNames t5_names = {"decoder.block", "layer.1.EncDecAttention", "q", "k", "v", "o", false};

/* Weights are drawn with a deviation that depends on what they multiply. */
static Node *t5_linear(Builder *b, Node *x, const char *name, int64_t n, double deviation)
{
    b->deviation = deviation;
    return linear(b, x, name, n, false);
}

static double t5_deviation(const T5Shape *s, int64_t columns) { return s->factor / sqrt((double)columns); }

static Node *t5_attention(Builder *b, Node *x, const T5Shape *s)
{
    int64_t inner = s->attention.heads * s->attention.head_dim;
    scope_enter(b, "SelfAttention");
    Node *q = t5_linear(b, x, "q", inner, t5_deviation(s, s->model * s->attention.head_dim));
    Node *k = t5_linear(b, x, "k", inner, t5_deviation(s, s->model));
    Node *v = t5_linear(b, x, "v", inner, t5_deviation(s, s->model));
    Node *y = t5_linear(b, attention(b, q, k, v, &s->attention), "o", s->model, t5_deviation(s, inner));
    scope_leave(b);
    return y;
}

static Node *t5_mlp(Builder *b, Node *x, const T5Shape *s)
{
    scope_enter(b, "DenseReluDense");
    double deviation = t5_deviation(s, s->model);
    Node *inner = t5_linear(b, x, s->gated ? "wi_0" : "wi", s->inner, deviation);
    inner = activation_named(b, inner, "feed_forward_proj", s->function);
    if (s->gated) inner = mul(b, inner, t5_linear(b, x, "wi_1", s->inner, deviation));
    Node *y = t5_linear(b, inner, "wo", s->model, t5_deviation(s, s->inner));
    scope_leave(b);
    return y;
}

/* What `part` makes of the normed x, added to x. */
static Node *t5_part(Builder *b, Node *x, const T5Shape *s, int number, Node *(*part)(Builder *, Node *, const T5Shape *))
{
    scope_enter(b, "layer.%d", number);
    x = add(b, x, part(b, rms_norm(b, x, "layer_norm", s->epsilon), s));
    scope_leave(b);
    return x;
}

static Node *t5_look_back(Builder *b, Node *x, const T5Shape *s, int layer)
{
    b->deviation = t5_deviation(s, s->model);
    Node *y = rms_norm(b, x, "layer.1.layer_norm", s->epsilon);
    return add(b, x, seq2seq_attention(b, y, &t5_names, layer, &s->attention, s->model, false));
}

/* The table of layer i, whose scope this is; where layers share one it is the first's. */
static void t5_biases(Builder *b, T5Shape *s, int layer, bool decoder)
{
    if (layer > 0 && !s->own_biases) return;
    b->deviation = t5_deviation(s, s->model);
    s->attention.bias = relative_bias(b, "layer.0.SelfAttention.relative_attention_bias.weight", s->attention.heads, s->buckets, s->distance,
                                      !decoder);
}

static Node *t5_layer(Builder *b, Node *x, T5Shape *s, int layer, bool decoder)
{
    scope_enter(b, "block.%d", layer);
    t5_biases(b, s, layer, decoder);
    scope_layer(b, layer);
    x = t5_part(b, x, s, 0, t5_attention);
    if (decoder) x = t5_look_back(b, x, s, layer);
    x = t5_part(b, x, s, decoder ? 2 : 1, t5_mlp);
    scope_leave(b);
    scope_layer(b, -1);
    return x;
}

/* Both stacks read the same embedding. */
static Node *t5_stack(Builder *b, T5Shape *s, const char *scope, int64_t layers, bool decoder)
{
    b->deviation = s->factor;
    Node *x = embedding(b, input_ids(b), "shared", s->vocabulary, s->model, -1);
    scope_enter(b, "%s", scope);
    s->attention.origin = s->distance;
    s->attention.causal = decoder;
    for (int i = 0; i < layers && !b->err->text[0]; i++) {
        hidden_state(b, i, x);
        x = t5_layer(b, x, s, i, decoder);
    }
    x = rms_norm(b, x, "final_layer_norm", s->epsilon);
    scope_leave(b);
    hidden_state(b, (int)layers, x);
    return x;
}

/* "relu", "gated-gelu", "gated-silu": a gate and a function; T5's gated gelu is the approximation by tanh. Keys that say both for
 * themselves go first. */
static void t5_function(Builder *b, T5Shape *s)
{
    static const char gated[] = "gated-";
    const char *projection = config_text_or(b->config, "feed_forward_proj", "relu");
    bool has_gate = strncmp(projection, gated, strlen(gated)) == 0;
    const char *function = has_gate ? projection + strlen(gated) : projection;
    if (has_gate && strcmp(function, "gelu") == 0) function = "gelu_new";
    s->gated = config_bool_or(b->config, "is_gated_act", has_gate);
    s->function = config_text_or(b->config, "dense_act_fn", function);
}

static T5Shape t5_shape(Builder *b)
{
    const Config *c = b->config;
    T5Shape s = {0};
    s.model = config_int(c, "d_model", 1, 1 << 20);
    s.inner = config_int(c, "d_ff", 1, 1 << 22);
    s.layers = config_int(c, "num_layers", 1, 4096);
    s.decoder_layers = config_int_or(c, "num_decoder_layers", 1, 4096, s.layers);
    s.vocabulary = config_int(c, "vocab_size", 1, 1 << 24);
    s.buckets = config_int_or(c, "relative_attention_num_buckets", 4, 1 << 16, 32);
    s.distance = config_int_or(c, "relative_attention_max_distance", 4, 1 << 20, 128);
    s.epsilon = config_float_or(c, "layer_norm_epsilon", 0, 1, 1e-6);
    s.factor = config_float_or(c, "initializer_factor", 0, 1e3, 1);
    s.attention.heads = s.attention.kv_heads = config_int(c, "num_heads", 1, 1 << 14);
    s.attention.head_dim = config_int(c, "d_kv", 1, 512);
    s.attention.scale = 1;
    s.own_biases = b->architecture == &arch_umt5 || b->architecture == &arch_umt5_encoder;
    t5_function(b, &s);
    return s;
}

static Node *t5_body(Builder *b)
{
    T5Shape s = t5_shape(b);
    if (b->err->text[0]) return NULL;
    seq2seq_source(b);
    Node *source = t5_stack(b, &s, "encoder", s.layers, false);
    if (b->err->text[0]) return NULL;
    b->deviation = t5_deviation(&s, s.model);
    seq2seq_target(b, source, &t5_names, s.decoder_layers, s.attention.heads * s.attention.head_dim, false);
    return t5_stack(b, &s, "decoder", s.decoder_layers, true);
}

static Node *t5_encoder_body(Builder *b)
{
    T5Shape s = t5_shape(b);
    return b->err->text[0] ? NULL : t5_stack(b, &s, "encoder", s.layers, false);
}

/* Whether the head takes hidden states scaled by d_model^-0.5. Configs of T5 say it themselves since transformers 5; before, that the
 * head is tied meant it. */
static bool t5_scales(const Builder *b)
{
    if (b->architecture == &arch_mt5) return false;
    if (b->architecture == &arch_umt5) return true;
    return config_bool_or(b->config, "scale_decoder_outputs", config_bool_or(b->config, "tie_word_embeddings", true));
}

/* Every T5 is tied, unless its checkpoint has another head. */
static void t5_seq2seq_lm(Builder *b, Node *hidden)
{
    Node *table = word_table(b);
    if (t5_scales(b)) {
        double factor = 1 / sqrt((double)shape_columns(hidden->shape));
        hidden = graph_add(b->graph, OP_scale, 1, &hidden, &(Attributes){.value = factor});
    }
    bool tied = b->model->has_weights || config_bool_or(b->config, "tie_word_embeddings", true);
    if (!head_is_tied(b, table, "lm_head", tied))
        table = param_matrix(b, "lm_head.weight", table->shape.dim[0].size, table->shape.dim[1].size, (Initial){INITIAL_NORMAL, 1, -1});
    seq2seq_logits(b, hidden, table, NULL);
}

enum { T5_LENGTH = 512 }; /* what it was trained on; biases by distance set no limit */

#define T5(name)                                                                                                        \
    const Architecture arch_##name = {                                                                                  \
        .model_type = #name,                                                                                            \
        .prefix = "",                                                                                                   \
        .decoder = true,                                                                                                \
        .encoder = true,                                                                                                \
        .length_keys = "n_positions",                                                                                   \
        .default_length = T5_LENGTH,                                                                                    \
        .body = t5_body,                                                                                                \
        .head = {[HEAD_base] = seq2seq_base, [HEAD_seq2seq_lm] = t5_seq2seq_lm},                                        \
    };
T5(t5)
T5(mt5)
T5(umt5)

#define T5_ENCODER(name, type)                           \
    const Architecture arch_##name = {                   \
        .model_type = #type,                             \
        .classes = "EncoderModel",                       \
        .prefix = "",                                    \
        .length_keys = "n_positions",                    \
        .default_length = T5_LENGTH,                     \
        .body = t5_encoder_body,                         \
        .head = {[HEAD_base] = head_last_hidden_state},  \
    };
T5_ENCODER(t5_encoder, t5)
T5_ENCODER(mt5_encoder, mt5)
T5_ENCODER(umt5_encoder, umt5)
