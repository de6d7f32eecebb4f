/* OPT: learned positions that begin at row 2; the 350m layout has its norms after the sums and a narrower embedding.
 * Reference: transformers, models/opt/modeling_opt.py. */
#include "compiler/arch/decoder.h"

enum { FIRST_POSITION = 2 };

static Decoder opt_settings(Builder *b)
{
    const Config *c = b->config;
    bool before = config_bool_or(c, "do_layer_norm_before", true);
    Decoder d = decoder_settings(b);
    d.norm = config_bool_or(c, "layer_norm_elementwise_affine", true) ? layer_norm : layer_norm_bare;
    d.epsilon = 1e-5;
    d.attend = (DecoderBranch){.scope = "self_attn"};
    d.feed = (DecoderBranch){0};
    if (before) {
        d.attend.norm_in = "self_attn_layer_norm";
        d.feed.norm_in = "final_layer_norm";
    } else {
        d.attend.norm_sum = "self_attn_layer_norm";
        d.feed.norm_sum = "final_layer_norm";
    }
    d.final_norm = before && !config_bool_or(c, "_remove_final_layer_norm", false) ? "final_layer_norm" : NULL;
    d.o = "out_proj";
    d.gate = NULL;
    d.up = "fc1";
    d.down = "fc2";
    d.activation = "relu";
    d.qkv_bias = d.o_bias = d.mlp_bias = config_bool_or(c, "enable_bias", true);
    d.zero_row = config_int_or(c, "pad_token_id", -1, d.vocabulary - 1, 1);
    return d;
}

static Node *opt_body(Builder *b)
{
    Decoder d = opt_settings(b);
    int64_t positions = config_int(b->config, "max_position_embeddings", 1, 1 << 24);
    int64_t width = config_int_or(b->config, "word_embed_proj_dim", 1, 1 << 20, d.hidden);
    if (b->err->text[0]) return NULL;
    scope_enter(b, "decoder");
    Node *x = embedding(b, input_ids(b), d.embed_tokens, d.vocabulary, width, d.zero_row);
    if (width != d.hidden) x = linear(b, x, "project_in", d.hidden, false);
    x = add(b, x, embedding_from(b, input_positions(b), "embed_positions", positions + FIRST_POSITION, d.hidden, FIRST_POSITION));
    x = decoder_layers(b, &d, x);
    if (d.final_norm) x = d.norm(b, x, d.final_norm, d.epsilon);
    if (width != d.hidden) x = linear(b, x, "project_out", width, false);
    hidden_state(b, (int)d.layers, x);
    scope_leave(b);
    return x;
}

const Architecture arch_opt = {
    .model_type = "opt",
    .prefix = "model.",
    .decoder = true,
    .length_keys = "max_position_embeddings",
    .body = opt_body,
    .head = {DECODER_HEADS, [HEAD_causal_lm] = head_causal_lm},
};
