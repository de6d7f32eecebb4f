/* Gemma 1, 2 and 3: norms that multiply by 1 + w, embeddings multiplied by sqrt(hidden); from 2 on norms on both sides of attention
 * and MLP, soft caps, windows on some layers; in 3 norms of q and k, and other angles where there is a window.
 * Reference: transformers, models/{gemma,gemma2,gemma3}/modeling_*.py. */
#include <math.h>
#include <string.h>

#include "compiler/arch/decoder.h"

static Node *ones(Builder *b, int64_t size)
{
    float *values = ARENA_ARRAY(b->graph->arena, float, (size_t)size);
    for (int64_t i = 0; i < size; i++) values[i] = 1;
    return graph_constant(b->graph, shape_of(1, dim_of(size)), values);
}

static Node *gain_above_one(Builder *b, const char *name, int64_t size)
{
    Node *weight = param_vector(b, arena_printf(b->graph->arena, "%s.weight", name), size, INITIAL_ZEROS);
    return add(b, weight, ones(b, size));
}

static Node *gemma_norm(Builder *b, Node *x, const char *name, double epsilon)
{
    name_next(b, name);
    Node *operand[2] = {x, gain_above_one(b, name, shape_columns(x->shape))};
    return graph_add(b->graph, OP_rms_norm, 2, operand, &(Attributes){.epsilon = epsilon});
}

static Node *gemma_head_norm(Builder *b, Node *x, const char *name, int64_t heads, double epsilon)
{
    name_next(b, name);
    Node *gain = repeat_for_heads(b, gain_above_one(b, name, shape_columns(x->shape) / heads), heads);
    return graph_add(b->graph, OP_rms_norm, 2, (Node *[]){x, gain}, &(Attributes){.epsilon = epsilon, .heads = heads});
}

/* transformers rounds the factor to the type in which it runs the model, which is the stored one. */
static double embedding_factor(Builder *b, int64_t hidden)
{
    float factor = sqrtf((float)hidden);
    const char *type = config_text_or(b->config, "dtype|torch_dtype", "float32");
    int kept = strcmp(type, "bfloat16") == 0 ? 8 : strcmp(type, "float16") == 0 ? 11 : 24;
    int exponent;
    float fraction = frexpf(factor, &exponent);
    return (double)ldexpf(nearbyintf(ldexpf(fraction, kept)), exponent - kept);
}

static Decoder gemma_settings(Builder *b)
{
    Decoder d = decoder_settings(b);
    d.epsilon = config_float_or(b->config, "rms_norm_eps", 0, 1, 1e-6);
    d.norm = gemma_norm;
    d.embedding_scale = embedding_factor(b, d.hidden);
    d.qkv_bias = d.o_bias = config_bool_or(b->config, "attention_bias", false);
    d.activation = "gelu_pytorch_tanh";
    return d;
}

static Node *gemma_body(Builder *b)
{
    Decoder d = gemma_settings(b);
    /* Early configs say "gelu" and mean the tanh approximation. */
    bool early = strcmp(config_text_or(b->config, "hidden_act", "gelu"), "gelu") == 0;
    d.activation_key = early ? "" : "hidden_act";
    decoder_rope(b, &d);
    return decoder_body(b, &d);
}

/* What 2 and 3 share. */
static Decoder gemma_sandwich(Builder *b)
{
    const Config *c = b->config;
    Decoder d = gemma_settings(b);
    d.activation_key = "hidden_activation";
    d.attend.norm_out = "post_attention_layernorm";
    d.feed.norm_in = "pre_feedforward_layernorm";
    d.feed.norm_out = "post_feedforward_layernorm";
    d.attention.scale = 1 / sqrt(config_float_or(c, "query_pre_attn_scalar", 1e-6, 1e9, 256));
    return d;
}

static int64_t gemma_window(Builder *b) { return config_int_or(b->config, "sliding_window", 1, INT32_MAX, 4096); }

static Node *gemma2_body(Builder *b)
{
    Decoder d = gemma_sandwich(b);
    d.attention.softcap = decoder_number_or_none(b, "attn_logit_softcapping", 1e9, 50);
    decoder_rope(b, &d);
    for (int64_t i = 0; i < d.layers; i++) d.layer[i].window = decoder_layer_slides(b, i, i % 2 == 0) ? gemma_window(b) : 0;
    return decoder_body(b, &d);
}

static const RopeSettings global_angles = {.objects = "rope_parameters.full_attention|rope_scaling",
                                           .theta = "rope_parameters.full_attention.rope_theta|rope_theta",
                                           .theta_otherwise = 1000000};
static const RopeSettings local_angles = {.objects = "rope_parameters.sliding_attention",
                                          .theta = "rope_parameters.sliding_attention.rope_theta|rope_local_base_freq",
                                          .theta_otherwise = 10000};

static Node *gemma3_text_body(Builder *b)
{
    Decoder d = gemma_sandwich(b);
    d.head_norm = gemma_head_norm;
    d.q_norm = "q_norm";
    d.k_norm = "k_norm";
    decoder_rotary_share(b, &d, 1);
    if (config_bool_or(b->config, "use_bidirectional_attention", false))
        config_refuse(b->config, "use_bidirectional_attention", "true", "false");
    if (b->err->text[0]) return NULL;
    int64_t every = config_int_or(b->config, "sliding_window_pattern|_sliding_window_pattern", 1, INT32_MAX, 6);
    Node *global = rope_table(b, d.rotary_dim, &global_angles), *local = rope_table(b, d.rotary_dim, &local_angles);
    for (int64_t i = 0; i < d.layers; i++) {
        bool slides = decoder_layer_slides(b, i, (i + 1) % every != 0);
        d.layer[i] = (DecoderLayer){.rope = slides ? local : global, .window = slides ? gemma_window(b) : 0};
    }
    return decoder_body(b, &d);
}

static void capped_causal_lm(Builder *b, Node *hidden, double usual)
{
    Node *logits = causal_lm_logits(b, hidden, "lm_head", false);
    double cap = decoder_number_or_none(b, "final_logit_softcapping", 1e9, usual);
    if (cap > 0) logits = graph_add(b->graph, OP_softcap, 1, &logits, &(Attributes){.value = cap});
    graph_output(b->graph, "logits", logits);
}

static void gemma2_causal_lm(Builder *b, Node *hidden) { capped_causal_lm(b, hidden, 30); }
static void gemma3_causal_lm(Builder *b, Node *hidden) { capped_causal_lm(b, hidden, 0); }

#define GEMMA(type, output)                                                                                                                \
    const Architecture arch_##type = {.model_type = #type, .prefix = "model.", .decoder = true,                                     \
                                      .length_keys = "max_position_embeddings", .body = type##_body,                                \
                                      .head = {DECODER_HEADS, [HEAD_token_classification] = head_token_score,                       \
                                               [HEAD_causal_lm] = output}}

GEMMA(gemma, head_causal_lm);
GEMMA(gemma2, gemma2_causal_lm);
GEMMA(gemma3_text, gemma3_causal_lm);
