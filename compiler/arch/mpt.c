/* MPT: biases by distance in place of positions, no other biases, norms with a gain alone.
 * Reference: transformers, models/mpt/modeling_mpt.py. */
#include <math.h>

#include "compiler/arch/decoder.h"

enum { STEEPEST = 8 }; /* slopes run from 2^(-8/heads) to 2^-8; transformers does not read alibi_bias_max */

/* Of the next power of two of heads: every other one from the second on, then those between. */
static float *mpt_slopes(Builder *b, int64_t heads)
{
    float *slope = ARENA_ARRAY(b->graph->arena, float, (size_t)heads);
    int64_t power = 1;
    while (power < heads) power *= 2;
    for (int64_t h = 0; h < heads; h++) {
        int64_t place = power == heads ? h : h < power / 2 ? 2 * h + 1 : 2 * (h - power / 2);
        slope[h] = 1 / powf(2, (float)(place + 1) * (float)((double)STEEPEST / (double)power));
    }
    return slope;
}

/* Settings of the original code that transformers does not follow. */
static void refuse_others(const Config *c)
{
    if (!config_bool_or(c, "attn_config.alibi", true)) config_refuse(c, "attn_config.alibi", "false", "true");
    if (config_bool_or(c, "attn_config.qk_ln", false)) config_refuse(c, "attn_config.qk_ln", "true", "false");
    if (config_bool_or(c, "attn_config.prefix_lm", false)) config_refuse(c, "attn_config.prefix_lm", "true", "false");
    if (!config_bool_or(c, "no_bias", true)) config_refuse(c, "no_bias", "false", "true");
    if (config_int_or(c, "attn_config.alibi_bias_max", 0, 1 << 20, STEEPEST) != STEEPEST)
        config_refuse(c, "attn_config.alibi_bias_max", "another number", "8");
}

static Decoder mpt_settings(Builder *b)
{
    Decoder d = decoder_settings(b);
    d.norm = layer_norm_unbiased;
    d.intermediate = 4 * d.hidden;
    d.embed_tokens = "wte";
    d.layer_list = "blocks";
    d.final_norm = "norm_f";
    d.attend = (DecoderBranch){"attn", .norm_in = "norm_1"};
    d.attention.scale = config_float_or(b->config, "attn_config.softmax_scale", 1e-9, 1e9, d.attention.scale);
    d.qkv_layout = QKV_STACKED;
    d.qkv = "Wqkv";
    d.qkv_clip = config_float_or(b->config, "attn_config.clip_qkv", 0, 1e9, 0);
    d.o = "out_proj";
    d.feed = (DecoderBranch){"ffn", .norm_in = "norm_2"};
    d.gate = NULL;
    d.activation_key = "";
    d.activation = "gelu";
    d.zero_row = -1;
    return d;
}

static Node *mpt_body(Builder *b)
{
    Decoder d = mpt_settings(b);
    refuse_others(b->config);
    int64_t length = config_int(b->config, "max_seq_len", 1, 1 << 20);
    if (b->err->text[0]) return NULL;
    decoder_alibi(b, &d, mpt_slopes(b, d.attention.heads), length);
    return decoder_body(b, &d);
}

const Architecture arch_mpt = {
    .model_type = "mpt",
    .prefix = "transformer.",
    .decoder = true,
    .length_keys = "max_seq_len",
    .body = mpt_body,
    .head = {DECODER_HEADS, [HEAD_causal_lm] = head_causal_lm, [HEAD_token_classification] = head_token_classification},
};
