/* Swin: attention within windows of a picture, which every other layer shifts by half; stages halve the picture.
 * Reference: transformers, models/swin/modeling_swin.py. */
#include "compiler/arch/image.h"

enum { MOST_STAGES = 8 };

typedef struct SwinShape {
    int64_t width, window, depths[MOST_STAGES], heads[MOST_STAGES];
    size_t stages;
    double epsilon, mlp_ratio;
    bool qkv_bias;
} SwinShape;

static SwinShape swin_shape(Builder *b)
{
    const Config *c = b->config;
    SwinShape s = {.width = config_int(c, "embed_dim", 1, 1 << 16), .window = config_int(c, "window_size", 1, 256)};
    s.epsilon = config_float_or(c, "layer_norm_eps", 0, 1, 1e-5);
    s.mlp_ratio = config_float_or(c, "mlp_ratio", 0.01, 64, 4);
    s.qkv_bias = config_bool_or(c, "qkv_bias", true);
    s.stages = config_ints(c, "depths", 1, 256, s.depths, MOST_STAGES);
    if (s.stages == 0 || config_ints(c, "num_heads", 1, 1 << 12, s.heads, MOST_STAGES) != s.stages)
        err_set(b->err, "%s: depths and num_heads: wanted two lists of one length", c->file);
    for (size_t i = 0; i < s.stages && !b->err->text[0]; i++)
        if ((s.width << i) % s.heads[i])
            err_set(b->err, "%s: num_heads: found %lld, wanted a divisor of %lld columns", c->file, (long long)s.heads[i], (long long)(s.width << i));
    return s;
}

/* ---- windows ---- */

/* How a layer cuts its picture, filled up to whole windows, after moving it by `shift` up and to the left. */
typedef struct Windows {
    Grid grid, padded;
    int64_t size, shift, area, count;
} Windows;

static Windows windows_of(Builder *b, Grid grid, int64_t size, bool shifted)
{
    int64_t least = grid.height < grid.width ? grid.height : grid.width;
    if (least < size)
        err_set(b->err, "%s: window_size %lld is larger than a stage's picture, %lld", b->config->file, (long long)size, (long long)least);
    Windows w = {.grid = grid, .size = size, .shift = shifted && least > size ? size / 2 : 0, .area = size * size};
    w.padded = (Grid){(grid.height + size - 1) / size * size, (grid.width + size - 1) / size * size};
    w.count = w.padded.height * w.padded.width / w.area;
    return w;
}

/* Place of row i of all windows in the moved picture. */
static void moved_place(const Windows *w, int64_t i, int64_t *y, int64_t *x)
{
    int64_t across = w->padded.width / w->size, window = i / w->area;
    *y = window / across * w->size + i % w->area / w->size;
    *x = window % across * w->size + i % w->size;
}

static Node *into_windows(Builder *b, Node *x, const Windows *w)
{
    int64_t count = w->count * w->area, y, at;
    float *index = arena_alloc_array(b->graph->arena, (size_t)count, sizeof(float));
    for (int64_t i = 0; i < count; i++) {
        moved_place(w, i, &y, &at);
        y = (y + w->shift) % w->padded.height;
        at = (at + w->shift) % w->padded.width;
        index[i] = y < w->grid.height && at < w->grid.width ? (float)(y * w->grid.width + at) : -1;
    }
    b->graph->scope = "windows";
    return image_arrange(b, x, index, count, 1, NULL, 0);
}

static Node *out_of_windows(Builder *b, Node *x, const Windows *w)
{
    int64_t count = w->count * w->area, y, at;
    float *index = arena_alloc_array(b->graph->arena, (size_t)(w->grid.height * w->grid.width), sizeof(float));
    for (int64_t i = 0; i < count; i++) {
        moved_place(w, i, &y, &at);
        y = (y + w->shift) % w->padded.height;
        at = (at + w->shift) % w->padded.width;
        if (y < w->grid.height && at < w->grid.width) index[y * w->grid.width + at] = (float)i;
    }
    b->graph->scope = "picture";
    return image_arrange(b, x, index, w->grid.height * w->grid.width, 1, NULL, 0);
}

/* Places that the move brought together from opposite edges do not see one another. */
static int64_t region(int64_t at, int64_t length, const Windows *w)
{
    return (at >= length - w->size) + (at >= length - w->shift);
}

static Node *window_mask(Builder *b, const Windows *w, int64_t heads)
{
    int64_t pairs = w->area * w->area, rows = w->count * heads, y[2], x[2];
    float *mask = arena_alloc_array(b->graph->arena, (size_t)(rows * pairs), sizeof(float));
    for (int64_t i = 0; i < rows * pairs; i++) {
        int64_t first = i / pairs / heads * w->area;
        moved_place(w, first + i % pairs / w->area, &y[0], &x[0]);
        moved_place(w, first + i % w->area, &y[1], &x[1]);
        bool same = region(y[0], w->padded.height, w) == region(y[1], w->padded.height, w) &&
                    region(x[0], w->padded.width, w) == region(x[1], w->padded.width, w);
        mask[i] = same ? 0 : -100;
    }
    return graph_constant(b->graph, shape_of(2, dim_of(rows), dim_of(pairs)), mask);
}

/* [groups * heads, area * area]: of each pair of places by their distance, and where windows are shifted the mask of each window. */
static Node *window_bias(Builder *b, const Windows *w, int64_t heads)
{
    int64_t side = 2 * w->size - 1, pairs = w->area * w->area;
    float *index = arena_alloc_array(b->graph->arena, (size_t)pairs, sizeof(float));
    for (int64_t i = 0; i < pairs; i++) {
        int64_t from = i / w->area, to = i % w->area;
        int64_t dy = from / w->size - to / w->size + w->size - 1, dx = from % w->size - to % w->size + w->size - 1;
        index[i] = (float)(dy * side + dx);
    }
    Node *table = param_matrix(b, "relative_position_bias_table", side * side, heads, (Initial){INITIAL_ZEROS, 0, -1});
    table = gather(b, table, graph_constant(b->graph, shape_of(1, dim_of(pairs)), index));
    table = graph_add(b->graph, OP_transpose, 1, &table, &(Attributes){0});
    if (w->shift == 0) return table;
    float *again = arena_alloc_array(b->graph->arena, (size_t)(w->count * heads), sizeof(float));
    for (int64_t i = 0; i < w->count * heads; i++) again[i] = (float)(i % heads);
    table = gather(b, table, graph_constant(b->graph, shape_of(1, dim_of(w->count * heads)), again));
    return add(b, table, window_mask(b, w, heads));
}

/* ---- layers ---- */

static Node *swin_layer(Builder *b, Node *x, const SwinShape *s, Grid grid, int64_t heads, bool shifted)
{
    int64_t width = shape_columns(x->shape);
    Windows w = windows_of(b, grid, s->window, shifted);
    if (b->err->text[0]) return x;
    Node *y = into_windows(b, layer_norm(b, x, "layernorm_before", s->epsilon), &w);
    scope_enter(b, "attention.self");
    Node *q = linear(b, y, "query", width, s->qkv_bias), *k = linear(b, y, "key", width, s->qkv_bias);
    Node *v = linear(b, y, "value", width, s->qkv_bias);
    y = image_attention(b, q, k, v, heads, w.area, w.shift ? w.count : 1, window_bias(b, &w, heads));
    scope_leave(b);
    y = linear(b, y, "attention.output.dense", width, true);
    x = add(b, x, out_of_windows(b, y, &w));
    y = linear(b, layer_norm(b, x, "layernorm_after", s->epsilon), "intermediate.dense", (int64_t)(s->mlp_ratio * (double)width), true);
    return add(b, linear(b, activation(b, y, "hidden_act", "gelu"), "output.dense", width, true), x);
}

/* Four places become one of twice the width. */
static Node *swin_merge(Builder *b, Node *x, Grid *grid)
{
    Grid to = {(grid->height + 1) / 2, (grid->width + 1) / 2};
    int64_t count = to.height * to.width * 4, width = shape_columns(x->shape);
    float *index = arena_alloc_array(b->graph->arena, (size_t)count, sizeof(float));
    for (int64_t i = 0; i < count; i++) {
        int64_t y = i / 4 / to.width * 2 + i % 2, at = i / 4 % to.width * 2 + i % 4 / 2;
        index[i] = y < grid->height && at < grid->width ? (float)(y * grid->width + at) : -1;
    }
    *grid = to;
    b->graph->scope = "merged";
    x = layer_norm(b, image_arrange(b, x, index, count, 4, NULL, 0), "downsample.norm", 1e-5);
    return linear(b, x, "downsample.reduction", 2 * width, false);
}

static Node *swin_embeddings(Builder *b, const SwinShape *s, Grid *grid)
{
    Grid size = image_size(b, b->config, "image_size");
    int64_t patch = config_int_or(b->config, "patch_size", 1, 256, 4);
    if (b->err->text[0]) return NULL;
    if (size.height % patch || size.width % patch)
        err_set(b->err, "%s: image_size is no multiple of patch_size %lld", b->config->file, (long long)patch);
    if (b->err->text[0]) return NULL;
    *grid = (Grid){size.height / patch, size.width / patch};
    scope_enter(b, "embeddings");
    Node *x = image_patches(b, "patch_embeddings.projection", size, image_channels(b, b->config), patch, s->width, true);
    x = layer_norm(b, x, "norm", 1e-5);
    if (config_bool_or(b->config, "use_absolute_embeddings", false)) {
        Shape shape = shape_of(3, dim_of(1), dim_of(grid->height * grid->width), dim_of(s->width));
        Node *table = param_tensor(b, "position_embeddings", shape, (Initial){INITIAL_ZEROS, 0, -1});
        x = add(b, x, graph_add(b->graph, OP_reshape, 1, &table, &(Attributes){.size = s->width}));
    }
    scope_leave(b);
    return x;
}

static Node *swin_body(Builder *b)
{
    SwinShape s = swin_shape(b);
    Grid grid = {1, 1};
    Node *x = b->err->text[0] ? NULL : swin_embeddings(b, &s, &grid);
    for (size_t i = 0; i < s.stages && !b->err->text[0]; i++) {
        hidden_state(b, (int)i, x);
        for (int64_t j = 0; j < s.depths[i]; j++) {
            scope_enter(b, "encoder.layers.%zu.blocks.%d", i, (int)j);
            x = swin_layer(b, x, &s, grid, s.heads[i], j % 2 == 1);
            scope_leave(b);
        }
        scope_enter(b, "encoder.layers.%zu", i);
        if (i + 1 < s.stages) x = swin_merge(b, x, &grid);
        scope_leave(b);
    }
    if (b->err->text[0]) return NULL;
    hidden_state(b, (int)s.stages, x);
    return layer_norm(b, x, "layernorm", s.epsilon);
}

static void swin_base(Builder *b, Node *hidden)
{
    head_last_hidden_state(b, hidden);
    graph_output(b->graph, "pooler_output", image_mean(b, hidden));
}

static void swin_classify(Builder *b, Node *hidden) { image_classifier(b, image_mean(b, hidden), "classifier"); }

const Architecture arch_swin = {
    .model_type = "swin",
    .prefix = "swin.",
    .images = true,
    .tasks = IMAGE_TASKS,
    .body = swin_body,
    .head = {[HEAD_base] = swin_base, [HEAD_image_classification] = swin_classify},
};
