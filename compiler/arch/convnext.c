/* ConvNeXt: depthwise convolutions between norms and linears.
 * Reference: transformers, models/convnext/modeling_convnext.py. */
#include "compiler/arch/image.h"

enum { MOST_STAGES = 8 };
static const double inner_epsilon = 1e-6; /* of every norm but the last */

static Node *convnext_layer(Builder *b, Node *x, Grid *grid)
{
    int64_t width = shape_columns(x->shape);
    Convolution depthwise = {.channels = width, .kernel = 7, .stride = 1, .padding = 3, .groups = width, .bias = true};
    depthwise.initial = initial_normal(b);
    Node *y = image_convolve(b, x, grid, "dwconv", &depthwise);
    y = linear(b, layer_norm(b, y, "layernorm", inner_epsilon), "pwconv1", 4 * width, true);
    y = linear(b, activation(b, y, "hidden_act", "gelu"), "pwconv2", width, true);
    double scale = config_float_or(b->config, "layer_scale_init_value", 0, 1e6, 1e-6);
    if (scale > 0) y = mul(b, y, param_vector(b, "layer_scale_parameter", width, INITIAL_ONES));
    return add(b, y, x);
}

static Node *convnext_stage(Builder *b, Node *x, Grid *grid, size_t stage, int64_t width, int64_t depth)
{
    scope_enter(b, "encoder.stages.%zu", stage);
    if (stage > 0) {
        Convolution halve = {.channels = width, .kernel = 2, .stride = 2, .bias = true, .initial = initial_normal(b)};
        x = image_convolve(b, layer_norm(b, x, "downsampling_layer.0", inner_epsilon), grid, "downsampling_layer.1", &halve);
    }
    for (int64_t i = 0; i < depth; i++) {
        scope_enter(b, "layers.%d", (int)i);
        x = convnext_layer(b, x, grid);
        scope_leave(b);
    }
    scope_leave(b);
    return x;
}

static Node *convnext_body(Builder *b)
{
    const Config *c = b->config;
    int64_t sizes[MOST_STAGES], depths[MOST_STAGES], patch = config_int_or(c, "patch_size", 1, 4096, 4);
    size_t stages = config_ints(c, "hidden_sizes", 1, 1 << 16, sizes, MOST_STAGES);
    if (stages == 0 || config_ints(c, "depths", 1, 256, depths, MOST_STAGES) != stages)
        err_set(b->err, "%s: hidden_sizes and depths: wanted two lists of one length", c->file);
    Grid grid = image_processed_size(b, "image_size");
    if (b->err->text[0]) return NULL;
    Convolution stem = {.channels = sizes[0], .kernel = patch, .stride = patch, .bias = true, .initial = initial_normal(b)};
    Node *x = image_convolve(b, image_pixels(b, grid, image_channels(b, c)), &grid, "embeddings.patch_embeddings", &stem);
    x = layer_norm(b, x, "embeddings.layernorm", inner_epsilon);
    for (size_t i = 0; i < stages && !b->err->text[0]; i++) {
        hidden_state(b, (int)i, x);
        x = convnext_stage(b, x, &grid, i, sizes[i], depths[i]);
    }
    hidden_state(b, (int)stages, x);
    b->line = grid.width;
    return x;
}

static Node *convnext_pooled(Builder *b, Node *hidden)
{
    double epsilon = config_float_or(b->config, "layer_norm_eps", 0, 1, 1e-12);
    return layer_norm(b, image_mean(b, hidden), arena_printf(b->graph->arena, "%slayernorm", b->base), epsilon);
}

static void convnext_base(Builder *b, Node *hidden)
{
    image_planes_output(b, "last_hidden_state", hidden, b->line);
    graph_output(b->graph, "pooler_output", convnext_pooled(b, hidden));
}

static void convnext_classify(Builder *b, Node *hidden) { image_classifier(b, convnext_pooled(b, hidden), "classifier"); }

const Architecture arch_convnext = {
    .model_type = "convnext",
    .prefix = "convnext.",
    .images = true,
    .tasks = IMAGE_TASKS,
    .body = convnext_body,
    .head = {[HEAD_base] = convnext_base, [HEAD_image_classification] = convnext_classify},
};
