/* wav2vec2 and HuBERT: strided convolutions over samples, then a transformer whose positions are a convolution, too.
 * Reference: transformers, models/{wav2vec2,hubert}/modeling_*.py. */
#include <math.h>
#include <string.h>

#include "compiler/arch/blocks.h"

enum { MOST_CONVOLUTIONS = 16 };

/* Of the norms among the convolutions, whatever config.json says of the others. */
static const double feature_epsilon = 1e-5;

typedef struct SoundEncoder {
    int64_t channels[MOST_CONVOLUTIONS], kernel[MOST_CONVOLUTIONS], stride[MOST_CONVOLUTIONS];
    int convolutions;
    bool bias;
    bool norm_each; /* of each row, behind every convolution; otherwise of the whole sound, behind the first */
    int64_t hidden, inner, layers;
    double epsilon;
    bool pre_norm; /* norms before the parts of a layer, and one at the end */
    AttentionShape attention;
} SoundEncoder;

/* ---- config ---- */

static void read_convolutions(Builder *b, SoundEncoder *s)
{
    const Config *c = b->config;
    size_t count = config_ints(c, "conv_dim", 1, 1 << 16, s->channels, MOST_CONVOLUTIONS);
    size_t kernels = config_ints(c, "conv_kernel", 1, 4096, s->kernel, MOST_CONVOLUTIONS);
    size_t strides = config_ints(c, "conv_stride", 1, 4096, s->stride, MOST_CONVOLUTIONS);
    const char *norm = config_text_or(c, "feat_extract_norm", "group");
    s->convolutions = (int)count;
    s->bias = config_bool_or(c, "conv_bias", false);
    s->norm_each = strcmp(norm, "layer") == 0;
    if (!s->norm_each && strcmp(norm, "group") != 0) config_refuse(c, "feat_extract_norm", norm, "group, layer");
    if (count == 0 || kernels != count || strides != count)
        err_set(b->err, "%s: conv_dim, conv_kernel, conv_stride: wanted three lists of one length", c->file);
}

/* Samples of the first row, and from row to row. */
static void measure_frames(Builder *b, const SoundEncoder *s)
{
    enum { MOST_SAMPLES = 1 << 20 };
    b->frame_samples = b->frame_step = 1;
    for (int i = 0; i < s->convolutions && !b->err->text[0]; i++) {
        b->frame_samples += (s->kernel[i] - 1) * b->frame_step;
        b->frame_step *= s->stride[i];
        if (b->frame_samples > MOST_SAMPLES || b->frame_step > MOST_SAMPLES)
            err_set(b->err, "%s: conv_kernel, conv_stride: a row is made of more than %d samples", b->config->file, MOST_SAMPLES);
    }
}

static SoundEncoder sound_encoder(Builder *b)
{
    const Config *c = b->config;
    SoundEncoder s = {.pre_norm = config_bool_or(c, "do_stable_layer_norm", false)};
    read_convolutions(b, &s);
    measure_frames(b, &s);
    s.hidden = config_int(c, "hidden_size", 1, 1 << 20);
    s.inner = config_int(c, "intermediate_size", 1, 1 << 22);
    s.layers = config_int(c, "num_hidden_layers", 1, 4096);
    s.epsilon = config_float_or(c, "layer_norm_eps", 0, 1, 1e-5);
    s.attention.heads = s.attention.kv_heads = config_int(c, "num_attention_heads", 1, 1 << 14);
    if (config_bool_or(c, "add_adapter", false)) config_refuse(c, "add_adapter", "true", "false");
    if (config_has(c, "adapter_attn_dim")) config_refuse(c, "adapter_attn_dim", "a number", "null");
    if (b->err->text[0]) return s;
    s.attention.head_dim = s.hidden / s.attention.heads;
    s.attention.scale = 1 / sqrt((double)s.attention.head_dim);
    if (s.hidden % s.attention.heads) err_set(b->err, "%s: hidden_size is no multiple of num_attention_heads", c->file);
    return s;
}

/* ---- samples to rows ---- */

/* NAME.weight [channels, x's columns, size] as a matrix whose columns are taps, each with all channels. */
static Node *tap_matrix(Builder *b, const char *name, int64_t channels, int64_t columns, int64_t size)
{
    Initial initial = {INITIAL_NORMAL, sqrt(2.0 / (double)(columns * size)), -1};
    Node *w = param_tensor(b, arena_printf(b->graph->arena, "%s.weight", name), shape_of(3, dim_of(channels), dim_of(columns), dim_of(size)),
                           initial);
    w = graph_add(b->graph, OP_reshape, 1, &w, &(Attributes){.size = columns * size});
    return graph_add(b->graph, OP_interleave, 1, &w, &(Attributes){.size = size});
}

static Node *convolve(Builder *b, Node *x, const SoundEncoder *s, int i)
{
    name_next(b, "conv");
    Node *w = tap_matrix(b, "conv", s->channels[i], shape_columns(x->shape), s->kernel[i]);
    Node *bias = s->bias ? param_vector(b, "conv.bias", s->channels[i], INITIAL_ZEROS) : NULL;
    Node *seen = graph_add(b->graph, OP_windows, 1, &x, &(Attributes){.size = s->kernel[i], .stride = s->stride[i]});
    return linear_tied(b, seen, w, bias);
}

/* Over all rows of a sound, each channel by itself. */
static Node *norm_sound(Builder *b, Node *x, const SoundEncoder *s)
{
    name_next(b, "layer_norm");
    Node *gain = param_vector(b, "layer_norm.weight", s->channels[0], INITIAL_ONES);
    Node *bias = param_vector(b, "layer_norm.bias", s->channels[0], INITIAL_ZEROS);
    Attributes a = {.epsilon = feature_epsilon, .size = s->kernel[0], .stride = s->stride[0]};
    return graph_add(b->graph, OP_sound_norm, 4, (Node *[]){x, input_sequences(b), gain, bias}, &a);
}

static Node *feature_rows(Builder *b, const SoundEncoder *s)
{
    Node *samples = graph_input(b->graph, "values", FORMAT_f32, shape_of(2, dim_symbol(SYMBOL_samples), dim_of(1)));
    b->graph->scope = "samples";
    Node *x = graph_add(b->graph, OP_spread, 2, (Node *[]){samples, input_sequences(b)}, &(Attributes){.size = b->frame_step});
    for (int i = 0; i < s->convolutions; i++) {
        scope_enter(b, "feature_extractor.conv_layers.%d", i);
        x = convolve(b, x, s, i);
        if (s->norm_each) x = layer_norm(b, x, "layer_norm", feature_epsilon);
        else if (i == 0) x = norm_sound(b, x, s);
        x = activation(b, x, "feat_extract_activation", "gelu");
        scope_leave(b);
    }
    b->graph->scope = "frames";
    return graph_add(b->graph, OP_collect, 2, (Node *[]){x, input_sequences(b)}, &(Attributes){0});
}

static Node *project(Builder *b, Node *x, const SoundEncoder *s)
{
    scope_enter(b, "feature_projection");
    if (config_bool_or(b->config, "feat_proj_layer_norm", true)) x = layer_norm(b, x, "layer_norm", s->epsilon);
    x = linear(b, x, "projection", s->hidden, true);
    scope_leave(b);
    return x;
}

/* ---- positions ---- */

/* The weight of the positions' convolution, [N, C, T]: one direction and length for each tap, under the names of old or new torch. */
static Node *position_weight(Builder *b, int64_t n, int64_t channels, int64_t taps)
{
    const char *old = arena_printf(b->graph->arena, "%sconv.weight_g", b->scope);
    bool is_old = b->model->has_weights && model_has_tensor(b->model, old);
    Shape shape = shape_of(3, dim_of(n), dim_of(channels), dim_of(taps));
    Initial initial = {INITIAL_NORMAL, 2 * sqrt(1 / (double)(taps * n)), -1};
    if (config_bool_or(b->config, "conv_pos_batch_norm", false)) return param_tensor(b, "conv.weight", shape, initial);
    Node *length = param_tensor(b, is_old ? "conv.weight_g" : "conv.parametrizations.weight.original0",
                                shape_of(3, dim_of(1), dim_of(1), dim_of(taps)), (Initial){INITIAL_ONES, 0, -1});
    Node *direction = param_tensor(b, is_old ? "conv.weight_v" : "conv.parametrizations.weight.original1", shape, initial);
    return graph_add(b->graph, OP_weight_norm, 2, (Node *[]){direction, length}, &(Attributes){0});
}

static Node *statistic(Builder *b, const char *name, int64_t n, InitialKind kind)
{
    Node *node = param_vector(b, name, n, kind);
    param_is_buffer(b, node);
    return node;
}

/* (x - mean) / sqrt(variance + epsilon) * gain + bias, by what was seen in training. */
static Node *norm_by_statistics(Builder *b, Node *x)
{
    int64_t n = shape_columns(x->shape);
    Node *gain = param_vector(b, "batch_norm.weight", n, INITIAL_ONES), *bias = param_vector(b, "batch_norm.bias", n, INITIAL_ZEROS);
    Node *mean = statistic(b, "batch_norm.running_mean", n, INITIAL_ZEROS), *variance = statistic(b, "batch_norm.running_var", n, INITIAL_ONES);
    Node *scale = mul(b, gain, graph_add(b->graph, OP_rsqrt, 1, &variance, &(Attributes){.value = 1e-5}));
    Node *shift = graph_add(b->graph, OP_sub, 2, (Node *[]){bias, mul(b, mean, scale)}, &(Attributes){0});
    return add(b, mul(b, x, scale), shift);
}

static Node *positions(Builder *b, Node *x, const SoundEncoder *s)
{
    int64_t taps = config_int_or(b->config, "num_conv_pos_embeddings", 1, 4096, 128);
    int64_t groups = config_int_or(b->config, "num_conv_pos_embedding_groups", 1, 1 << 16, 16);
    if (s->hidden % groups) err_set(b->err, "%s: hidden_size is no multiple of num_conv_pos_embedding_groups", b->config->file);
    if (b->err->text[0]) return x;
    scope_enter(b, "pos_conv_embed");
    if (config_bool_or(b->config, "conv_pos_batch_norm", false)) x = norm_by_statistics(b, x);
    Node *w = position_weight(b, s->hidden, s->hidden / groups, taps);
    w = graph_add(b->graph, OP_reshape, 1, &w, &(Attributes){.size = s->hidden / groups * taps});
    w = graph_add(b->graph, OP_interleave, 1, &w, &(Attributes){.size = taps});
    w = graph_add(b->graph, OP_transpose, 1, &w, &(Attributes){0});
    name_next(b, "conv");
    Attributes a = {.size = taps, .groups = groups, .origin = taps / 2};
    x = graph_add(b->graph, OP_correlate, 3, (Node *[]){x, input_sequences(b), w}, &a);
    x = add(b, x, param_vector(b, "conv.bias", s->hidden, INITIAL_ZEROS));
    x = activation(b, x, "feat_extract_activation", "gelu");
    scope_leave(b);
    return x;
}

/* ---- layers ---- */

static Node *attend(Builder *b, Node *x, const SoundEncoder *s)
{
    scope_enter(b, "attention");
    Node *q = linear(b, x, "q_proj", s->hidden, true), *k = linear(b, x, "k_proj", s->hidden, true);
    Node *v = linear(b, x, "v_proj", s->hidden, true);
    Node *y = linear(b, attention(b, q, k, v, &s->attention), "out_proj", s->hidden, true);
    scope_leave(b);
    return y;
}

static Node *feed(Builder *b, Node *x, const SoundEncoder *s)
{
    x = activation(b, linear(b, x, "feed_forward.intermediate_dense", s->inner, true), "hidden_act", "gelu");
    return linear(b, x, "feed_forward.output_dense", s->hidden, true);
}

static Node *sound_layer(Builder *b, Node *x, const SoundEncoder *s)
{
    if (s->pre_norm) {
        x = add(b, attend(b, layer_norm(b, x, "layer_norm", s->epsilon), s), x);
        return add(b, feed(b, layer_norm(b, x, "final_layer_norm", s->epsilon), s), x);
    }
    x = layer_norm(b, add(b, attend(b, x, s), x), "layer_norm", s->epsilon);
    return layer_norm(b, add(b, feed(b, x, s), x), "final_layer_norm", s->epsilon);
}

/* What stands for masked rows in training: checkpoints have it, nothing here needs it. */
static void pass_over_mask(Builder *b, const SoundEncoder *s)
{
    const Config *c = b->config;
    const char *name = arena_printf(b->graph->arena, "%smasked_spec_embed", b->scope);
    bool masks = config_float_or(c, "mask_time_prob", 0, 1, 0.05) > 0 || config_float_or(c, "mask_feature_prob", 0, 1, 0) > 0;
    if (b->model->has_weights ? model_has_tensor(b->model, name) : masks) param_vector(b, "masked_spec_embed", s->hidden, INITIAL_UNIFORM);
}

static Node *sound_body(Builder *b)
{
    SoundEncoder s = sound_encoder(b);
    if (b->err->text[0]) return NULL;
    pass_over_mask(b, &s);
    Node *x = project(b, feature_rows(b, &s), &s);
    if (b->err->text[0]) return NULL;
    scope_enter(b, "encoder");
    x = add(b, x, positions(b, x, &s));
    if (!s.pre_norm) x = layer_norm(b, x, "layer_norm", s.epsilon);
    for (int i = 0; i < s.layers; i++) {
        hidden_state(b, i, x);
        scope_layer(b, i);
        scope_enter(b, "layers.%d", i);
        x = sound_layer(b, x, &s);
        scope_leave(b);
        scope_layer(b, -1);
    }
    hidden_state(b, (int)s.layers, x);
    if (s.pre_norm) x = layer_norm(b, x, "layer_norm", s.epsilon);
    scope_leave(b);
    return x;
}

static void head_ctc(Builder *b, Node *hidden)
{
    graph_output(b->graph, "logits", linear(b, hidden, "lm_head", config_int(b->config, "vocab_size", 1, 1 << 24), true));
}

#define SOUND_ENCODER(type)                                                                                             \
    const Architecture arch_##type = {                                                                                  \
        .model_type = #type,                                                                                            \
        .prefix = #type ".",                                                                                            \
        .sounds = true,                                                                                                 \
        .tasks = "",                                                                                                    \
        .body = sound_body,                                                                                             \
        .head = {[HEAD_base] = head_last_hidden_state, [HEAD_ctc] = head_ctc},                                          \
    };

SOUND_ENCODER(wav2vec2)
SOUND_ENCODER(hubert)
