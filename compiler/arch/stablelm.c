/* StableLM: LLaMA with layer norms, a quarter of each head rotating; with a parallel residual and norms of each head in the later ones.
 * Reference: transformers, models/stablelm/modeling_stablelm.py. */
#include "compiler/arch/decoder.h"

/* Each head has a gain of its own, NAME.norms.HEAD.weight, and no bias. */
static Node *head_norm_each(Builder *b, Node *x, const char *name, int64_t heads, double epsilon)
{
    name_next(b, name);
    int64_t size = shape_columns(x->shape) / heads;
    Node *gain = NULL;
    for (int64_t h = 0; h < heads; h++) {
        Node *own = param_vector(b, arena_printf(b->graph->arena, "%s.norms.%lld.weight", name, (long long)h), size, INITIAL_ONES);
        gain = gain ? graph_add(b->graph, OP_concat, 2, (Node *[]){gain, own}, &(Attributes){0}) : own;
    }
    return graph_add(b->graph, OP_layer_norm, 2, (Node *[]){x, gain}, &(Attributes){.epsilon = epsilon, .heads = heads});
}

static Node *stablelm_body(Builder *b)
{
    Decoder d = decoder_settings(b);
    d.norm = layer_norm;
    d.qkv_bias = config_bool_or(b->config, "use_qkv_bias", false);
    if (config_bool_or(b->config, "use_parallel_residual", false)) {
        d.residual = RESIDUAL_PARALLEL;
        d.feed.norm_in = NULL;
    }
    if (config_bool_or(b->config, "qk_layernorm", false)) {
        d.head_norm = head_norm_each;
        d.q_norm = "q_layernorm";
        d.k_norm = "k_layernorm";
    }
    decoder_rotary_share(b, &d, 0.25);
    decoder_rope(b, &d);
    return decoder_body(b, &d);
}

const Architecture arch_stablelm = {
    .model_type = "stablelm",
    .prefix = "model.",
    .decoder = true,
    .untied = true,
    .length_keys = "max_position_embeddings",
    .body = stablelm_body,
    .head = {DECODER_HEADS, [HEAD_causal_lm] = head_causal_lm, [HEAD_token_classification] = head_token_score},
};
