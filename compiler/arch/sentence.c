/* sentence: what sentence-transformers puts behind a model: several poolings side by side, and dense layers. */
#include <string.h>

#include "compiler/arch/sentence.h"

static Node *pooled(Builder *b, Node *hidden, const char *mode)
{
    static const struct {
        const char *name;
        int mode;
    } modes[] = {{"cls", POOL_first}, {"max", POOL_max}, {"mean", POOL_mean}, {"last", POOL_last}};
    b->graph->scope = "pooled";
    for (size_t i = 0; i < COUNT_OF(modes); i++)
        if (strcmp(modes[i].name, mode) == 0)
            return graph_add(b->graph, OP_pool, 2, (Node *[]){hidden, input_sequences(b)}, &(Attributes){.mode = modes[i].mode});
    bug("pooling mode %s", mode);
}

static const Tensor *dense_tensor(Builder *b, const Tensors *tensors, const char *file, const char *name, Shape shape)
{
    const Tensor *tensor = tensors_find(tensors, name);
    bool fits = tensor && tensor->rank == shape.rank;
    for (int i = 0; fits && i < shape.rank; i++) fits = tensor->shape[i] == shape.dim[i].size;
    if (!tensor) err_set(b->err, "%s: tensor \"%s\" is missing", file, name);
    else if (!fits) err_set(b->err, "%s: tensor \"%s\": found shape %s", file, name, shape_text(b->graph->arena, tensor->rank, tensor->shape));
    return fits ? tensor : NULL;
}

/* number: tells the layers apart, whose tensors have one name */
static Node *dense(Builder *b, Node *x, const Config *layer, int number)
{
    Arena *arena = b->graph->arena;
    const char *file = config_text_or(layer, "file", "");
    int64_t in = config_int(layer, "in_features", 1, 1 << 24), out = config_int(layer, "out_features", 1, 1 << 24);
    if (!b->err->text[0] && in != shape_columns(x->shape))
        err_set(b->err, "%s: in_features: found %lld, wanted %lld", file, (long long)in, (long long)shape_columns(x->shape));
    if (b->err->text[0]) return x;
    Shape matrix = shape_of(2, dim_of(out), dim_of(in)), vector = shape_of(1, dim_of(out));
    bool biased = config_bool_or(layer, "bias", true);
    Tensors *tensors = ARENA_NEW(arena, Tensors);
    if (b->model->has_weights && !safetensors_open(arena, file, tensors, b->err)) return x;
    const Tensor *weight = b->model->has_weights ? dense_tensor(b, tensors, file, "linear.weight", matrix) : NULL;
    const Tensor *offset = b->model->has_weights && biased ? dense_tensor(b, tensors, file, "linear.bias", vector) : NULL;
    if (b->err->text[0]) return x;
    b->graph->scope = "dense";
    Initial uniform = {INITIAL_UNIFORM, 1 / (double)in, -1};
    Node *w = graph_param(b->graph, arena_printf(arena, "dense.%d.linear.weight", number), matrix, weight, uniform);
    Node *bias = biased ? graph_param(b->graph, arena_printf(arena, "dense.%d.linear.bias", number), vector, offset, uniform) : NULL;
    return activation_named(b, linear_tied(b, x, w, bias), "activation_function", config_text_or(layer, "activation", "linear"));
}

void sentence_output(Builder *b, Node *hidden)
{
    const cJSON *modes = config_item(&b->model->sentence, "pooling_modes"), *item;
    Node *x = NULL;
    int number = 0;
    if (!modes || hidden->shape.dim[0].symbol != SYMBOL_rows) return;
    cJSON_ArrayForEach(item, modes)
    {
        Node *one = pooled(b, hidden, item->valuestring);
        x = x ? graph_add(b->graph, OP_join, 2, (Node *[]){x, one}, &(Attributes){.heads = 1}) : one;
    }
    cJSON_ArrayForEach(item, config_item(&b->model->sentence, "dense"))
    {
        Config layer = b->model->sentence;
        layer.root = item;
        layer.err = b->err;
        x = dense(b, x, &layer, number++);
    }
    graph_output(b->graph, "sentence_embedding", x);
}
