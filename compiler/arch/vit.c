/* ViT, DeiT: encoders over the patches of a picture, with learned positions and tokens of their own in front.
 * Reference: transformers, models/vit/modeling_vit.py and models/deit/modeling_deit.py. */
#include "compiler/arch/vit.h"

VitShape vit_shape(Builder *b)
{
    const Config *c = b->config;
    VitShape s = {.size = image_size(b, c, "image_size"), .channels = image_channels(b, c)};
    s.hidden = config_int(c, "hidden_size", 1, 1 << 20);
    s.heads = config_int(c, "num_attention_heads", 1, 1 << 14);
    s.intermediate = config_int(c, "intermediate_size", 1, 1 << 22);
    s.layers = config_int(c, "num_hidden_layers", 1, 4096);
    s.patch = image_patch_size(b, c, s.size);
    s.epsilon = config_float_or(c, "layer_norm_eps", 0, 1, 1e-12);
    s.qkv_bias = config_bool_or(c, "qkv_bias", true);
    if (b->err->text[0]) return s;
    if (s.hidden % s.heads) err_set(b->err, "%s: hidden_size is no multiple of num_attention_heads", c->file);
    return s;
}

/* The tokens in front, the patches behind them, and the positions of all. */
static Node *vit_embeddings(Builder *b, const VitShape *s, const char *const *tokens, int count)
{
    scope_enter(b, "embeddings");
    Node *front[2];
    for (int i = 0; i < count; i++) {
        Node *token = param_tensor(b, tokens[i], shape_of(3, dim_of(1), dim_of(1), dim_of(s->hidden)), initial_normal(b));
        front[i] = graph_add(b->graph, OP_reshape, 1, &token, &(Attributes){.size = s->hidden});
    }
    Node *x = image_patches(b, "patch_embeddings.projection", s->size, s->channels, s->patch, s->hidden, true);
    Node *table = param_tensor(b, "position_embeddings",
                               shape_of(3, dim_of(1), dim_of(x->shape.dim[0].size + count), dim_of(s->hidden)), initial_normal(b));
    table = graph_add(b->graph, OP_reshape, 1, &table, &(Attributes){.size = s->hidden});
    x = image_with_tokens(b, x, front, count);
    scope_leave(b);
    return add(b, x, table);
}

Node *vit_layer(Builder *b, Node *x, const VitShape *s)
{
    Node *y = layer_norm(b, x, "layernorm_before", s->epsilon);
    Node *q = linear(b, y, "attention.attention.query", s->hidden, s->qkv_bias);
    Node *k = linear(b, y, "attention.attention.key", s->hidden, s->qkv_bias);
    Node *v = linear(b, y, "attention.attention.value", s->hidden, s->qkv_bias);
    y = image_attention(b, q, k, v, s->heads, x->shape.dim[0].size, 1, NULL);
    x = add(b, linear(b, y, "attention.output.dense", s->hidden, true), x);
    y = linear(b, layer_norm(b, x, "layernorm_after", s->epsilon), "intermediate.dense", s->intermediate, true);
    y = activation(b, y, "hidden_act", "gelu");
    return add(b, linear(b, y, "output.dense", s->hidden, true), x);
}

static Node *vit_encoder(Builder *b, const char *const *tokens, int count)
{
    VitShape s = vit_shape(b);
    if (b->err->text[0]) return NULL;
    Node *x = vit_embeddings(b, &s, tokens, count);
    for (int i = 0; i < s.layers; i++) {
        hidden_state(b, i, x);
        scope_layer(b, i);
        scope_enter(b, "encoder.layer.%d", i);
        x = vit_layer(b, x, &s);
        scope_leave(b);
        scope_layer(b, -1);
    }
    hidden_state(b, (int)s.layers, x);
    return layer_norm(b, x, "layernorm", s.epsilon);
}

static Node *vit_body(Builder *b)
{
    static const char *const tokens[] = {"cls_token"};
    return vit_encoder(b, tokens, 1);
}

static Node *deit_body(Builder *b)
{
    static const char *const tokens[] = {"cls_token", "distillation_token"};
    return vit_encoder(b, tokens, 2);
}

void vit_pooler(Builder *b, Node *first, const char *function)
{
    const char *name = arena_printf(b->graph->arena, "%spooler.dense", b->base);
    if (b->model->has_weights && !model_has_tensor(b->model, arena_printf(b->graph->arena, "%s.weight", name))) return;
    int64_t size = config_int_or(b->config, "pooler_output_size", 1, 1 << 20, shape_columns(first->shape));
    graph_output(b->graph, "pooler_output", activation_named(b, linear(b, first, name, size, true), "pooler_act", function));
}

static void vit_base(Builder *b, Node *hidden)
{
    head_last_hidden_state(b, hidden);
    vit_pooler(b, image_row(b, hidden, 0), config_text_or(b->config, "pooler_act", "tanh"));
}

static void vit_classify(Builder *b, Node *hidden) { image_classifier(b, image_row(b, hidden, 0), "classifier"); }

#define VIT_HEADS {[HEAD_base] = vit_base, [HEAD_image_classification] = vit_classify}
const Architecture arch_vit = {.model_type = "vit", .prefix = "vit.", .images = true, .tasks = IMAGE_TASKS, .body = vit_body, .head = VIT_HEADS};
const Architecture arch_deit = {.model_type = "deit", .prefix = "deit.", .images = true, .tasks = IMAGE_TASKS, .body = deit_body, .head = VIT_HEADS};
