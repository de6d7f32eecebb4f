/* StarCoder2: LLaMA with layer norms, biases, a plain MLP and a window.
 * Reference: transformers, models/starcoder2/modeling_starcoder2.py. */
#include "compiler/arch/decoder.h"

static Node *starcoder2_body(Builder *b)
{
    Decoder d = decoder_settings(b);
    d.epsilon = config_float_or(b->config, "norm_epsilon", 0, 1, 1e-5);
    d.norm = layer_norm;
    d.qkv_bias = d.o_bias = d.mlp_bias = config_bool_or(b->config, "use_bias", true);
    d.gate = NULL;
    d.up = "c_fc";
    d.down = "c_proj";
    d.activation = "gelu_pytorch_tanh";
    decoder_rope(b, &d);
    decoder_window(b, &d, 0);
    return decoder_body(b, &d);
}

const Architecture arch_starcoder2 = {
    .model_type = "starcoder2",
    .prefix = "model.",
    .decoder = true,
    .length_keys = "max_position_embeddings",
    .body = starcoder2_body,
    .head = {DECODER_HEADS, [HEAD_causal_lm] = head_causal_lm, [HEAD_token_classification] = head_token_score},
};
