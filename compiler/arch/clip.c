/* CLIP: an encoder of texts and one of pictures whose embeddings can be compared.
 * Reference: transformers, models/clip/modeling_clip.py. */
#include <math.h>

#include "compiler/arch/image.h"

typedef struct ClipShape {
    Config config; /* text_config or vision_config */
    int64_t hidden, heads, inner, layers;
    double epsilon;
    const char *activation;
} ClipShape;

static ClipShape clip_shape(Builder *b, const char *key)
{
    ClipShape s = {.config = config_object(b->config, key)};
    s.hidden = config_int(&s.config, "hidden_size", 1, 1 << 20);
    s.heads = config_int(&s.config, "num_attention_heads", 1, 1 << 14);
    s.inner = config_int(&s.config, "intermediate_size", 1, 1 << 22);
    s.layers = config_int(&s.config, "num_hidden_layers", 1, 4096);
    s.epsilon = config_float_or(&s.config, "layer_norm_eps", 0, 1, 1e-5);
    s.activation = config_text_or(&s.config, "hidden_act", "quick_gelu");
    if (!b->err->text[0] && s.hidden % s.heads) err_set(b->err, "%s: %s: hidden_size is no multiple of num_attention_heads", b->config->file, key);
    return s;
}

static Node *clip_attention(Builder *b, Node *q, Node *k, Node *v, const ClipShape *s)
{
    int64_t head_dim = s->hidden / s->heads;
    AttentionShape shape = {.heads = s->heads, .kv_heads = s->heads, .head_dim = head_dim, .scale = 1 / sqrt((double)head_dim), .causal = true};
    if (q->shape.dim[0].symbol == SYMBOL_rows) return attention(b, q, k, v, &shape);
    return image_attention(b, q, k, v, s->heads, q->shape.dim[0].size, 1, NULL);
}

static Node *clip_layers(Builder *b, Node *x, const ClipShape *s)
{
    for (int i = 0; i < s->layers; i++) {
        scope_layer(b, i);
        scope_enter(b, "encoder.layers.%d", i);
        Node *y = layer_norm(b, x, "layer_norm1", s->epsilon);
        Node *q = linear(b, y, "self_attn.q_proj", s->hidden, true), *k = linear(b, y, "self_attn.k_proj", s->hidden, true);
        Node *v = linear(b, y, "self_attn.v_proj", s->hidden, true);
        x = add(b, linear(b, clip_attention(b, q, k, v, s), "self_attn.out_proj", s->hidden, true), x);
        y = linear(b, layer_norm(b, x, "layer_norm2", s->epsilon), "mlp.fc1", s->inner, true);
        y = activation_named(b, y, "hidden_act", s->activation);
        x = add(b, linear(b, y, "mlp.fc2", s->hidden, true), x);
        scope_leave(b);
        scope_layer(b, -1);
    }
    return x;
}

/* Scaled to length 1: divided by the root of the mean of squares, and by that of their count. */
static Node *clip_normalized(Builder *b, Node *x)
{
    int64_t n = shape_columns(x->shape);
    float *root = arena_alloc_array(b->graph->arena, (size_t)n, sizeof(float));
    for (int64_t i = 0; i < n; i++) root[i] = 1 / sqrtf((float)n);
    Node *gain = graph_constant(b->graph, shape_of(1, dim_of(n)), root);
    return graph_add(b->graph, OP_rms_norm, 2, (Node *[]){x, gain}, &(Attributes){.epsilon = 1e-30});
}

static Node *clip_picture(Builder *b, int64_t projected)
{
    ClipShape s = clip_shape(b, "vision_config");
    Grid size = image_size(b, &s.config, "image_size");
    int64_t patch = image_patch_size(b, &s.config, size);
    if (b->err->text[0]) return NULL;
    scope_enter(b, "vision_model");
    Node *cls = param_vector(b, "embeddings.class_embedding", s.hidden, INITIAL_ZEROS);
    cls = graph_add(b->graph, OP_reshape, 1, &cls, &(Attributes){.size = s.hidden});
    Node *x = image_patches(b, "embeddings.patch_embedding", size, image_channels(b, &s.config), patch, s.hidden, false);
    x = image_with_tokens(b, x, &cls, 1);
    x = add(b, x, param_matrix(b, "embeddings.position_embedding.weight", x->shape.dim[0].size, s.hidden, initial_normal(b)));
    x = clip_layers(b, layer_norm(b, x, "pre_layrnorm", s.epsilon), &s);
    graph_output(b->graph, "vision_last_hidden_state", x);
    x = layer_norm(b, image_row(b, x, 0), "post_layernorm", s.epsilon);
    scope_leave(b);
    return linear(b, x, "visual_projection", projected, false);
}

/* A text ends with its last token, the end mark; what pads it is not there. */
static Node *clip_text(Builder *b, int64_t projected)
{
    ClipShape s = clip_shape(b, "text_config");
    int64_t vocabulary = config_int(&s.config, "vocab_size", 1, 1 << 24), positions = config_int(&s.config, "max_position_embeddings", 1, 1 << 20);
    if (b->err->text[0]) return NULL;
    scope_enter(b, "text_model");
    Node *x = embedding(b, input_ids(b), "embeddings.token_embedding", vocabulary, s.hidden, -1);
    x = add(b, x, embedding(b, input_positions(b), "embeddings.position_embedding", positions, s.hidden, -1));
    x = layer_norm(b, clip_layers(b, x, &s), "final_layer_norm", s.epsilon);
    graph_output(b->graph, "text_last_hidden_state", x);
    Node *last = graph_add(b->graph, OP_pool, 2, (Node *[]){x, input_sequences(b)}, &(Attributes){.mode = POOL_last});
    scope_leave(b);
    return linear(b, last, "text_projection", projected, false);
}

static Node *clip_body(Builder *b)
{
    int64_t projected = config_int(b->config, "projection_dim", 1, 1 << 20);
    double scale = config_float_or(b->config, "logit_scale_init_value", -100, 100, 2.6592);
    const Tensor *stored = param_tensor(b, "logit_scale", shape_of(0), (Initial){INITIAL_NUMBER, scale, -1})->tensor;
    float learned = (float)scale;
    if (stored) tensor_to_float(stored, 0, 1, &learned);
    b->similarity = exp((double)learned);
    Node *picture = b->err->text[0] ? NULL : clip_picture(b, projected), *text = b->err->text[0] ? NULL : clip_text(b, projected);
    if (b->err->text[0]) return NULL;
    graph_output(b->graph, "vision_pooler", picture);
    graph_output(b->graph, "text_pooler", text);
    graph_output(b->graph, "image_embeds", clip_normalized(b, picture));
    graph_output(b->graph, "text_embeds", clip_normalized(b, text));
    return text;
}

static void clip_base(Builder *b, Node *hidden) { (void)b, (void)hidden; } /* the body has given its outputs */

const Architecture arch_clip = {
    .model_type = "clip",
    .prefix = "",
    .length_keys = "text_config.max_position_embeddings",
    .tasks = "zero-shot-image-classification",
    .body = clip_body,
    .head = {[HEAD_base] = clip_base},
};
