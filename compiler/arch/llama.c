/* LLaMA and those that differ from it by settings of their own: Mistral, Qwen2, Qwen3, Granite, SmolLM3, OLMo2.
 * Reference: transformers, models/{llama,mistral,qwen2,qwen3,granite,smollm3,olmo2}/modeling_*.py. */
#include "compiler/arch/llama.h"

Decoder llama_settings(Builder *b)
{
    Decoder d = decoder_settings(b);
    d.epsilon = config_float_or(b->config, "rms_norm_eps", 0, 1, 1e-6);
    d.qkv_bias = d.o_bias = config_bool_or(b->config, "attention_bias", false);
    d.mlp_bias = config_bool_or(b->config, "mlp_bias", false);
    decoder_rope(b, &d);
    return d;
}

static Node *llama_body(Builder *b)
{
    Decoder d = llama_settings(b);
    return decoder_body(b, &d);
}

static Node *mistral_body(Builder *b)
{
    Decoder d = llama_settings(b);
    d.qkv_bias = d.o_bias = d.mlp_bias = false;
    decoder_window(b, &d, 4096);
    return decoder_body(b, &d);
}

/* A window on the layers from max_window_layers on, if use_sliding_window asks for one. */
static void qwen_windows(Builder *b, Decoder *d)
{
    if (!config_bool_or(b->config, "use_sliding_window", false)) return;
    int64_t window = decoder_window_size(b, 4096);
    int64_t full = config_int_or(b->config, "max_window_layers", 0, INT32_MAX, 28);
    for (int64_t i = 0; i < d->layers; i++) d->layer[i].window = decoder_layer_slides(b, i, i >= full) ? window : 0;
}

static Node *qwen2_body(Builder *b)
{
    Decoder d = llama_settings(b);
    d.qkv_bias = true;
    d.o_bias = d.mlp_bias = false;
    qwen_windows(b, &d);
    return decoder_body(b, &d);
}

void qwen3_head_norms(Decoder *d)
{
    d->head_norm = head_norm_shared;
    d->q_norm = "q_norm";
    d->k_norm = "k_norm";
}

static Node *qwen3_body(Builder *b)
{
    Decoder d = llama_settings(b);
    qwen3_head_norms(&d);
    d.mlp_bias = false;
    qwen_windows(b, &d);
    return decoder_body(b, &d);
}

static Node *granite_body(Builder *b)
{
    const Config *c = b->config;
    Decoder d = llama_settings(b);
    d.embedding_scale = config_float_or(c, "embedding_multiplier", 1e-9, 1e9, 1);
    d.residual_scale = config_float_or(c, "residual_multiplier", 1e-9, 1e9, 1);
    d.attention.scale = config_float_or(c, "attention_multiplier", 1e-9, 1e9, 1);
    return decoder_body(b, &d);
}

static void granite_causal_lm(Builder *b, Node *hidden)
{
    Node *logits = causal_lm_logits(b, hidden, "lm_head", false);
    double scaling = config_float_or(b->config, "logits_scaling", 1e-9, 1e9, 1);
    graph_output(b->graph, "logits", graph_add(b->graph, OP_scale, 1, &logits, &(Attributes){.value = 1 / scaling}));
}

/* Every so many layers there is none without positions: no_rope_layers says 1 for those that turn. */
static bool smollm3_turns(Builder *b, int64_t i)
{
    const cJSON *list = config_item(b->config, "no_rope_layers");
    if (!list) return (i + 1) % config_int_or(b->config, "no_rope_layer_interval", 1, INT32_MAX, 4) != 0;
    const cJSON *item = cJSON_IsArray(list) ? cJSON_GetArrayItem(list, (int)i) : NULL;
    if (!cJSON_IsNumber(item) || (item->valuedouble != 0 && item->valuedouble != 1))
        err_set(b->err, "%s: no_rope_layers: wanted 0 or 1 for layer %lld", b->config->file, (long long)i);
    return item && item->valuedouble != 0;
}

static Node *smollm3_body(Builder *b)
{
    Decoder d = llama_settings(b);
    bool windows = config_bool_or(b->config, "use_sliding_window", false) && config_has(b->config, "sliding_window");
    int64_t window = windows ? config_int(b->config, "sliding_window", 1, INT32_MAX) : 0;
    for (int64_t i = 0; i < d.layers && !b->err->text[0]; i++) {
        bool turns = smollm3_turns(b, i), slides = decoder_layer_slides(b, i, windows && !turns);
        if (!turns) d.layer[i].rope = NULL;
        d.layer[i].window = windows && slides ? window : 0;
    }
    return decoder_body(b, &d);
}

/* Norms after attention and MLP, none before; q and k normed over all heads together. */
static Node *olmo2_body(Builder *b)
{
    Decoder d = llama_settings(b);
    d.epsilon = config_float_or(b->config, "rms_norm_eps", 0, 1, 1e-5);
    d.mlp_bias = false;
    d.attend.norm_in = d.feed.norm_in = NULL;
    d.attend.norm_out = "post_attention_layernorm";
    d.feed.norm_out = "post_feedforward_layernorm";
    d.head_norm = head_norm_whole;
    d.q_norm = "q_norm";
    d.k_norm = "k_norm";
    return decoder_body(b, &d);
}

LLAMA_LIKE(llama, true, 1e4, head_causal_lm);
LLAMA_LIKE(mistral, true, 1e4, head_causal_lm);
LLAMA_LIKE(qwen2, true, 1e4, head_causal_lm);
LLAMA_LIKE(qwen3, true, 1e4, head_causal_lm);
LLAMA_LIKE(granite, true, 1e4, granite_causal_lm);
LLAMA_LIKE(smollm3, false, 2e6, head_causal_lm);
LLAMA_LIKE(olmo2, true, 1e4, head_causal_lm);
