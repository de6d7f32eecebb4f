/* GPT-J: attention and MLP beside each other on one norm; neighbouring elements of a head rotate together.
 * Reference: transformers, models/gptj/modeling_gptj.py. */
#include "compiler/arch/decoder.h"

static Node *gptj_body(Builder *b)
{
    Decoder d = decoder_settings(b);
    d.norm = layer_norm;
    d.residual = RESIDUAL_PARALLEL;
    d.embed_tokens = "wte";
    d.layer_list = "h";
    d.final_norm = "ln_f";
    d.attend = (DecoderBranch){"attn", .norm_in = "ln_1"};
    d.o = "out_proj";
    d.feed.norm_in = d.gate = NULL;
    d.up = "fc_in";
    d.down = "fc_out";
    d.mlp_bias = true;
    d.activation = "gelu_new";
    d.zero_row = -1;
    d.rotary_dim = config_int(b->config, "rotary_dim", 2, d.attention.head_dim);
    d.interleaved = true;
    if (d.rotary_dim % 2) err_set(b->err, "%s: rotary_dim: found %lld, wanted an even number", b->config->file, (long long)d.rotary_dim);
    decoder_rope(b, &d);
    return decoder_body(b, &d);
}

static void gptj_causal_lm(Builder *b, Node *hidden)
{
    graph_output(b->graph, "logits", causal_lm_logits(b, hidden, "lm_head", true));
}

const Architecture arch_gptj = {
    .model_type = "gptj",
    .prefix = "transformer.",
    .decoder = true,
    .untied = true,
    .length_keys = "n_positions|max_position_embeddings",
    .body = gptj_body,
    .head = {DECODER_HEADS, [HEAD_causal_lm] = gptj_causal_lm},
};
