/* image: see image.h. */
#include "compiler/arch/image.h"
#include "compiler/read/processor.h"

#include <float.h>
#include <math.h>

enum { MOST_SIDE = 4096 };

Grid image_size(Builder *b, const Config *config, const char *keys)
{
    int64_t side[2] = {1, 1};
    size_t count = config_ints(config, keys, 1, MOST_SIDE, side, COUNT_OF(side));
    if (count == 1) side[1] = side[0];
    if (count == 0) err_set(b->err, "%s: %s: not there", config->file, keys);
    return (Grid){side[0], side[1]};
}

Grid image_processed_size(Builder *b, const char *keys)
{
    Grid size;
    hf2c_image_settings settings;
    b->model->processor.err = b->err;
    bool known = processor_read(&b->model->processor, b->architecture->model_type, &settings);
    if (known && processor_fixed_size(&settings, &size.height, &size.width)) return size;
    if (!known && !config_has(b->config, keys)) return (Grid){224, 224}; /* what transformers' processors make by default */
    return image_size(b, b->config, keys);
}

Grid image_largest_size(Builder *b, const char *keys)
{
    Grid size;
    hf2c_image_settings settings;
    b->model->processor.err = b->err;
    bool known = processor_read(&b->model->processor, b->architecture->model_type, &settings);
    if (!known) return image_size(b, b->config, keys);
    if (!processor_bound(&settings, &size.height, &size.width))
        err_set(b->err, "%s: size: has no longest_edge, so that pictures may be of any size", b->model->processor.file);
    return size;
}

int64_t image_channels(Builder *b, const Config *config)
{
    (void)b;
    return config_int_or(config, "num_channels", 1, 64, 3);
}

Node *image_arrange(Builder *b, Node *x, const float *index, int64_t count, int64_t size, Node *extra, double value)
{
    Node *operand[3] = {x, graph_constant(b->graph, shape_of(1, dim_of(count)), index), extra};
    return graph_add(b->graph, OP_arrange, extra ? 3 : 2, operand, &(Attributes){.size = size, .value = value});
}

static float *new_index(Builder *b, int64_t count)
{
    return arena_alloc_array(b->graph->arena, (size_t)count, sizeof(float));
}

static Node *image_values(Builder *b, Grid size, int64_t channels)
{
    Shape shape = shape_of(2, dim_symbol(SYMBOL_images), dim_of(1));
    shape.dim[0].size = channels * size.height * size.width;
    return graph_input(b->graph, "values", FORMAT_f32, shape);
}

Node *image_pixels(Builder *b, Grid size, int64_t channels)
{
    int64_t places = size.height * size.width;
    float *index = new_index(b, places * channels);
    for (int64_t i = 0; i < places * channels; i++) index[i] = (float)(i % channels * places + i / channels);
    b->graph->scope = "pixels";
    return image_arrange(b, image_values(b, size, channels), index, places * channels, channels, NULL, 0);
}

/* The weight of a convolution with rows of channels by taps. */
static Node *convolution_weight(Builder *b, const char *name, int64_t n, int64_t channels, int64_t kernel, Initial initial)
{
    Shape shape = shape_of(4, dim_of(n), dim_of(channels), dim_of(kernel), dim_of(kernel));
    Node *weight = param_tensor(b, arena_printf(b->graph->arena, "%s.weight", name), shape, initial);
    return graph_add(b->graph, OP_reshape, 1, &weight, &(Attributes){.size = channels * kernel * kernel});
}

static Node *named_bias(Builder *b, const char *name, int64_t n)
{
    return param_vector(b, arena_printf(b->graph->arena, "%s.bias", name), n, INITIAL_ZEROS);
}

void image_patch_weights(Builder *b, const char *name, int64_t channels, int64_t patch, int64_t hidden, Node **weight, Node **bias)
{
    *weight = convolution_weight(b, name, hidden, channels, patch, initial_normal(b));
    if (bias) *bias = named_bias(b, name, hidden);
}

int64_t image_patch_size(Builder *b, const Config *config, Grid size)
{
    int64_t patch = config_int(config, "patch_size", 1, 4096);
    if (!b->err->text[0] && (size.height < patch || size.width < patch))
        err_set(b->err, "%s: image_size: pictures are smaller than patch_size %lld", config->file, (long long)patch);
    return patch;
}

Node *image_patches(Builder *b, const char *name, Grid size, int64_t channels, int64_t patch, int64_t hidden, bool biased)
{
    int64_t across = size.width / patch, down = size.height / patch, part = channels * patch * patch, count = across * down * part;
    float *index = new_index(b, count);
    for (int64_t i = 0; i < count; i++) {
        int64_t place = i / part, c = i % part / (patch * patch), y = i / patch % patch, x = i % patch;
        index[i] = (float)((c * size.height + place / across * patch + y) * size.width + place % across * patch + x);
    }
    name_next(b, name);
    Node *pixels = image_arrange(b, image_values(b, size, channels), index, count, part, NULL, 0), *weight, *bias = NULL;
    image_patch_weights(b, name, channels, patch, hidden, &weight, biased ? &bias : NULL);
    return linear_tied(b, pixels, weight, bias);
}

Node *image_own_patches(Builder *b, int64_t patch, int64_t channels, int64_t first, int64_t behind)
{
    Grid most = b->pictures.most;
    Node *operand[2] = {image_values(b, most, channels), input_sequences(b)};
    b->graph->scope = "patches";
    return graph_add(b->graph, OP_patches, 2, operand,
                     &(Attributes){.size = patch, .channels = channels, .first = first, .behind = behind});
}

Node *image_with_tokens(Builder *b, Node *x, Node *const *front, int count)
{
    int64_t places = x->shape.dim[0].size;
    float *index = new_index(b, places + count);
    for (int64_t i = 0; i < places + count; i++) index[i] = (float)(i < count ? places + i : i - count);
    Node *extra = count == 1 ? front[0] : graph_add(b->graph, OP_concat, count, front, &(Attributes){0});
    return image_arrange(b, x, index, places + count, 1, extra, 0);
}

/* weight[i][j]: share of place j of `from` in place i of `to`; beyond the edges stands what is at the edge. */
static void cubic_weights(double *weight, int64_t from, int64_t to)
{
    for (int64_t i = 0; i < to; i++) {
        double at = ((double)i + 0.5) * (double)from / (double)to - 0.5;
        for (int64_t tap = -1; tap < 3; tap++) {
            int64_t j = (int64_t)floor(at) + tap, inside = j < 0 ? 0 : j < from ? j : from - 1;
            weight[i * from + inside] += cubic_weight(at - (double)j);
        }
    }
}

Node *image_interpolate(Builder *b, Node *table, int64_t first, Grid from, Grid to)
{
    if (from.height == to.height && from.width == to.width) return table;
    int64_t rows = first + to.height * to.width, columns = first + from.height * from.width;
    double *down = arena_alloc_array(b->graph->arena, (size_t)(from.height * to.height), sizeof(double));
    double *across = arena_alloc_array(b->graph->arena, (size_t)(from.width * to.width), sizeof(double));
    cubic_weights(down, from.height, to.height);
    cubic_weights(across, from.width, to.width);
    float *weight = new_index(b, rows * columns);
    for (int64_t i = 0; i < first; i++) weight[i * columns + i] = 1;
    for (int64_t i = first; i < rows; i++)
        for (int64_t j = first; j < columns; j++)
            weight[i * columns + j] = (float)(down[(i - first) / to.width * from.height + (j - first) / from.width] *
                                              across[(i - first) % to.width * from.width + (j - first) % from.width]);
    Node *matrix = graph_constant(b->graph, shape_of(2, dim_of(rows), dim_of(columns)), weight);
    table = graph_add(b->graph, OP_transpose, 1, &table, &(Attributes){0});
    return linear_tied(b, matrix, table, NULL);
}

/* What each place of a convolution's result reads: kernel x kernel rows, -1 beyond the edge. */
static Node *windows(Builder *b, Node *x, Grid *grid, int64_t kernel, int64_t stride, int64_t padding, double value, int64_t size)
{
    Grid to = {(grid->height + 2 * padding - kernel) / stride + 1, (grid->width + 2 * padding - kernel) / stride + 1}, from = *grid;
    int64_t taps = kernel * kernel, count = to.height * to.width * taps;
    float *index = new_index(b, count);
    for (int64_t i = 0; i < count; i++) {
        int64_t y = i / taps / to.width * stride + i % taps / kernel - padding;
        int64_t at = i / taps % to.width * stride + i % kernel - padding;
        bool inside = y >= 0 && y < from.height && at >= 0 && at < from.width;
        index[i] = inside ? (float)(y * from.width + at) : -1;
    }
    *grid = to;
    return image_arrange(b, x, index, count, size, NULL, value);
}

static bool check_convolution(Builder *b, const Grid *grid, const char *name, const Convolution *c)
{
    if (c->kernel <= grid->height + 2 * c->padding && c->kernel <= grid->width + 2 * c->padding) return true;
    return err_set(b->err, "%s: %s%s: pictures become smaller than its kernel of %lld", b->config->file, b->scope, name, (long long)c->kernel);
}

/* x by its windows, times the weight. scale: by which rows of the weight are multiplied, or NULL */
static Node *convolve(Builder *b, Node *x, Grid *grid, const char *name, const Convolution *c, Node *scale)
{
    const Convolution smallest = {.channels = c->channels, .kernel = 1, .stride = 1, .groups = c->groups, .initial = c->initial};
    if (!check_convolution(b, grid, name, c)) c = &smallest; /* what follows wants the shape, though all is refused in the end */
    int64_t groups = c->groups ? c->groups : 1, channels = shape_columns(x->shape) / groups, taps = c->kernel * c->kernel;
    name_next(b, name);
    bool plain = c->kernel == 1 && c->stride == 1 && c->padding == 0;
    Node *weight = convolution_weight(b, name, c->channels, channels, c->kernel, c->initial);
    Node *seen = plain ? x : windows(b, x, grid, c->kernel, c->stride, c->padding, 0, taps);
    if (taps > 1) weight = graph_add(b->graph, OP_interleave, 1, &weight, &(Attributes){.size = taps});
    if (scale || groups > 1) weight = graph_add(b->graph, OP_transpose, 1, &weight, &(Attributes){0});
    if (scale) weight = mul(b, weight, scale);
    if (groups > 1)
        return graph_add(b->graph, OP_grouped, 2, (Node *[]){seen, weight}, &(Attributes){.size = taps, .groups = groups});
    if (scale) weight = graph_add(b->graph, OP_transpose, 1, &weight, &(Attributes){0});
    return linear_tied(b, seen, weight, NULL);
}

Node *image_convolve(Builder *b, Node *x, Grid *grid, const char *name, const Convolution *c)
{
    Node *y = convolve(b, x, grid, name, c, NULL);
    return c->bias ? add(b, y, named_bias(b, name, c->channels)) : y;
}

static Node *buffer(Builder *b, const char *norm, const char *name, int64_t n, InitialKind kind)
{
    Node *node = param_vector(b, arena_printf(b->graph->arena, "%s.%s", norm, name), n, kind);
    param_is_buffer(b, node);
    return node;
}

/* Batches seen in training: a number that nothing here needs. */
static void pass_over(Builder *b, const char *norm)
{
    const char *name = arena_printf(b->graph->arena, "%s%s.num_batches_tracked", b->scope, norm);
    if (b->model->has_weights && model_has_tensor(b->model, name)) model_tensor(b->model, name, -1, NULL, b->err);
}

/* y = (conv(x) - mean) / sqrt(variance + epsilon) * gain + bias: constants all of them. */
Node *image_convolve_norm(Builder *b, Node *x, Grid *grid, const char *name, const char *norm, const Convolution *c)
{
    Node *gain = param_vector(b, arena_printf(b->graph->arena, "%s.weight", norm), c->channels, INITIAL_ONES);
    Node *bias = named_bias(b, norm, c->channels);
    Node *mean = buffer(b, norm, "running_mean", c->channels, INITIAL_ZEROS);
    Node *variance = buffer(b, norm, "running_var", c->channels, INITIAL_ONES);
    pass_over(b, norm);
    Node *scale = mul(b, gain, graph_add(b->graph, OP_rsqrt, 1, &variance, &(Attributes){.value = 1e-5}));
    Node *shift = graph_add(b->graph, OP_sub, 2, (Node *[]){bias, mul(b, mean, scale)}, &(Attributes){0});
    return add(b, convolve(b, x, grid, name, c, scale), shift);
}

Node *image_max_pool(Builder *b, Node *x, Grid *grid, int64_t kernel, int64_t stride, int64_t padding)
{
    b->graph->scope = "max_pool";
    Node *seen = windows(b, x, grid, kernel, stride, padding, -(double)FLT_MAX, 1);
    return graph_add(b->graph, OP_pool, 1, &seen, &(Attributes){.mode = POOL_max, .size = kernel * kernel});
}

Node *image_mean(Builder *b, Node *x)
{
    b->graph->scope = "mean";
    return graph_add(b->graph, OP_pool, 1, &x, &(Attributes){.mode = POOL_mean, .size = x->shape.dim[0].size});
}

Node *image_rows(Builder *b, Node *x, int64_t first, int64_t count)
{
    float *index = new_index(b, count);
    for (int64_t i = 0; i < count; i++) index[i] = (float)(first + i);
    b->graph->scope = "chosen_rows";
    return image_arrange(b, x, index, count, 1, NULL, 0);
}

Node *image_row(Builder *b, Node *x, int64_t row) { return image_rows(b, x, row, 1); }

Node *image_attention(Builder *b, Node *q, Node *k, Node *v, int64_t heads, int64_t span, int64_t groups, Node *bias)
{
    int64_t head_dim = shape_columns(q->shape) / heads;
    AttentionShape shape = {.heads = heads, .kv_heads = heads, .head_dim = head_dim, .scale = 1 / sqrt((double)head_dim)};
    if (q->shape.dim[0].symbol == SYMBOL_rows) return attention(b, q, k, v, &shape);
    name_next(b, "attention");
    return graph_add(b->graph, OP_spans, bias ? 4 : 3, (Node *[]){q, k, v, bias},
                     &(Attributes){.heads = heads, .head_dim = head_dim, .size = span, .groups = groups, .scale = 1 / sqrt((double)head_dim)});
}

void image_planes_output(Builder *b, const char *name, Node *x, int64_t line)
{
    graph_output(b->graph, name, x);
    b->graph->output[b->graph->outputs - 1].line = line;
}

void image_classifier(Builder *b, Node *pooled, const char *name)
{
    graph_output(b->graph, "logits", linear(b, pooled, name, label_count(b), true));
}
