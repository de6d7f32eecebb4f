/* YOLOS: a ViT over pictures of any size, with tokens behind the patches that become boxes.
 * Reference: transformers, models/yolos/modeling_yolos.py. */
#include "compiler/arch/vit.h"

typedef struct YolosShape {
    VitShape vit;
    int64_t behind; /* detection tokens */
    Grid grid;      /* of the tables of positions */
} YolosShape;

static YolosShape yolos_shape(Builder *b)
{
    YolosShape s = {.vit = vit_shape(b), .behind = config_int_or(b->config, "num_detection_tokens", 1, 1 << 16, 100)};
    if (b->err->text[0]) return s;
    s.grid = (Grid){s.vit.size.height / s.vit.patch, s.vit.size.width / s.vit.patch};
    b->pictures.patch = s.vit.patch;
    b->pictures.tokens = 1 + s.behind;
    b->pictures.channels = s.vit.channels;
    b->pictures.most = image_largest_size(b, "image_size");
    return s;
}

static int64_t table_rows(const YolosShape *s) { return 1 + s->grid.height * s->grid.width + s->behind; }

/* A row for each row of the picture, of a table for one token, the places of the grid, and the tokens behind. */
static Node *yolos_places(Builder *b, Node *table, const YolosShape *s)
{
    Attributes a = {.size = s->vit.patch, .height = s->grid.height, .width = s->grid.width, .first = 1, .behind = s->behind};
    b->graph->scope = "places";
    return graph_add(b->graph, OP_places, 2, (Node *[]){table, input_sequences(b)}, &a);
}

static Node *matrix_of(Builder *b, const char *name, Shape shape)
{
    Node *tensor = param_tensor(b, name, shape, (Initial){INITIAL_ZEROS, 0, -1});
    return graph_add(b->graph, OP_reshape, 1, &tensor, &(Attributes){.size = shape.dim[shape.rank - 1].size});
}

/* Tokens and positions; the bias of the patches' projection is in the places of the grid: what is between them has it too. */
static Node *yolos_table(Builder *b, Node *bias, const YolosShape *s)
{
    int64_t h = s->vit.hidden, places = s->grid.height * s->grid.width;
    float *zeros = arena_alloc_array(b->graph->arena, (size_t)places, sizeof(float));
    Node *part[3] = {matrix_of(b, "cls_token", shape_of(3, dim_of(1), dim_of(1), dim_of(h)))};
    part[1] = graph_add(b->graph, OP_reshape, 1, &bias, &(Attributes){.size = h});
    part[1] = gather(b, part[1], graph_constant(b->graph, shape_of(1, dim_of(places)), zeros));
    part[2] = matrix_of(b, "detection_tokens", shape_of(3, dim_of(1), dim_of(s->behind), dim_of(h)));
    Node *tokens = graph_add(b->graph, OP_concat, 3, part, &(Attributes){0});
    return add(b, matrix_of(b, "position_embeddings", shape_of(3, dim_of(1), dim_of(table_rows(s)), dim_of(h))), tokens);
}

static Node *yolos_embeddings(Builder *b, const YolosShape *s)
{
    scope_enter(b, "embeddings");
    Node *weight, *bias, *pixels = image_own_patches(b, s->vit.patch, s->vit.channels, 1, s->behind);
    image_patch_weights(b, "patch_embeddings.projection", s->vit.channels, s->vit.patch, s->vit.hidden, &weight, &bias);
    Node *table = yolos_table(b, bias, s);
    name_next(b, "patch_embeddings.projection");
    Node *x = add(b, linear_tied(b, pixels, weight, NULL), yolos_places(b, table, s));
    scope_leave(b);
    return x;
}

/* Positions that are added again behind layer `layer`: a part of one table for all layers but the last. */
static Node *yolos_again(Builder *b, Node *x, Node *all, int layer, const YolosShape *s)
{
    int64_t rows = table_rows(s);
    float *index = arena_alloc_array(b->graph->arena, (size_t)rows, sizeof(float));
    for (int64_t i = 0; i < rows; i++) index[i] = (float)(layer * rows + i);
    Node *table = gather(b, all, graph_constant(b->graph, shape_of(1, dim_of(rows)), index));
    return add(b, x, yolos_places(b, table, s));
}

static Node *yolos_body(Builder *b)
{
    YolosShape s = yolos_shape(b);
    if (b->err->text[0]) return NULL;
    Node *x = yolos_embeddings(b, &s), *again = NULL;
    if (config_bool_or(b->config, "use_mid_position_embeddings", true) && s.vit.layers > 1)
        again = matrix_of(b, "encoder.mid_position_embeddings",
                          shape_of(4, dim_of(s.vit.layers - 1), dim_of(1), dim_of(table_rows(&s)), dim_of(s.vit.hidden)));
    for (int i = 0; i < s.vit.layers; i++) {
        hidden_state(b, i, x);
        scope_layer(b, i);
        scope_enter(b, "encoder.layer.%d", i);
        x = vit_layer(b, x, &s.vit);
        scope_leave(b);
        if (again && i + 1 < s.vit.layers) x = yolos_again(b, x, again, i, &s);
        scope_layer(b, -1);
    }
    hidden_state(b, (int)s.vit.layers, x);
    return layer_norm(b, x, "layernorm", s.vit.epsilon);
}

static void yolos_base(Builder *b, Node *hidden)
{
    Node *first = graph_add(b->graph, OP_pool, 2, (Node *[]){hidden, input_sequences(b)}, &(Attributes){.mode = POOL_first});
    head_last_hidden_state(b, hidden);
    vit_pooler(b, first, "tanh");
}

/* Three layers. */
static Node *yolos_predict(Builder *b, Node *x, const char *name, int64_t n)
{
    for (int i = 0; i < 3; i++) {
        x = linear(b, x, arena_printf(b->graph->arena, "%s.layers.%d", name, i), i < 2 ? shape_columns(x->shape) : n, true);
        if (i < 2) x = graph_add(b->graph, OP_relu, 1, &x, &(Attributes){0});
    }
    return x;
}

static void yolos_detect(Builder *b, Node *hidden)
{
    b->graph->scope = "detection_tokens";
    Node *tokens = graph_add(b->graph, OP_ends, 2, (Node *[]){hidden, input_sequences(b)}, &(Attributes){.size = b->pictures.tokens - 1});
    graph_output(b->graph, "logits", yolos_predict(b, tokens, "class_labels_classifier", label_count(b) + 1));
    Node *boxes = yolos_predict(b, tokens, "bbox_predictor", 4);
    graph_output(b->graph, "pred_boxes", graph_add(b->graph, OP_sigmoid, 1, &boxes, &(Attributes){0}));
    head_last_hidden_state(b, hidden);
}

const Architecture arch_yolos = {
    .model_type = "yolos",
    .prefix = "vit.",
    .images = true,
    .tasks = IMAGE_TASKS,
    .body = yolos_body,
    .head = {[HEAD_base] = yolos_base, [HEAD_object_detection] = yolos_detect},
};
