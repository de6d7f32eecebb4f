/* ResNet: convolutions with a sum around each block; batch norms are part of their weights.
 * Reference: transformers, models/resnet/modeling_resnet.py. */
#include <math.h>
#include <string.h>

#include "compiler/arch/image.h"

enum { MOST_STAGES = 8 };

typedef struct ResnetShape {
    int64_t sizes[MOST_STAGES], depths[MOST_STAGES];
    size_t stages;
    bool bottleneck, early; /* early: a bottleneck's first convolution is the one with a stride */
} ResnetShape;

static ResnetShape resnet_shape(Builder *b)
{
    const Config *c = b->config;
    ResnetShape s = {.early = config_bool_or(c, "downsample_in_bottleneck", false)};
    const char *type = config_text_or(c, "layer_type", "bottleneck");
    s.bottleneck = strcmp(type, "bottleneck") == 0;
    if (!s.bottleneck && strcmp(type, "basic") != 0) config_refuse(c, "layer_type", type, "basic, bottleneck");
    s.stages = config_ints(c, "hidden_sizes", 1, 1 << 16, s.sizes, MOST_STAGES);
    if (s.stages == 0 || config_ints(c, "depths", 1, 256, s.depths, MOST_STAGES) != s.stages)
        err_set(b->err, "%s: hidden_sizes and depths: wanted two lists of one length", c->file);
    for (size_t i = 0; i < s.stages && s.bottleneck && !b->err->text[0]; i++)
        if (s.sizes[i] < 4) err_set(b->err, "%s: hidden_sizes: found %lld, wanted 4 or more for layer_type bottleneck", c->file, (long long)s.sizes[i]);
    return s;
}

/* NAME.convolution and NAME.normalization */
static Node *resnet_convolve(Builder *b, Node *x, Grid *grid, const char *name, int64_t channels, int64_t kernel, int64_t stride)
{
    Initial initial = {INITIAL_NORMAL, sqrt(2 / (double)(channels * kernel * kernel)), -1};
    Convolution c = {.channels = channels, .kernel = kernel, .stride = stride, .padding = kernel / 2, .initial = initial};
    scope_enter(b, "%s", name);
    x = image_convolve_norm(b, x, grid, "convolution", "normalization", &c);
    scope_leave(b);
    return x;
}

/* Within a block it is always relu; hidden_act stands between blocks. */
static Node *resnet_inner(Builder *b, Node *x, Grid *grid, const char *name, int64_t channels, int64_t size, int64_t stride)
{
    return activation_named(b, resnet_convolve(b, x, grid, name, channels, size, stride), "hidden_act", "relu");
}

static Node *resnet_block(Builder *b, Node *x, Grid *grid, const ResnetShape *s, int64_t channels, int64_t stride)
{
    Grid before = *grid;
    Node *rest = x, *y = x;
    int64_t inner = s->bottleneck ? channels / 4 : channels;
    if (shape_columns(x->shape) != channels || stride != 1) rest = resnet_convolve(b, x, &before, "shortcut", channels, 1, stride);
    if (s->bottleneck) {
        y = resnet_inner(b, y, grid, "layer.0", inner, 1, s->early ? stride : 1);
        y = resnet_inner(b, y, grid, "layer.1", inner, 3, s->early ? 1 : stride);
        y = resnet_convolve(b, y, grid, "layer.2", channels, 1, 1);
    } else {
        y = resnet_convolve(b, resnet_inner(b, y, grid, "layer.0", inner, 3, stride), grid, "layer.1", channels, 3, 1);
    }
    return activation(b, add(b, y, rest), "hidden_act", "relu");
}

static Node *resnet_body(Builder *b)
{
    ResnetShape s = resnet_shape(b);
    Grid grid = image_processed_size(b, "image_size");
    int64_t width = config_int(b->config, "embedding_size", 1, 1 << 16);
    if (b->err->text[0]) return NULL;
    Node *x = image_pixels(b, grid, image_channels(b, b->config));
    x = activation(b, resnet_convolve(b, x, &grid, "embedder.embedder", width, 7, 2), "hidden_act", "relu");
    x = image_max_pool(b, x, &grid, 3, 2, 1);
    for (size_t i = 0; i < s.stages; i++) {
        hidden_state(b, (int)i, x);
        for (int64_t j = 0; j < s.depths[i]; j++) {
            bool halves = j == 0 && (i > 0 || config_bool_or(b->config, "downsample_in_first_stage", false));
            scope_enter(b, "encoder.stages.%zu.layers.%d", i, (int)j);
            x = resnet_block(b, x, &grid, &s, s.sizes[i], halves ? 2 : 1);
            scope_leave(b);
        }
    }
    hidden_state(b, (int)s.stages, x);
    b->line = grid.width;
    return x;
}

static void resnet_base(Builder *b, Node *hidden)
{
    image_planes_output(b, "last_hidden_state", hidden, b->line);
    image_planes_output(b, "pooler_output", image_mean(b, hidden), 1);
}

static void resnet_classify(Builder *b, Node *hidden) { image_classifier(b, image_mean(b, hidden), "classifier.1"); }

const Architecture arch_resnet = {
    .model_type = "resnet",
    .prefix = "resnet.",
    .images = true,
    .tasks = IMAGE_TASKS,
    .body = resnet_body,
    .head = {[HEAD_base] = resnet_base, [HEAD_image_classification] = resnet_classify},
};
