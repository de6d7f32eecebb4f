/* DeepSeek-V2 and V3: attention over keys and values from a narrow latent, of which a part of its own carries the positions (MLA);
 * experts in groups beside a shared MLP, after some layers without experts.
 * Reference: transformers, models/{deepseek_v2,deepseek_v3}/modeling_*.py. */
#include <math.h>
#include <string.h>

#include "compiler/arch/llama.h"
#include "compiler/arch/moe.h"

typedef struct Deepseek {
    Moe moe;
    int64_t shared;           /* inner columns of the MLP beside the experts */
    int64_t q_rank, kv_rank;  /* q_rank 0: q comes straight from x */
    int64_t nope, rope, v;    /* columns of a head: without and with positions, and of its values */
    bool bias;
} Deepseek;

static const double latent_epsilon = 1e-6; /* whatever the config says of the other norms */

/* Rows of a projection with `each` rows for every head: of each head `count` from `first` on, then the rest or nothing. */
static Node *head_rows(Builder *b, int64_t heads, int64_t each, int64_t first, int64_t count, bool rest)
{
    int64_t size = rest ? each : count;
    float *row = ARENA_ARRAY(b->graph->arena, float, (size_t)(heads * size));
    for (int64_t i = 0; i < heads * size; i++) row[i] = (float)(i / size * each + (first + i % size) % each);
    return graph_constant(b->graph, shape_of(1, dim_of(heads * size)), row);
}

/* q [rows, heads (rope; nope)]: the part that turns comes first, as op rope wants it. */
static Node *queries(Builder *b, Node *x, const Decoder *d, const Deepseek *s)
{
    int64_t heads = d->attention.heads, each = s->nope + s->rope;
    if (s->q_rank) x = rms_norm(b, linear(b, x, "q_a_proj", s->q_rank, s->bias), "q_a_layernorm", latent_epsilon);
    const char *name = s->q_rank ? "q_b_proj" : "q_proj";
    Node *weight = param_matrix(b, arena_printf(b->graph->arena, "%s.weight", name), heads * each, shape_columns(x->shape), initial_normal(b));
    name_next(b, name);
    return linear_tied(b, x, gather(b, weight, head_rows(b, heads, each, s->nope, s->rope, true)), NULL);
}

static Node *latent_attention(Builder *b, Node *x, const Decoder *d, const DecoderLayer *layer)
{
    const Deepseek *s = d->own;
    int64_t heads = d->attention.heads, each = s->nope + s->v;
    Node *q = rope(b, queries(b, x, d, s), layer->rope, heads, d->attention.head_dim, s->rope, d->interleaved);
    Node *both = linear(b, x, "kv_a_proj_with_mqa", s->kv_rank + s->rope, s->bias);
    Node *turning = rope(b, slice(b, both, s->kv_rank, s->rope), layer->rope, 1, s->rope, s->rope, d->interleaved);
    Node *latent = rms_norm(b, slice(b, both, 0, s->kv_rank), "kv_a_layernorm", latent_epsilon);
    Node *weight = param_matrix(b, "kv_b_proj.weight", heads * each, s->kv_rank, initial_normal(b));
    name_next(b, "kv_b_proj");
    Node *nope = linear_tied(b, latent, gather(b, weight, head_rows(b, heads, each, 0, s->nope, false)), NULL);
    Node *v = linear_tied(b, latent, gather(b, weight, head_rows(b, heads, each, s->nope, s->v, false)), NULL);
    Node *k = graph_add(b->graph, OP_join, 2, (Node *[]){turning, nope}, &(Attributes){.heads = heads});
    return linear(b, attention(b, q, k, v, &d->attention), "o_proj", d->hidden, s->bias);
}

static Node *routed_and_shared(Builder *b, Node *x, const Decoder *d, const DecoderLayer *layer)
{
    const Deepseek *s = d->own;
    Node *y = moe_routed(b, x, &s->moe);
    Decoder shared = *d;
    shared.intermediate = s->shared;
    scope_enter(b, "shared_experts");
    y = add(b, y, decoder_mlp(b, x, &shared, layer));
    scope_leave(b);
    return y;
}

/* Scores are flatter by this over a stretched rope. */
static double yarn_scale(Builder *b)
{
    const char *type = config_text_or(b->config, "rope_parameters.rope_type|rope_scaling.rope_type|rope_scaling.type", "default");
    double all = config_float_or(b->config, "rope_parameters.mscale_all_dim|rope_scaling.mscale_all_dim", 0, 1e3, 0);
    double factor = config_float_or(b->config, "rope_parameters.factor|rope_scaling.factor", 1e-6, 1e6, 1);
    double scale = factor > 1 ? 0.1 * all * log(factor) + 1 : 1;
    return strcmp(type, "default") == 0 || all == 0 ? 1 : scale * scale;
}

static void read_attention(Builder *b, Decoder *d, Deepseek *s)
{
    const Config *c = b->config;
    s->bias = config_bool_or(c, "attention_bias", false);
    bool direct = cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(c->root, "q_lora_rank"));
    s->q_rank = direct ? 0 : config_int_or(c, "q_lora_rank", 1, 1 << 20, 1536);
    s->kv_rank = config_int_or(c, "kv_lora_rank", 1, 1 << 20, 512);
    s->nope = config_int_or(c, "qk_nope_head_dim", 1, 1 << 14, 128);
    s->rope = config_int_or(c, "qk_rope_head_dim", 2, 1 << 14, 64);
    s->v = config_int_or(c, "v_head_dim", 1, 1 << 14, 128);
    d->attention.kv_heads = d->attention.heads;
    d->attention.head_dim = s->nope + s->rope;
    d->attention.v_head_dim = s->v;
    d->attention.scale = yarn_scale(b) / sqrt((double)d->attention.head_dim);
    if (s->rope % 2) err_set(b->err, "%s: qk_rope_head_dim: found %lld, wanted an even number", c->file, (long long)s->rope);
    if ((1 << 24) / (s->nope + s->rope + s->v) < d->attention.heads)
        err_set(b->err, "%s: num_attention_heads: %lld heads of this size are too many", c->file, (long long)d->attention.heads);
}

/* The n_group groups of experts, of which topk_group are open to a row. */
static void read_groups(Builder *b, Moe *m, int64_t groups_otherwise, int64_t active_otherwise)
{
    m->route.groups = config_int_or(b->config, "n_group", 1, m->experts, groups_otherwise);
    m->route.active_groups = config_int_or(b->config, "topk_group", 1, m->route.groups, active_otherwise);
    int64_t groups = m->route.groups > 0 ? m->route.groups : 1, size = m->experts / groups;
    if (m->experts % groups || m->route.active > size * m->route.active_groups)
        err_set(b->err, "%s: n_group: %lld groups of %lld experts do not fit num_experts_per_tok and topk_group", b->config->file,
                (long long)groups, (long long)m->experts);
}

/* What transformers takes where config does not say. */
typedef struct Defaults {
    double scale;
    int64_t shared, dense;
} Defaults;

static Decoder deepseek_settings(Builder *b, Deepseek *s, Defaults otherwise)
{
    const Config *c = b->config;
    Decoder d = decoder_settings(b);
    d.epsilon = config_float_or(c, "rms_norm_eps", 0, 1, 1e-6);
    read_attention(b, &d, s);
    d.rotary_dim = s->rope;
    decoder_rope(b, &d);
    s->moe = moe_settings(b, &d);
    s->moe.route.scale = config_float_or(c, "routed_scaling_factor", 1e-9, 1e9, otherwise.scale);
    s->shared = s->moe.intermediate * config_int_or(c, "n_shared_experts", 1, 1 << 10, otherwise.shared);
    d.own = s;
    int64_t dense = config_int_or(c, "first_k_dense_replace", 0, INT32_MAX, otherwise.dense);
    for (int64_t i = 0; i < d.layers; i++) {
        d.layer[i].attend = latent_attention;
        if (i >= dense) d.layer[i].feed = routed_and_shared;
    }
    return d;
}

/* The weights of the chosen experts are not normalised, whatever norm_topk_prob says: transformers does not read it here. */
static Node *deepseek_v2_body(Builder *b)
{
    Deepseek s = {0};
    Decoder d = deepseek_settings(b, &s, (Defaults){1, 2, 0});
    const char *method = config_text_or(b->config, "topk_method", "greedy");
    d.interleaved = true;
    d.mlp_bias = config_bool_or(b->config, "mlp_bias", false);
    s.moe.route.normalized = 0;
    if (strcmp(method, "group_limited_greedy") == 0) read_groups(b, &s.moe, 1, 1);
    else if (strcmp(method, "greedy") != 0) config_refuse(b->config, "topk_method", method, "greedy, group_limited_greedy");
    return decoder_body(b, &d);
}

static Node *deepseek_v3_body(Builder *b)
{
    Deepseek s = {0};
    Decoder d = deepseek_settings(b, &s, (Defaults){2.5, 1, 3});
    d.interleaved = config_bool_or(b->config, "rope_interleave", true);
    s.moe.route.activation = FUNCTION_sigmoid;
    s.moe.route.group_best = 2;
    s.moe.route.normalized = config_bool_or(b->config, "norm_topk_prob", true);
    s.moe.offset = "gate.e_score_correction_bias";
    read_groups(b, &s.moe, 8, 4);
    return decoder_body(b, &d);
}

LLAMA_LIKE(deepseek_v2, true, 1e4, head_causal_lm);
LLAMA_LIKE(deepseek_v3, true, 1e4, head_causal_lm);
