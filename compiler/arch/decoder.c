/* decoder: see decoder.h. */
#include "compiler/arch/decoder.h"

#include <math.h>
#include <string.h>

/* ---- settings ---- */

static AttentionShape read_attention(Builder *b, int64_t hidden)
{
    const Config *c = b->config;
    AttentionShape a = {.causal = true};
    a.heads = config_int(c, "num_attention_heads|n_head|n_heads", 1, 1 << 14);
    a.kv_heads = config_int_or(c, "num_key_value_heads", 1, 1 << 14, a.heads);
    if (!config_has(c, "head_dim") && hidden % a.heads)
        err_set(b->err, "%s: hidden_size %lld is no multiple of num_attention_heads %lld", c->file, (long long)hidden, (long long)a.heads);
    int64_t share = hidden / a.heads;
    a.head_dim = config_int_or(c, "head_dim", 1, 1 << 14, share ? share : 1);
    a.scale = 1 / sqrt((double)a.head_dim);
    if (a.heads % a.kv_heads)
        err_set(b->err, "%s: num_attention_heads %lld is no multiple of num_key_value_heads %lld", c->file, (long long)a.heads,
                (long long)a.kv_heads);
    return a;
}

/* Kinds of layers are known ones also where nothing depends on them. */
static int64_t read_layers(Builder *b)
{
    int64_t layers = config_int(b->config, "num_hidden_layers|n_layer|n_layers", 1, 4096);
    for (int64_t i = 0; i < layers && !b->err->text[0]; i++) decoder_layer_slides(b, i, false);
    return layers;
}

Decoder decoder_settings(Builder *b)
{
    const Config *c = b->config;
    int64_t hidden = config_int(c, "hidden_size|n_embd|d_model", 1, 1 << 20);
    int64_t layers = read_layers(b);
    int64_t vocabulary = config_int(c, "vocab_size", 1, 1 << 24);
    return (Decoder){
        .hidden = hidden,
        .intermediate = config_int_or(c, "intermediate_size|n_inner|ffn_dim|ffn_hidden_size", 1, 1 << 22, 4 * hidden),
        .layers = layers,
        .vocabulary = vocabulary,
        .epsilon = config_float_or(c, "rms_norm_eps|layer_norm_eps|layer_norm_epsilon|norm_epsilon", 0, 1, 1e-5),
        .norm = rms_norm,
        .residual_scale = 1,
        .layer = ARENA_ARRAY(b->graph->arena, DecoderLayer, (size_t)layers),
        .embed_tokens = "embed_tokens",
        .layer_list = "layers",
        .final_norm = "norm",
        .embedding_scale = 1,
        .zero_row = config_int_or(c, "pad_token_id", -1, vocabulary - 1, -1),
        .attend = {"self_attn", .norm_in = "input_layernorm"},
        .attention = read_attention(b, hidden),
        .q = "q_proj", .k = "k_proj", .v = "v_proj", .o = "o_proj",
        .feed = {"mlp", .norm_in = "post_attention_layernorm"},
        .gate = "gate_proj", .up = "up_proj", .down = "down_proj",
        .activation_key = "hidden_act|hidden_activation|activation_function|activation",
        .activation = "silu",
    };
}

void decoder_rotary_share(Builder *b, Decoder *d, double otherwise)
{
    const char *keys = "rope_parameters.partial_rotary_factor|rope_scaling.partial_rotary_factor|partial_rotary_factor|rotary_pct";
    double share = config_float_or(b->config, keys, 0, 1, otherwise);
    d->rotary_dim = (int64_t)((double)d->attention.head_dim * share);
    if (d->rotary_dim % 2 || d->rotary_dim == 0)
        err_set(b->err, "%s: %lld of the head's %lld elements rotate; wanted an even number", b->config->file,
                (long long)d->rotary_dim, (long long)d->attention.head_dim);
}

void decoder_rope(Builder *b, Decoder *d)
{
    if (d->rotary_dim == 0) decoder_rotary_share(b, d, 1);
    if (b->err->text[0]) return;
    Node *table = rope_table(b, d->rotary_dim, NULL);
    for (int64_t i = 0; i < d->layers; i++) d->layer[i].rope = table;
}

double decoder_number_or_none(Builder *b, const char *key, double maximum, double otherwise)
{
    if (cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(b->config->root, key))) return 0;
    return config_float_or(b->config, key, 1e-6, maximum, otherwise);
}

int64_t decoder_window_size(Builder *b, int64_t otherwise)
{
    bool none = cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(b->config->root, "sliding_window"));
    return none ? 0 : config_int_or(b->config, "sliding_window", 1, INT32_MAX, otherwise);
}

void decoder_window(Builder *b, Decoder *d, int64_t otherwise)
{
    int64_t window = decoder_window_size(b, otherwise);
    for (int64_t i = 0; i < d->layers; i++) d->layer[i].window = window;
}

bool decoder_layer_slides(Builder *b, int64_t i, bool otherwise)
{
    const cJSON *types = config_item(b->config, "layer_types");
    if (!types) return otherwise;
    const cJSON *type = cJSON_IsArray(types) ? cJSON_GetArrayItem(types, (int)i) : NULL;
    if (!cJSON_IsString(type)) {
        err_set(b->err, "%s: layer_types: no text for layer %lld", b->config->file, (long long)i);
        return false;
    }
    bool slides = strcmp(type->valuestring, "sliding_attention") == 0;
    if (!slides && strcmp(type->valuestring, "full_attention") != 0)
        config_refuse(b->config, "layer_types", type->valuestring, "full_attention, sliding_attention");
    return slides;
}

/* ---- biases by distance ---- */

void decoder_alibi(Builder *b, Decoder *d, const float *slopes, int64_t length)
{
    int64_t heads = d->attention.heads;
    float *bias = ARENA_ARRAY(b->graph->arena, float, (size_t)(heads * length));
    for (int64_t h = 0; h < heads; h++)
        for (int64_t j = 0; j < length; j++) bias[h * length + j] = slopes[h] * (float)(j - (length - 1));
    d->attention.bias = graph_constant(b->graph, shape_of(2, dim_of(heads), dim_of(length)), bias);
    d->attention.origin = length - 1;
}

/* A geometric sequence for the largest power of two of heads, every other member of a finer one for the rest. */
float *alibi_slopes(Builder *b, int64_t heads)
{
    float *slope = ARENA_ARRAY(b->graph->arena, float, (size_t)heads);
    int64_t power = 1;
    while (2 * power <= heads) power *= 2;
    float base = (float)exp2(-8.0 / (double)power), finer = (float)exp2(-4.0 / (double)power);
    for (int64_t h = 0; h < heads; h++) slope[h] = h < power ? powf(base, (float)(h + 1)) : powf(finer, (float)(2 * (h - power) + 1));
    return slope;
}

/* ---- q, k, v ---- */

/* Row numbers that bring q, k and v of a grouped projection together: all of q, all of k, all of v. */
static Node *ungrouping(Builder *b, const AttentionShape *a)
{
    int64_t share = a->heads / a->kv_heads, size = a->head_dim, count = (a->heads + 2 * a->kv_heads) * size, at = 0;
    float *row = ARENA_ARRAY(b->graph->arena, float, (size_t)count);
    for (int64_t h = 0; h < a->heads; h++)
        for (int64_t i = 0; i < size; i++) row[at++] = (float)((h / share * (share + 2) + h % share) * size + i);
    for (int64_t part = 0; part < 2; part++)
        for (int64_t g = 0; g < a->kv_heads; g++)
            for (int64_t i = 0; i < size; i++) row[at++] = (float)((g * (share + 2) + share + part) * size + i);
    return graph_constant(b->graph, shape_of(1, dim_of(count)), row);
}

static Node *linear_ungrouped(Builder *b, Node *x, const Decoder *d, int64_t n)
{
    const char *name = arena_printf(b->graph->arena, "%s.weight", d->qkv);
    Node *order = ungrouping(b, &d->attention);
    Node *weight = gather(b, param_matrix(b, name, n, d->hidden, initial_normal(b)), order);
    Node *bias = NULL;
    if (d->qkv_bias)
        bias = gather(b, param_vector(b, arena_printf(b->graph->arena, "%s.bias", d->qkv), n, INITIAL_ZEROS), order);
    return linear_tied(b, x, weight, bias);
}

typedef struct Qkv {
    Node *q, *k, *v;
} Qkv;

static Qkv project_apart(Builder *b, Node *x, const Decoder *d)
{
    const AttentionShape *a = &d->attention;
    return (Qkv){.q = linear(b, x, d->q, a->heads * a->head_dim, d->qkv_bias),
                 .k = linear(b, x, d->k, a->kv_heads * a->head_dim, d->qkv_bias),
                 .v = linear(b, x, d->v, a->kv_heads * a->head_dim, d->qkv_bias)};
}

static Qkv project_together(Builder *b, Node *x, const Decoder *d)
{
    const AttentionShape *a = &d->attention;
    int64_t q = a->heads * a->head_dim, k = a->kv_heads * a->head_dim;
    Node *all = d->qkv_layout == QKV_STACKED ? linear(b, x, d->qkv, q + 2 * k, d->qkv_bias) : linear_ungrouped(b, x, d, q + 2 * k);
    return (Qkv){slice(b, all, 0, q), slice(b, all, q, k), slice(b, all, q + k, k)};
}

static Node *clip(Builder *b, const Decoder *d, Node *x)
{
    if (d->qkv_clip == 0) return x;
    return graph_add(b->graph, OP_clamp, 1, &x, &(Attributes){.value = d->qkv_clip});
}

static Qkv decoder_qkv(Builder *b, Node *x, const Decoder *d, const DecoderLayer *layer)
{
    const AttentionShape *a = &d->attention;
    Qkv p = d->qkv_layout == QKV_APART ? project_apart(b, x, d) : project_together(b, x, d);
    p = (Qkv){clip(b, d, p.q), clip(b, d, p.k), clip(b, d, p.v)};
    if (d->head_norm) {
        p.q = d->head_norm(b, p.q, d->q_norm, a->heads, d->epsilon);
        p.k = d->head_norm(b, p.k, d->k_norm, a->kv_heads, d->epsilon);
    }
    if (layer->rope) {
        p.q = rope(b, p.q, layer->rope, a->heads, a->head_dim, d->rotary_dim, d->interleaved);
        p.k = rope(b, p.k, layer->rope, a->kv_heads, a->head_dim, d->rotary_dim, d->interleaved);
    }
    return p;
}

/* ---- branches ---- */

static Node *decoder_attention(Builder *b, Node *x, const Decoder *d, const DecoderLayer *layer)
{
    AttentionShape a = d->attention;
    a.window = layer->window;
    if (d->sinks) a.sinks = param_vector(b, d->sinks, a.heads, INITIAL_ZEROS);
    Qkv p = decoder_qkv(b, x, d, layer);
    return linear(b, attention(b, p.q, p.k, p.v, &a), d->o, d->hidden, d->o_bias);
}

static Node *decoder_act(Builder *b, const Decoder *d, Node *x) { return activation(b, x, d->activation_key, d->activation); }

Node *decoder_mlp(Builder *b, Node *x, const Decoder *d, const DecoderLayer *layer)
{
    (void)layer;
    Node *inner;
    if (d->gate_up) {
        Node *both = linear(b, x, d->gate_up, 2 * d->intermediate, d->mlp_bias);
        inner = mul(b, decoder_act(b, d, slice(b, both, 0, d->intermediate)), slice(b, both, d->intermediate, d->intermediate));
    } else if (d->gate) {
        Node *gate = decoder_act(b, d, linear(b, x, d->gate, d->intermediate, d->mlp_bias));
        inner = mul(b, gate, linear(b, x, d->up, d->intermediate, d->mlp_bias));
    } else {
        inner = decoder_act(b, d, linear(b, x, d->up, d->intermediate, d->mlp_bias));
    }
    return linear(b, inner, d->down, d->hidden, d->mlp_bias);
}

static Node *norm_if(Builder *b, const Decoder *d, Node *x, const char *name)
{
    return name ? d->norm(b, x, name, d->epsilon) : x;
}

/* What a branch adds. */
static Node *branch(Builder *b, Node *x, const Decoder *d, const DecoderBranch *part, const DecoderLayer *layer)
{
    if (part->scope) scope_enter(b, "%s", part->scope);
    bool attends = part == &d->attend;
    BranchBuilder *own = attends ? layer->attend : layer->feed;
    Node *y = own ? own(b, x, d, layer) : attends ? decoder_attention(b, x, d, layer) : decoder_mlp(b, x, d, layer);
    if (part->scope) scope_leave(b);
    y = norm_if(b, d, y, part->norm_out);
    return d->residual_scale == 1 ? y : graph_add(b->graph, OP_scale, 1, &y, &(Attributes){.value = d->residual_scale});
}

static Node *residual_branch(Builder *b, Node *x, const Decoder *d, const DecoderBranch *part, const DecoderLayer *layer)
{
    Node *normed = norm_if(b, d, x, part->norm_in);
    x = add(b, d->residual_normed ? normed : x, branch(b, normed, d, part, layer));
    return norm_if(b, d, x, part->norm_sum);
}

static Node *layer_sequential(Builder *b, Node *x, const Decoder *d, const DecoderLayer *layer)
{
    return residual_branch(b, residual_branch(b, x, d, &d->attend, layer), d, &d->feed, layer);
}

/* Without a norm of its own the MLP reads what attention reads. */
static Node *layer_parallel(Builder *b, Node *x, const Decoder *d, const DecoderLayer *layer)
{
    Node *normed = norm_if(b, d, x, d->attend.norm_in);
    Node *feed_in = d->feed.norm_in ? norm_if(b, d, x, d->feed.norm_in) : normed;
    Node *attended = branch(b, normed, d, &d->attend, layer);
    return add(b, add(b, x, attended), branch(b, feed_in, d, &d->feed, layer));
}

/* ---- body ---- */

Node *decoder_embed(Builder *b, const Decoder *d)
{
    return embedding_scaled(b, input_ids(b), d->embed_tokens, d->vocabulary, d->hidden, d->zero_row, d->embedding_scale);
}

Node *decoder_layers(Builder *b, const Decoder *d, Node *x)
{
    for (int i = 0; i < d->layers; i++) {
        hidden_state(b, i, x);
        scope_layer(b, i);
        scope_enter(b, "%s.%d", d->layer_list, i);
        x = d->residual == RESIDUAL_PARALLEL ? layer_parallel(b, x, d, &d->layer[i]) : layer_sequential(b, x, d, &d->layer[i]);
        scope_leave(b);
        scope_layer(b, -1);
    }
    return x;
}

Node *decoder_finish(Builder *b, const Decoder *d, Node *x)
{
    x = norm_if(b, d, x, d->final_norm);
    hidden_state(b, (int)d->layers, x);
    return x;
}

Node *decoder_body(Builder *b, const Decoder *d)
{
    if (b->err->text[0]) return NULL;
    return decoder_finish(b, d, decoder_layers(b, d, decoder_embed(b, d)));
}

/* ---- norms of q and k ---- */

Node *repeat_for_heads(Builder *b, Node *x, int64_t heads)
{
    int64_t size = shape_columns(x->shape);
    float *element = ARENA_ARRAY(b->graph->arena, float, (size_t)(heads * size));
    for (int64_t i = 0; i < heads * size; i++) element[i] = (float)(i % size);
    return gather(b, x, graph_constant(b->graph, shape_of(1, dim_of(heads * size)), element));
}

static Node *one_for_heads(Builder *b, const char *name, const char *ending, int64_t size, int64_t heads, InitialKind kind)
{
    return repeat_for_heads(b, param_vector(b, arena_printf(b->graph->arena, "%s.%s", name, ending), size, kind), heads);
}

Node *head_norm_shared(Builder *b, Node *x, const char *name, int64_t heads, double epsilon)
{
    name_next(b, name);
    Node *gain = one_for_heads(b, name, "weight", shape_columns(x->shape) / heads, heads, INITIAL_ONES);
    return graph_add(b->graph, OP_rms_norm, 2, (Node *[]){x, gain}, &(Attributes){.epsilon = epsilon, .heads = heads});
}

Node *head_norm_shared_layer(Builder *b, Node *x, const char *name, int64_t heads, double epsilon)
{
    name_next(b, name);
    int64_t size = shape_columns(x->shape) / heads;
    Node *gain = one_for_heads(b, name, "weight", size, heads, INITIAL_ONES);
    Node *bias = one_for_heads(b, name, "bias", size, heads, INITIAL_ZEROS);
    return graph_add(b->graph, OP_layer_norm, 3, (Node *[]){x, gain, bias}, &(Attributes){.epsilon = epsilon, .heads = heads});
}

Node *head_norm_whole(Builder *b, Node *x, const char *name, int64_t heads, double epsilon)
{
    (void)heads;
    return rms_norm(b, x, name, epsilon);
}
