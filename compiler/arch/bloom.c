/* BLOOM: biases by distance in place of positions, a norm on the embeddings; q, k and v of a head stand together in one weight.
 * Reference: transformers, models/bloom/modeling_bloom.py. */
#include "compiler/arch/decoder.h"

enum { USUAL_LENGTH = 2048 };

static Decoder bloom_settings(Builder *b)
{
    Decoder d = decoder_settings(b);
    d.norm = layer_norm;
    d.residual_normed = config_bool_or(b->config, "apply_residual_connection_post_layernorm", false);
    d.intermediate = 4 * d.hidden;
    d.embed_tokens = "word_embeddings";
    d.layer_list = "h";
    d.final_norm = "ln_f";
    d.attend.scope = "self_attention";
    d.qkv_layout = QKV_GROUPED;
    d.qkv = "query_key_value";
    d.o = "dense";
    d.qkv_bias = d.o_bias = d.mlp_bias = true;
    d.gate = NULL;
    d.up = "dense_h_to_4h";
    d.down = "dense_4h_to_h";
    d.activation_key = "";
    d.activation = "gelu_new";
    d.zero_row = -1;
    return d;
}

static Node *bloom_body(Builder *b)
{
    Decoder d = bloom_settings(b);
    int64_t length = config_int_or(b->config, "seq_length", 1, 1 << 20, USUAL_LENGTH);
    if (b->err->text[0]) return NULL;
    decoder_alibi(b, &d, alibi_slopes(b, d.attention.heads), length);
    Node *x = layer_norm(b, decoder_embed(b, &d), "word_embeddings_layernorm", d.epsilon);
    return decoder_finish(b, &d, decoder_layers(b, &d, x));
}

const Architecture arch_bloom = {
    .model_type = "bloom",
    .prefix = "transformer.",
    .decoder = true,
    .length_keys = "seq_length",
    .default_length = USUAL_LENGTH,
    .body = bloom_body,
    .head = {DECODER_HEADS, [HEAD_causal_lm] = head_causal_lm, [HEAD_token_classification] = head_token_classification},
};
