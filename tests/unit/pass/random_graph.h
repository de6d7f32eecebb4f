/* Random well-typed graphs with odd shapes, for tests of passes. The same seed gives the same graph.
 *
 * Constants and weights are small multiples of powers of two, and constant expressions are shallow, so that what fold computes and
 * rounds to float is exact, and passes may be compared in double. */
#ifndef HF2C_TESTS_PASS_RANDOM_GRAPH_H
#define HF2C_TESTS_PASS_RANDOM_GRAPH_H

#include "compiler/ir/ir.h"

enum { VOCABULARY = 7, MOST_ROWS = 7, MOST_SEQUENCES = 3, MOST_POOL = 96, MOST_IMAGES = 2, IMAGE_VALUES = 30 };

typedef struct Maker {
    Arena *arena;
    Graph *graph;
    uint64_t state;
    Node *pool[MOST_POOL]; /* f32 [rows, columns] */
    int pooled, params, caches, seen;
} Maker;

typedef struct RandomBatch {
    hf2c_batch batch;
    int32_t ids[MOST_ROWS], positions[MOST_ROWS], start[MOST_SEQUENCES + 1], want[MOST_ROWS];
    float values[MOST_IMAGES * IMAGE_VALUES];
} RandomBatch;

/* ---- numbers ---- */

static inline uint64_t draw(Maker *m)
{
    uint64_t z = (m->state += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

static inline int64_t draw_between(Maker *m, int64_t least, int64_t most)
{
    return least + (int64_t)(draw(m) % (uint64_t)(most - least + 1));
}

static inline bool chance(Maker *m, int percent)
{
    return draw_between(m, 0, 99) < percent;
}

static inline float draw_value(Maker *m)
{
    static const float values[] = {-1, -0.5F, 0.5F, 0.25F, 1, -0.25F, 0.75F};
    return values[draw(m) % COUNT_OF(values)];
}

/* ---- sources ---- */

static inline Node *random_param(Maker *m, Shape shape)
{
    static const int64_t no_symbols[SYMBOL_COUNT];
    Tensor *tensor = ARENA_NEW(m->arena, Tensor);
    tensor->type = STORED_F32;
    tensor->elements = (size_t)shape_elements(shape, no_symbols);
    tensor->bytes = tensor->elements * sizeof(float);
    float *data = ARENA_ARRAY(m->arena, float, tensor->elements);
    for (size_t i = 0; i < tensor->elements; i++) data[i] = draw_value(m);
    tensor->data = (const uint8_t *)data;
    tensor->name = arena_printf(m->arena, "p%d", m->params++);
    Node *param = graph_param(m->graph, tensor->name, shape, tensor, (Initial){INITIAL_ZEROS, 0, -1});
    if (shape.rank == 2 && chance(m, 15))
        param->format = FORMAT_bf16;
    return param;
}

static inline Node *random_matrix(Maker *m, int64_t rows, int64_t columns)
{
    return random_param(m, shape_of(2, dim_of(rows), dim_of(columns)));
}

static inline Node *random_vector(Maker *m, int64_t size)
{
    return random_param(m, shape_of(1, dim_of(size)));
}

static inline Node *filled_vector(Maker *m, int64_t size, float value)
{
    float *values = ARENA_ARRAY(m->arena, float, (size_t)size);
    for (int64_t i = 0; i < size; i++) values[i] = value;
    return graph_constant(m->graph, shape_of(1, dim_of(size)), values);
}

static inline Node *sequences(Maker *m)
{
    return graph_input(m->graph, "sequences", FORMAT_sequences, shape_of(1, dim_symbol(SYMBOL_sequences)));
}

/* ---- nodes ---- */

static inline Node *emit(Maker *m, Op op, Attributes a, Node *x, Node *y, Node *z, Node *w)
{
    Node *operand[] = {x, y, z, w};
    return graph_add(m->graph, op, 4, operand, &a);
}
#define NO_ATTRIBUTES ((Attributes){0})

static inline Node *keep(Maker *m, Node *node)
{
    if (m->pooled < MOST_POOL)
        m->pool[m->pooled++] = node;
    return node;
}

static inline Node *pick(Maker *m)
{
    return m->pool[draw(m) % (uint64_t)m->pooled];
}

static inline Node *random_unary(Maker *m, Node *x)
{
    static const Op ops[] = {OP_relu, OP_silu, OP_sigmoid, OP_tanh, OP_gelu, OP_gelu_tanh, OP_quick_gelu, OP_scale,
                             OP_softcap, OP_clamp, OP_neg};
    Op op = ops[draw(m) % COUNT_OF(ops)];
    bool valued = op == OP_scale || op == OP_softcap || op == OP_clamp;
    return emit(m, op, (Attributes){.value = valued ? (double)draw_between(m, 1, 3) : 0}, x, NULL, NULL, NULL);
}

/* A linear; its bias, if any, is an operand or added. */
static inline Node *random_linear(Maker *m, Node *x, int64_t columns)
{
    Node *weight = chance(m, 20) ? emit(m, OP_transpose, NO_ATTRIBUTES, random_matrix(m, shape_columns(x->shape), columns),
                                        NULL, NULL, NULL)
                                 : random_matrix(m, columns, shape_columns(x->shape));
    Node *inside = chance(m, 20) ? random_vector(m, columns) : NULL;
    Node *y = emit(m, OP_linear, NO_ATTRIBUTES, x, weight, inside, NULL);
    return chance(m, 50) ? emit(m, OP_add, NO_ATTRIBUTES, y, random_vector(m, columns), NULL, NULL) : y;
}

static inline Node *random_norm(Maker *m, Node *x)
{
    int64_t columns = shape_columns(x->shape);
    int64_t heads = chance(m, 30) && columns % 2 == 0 ? 2 : 0;
    bool centered = chance(m, 50);
    Node *gain = chance(m, 80) ? random_vector(m, columns) : NULL;
    Node *bias = centered && chance(m, 60) ? random_vector(m, columns) : NULL;
    return emit(m, centered ? OP_layer_norm : OP_rms_norm, (Attributes){.epsilon = 0.01, .heads = heads}, x, gain, bias, NULL);
}

/* ---- blocks: each adds what models are made of, sometimes with something in the way ---- */

static inline void block_linear(Maker *m)
{
    Node *x = pick(m), *before = x;
    int64_t columns = chance(m, 50) ? shape_columns(x->shape) : draw_between(m, 1, 9);
    Node *y = random_linear(m, x, columns);
    if (chance(m, 60))
        y = random_unary(m, y);
    if (chance(m, 10))
        keep(m, y);
    if (shape_equal(before->shape, y->shape) && chance(m, 70))
        y = chance(m, 50) ? emit(m, OP_add, NO_ATTRIBUTES, before, y, NULL, NULL)
                          : emit(m, OP_add, NO_ATTRIBUTES, y, before, NULL, NULL);
    if (chance(m, 15))
        y = random_unary(m, y);
    if (chance(m, 15))
        y = emit(m, OP_add, NO_ATTRIBUTES, y, random_vector(m, columns), NULL, NULL);
    keep(m, y);
}

static inline void block_norm(Maker *m)
{
    Node *x = random_norm(m, pick(m));
    for (int64_t i = draw_between(m, 1, 3); i > 0; i--) keep(m, random_linear(m, x, draw_between(m, 1, 9)));
    if (chance(m, 20))
        keep(m, x);
}

static inline void block_gate(Maker *m)
{
    Node *x = pick(m), *gate, *up;
    int64_t columns = draw_between(m, 1, 6);
    if (chance(m, 40)) {
        Node *both = random_linear(m, x, 2 * columns);
        bool swapped = chance(m, 20);
        gate = emit(m, OP_slice, (Attributes){.first = swapped ? columns : 0, .size = columns}, both, NULL, NULL, NULL);
        up = emit(m, OP_slice, (Attributes){.first = swapped ? 0 : columns, .size = columns}, both, NULL, NULL, NULL);
    } else {
        gate = random_linear(m, x, columns);
        up = random_linear(m, x, columns);
    }
    if (chance(m, 10))
        keep(m, up);
    gate = random_unary(m, gate);
    keep(m, chance(m, 50) ? emit(m, OP_mul, NO_ATTRIBUTES, gate, up, NULL, NULL)
                          : emit(m, OP_mul, NO_ATTRIBUTES, up, gate, NULL, NULL));
}

static inline Node *attention_in_steps(Maker *m, Node *q, Node *k, Node *v, Node *bias, Attributes a)
{
    Attributes heads = {.heads = a.heads, .kv_heads = a.kv_heads, .head_dim = a.head_dim};
    Node *p = emit(m, OP_scores, a, q, k, sequences(m), bias);
    if (chance(m, 10))
        p = emit(m, OP_scale, (Attributes){.value = 2}, p, NULL, NULL, NULL);
    p = emit(m, OP_softmax, NO_ATTRIBUTES, p, NULL, NULL, NULL);
    if (chance(m, 10))
        keep(m, emit(m, OP_mix, heads, p, v, sequences(m), NULL));
    return emit(m, OP_mix, heads, p, v, sequences(m), NULL);
}

/* [heads, distances], f32 as attention wants it. */
static inline Node *random_bias(Maker *m, int64_t heads, int64_t distances)
{
    float values[6 * 9];
    for (int64_t i = 0; i < heads * distances; i++) values[i] = draw_value(m);
    return graph_constant(m->graph, shape_of(2, dim_of(heads), dim_of(distances)), values);
}

static inline Node *attention_at_once(Maker *m, Node *q, Node *k, Node *v, Node *bias, Attributes a)
{
    Node *operand[] = {q, k, v, sequences(m), bias};
    return graph_add(m->graph, OP_attention, bias != NULL ? 5 : 4, operand, &a);
}

static inline Node *rotated(Maker *m, Node *x, Node *table, int64_t heads, int64_t head_dim, int64_t interleaved)
{
    Attributes a = {.heads = heads, .head_dim = head_dim, .rotary_dim = shape_columns(table->shape), .interleaved = interleaved};
    return emit(m, OP_rope, a, x, table, NULL, NULL);
}

static inline void block_attention(Maker *m)
{
    Node *x = chance(m, 60) ? random_norm(m, pick(m)) : pick(m);
    int64_t kv_heads = draw_between(m, 1, 2), heads = kv_heads * draw_between(m, 1, 3), head_dim = draw_between(m, 1, 5);
    Attributes a = {.heads = heads, .kv_heads = kv_heads, .head_dim = head_dim, .scale = 0.5, .causal = chance(m, 60),
                    .window = chance(m, 30) ? draw_between(m, 1, 4) : 0, .softcap = chance(m, 20) ? 2 : 0};
    Node *q = random_linear(m, x, heads * head_dim), *k = random_linear(m, x, kv_heads * head_dim);
    Node *v = random_linear(m, x, kv_heads * head_dim);
    if (head_dim > 1 && chance(m, 50)) {
        Node *positions = graph_input(m->graph, "positions", FORMAT_i32, shape_of(1, dim_symbol(SYMBOL_rows)));
        Node *f = filled_vector(m, draw_between(m, 1, head_dim / 2), draw_value(m));
        Node *table = emit(m, OP_rope_table, (Attributes){.magnitude = 1}, positions, f, NULL, NULL);
        int64_t interleaved = chance(m, 50);
        q = rotated(m, q, table, heads, head_dim, interleaved);
        k = rotated(m, k, table, kv_heads, head_dim, interleaved);
    }
    if (chance(m, 50)) {
        k = emit(m, OP_cache, (Attributes){.heads = kv_heads, .window = a.window, .index = m->caches++}, k, sequences(m), NULL, NULL);
        v = emit(m, OP_cache, (Attributes){.heads = kv_heads, .window = a.window, .index = m->caches++}, v, sequences(m), NULL, NULL);
    }
    Node *bias = chance(m, 30) ? random_bias(m, heads, draw_between(m, 1, 9)) : NULL;
    if (bias != NULL)
        a.origin = draw_between(m, 0, shape_columns(bias->shape) - 1);
    keep(m, chance(m, 80) ? attention_in_steps(m, q, k, v, bias, a) : attention_at_once(m, q, k, v, bias, a));
}

/* Weights of experts that are all chosen, or the first few: a choice by scores could fall otherwise by rounding alone. */
static inline void block_experts(Maker *m)
{
    Node *x = chance(m, 60) ? random_norm(m, pick(m)) : pick(m);
    int64_t experts = draw_between(m, 1, 4), inner = draw_between(m, 1, 5), columns = draw_between(m, 1, 6);
    Attributes a = {.active = draw_between(m, 1, experts), .gate = FUNCTION_silu, .shift = chance(m, 50), .limit = chance(m, 50) ? 2 : 0};
    Node *p = emit(m, OP_sigmoid, NO_ATTRIBUTES, random_linear(m, x, experts), NULL, NULL, NULL);
    Node *y = emit(m, OP_experts, a, x, p, random_matrix(m, 2 * experts * inner, shape_columns(x->shape)), NULL);
    keep(m, emit(m, OP_combine, (Attributes){.active = a.active}, y, p, random_matrix(m, experts * columns, inner), NULL));
}

static inline Node *random_state(Maker *m, int64_t size)
{
    if (chance(m, 40))
        return NULL;
    return emit(m, OP_state, (Attributes){.index = m->caches++, .size = size}, sequences(m), NULL, NULL, NULL);
}

static inline Node *f32_matrix(Maker *m, int64_t rows, int64_t columns)
{
    Node *matrix = random_matrix(m, rows, columns);
    matrix->format = FORMAT_f32;
    return matrix;
}

/* A convolution over the rows, then a scan. */
static inline void block_scan(Maker *m)
{
    Node *x = pick(m);
    int64_t columns = shape_columns(x->shape), kernel = draw_between(m, 2, 4), size = draw_between(m, 1, 3);
    Node *convolve[] = {x, f32_matrix(m, columns, kernel), sequences(m), chance(m, 50) ? random_vector(m, columns) : NULL,
                        random_state(m, (kernel - 1) * columns)};
    Node *mixed = random_unary(m, graph_add(m->graph, OP_convolve, 5, convolve, NULL));
    Node *log = f32_matrix(m, columns, chance(m, 50) ? size : 1);
    Node *decay = emit(m, OP_neg, NO_ATTRIBUTES, emit(m, OP_exp, NO_ATTRIBUTES, log, NULL, NULL, NULL), NULL, NULL, NULL);
    Node *scan[] = {mixed, random_linear(m, mixed, columns), random_linear(m, mixed, 2 * size), decay, sequences(m),
                    random_state(m, columns * size)};
    keep(m, graph_add(m->graph, OP_scan, 6, scan, &(Attributes){.heads = columns, .head_dim = 1, .groups = 1}));
}

/* A shallow constant expression of that many elements. */
static inline Node *constant_expression(Maker *m, int64_t size)
{
    Node *x = filled_vector(m, size, draw_value(m)), *y = filled_vector(m, size, draw_value(m));
    x = emit(m, chance(m, 50) ? OP_add : OP_mul, NO_ATTRIBUTES, x, y, NULL, NULL);
    if (chance(m, 50))
        x = emit(m, OP_scale, (Attributes){.value = 0.5}, x, NULL, NULL, NULL);
    if (chance(m, 30)) {
        Node *twice = emit(m, OP_concat, NO_ATTRIBUTES, x, y, NULL, NULL);
        x = emit(m, OP_slice, (Attributes){.first = size / 2, .size = size}, twice, NULL, NULL, NULL);
    }
    return x;
}

static inline void block_constant(Maker *m)
{
    static const Op ops[] = {OP_add, OP_sub, OP_mul};
    Node *x = pick(m), *c;
    int64_t columns = shape_columns(x->shape);
    Op op = ops[draw(m) % COUNT_OF(ops)];
    if (chance(m, 40))
        c = filled_vector(m, columns, op == OP_mul ? 1 : 0);
    else
        c = chance(m, 50) ? constant_expression(m, columns) : random_vector(m, columns);
    keep(m, emit(m, op, NO_ATTRIBUTES, x, c, NULL, NULL));
}

static inline void block_slices(Maker *m)
{
    Node *x = pick(m);
    for (int i = 0; i < 2; i++) {
        int64_t columns = shape_columns(x->shape), first = chance(m, 30) ? 0 : draw_between(m, 0, columns - 1);
        int64_t size = first == 0 && chance(m, 50) ? columns : draw_between(m, 1, columns - first);
        x = emit(m, OP_slice, (Attributes){.first = first, .size = size}, x, NULL, NULL, NULL);
    }
    keep(m, chance(m, 30) ? emit(m, OP_softmax, NO_ATTRIBUTES, x, NULL, NULL, NULL) : x);
}

static inline void block_elementwise(Maker *m)
{
    Node *x = pick(m), *y = pick(m);
    if (shape_equal(x->shape, y->shape) && chance(m, 60))
        keep(m, emit(m, chance(m, 50) ? OP_add : OP_sub, NO_ATTRIBUTES, x, y, NULL, NULL));
    else
        keep(m, chance(m, 20) ? emit(m, OP_scale, (Attributes){.value = 1}, x, NULL, NULL, NULL) : random_unary(m, x));
}

/* The same computation once more. */
/* Rows of an image in any order, some several times, some not there. */
static inline Node *random_arrange(Maker *m, Node *x, int64_t rows, int64_t size)
{
    int64_t columns = shape_columns(x->shape), from = x->shape.dim[0].size;
    Node *extra = chance(m, 40) ? f32_matrix(m, draw_between(m, 1, 2), columns) : NULL;
    int64_t last = from - 1 + (extra ? extra->shape.dim[0].size : 0);
    float *index = ARENA_ARRAY(m->arena, float, (size_t)(rows * size));
    for (int64_t i = 0; i < rows * size; i++) index[i] = (float)draw_between(m, -1, last);
    Node *order = graph_constant(m->graph, shape_of(1, dim_of(rows * size)), index);
    return emit(m, OP_arrange, (Attributes){.size = size, .value = 0.5}, x, order, extra, NULL);
}

/* Attention among rows of an image, span by span. */
static inline Node *random_spans(Maker *m, Node *x, int64_t size, int64_t groups)
{
    int64_t heads = draw_between(m, 1, 3), head_dim = draw_between(m, 1, 3), width = heads * head_dim;
    Node *q = random_linear(m, x, width), *k = random_linear(m, x, width), *v = random_linear(m, x, width);
    Node *bias = chance(m, 50) ? f32_matrix(m, groups * heads, size * size) : NULL;
    Attributes a = {.heads = heads, .head_dim = head_dim, .size = size, .groups = groups, .scale = 0.5};
    return emit(m, OP_spans, a, q, k, v, bias);
}

/* A small model of images beside the one of tokens, with an output of its own. */
static inline void block_images(Maker *m)
{
    int64_t size = draw_between(m, 1, 3), groups = draw_between(m, 1, 2), rows = size * groups * draw_between(m, 1, 2);
    Node *x = graph_input(m->graph, "values", FORMAT_f32, shape_of(2, (Dim){IMAGE_VALUES, SYMBOL_images}, dim_of(1)));
    x = random_arrange(m, x, rows, draw_between(m, 1, 5));
    if (chance(m, 50)) x = random_norm(m, random_linear(m, x, draw_between(m, 1, 6)));
    if (chance(m, 50)) x = emit(m, OP_add, NO_ATTRIBUTES, x, f32_matrix(m, rows, shape_columns(x->shape)), NULL, NULL);
    if (chance(m, 60)) x = random_unary(m, random_linear(m, random_spans(m, x, size, groups), draw_between(m, 1, 6)));
    if (chance(m, 40)) {
        int64_t columns = shape_columns(x->shape), taps = draw_between(m, 1, 3);
        x = random_arrange(m, x, rows, taps);
        x = emit(m, OP_grouped, (Attributes){.size = taps, .groups = columns}, x, f32_matrix(m, taps, columns), NULL, NULL);
    }
    if (chance(m, 60)) x = emit(m, OP_pool, (Attributes){.mode = chance(m, 50) ? POOL_mean : POOL_max, .size = rows}, x, NULL, NULL, NULL);
    graph_output(m->graph, arena_printf(m->arena, "seen%d", m->seen++), random_linear(m, x, draw_between(m, 1, 4)));
}

static inline void block_again(Maker *m)
{
    Node *x = pick(m);
    keep(m, graph_add(m->graph, x->op, x->operands, x->operand, &x->a));
}

static inline void random_outputs(Maker *m)
{
    int64_t count = draw_between(m, 1, 3);
    for (int64_t i = 0; i < count; i++) graph_output(m->graph, arena_printf(m->arena, "y%d", (int)i), pick(m));
    graph_output(m->graph, "last", m->pool[m->pooled - 1]);
    if (chance(m, 40)) {
        Node *want = graph_input(m->graph, "want", FORMAT_i32, shape_of(1, dim_symbol(SYMBOL_wanted)));
        Node *taken = emit(m, OP_take, NO_ATTRIBUTES, random_norm(m, pick(m)), want, NULL, NULL);
        graph_output(m->graph, "logits", random_linear(m, taken, draw_between(m, 1, 9)));
    }
    if (chance(m, 40)) {
        int mode = (int)draw_between(m, POOL_first, POOL_max);
        Node *pooled = emit(m, OP_pool, (Attributes){.mode = mode}, pick(m), sequences(m), NULL, NULL);
        graph_output(m->graph, "pooled", random_unary(m, random_linear(m, pooled, draw_between(m, 1, 5))));
    }
}

static inline Graph *random_graph(Arena *arena, uint64_t seed, Maker *m)
{
    static void (*const blocks[])(Maker *) = {block_linear,   block_linear, block_norm,        block_norm, block_gate, block_attention,
                                              block_constant, block_slices, block_elementwise, block_again,  block_experts, block_scan,    block_images};
    *m = (Maker){.arena = arena, .graph = graph_new(arena), .state = seed};
    Node *ids = graph_input(m->graph, "ids", FORMAT_i32, shape_of(1, dim_symbol(SYMBOL_rows)));
    Node *table = random_matrix(m, VOCABULARY, draw_between(m, 1, 9));
    keep(m, emit(m, OP_embed, (Attributes){.scale = 2}, ids, table, NULL, NULL));
    int64_t count = draw_between(m, 1, 10);
    for (int64_t i = 0; i < count; i++) {
        m->graph->layer = (int)i - 1;
        blocks[draw(m) % COUNT_OF(blocks)](m);
    }
    m->graph->layer = -1;
    random_outputs(m);
    graph_refresh(m->graph);
    return m->graph;
}

static inline void random_batch(Maker *m, RandomBatch *random)
{
    int rows = (int)draw_between(m, 1, MOST_ROWS), count = 0;
    *random = (RandomBatch){0};
    while (random->start[count] < rows) {
        int length = count == MOST_SEQUENCES - 1 ? rows : (int)draw_between(m, 1, rows);
        int end = random->start[count] + length;
        random->start[++count] = end < rows ? end : rows;
    }
    for (int s = 0; s < count; s++) {
        for (int r = random->start[s]; r < random->start[s + 1]; r++) random->positions[r] = r - random->start[s];
    }
    int wanted = 0;
    for (int r = 0; r < rows; r++) {
        random->ids[r] = (int32_t)draw_between(m, 0, VOCABULARY - 1);
        if (r == rows - 1 || chance(m, 50))
            random->want[wanted++] = r;
    }
    for (int i = 0; i < MOST_IMAGES * IMAGE_VALUES; i++) random->values[i] = draw_value(m);
    random->batch = (hf2c_batch){.rows = rows, .sequences = count, .wanted = wanted, .ids = random->ids,
                                 .positions = random->positions, .start = random->start, .want = random->want};
    random->batch.images = (int)draw_between(m, 1, MOST_IMAGES);
    random->batch.values = random->values;
}

#endif
