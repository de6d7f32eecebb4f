/* Falcon: the 7B layout (one head of k and v, MLP beside attention), the new decoder architecture (groups of heads, two norms) and the RW
 * models (biases by distance in place of rotation).
 * Reference: transformers, models/falcon/modeling_falcon.py. */
#include "compiler/arch/decoder.h"
#include "templates/format/bf16.h"

enum { USUAL_LENGTH = 2048 };

typedef struct FalconLayout {
    bool grouped, parallel; /* new_decoder_architecture, parallel_attn */
    int64_t norms;          /* before attention and MLP, where they are parallel */
} FalconLayout;

static FalconLayout falcon_layout(Builder *b, Decoder *d)
{
    const Config *c = b->config;
    FalconLayout l = {.grouped = config_bool_or(c, "new_decoder_architecture", false), .parallel = config_bool_or(c, "parallel_attn", true)};
    l.norms = config_int_or(c, "num_ln_in_parallel_attn", 1, 2, l.grouped ? 2 : 1);
    bool single = !l.grouped && config_bool_or(c, "multi_query", true);
    d->attention.kv_heads = single ? 1 : config_int_or(c, "num_kv_heads|n_head_kv", 1, 1 << 14, d->attention.heads);
    if (!l.grouped && !single) d->attention.kv_heads = d->attention.heads;
    if (d->attention.heads % d->attention.kv_heads)
        err_set(b->err, "%s: num_attention_heads %lld is no multiple of num_kv_heads %lld", c->file, (long long)d->attention.heads,
                (long long)d->attention.kv_heads);
    if (l.grouped && !l.parallel) config_refuse(c, "parallel_attn", "false", "true with new_decoder_architecture");
    if (!l.grouped && l.parallel && l.norms == 2)
        config_refuse(c, "num_ln_in_parallel_attn", "2", "1 without new_decoder_architecture");
    return l;
}

static Decoder falcon_settings(Builder *b)
{
    Decoder d = decoder_settings(b);
    FalconLayout l = falcon_layout(b, &d);
    d.norm = layer_norm;
    d.residual = l.parallel ? RESIDUAL_PARALLEL : RESIDUAL_SEQUENTIAL;
    d.embed_tokens = "word_embeddings";
    d.layer_list = "h";
    d.final_norm = "ln_f";
    d.attend = (DecoderBranch){"self_attention", .norm_in = l.parallel && l.norms == 2 ? "ln_attn" : "input_layernorm"};
    d.feed.norm_in = !l.parallel ? "post_attention_layernorm" : l.norms == 2 ? "ln_mlp" : NULL;
    d.qkv_layout = QKV_GROUPED;
    d.qkv = "query_key_value";
    d.o = "dense";
    d.gate = NULL;
    d.up = "dense_h_to_4h";
    d.down = "dense_4h_to_h";
    d.qkv_bias = d.o_bias = d.mlp_bias = config_bool_or(b->config, "bias", false);
    d.activation_key = "activation";
    d.activation = "gelu";
    d.zero_row = -1;
    return d;
}

static float to_bfloat16(float value) { return bf16_decode(bf16_encode(value)); }

/* transformers multiplies slopes and positions of keys in bfloat16, so a bias is no function of the distance. It is added before scores are
 * scaled. */
static void falcon_alibi(Builder *b, Decoder *d)
{
    const float *slope = alibi_slopes(b, d->attention.heads);
    int64_t heads = d->attention.heads, length = config_int_or(b->config, "max_position_embeddings", 1, 1 << 20, USUAL_LENGTH);
    float *bias = ARENA_ARRAY(b->graph->arena, float, (size_t)(heads * length));
    for (int64_t h = 0; h < heads; h++)
        for (int64_t key = 0; key < length; key++)
            bias[h * length + key] = to_bfloat16(to_bfloat16(slope[h]) * to_bfloat16((float)key)) * (float)d->attention.scale;
    d->attention.bias = graph_constant(b->graph, shape_of(2, dim_of(heads), dim_of(length)), bias);
    d->attention.origin = BIAS_BY_KEY;
}

static Node *falcon_body(Builder *b)
{
    Decoder d = falcon_settings(b);
    if (b->err->text[0]) return NULL;
    if (config_bool_or(b->config, "alibi", false))
        falcon_alibi(b, &d);
    else
        decoder_rope(b, &d);
    return decoder_body(b, &d);
}

const Architecture arch_falcon = {
    .model_type = "falcon",
    .prefix = "transformer.",
    .decoder = true,
    .length_keys = "max_position_embeddings",
    .default_length = USUAL_LENGTH,
    .body = falcon_body,
    .head = {DECODER_HEADS, [HEAD_causal_lm] = head_causal_lm, [HEAD_token_classification] = head_token_classification},
};
