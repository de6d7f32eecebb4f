/* Mixtral, Qwen2-MoE and Qwen3-MoE: LLaMA's decoder with experts in place of the MLP, in all layers or in some.
 * Reference: transformers, models/{mixtral,qwen2_moe,qwen3_moe}/modeling_*.py. */
#include "compiler/arch/llama.h"
#include "compiler/arch/moe.h"

static Node *routed(Builder *b, Node *x, const Decoder *d, const DecoderLayer *layer)
{
    (void)layer;
    return moe_routed(b, x, d->own);
}

static Node *mixtral_body(Builder *b)
{
    Decoder d = llama_settings(b);
    d.epsilon = config_float_or(b->config, "rms_norm_eps", 0, 1, 1e-5);
    d.qkv_bias = d.o_bias = false;
    d.feed.scope = "block_sparse_moe";
    decoder_window(b, &d, 0);
    Moe m = moe_settings(b, &d);
    m.intermediate = d.intermediate;
    m.route.normalized = 1;
    m.gate_name = "w1";
    m.up = "w3";
    m.down = "w2";
    d.own = &m;
    for (int64_t i = 0; i < d.layers; i++) d.layer[i].feed = routed;
    return decoder_body(b, &d);
}

/* Whether layer i has an MLP of its own instead: every decoder_sparse_step-th has experts, but for those of mlp_only_layers. */
static bool qwen_is_dense(Builder *b, int64_t i)
{
    const cJSON *item, *list = config_item(b->config, "mlp_only_layers");
    if (list && !cJSON_IsArray(list)) err_set(b->err, "%s: mlp_only_layers: wanted a list of layers", b->config->file);
    cJSON_ArrayForEach(item, list)
    {
        if (!cJSON_IsNumber(item)) err_set(b->err, "%s: mlp_only_layers: wanted numbers of layers", b->config->file);
        if (cJSON_IsNumber(item) && item->valuedouble == (double)i) return true;
    }
    return (i + 1) % config_int_or(b->config, "decoder_sparse_step", 1, INT32_MAX, 1) != 0;
}

static void qwen_layers(Builder *b, Decoder *d, BranchBuilder *feed)
{
    for (int64_t i = 0; i < d->layers && !b->err->text[0]; i++) d->layer[i].feed = qwen_is_dense(b, i) ? NULL : feed;
}

static bool qwen_slides(Builder *b) { return config_bool_or(b->config, "use_sliding_window", false); }

/* Beside the routed experts one for every row, with a weight of its own. */
static Node *routed_and_shared(Builder *b, Node *x, const Decoder *d, const DecoderLayer *layer)
{
    (void)layer;
    Node *y = moe_routed(b, x, d->own), *weight = linear(b, x, "shared_expert_gate", 1, false);
    weight = graph_add(b->graph, OP_sigmoid, 1, &weight, NULL);
    int64_t columns = config_int(b->config, "shared_expert_intermediate_size", 1, 1 << 22);
    return add(b, y, moe_single(b, x, weight, d->own, "shared_expert", columns));
}

static Node *qwen2_moe_body(Builder *b)
{
    Decoder d = llama_settings(b);
    d.qkv_bias = config_bool_or(b->config, "qkv_bias", true);
    d.o_bias = d.mlp_bias = false;
    int64_t window = qwen_slides(b) ? config_int_or(b->config, "sliding_window", 1, INT32_MAX, 4096) : 0;
    int64_t most = config_int_or(b->config, "max_window_layers", 0, INT32_MAX, 28);
    for (int64_t i = 0; window && i < d.layers && !b->err->text[0]; i++)
        d.layer[i].window = decoder_layer_slides(b, i, i % 2 == 0 && i < most) ? window : 0;
    Moe m = moe_settings(b, &d);
    d.own = &m;
    qwen_layers(b, &d, routed_and_shared);
    return decoder_body(b, &d);
}

static Node *qwen3_moe_body(Builder *b)
{
    Decoder d = llama_settings(b);
    qwen3_head_norms(&d);
    d.mlp_bias = false;
    if (qwen_slides(b)) decoder_window(b, &d, 4096);
    Moe m = moe_settings(b, &d);
    d.own = &m;
    qwen_layers(b, &d, routed);
    return decoder_body(b, &d);
}

LLAMA_LIKE(mixtral, true, 1e6, head_causal_lm);
LLAMA_LIKE(qwen2_moe, true, 1e4, head_causal_lm);
LLAMA_LIKE(qwen3_moe, true, 1e4, head_causal_lm);
