/* DINOv2: a vision transformer whose sublayers are scaled, for pictures of another size than the one it was trained with.
 * Reference: transformers, models/dinov2/modeling_dinov2.py. */
#include "compiler/arch/image.h"

typedef struct DinoShape {
    int64_t hidden, heads, inner, layers;
    double epsilon;
    bool qkv_bias, gated;
} DinoShape;

static DinoShape dino_shape(Builder *b)
{
    const Config *c = b->config;
    DinoShape s = {.qkv_bias = config_bool_or(c, "qkv_bias", true), .gated = config_bool_or(c, "use_swiglu_ffn", false)};
    s.hidden = config_int(c, "hidden_size", 1, 1 << 20);
    s.heads = config_int(c, "num_attention_heads", 1, 1 << 14);
    s.layers = config_int(c, "num_hidden_layers", 1, 4096);
    s.inner = (int64_t)((double)s.hidden * config_float_or(c, "mlp_ratio", 0.01, 64, 4));
    if (s.gated) s.inner = (s.inner * 2 / 3 + 7) / 8 * 8;
    s.epsilon = config_float_or(c, "layer_norm_eps", 0, 1, 1e-6);
    if (!b->err->text[0] && s.hidden % s.heads) err_set(b->err, "%s: hidden_size is no multiple of num_attention_heads", c->file);
    return s;
}

/* Positions learned for config's image_size, brought to the size of the pictures that the processor makes. */
static Node *dino_positions(Builder *b, int64_t hidden, Grid to, int64_t patch)
{
    Grid from = image_size(b, b->config, "image_size");
    from.height /= patch;
    from.width /= patch;
    Shape shape = shape_of(3, dim_of(1), dim_of(from.height * from.width + 1), dim_of(hidden));
    Node *table = param_tensor(b, "position_embeddings", shape, initial_normal(b));
    table = graph_add(b->graph, OP_reshape, 1, &table, &(Attributes){.size = hidden});
    return image_interpolate(b, table, 1, from, to);
}

static Node *dino_embeddings(Builder *b, const DinoShape *s)
{
    Grid size = image_processed_size(b, "image_size");
    int64_t patch = image_patch_size(b, b->config, size);
    image_patch_size(b, b->config, image_size(b, b->config, "image_size")); /* whose positions are learned */
    if (b->err->text[0]) return NULL;
    scope_enter(b, "embeddings");
    Node *cls = param_tensor(b, "cls_token", shape_of(3, dim_of(1), dim_of(1), dim_of(s->hidden)), initial_normal(b));
    cls = graph_add(b->graph, OP_reshape, 1, &cls, &(Attributes){.size = s->hidden});
    if (config_bool_or(b->config, "use_mask_token", true))
        param_matrix(b, "mask_token", 1, s->hidden, (Initial){INITIAL_ZEROS, 0, -1}); /* used in training alone */
    Node *x = image_patches(b, "patch_embeddings.projection", size, image_channels(b, b->config), patch, s->hidden, true);
    x = image_with_tokens(b, x, &cls, 1);
    x = add(b, x, dino_positions(b, s->hidden, (Grid){size.height / patch, size.width / patch}, patch));
    scope_leave(b);
    return x;
}

static Node *dino_mlp(Builder *b, Node *x, const DinoShape *s)
{
    if (!s->gated) {
        x = activation(b, linear(b, x, "mlp.fc1", s->inner, true), "hidden_act", "gelu");
        return linear(b, x, "mlp.fc2", s->hidden, true);
    }
    Node *both = linear(b, x, "mlp.weights_in", 2 * s->inner, true), *gate = slice(b, both, 0, s->inner);
    gate = graph_add(b->graph, OP_silu, 1, &gate, &(Attributes){0});
    return linear(b, mul(b, gate, slice(b, both, s->inner, s->inner)), "mlp.weights_out", s->hidden, true);
}

static Node *dino_scaled(Builder *b, Node *y, const char *name, const DinoShape *s)
{
    return mul(b, y, param_vector(b, arena_printf(b->graph->arena, "%s.lambda1", name), s->hidden, INITIAL_ONES));
}

static Node *dino_layer(Builder *b, Node *x, const DinoShape *s)
{
    Node *y = layer_norm(b, x, "norm1", s->epsilon);
    Node *q = linear(b, y, "attention.attention.query", s->hidden, s->qkv_bias);
    Node *k = linear(b, y, "attention.attention.key", s->hidden, s->qkv_bias);
    Node *v = linear(b, y, "attention.attention.value", s->hidden, s->qkv_bias);
    y = image_attention(b, q, k, v, s->heads, x->shape.dim[0].size, 1, NULL);
    y = linear(b, y, "attention.output.dense", s->hidden, true);
    x = add(b, dino_scaled(b, y, "layer_scale1", s), x);
    y = dino_mlp(b, layer_norm(b, x, "norm2", s->epsilon), s);
    return add(b, dino_scaled(b, y, "layer_scale2", s), x);
}

static Node *dino_body(Builder *b)
{
    DinoShape s = dino_shape(b);
    Node *x = b->err->text[0] ? NULL : dino_embeddings(b, &s);
    if (b->err->text[0]) return NULL;
    for (int i = 0; i < s.layers; i++) {
        hidden_state(b, i, x);
        scope_layer(b, i);
        scope_enter(b, "encoder.layer.%d", i);
        x = dino_layer(b, x, &s);
        scope_leave(b);
        scope_layer(b, -1);
    }
    hidden_state(b, (int)s.layers, x);
    return layer_norm(b, x, "layernorm", s.epsilon);
}

static void dino_base(Builder *b, Node *hidden)
{
    head_last_hidden_state(b, hidden);
    graph_output(b->graph, "pooler_output", image_row(b, hidden, 0));
}

/* One linear over the first token and the mean of the others: two, over columns of its weight. */
static void dino_classify(Builder *b, Node *hidden)
{
    int64_t h = shape_columns(hidden->shape), labels = label_count(b);
    Node *weight = param_matrix(b, "classifier.weight", labels, 2 * h, initial_normal(b));
    Node *bias = param_vector(b, "classifier.bias", labels, INITIAL_ZEROS);
    Node *mean = image_mean(b, image_rows(b, hidden, 1, hidden->shape.dim[0].size - 1));
    Node *logits = linear_tied(b, image_row(b, hidden, 0), slice(b, weight, 0, h), bias);
    graph_output(b->graph, "logits", add(b, linear_tied(b, mean, slice(b, weight, h, h), NULL), logits));
}

const Architecture arch_dinov2 = {
    .model_type = "dinov2",
    .prefix = "dinov2.",
    .images = true,
    .tasks = IMAGE_TASKS,
    .body = dino_body,
    .head = {[HEAD_base] = dino_base, [HEAD_image_classification] = dino_classify},
};
