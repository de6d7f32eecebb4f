/* Phi: attention and MLP beside each other on one norm, a part of each head rotates. Phi-3: LLaMA with fused projections.
 * Reference: transformers, models/{phi,phi3}/modeling_*.py. */
#include <string.h>

#include "compiler/arch/decoder.h"

static Node *phi_body(Builder *b)
{
    Decoder d = decoder_settings(b);
    d.norm = layer_norm;
    d.residual = RESIDUAL_PARALLEL;
    d.qkv_bias = d.o_bias = d.mlp_bias = true;
    d.o = "dense";
    d.feed.norm_in = NULL;
    d.gate = NULL;
    d.up = "fc1";
    d.down = "fc2";
    d.activation = "gelu_new";
    d.final_norm = "final_layernorm";
    if (config_bool_or(b->config, "qk_layernorm", false)) {
        d.head_norm = head_norm_shared_layer;
        d.q_norm = "q_layernorm";
        d.k_norm = "k_layernorm";
    }
    decoder_rotary_share(b, &d, 0.5);
    decoder_rope(b, &d);
    return decoder_body(b, &d);
}

static void phi_causal_lm(Builder *b, Node *hidden)
{
    graph_output(b->graph, "logits", causal_lm_logits(b, hidden, "lm_head", true));
}

const Architecture arch_phi = {
    .model_type = "phi",
    .prefix = "model.",
    .decoder = true,
    .untied = true,
    .length_keys = "max_position_embeddings",
    .body = phi_body,
    .head = {DECODER_HEADS, [HEAD_causal_lm] = phi_causal_lm, [HEAD_token_classification] = head_token_score},
};

static Node *phi3_body(Builder *b)
{
    /* Phi-3's own "yarn" was never the YaRN that others mean. */
    const char *type = config_text_or(b->config, "rope_parameters.rope_type|rope_scaling.rope_type|rope_scaling.type", "default");
    if (strcmp(type, "yarn") == 0) config_refuse(b->config, "rope_scaling.type", type, "default, longrope, su");
    Decoder d = decoder_settings(b);
    d.qkv_layout = QKV_STACKED;
    d.qkv = "qkv_proj";
    d.gate_up = "gate_up_proj";
    decoder_rope(b, &d);
    decoder_window(b, &d, 0);
    return decoder_body(b, &d);
}

const Architecture arch_phi3 = {
    .model_type = "phi3",
    .prefix = "model.",
    .decoder = true,
    .untied = true,
    .length_keys = "max_position_embeddings",
    .body = phi3_body,
    .head = {DECODER_HEADS, [HEAD_causal_lm] = head_causal_lm, [HEAD_token_classification] = head_token_score},
};
