/* GPT-NeoX (Pythia): attention and MLP beside each other, each on its own norm; q, k and v of a head stand together in one weight.
 * Reference: transformers, models/gpt_neox/modeling_gpt_neox.py. */
#include "compiler/arch/decoder.h"

static Node *gpt_neox_body(Builder *b)
{
    Decoder d = decoder_settings(b);
    d.norm = layer_norm;
    d.residual = config_bool_or(b->config, "use_parallel_residual", true) ? RESIDUAL_PARALLEL : RESIDUAL_SEQUENTIAL;
    d.embed_tokens = "embed_in";
    d.final_norm = "final_layer_norm";
    d.attend.scope = "attention";
    d.qkv_layout = QKV_GROUPED;
    d.qkv = "query_key_value";
    d.o = "dense";
    d.qkv_bias = d.o_bias = config_bool_or(b->config, "attention_bias", true);
    d.gate = NULL;
    d.up = "dense_h_to_4h";
    d.down = "dense_4h_to_h";
    d.mlp_bias = true;
    d.activation = "gelu";
    decoder_rotary_share(b, &d, 0.25);
    decoder_rope(b, &d);
    return decoder_body(b, &d);
}

static void gpt_neox_causal_lm(Builder *b, Node *hidden)
{
    graph_output(b->graph, "logits", causal_lm_logits(b, hidden, "embed_out", false));
}

const Architecture arch_gpt_neox = {
    .model_type = "gpt_neox",
    .prefix = "gpt_neox.",
    .decoder = true,
    .untied = true,
    .length_keys = "max_position_embeddings",
    .body = gpt_neox_body,
    .head = {DECODER_HEADS, [HEAD_causal_lm] = gpt_neox_causal_lm, [HEAD_token_classification] = head_token_classification},
};
