/* blocks: see blocks.h. */
#include "compiler/arch/blocks.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- scope ---- */

void scope_enter(Builder *b, const char *format, ...)
{
    size_t used = strlen(b->scope);
    va_list arguments;
    va_start(arguments, format);
    int added = vsnprintf(b->scope + used, sizeof b->scope - used - 1, format, arguments);
    va_end(arguments);
    if (added < 0 || used + (size_t)added + 2 > sizeof b->scope || b->depth == (int)COUNT_OF(b->outer))
        bug("scope too long: %s", b->scope);
    strcat(b->scope, ".");
    b->outer[b->depth++] = used;
}

void scope_leave(Builder *b)
{
    if (b->depth == 0) bug("scope_leave without scope_enter");
    b->scope[b->outer[--b->depth]] = '\0';
}

void scope_layer(Builder *b, int layer) { b->graph->layer = layer; }

static const char *scoped(Builder *b, const char *name, const char *ending)
{
    return arena_printf(b->graph->arena, "%s%s%s", b->scope, name, ending);
}

void refuse_number(Builder *b, const char *key, int64_t found, const char *known)
{
    config_refuse(b->config, key, arena_printf(b->graph->arena, "%lld", (long long)found), known);
}

/* ---- nodes ---- */

static Node *node(Builder *b, Op op, Node *x, Node *y, Node *z, const Attributes *attributes)
{
    Node *operand[3] = {x, y, z};
    int operands = z ? 3 : y ? 2 : 1;
    return graph_add(b->graph, op, operands, operand, attributes);
}

Node *input_ids(Builder *b) { return graph_input(b->graph, "ids", FORMAT_i32, shape_of(1, dim_symbol(SYMBOL_rows))); }

Node *input_positions(Builder *b)
{
    return graph_input(b->graph, "positions", FORMAT_i32, shape_of(1, dim_symbol(SYMBOL_rows)));
}

Node *input_types(Builder *b) { return graph_input(b->graph, "types", FORMAT_i32, shape_of(1, dim_symbol(SYMBOL_rows))); }

Node *input_want(Builder *b) { return graph_input(b->graph, "want", FORMAT_i32, shape_of(1, dim_symbol(SYMBOL_wanted))); }

Node *input_sequences(Builder *b)
{
    return graph_input(b->graph, "sequences", FORMAT_sequences, shape_of(1, dim_symbol(SYMBOL_sequences)));
}

/* ---- parameters ---- */

/* Two places of a model that share a parameter may want it in different sizes where config.json contradicts itself. */
static const char *name_of_shape(Builder *b, const char *name, Shape shape)
{
    const Node *known = graph_find_param(b->graph, name);
    if (!known || shape_equal(known->shape, shape)) return name;
    err_set(b->err, "%s: %s is wanted as %s and as %s", b->config->file, name, shape_describe(known->shape), shape_describe(shape));
    return arena_printf(b->graph->arena, "%s, %s", name, shape_describe(shape));
}

static Node *param(Builder *b, const char *name, Shape shape, Initial initial)
{
    name = name_of_shape(b, name, shape);
    const Tensor *tensor = NULL;
    if (b->model->has_weights) {
        int64_t sizes[SHAPE_MAX_RANK];
        for (int i = 0; i < shape.rank; i++) sizes[i] = shape.dim[i].size;
        tensor = model_tensor(b->model, name, shape.rank, sizes, b->err);
    }
    return graph_param(b->graph, name, shape, tensor, initial);
}

Node *param_matrix(Builder *b, const char *name, int64_t rows, int64_t columns, Initial initial)
{
    return param(b, scoped(b, name, ""), shape_of(2, dim_of(rows), dim_of(columns)), initial);
}

Node *param_tensor(Builder *b, const char *name, Shape shape, Initial initial)
{
    return param(b, scoped(b, name, ""), shape, initial);
}

Node *param_vector(Builder *b, const char *name, int64_t size, InitialKind kind)
{
    return param(b, scoped(b, name, ""), shape_of(1, dim_of(size)), (Initial){kind, 0, -1});
}

void param_is_buffer(Builder *b, const Node *param)
{
    for (size_t i = 0; i < b->graph->params; i++)
        if (b->graph->param[i].node == param) b->graph->param[i].buffer = true;
}

Initial initial_normal(const Builder *b) { return (Initial){INITIAL_NORMAL, b->deviation, -1}; }

/* ---- layers ---- */

void name_next(Builder *b, const char *name) { b->graph->scope = scoped(b, name, ""); }

Node *linear_tied(Builder *b, Node *x, Node *weight, Node *bias)
{
    Node *y = node(b, OP_linear, x, weight, NULL, &(Attributes){0});
    return bias ? add(b, y, bias) : y;
}

Node *linear(Builder *b, Node *x, const char *name, int64_t n, bool bias)
{
    name_next(b, name);
    Node *weight = param(b, scoped(b, name, ".weight"), shape_of(2, dim_of(n), dim_of(shape_columns(x->shape))), initial_normal(b));
    Node *offset = NULL;
    if (bias) offset = param(b, scoped(b, name, ".bias"), shape_of(1, dim_of(n)), (Initial){INITIAL_ZEROS, 0, -1});
    return linear_tied(b, x, weight, offset);
}

Node *linear_conv1d(Builder *b, Node *x, const char *name, int64_t n, double deviation)
{
    name_next(b, name);
    Node *stored = param(b, scoped(b, name, ".weight"), shape_of(2, dim_of(shape_columns(x->shape)), dim_of(n)),
                         (Initial){INITIAL_NORMAL, deviation, -1});
    Node *offset = param(b, scoped(b, name, ".bias"), shape_of(1, dim_of(n)), (Initial){INITIAL_ZEROS, 0, -1});
    return linear_tied(b, x, node(b, OP_transpose, stored, NULL, NULL, &(Attributes){0}), offset);
}

Node *layer_norm(Builder *b, Node *x, const char *name, double epsilon)
{
    name_next(b, name);
    int64_t h = shape_columns(x->shape);
    Node *gain = param(b, scoped(b, name, ".weight"), shape_of(1, dim_of(h)), (Initial){INITIAL_ONES, 0, -1});
    Node *bias = param(b, scoped(b, name, ".bias"), shape_of(1, dim_of(h)), (Initial){INITIAL_ZEROS, 0, -1});
    return node(b, OP_layer_norm, x, gain, bias, &(Attributes){.epsilon = epsilon});
}

Node *layer_norm_unbiased(Builder *b, Node *x, const char *name, double epsilon)
{
    name_next(b, name);
    Node *gain = param(b, scoped(b, name, ".weight"), shape_of(1, dim_of(shape_columns(x->shape))), (Initial){INITIAL_ONES, 0, -1});
    return node(b, OP_layer_norm, x, gain, NULL, &(Attributes){.epsilon = epsilon});
}

Node *rms_norm(Builder *b, Node *x, const char *name, double epsilon)
{
    name_next(b, name);
    int64_t h = shape_columns(x->shape);
    Node *gain = param(b, scoped(b, name, ".weight"), shape_of(1, dim_of(h)), (Initial){INITIAL_ONES, 0, -1});
    return node(b, OP_rms_norm, x, gain, NULL, &(Attributes){.epsilon = epsilon});
}

Node *layer_norm_bare(Builder *b, Node *x, const char *name, double epsilon)
{
    name_next(b, name);
    return node(b, OP_layer_norm, x, NULL, NULL, &(Attributes){.epsilon = epsilon});
}

Node *embedding_scaled(Builder *b, Node *ids, const char *name, int64_t v, int64_t h, int64_t zero_row, double scale)
{
    name_next(b, name);
    Initial initial = initial_normal(b);
    initial.zero_row = zero_row;
    Node *table = param(b, scoped(b, name, ".weight"), shape_of(2, dim_of(v), dim_of(h)), initial);
    return node(b, OP_embed, ids, table, NULL, &(Attributes){.scale = scale});
}

Node *embedding(Builder *b, Node *ids, const char *name, int64_t v, int64_t h, int64_t zero_row)
{
    return embedding_scaled(b, ids, name, v, h, zero_row, 1);
}

Node *embedding_from(Builder *b, Node *ids, const char *name, int64_t v, int64_t h, int64_t first)
{
    name_next(b, name);
    Node *table = param(b, scoped(b, name, ".weight"), shape_of(2, dim_of(v), dim_of(h)), initial_normal(b));
    return node(b, OP_embed, ids, table, NULL, &(Attributes){.scale = 1, .first = first});
}

Node *embedding_table(Node *embedded) { return embedded->operand[1]; }

Node *word_table(Builder *b)
{
    for (size_t i = 0; i < b->graph->count; i++)
        if (b->graph->node[i]->op == OP_embed) return embedding_table(b->graph->node[i]);
    bug("a model without an embedding has no word table");
}

Node *add(Builder *b, Node *x, Node *y) { return node(b, OP_add, x, y, NULL, &(Attributes){0}); }

Node *mul(Builder *b, Node *x, Node *y) { return node(b, OP_mul, x, y, NULL, &(Attributes){0}); }

Node *slice(Builder *b, Node *x, int64_t first, int64_t size)
{
    return node(b, OP_slice, x, NULL, NULL, &(Attributes){.first = first, .size = size});
}

Node *gather(Builder *b, Node *x, Node *order) { return node(b, OP_gather, x, order, NULL, &(Attributes){0}); }

/* ---- attention ---- */

static Node *through_cache(Builder *b, Node *x, const char *name, const AttentionShape *shape)
{
    if (!b->cached) return x;
    name_next(b, name);
    return node(b, OP_cache, x, input_sequences(b), NULL,
                &(Attributes){.heads = shape->kv_heads, .window = shape->window, .index = b->caches++});
}

Node *attention_over(Builder *b, Node *q, Node *k, Node *v, const AttentionShape *shape)
{
    Node *sequences = input_sequences(b);
    Attributes masked = {.heads = shape->heads, .kv_heads = shape->kv_heads, .head_dim = shape->head_dim}, mixed = masked;
    if (shape->v_head_dim) mixed.head_dim = shape->v_head_dim;
    masked.scale = shape->scale;
    masked.softcap = shape->softcap;
    masked.window = shape->window;
    masked.causal = shape->causal;
    masked.origin = shape->origin;
    name_next(b, "attention");
    Node *operand[4] = {q, k, sequences, shape->bias};
    Node *scores = graph_add(b->graph, OP_scores, shape->bias ? 4 : 3, operand, &masked);
    Node *weights = node(b, OP_softmax, scores, shape->sinks, NULL, &(Attributes){0});
    return node(b, OP_mix, weights, v, sequences, &mixed);
}

Node *attention(Builder *b, Node *q, Node *k, Node *v, const AttentionShape *shape)
{
    k = through_cache(b, k, "k_cache", shape);
    return attention_over(b, q, k, through_cache(b, v, "v_cache", shape), shape);
}

Node *state(Builder *b, const char *name, int64_t size)
{
    if (!b->cached) return NULL;
    name_next(b, name);
    return node(b, OP_state, input_sequences(b), NULL, NULL, &(Attributes){.index = b->caches++, .size = size});
}

Node *rope(Builder *b, Node *x, Node *table, int64_t heads, int64_t head_dim, int64_t rotary_dim, bool interleaved)
{
    b->graph->scope = arena_printf(b->graph->arena, "%s.rope", x->name ? x->name : "x");
    return node(b, OP_rope, x, table, NULL,
                &(Attributes){.heads = heads, .head_dim = head_dim, .rotary_dim = rotary_dim, .interleaved = interleaved});
}

/* ---- outputs ---- */

void hidden_state(Builder *b, int index, Node *x)
{
    const char *stack = !b->architecture->encoder ? "" : b->graph->entry == 1 ? "encoder_" : "decoder_";
    if (b->hidden_states) graph_output(b->graph, arena_printf(b->graph->arena, "%shidden_states.%d", stack, index), x);
}
