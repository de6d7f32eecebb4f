/* Graphs: making nodes, replacing them, asking about them. */
#include "compiler/ir/op.h"

#include <string.h>

Graph *graph_new(Arena *arena)
{
    Graph *graph = ARENA_NEW(arena, Graph);
    graph->arena = arena;
    graph->layer = -1;
    return graph;
}

/* Puts the node at a position of the order. */
static void place(Graph *graph, size_t position, Node *node)
{
    graph->node = arena_grow(graph->arena, graph->node, graph->count, &graph->capacity, sizeof *graph->node);
    memmove(graph->node + position + 1, graph->node + position, (graph->count - position) * sizeof *graph->node);
    graph->node[position] = node;
    graph->count++;
}

/* A node without a place. Absent operands at the end are dropped, so that equal nodes look equal. */
static Node *make(Graph *graph, Op op, int operands, Node *const *operand, const Attributes *attributes)
{
    if (operands < 0 || operands > NODE_MAX_OPERANDS)
        bug("%s with %d operands", op_info(op)->name, operands);
    Node *node = ARENA_NEW(graph->arena, Node);
    node->id = graph->next_id++;
    node->op = op;
    for (int i = 0; i < operands; i++) {
        node->operand[i] = operand[i];
        if (operand[i] != NULL)
            node->operands = i + 1;
    }
    if (attributes != NULL)
        node->a = *attributes;
    node->layer = graph->layer;
    node->entry = graph->entry;
    return node;
}

/* Shape, format and operand count of a new node must fit: whoever builds graphs has checked his input before. */
static void finish(Node *node)
{
    Err err = {{0}};
    if (!node_infer(node, &err))
        bug("%s%s%s", node->name ? node->name : "", node->name ? ": " : "", err.text);
    if (node_is_constant(node))
        node->entry = 0;
}

static const char *copy_scope(Graph *graph, const char *scope)
{
    return scope != NULL ? arena_copy_text(graph->arena, scope, strlen(scope)) : NULL;
}

Node *graph_add(Graph *graph, Op op, int operands, Node *const *operand, const Attributes *attributes)
{
    Node *node = make(graph, op, operands, operand, attributes);
    node->name = copy_scope(graph, graph->scope);
    finish(node);
    place(graph, graph->count, node);
    return node;
}

size_t graph_position(const Graph *graph, const Node *node)
{
    for (size_t i = 0; i < graph->count; i++) {
        if (graph->node[i] == node)
            return i;
    }
    bug("%%%d is not in the graph", node->id);
}

Node *graph_insert(Graph *graph, Node *before, Op op, int operands, Node *const *operand, const Attributes *attributes)
{
    Node *node = make(graph, op, operands, operand, attributes);
    node->layer = before->layer;
    node->entry = before->entry;
    node->name = before->name;
    finish(node);
    place(graph, graph_position(graph, before), node);
    return node;
}

static Node *find_source(const Graph *graph, Op op, int entry, const char *key)
{
    for (size_t i = 0; i < graph->count; i++) {
        Node *node = graph->node[i];
        if (node->op == op && node->entry == entry && strcmp(node->a.key, key) == 0)
            return node;
    }
    return NULL;
}

static Node *make_source(Graph *graph, Op op, const char *key, Format format, Shape shape)
{
    Node *node = make(graph, op, 0, NULL, NULL);
    if (key != NULL)
        node->a.key = arena_copy_text(graph->arena, key, strlen(key));
    node->format = format;
    node->shape = shape;
    finish(node);
    return node;
}

Node *graph_input(Graph *graph, const char *name, Format format, Shape shape)
{
    Node *node = find_source(graph, OP_input, graph->entry, name);
    if (node == NULL) {
        node = make_source(graph, OP_input, name, format, shape);
        node->layer = -1; /* what a call brings belongs to no layer, wherever it was first asked for */
        place(graph, graph->count, node);
    }
    if (node->format != format || !shape_equal(node->shape, shape))
        bug("input %s is %s%s, wanted %s%s", name, format_name(node->format), shape_describe(node->shape),
            format_name(format), shape_describe(shape));
    return node;
}

void graph_append(Graph *graph, Node *node)
{
    place(graph, graph->count, node);
    graph->next_id = node->id >= graph->next_id ? node->id + 1 : graph->next_id;
    if (node->op != OP_param)
        return;
    graph->param = arena_grow(graph->arena, graph->param, graph->params, &graph->param_capacity, sizeof *graph->param);
    graph->param[graph->params++] = (Param){node, {INITIAL_ZEROS, 0, -1}, false};
}

Node *graph_find_param(const Graph *graph, const char *name) { return find_source(graph, OP_param, 0, name); }

Node *graph_param(Graph *graph, const char *name, Shape shape, const Tensor *tensor, Initial initial)
{
    Node *node = find_source(graph, OP_param, 0, name);
    if (node == NULL) {
        node = make_source(graph, OP_param, name, FORMAT_f32, shape);
        node->tensor = tensor;
        graph_append(graph, node);
        graph->param[graph->params - 1].initial = initial;
    }
    if (!shape_equal(node->shape, shape))
        bug("param %s is %s, wanted %s", name, shape_describe(node->shape), shape_describe(shape));
    return node;
}

static void set_values(Graph *graph, Node *node, const float *values)
{
    static const int64_t no_symbols[SYMBOL_COUNT];
    size_t count = (size_t)shape_elements(node->shape, no_symbols);
    float *copy = ARENA_ARRAY(graph->arena, float, count);
    memcpy(copy, values, count * sizeof *copy);
    node->values = copy;
}

Node *graph_constant(Graph *graph, Shape shape, const float *values)
{
    Node *node = make_source(graph, OP_constant, NULL, FORMAT_f32, shape);
    set_values(graph, node, values);
    place(graph, graph->count, node);
    return node;
}

Node *graph_insert_constant(Graph *graph, Node *before, Shape shape, const float *values)
{
    Node *node = make_source(graph, OP_constant, NULL, FORMAT_f32, shape);
    set_values(graph, node, values);
    node->layer = before->layer;
    place(graph, graph_position(graph, before), node);
    return node;
}

void graph_output(Graph *graph, const char *name, Node *node)
{
    graph->output =
        arena_grow(graph->arena, graph->output, graph->outputs, &graph->output_capacity, sizeof *graph->output);
    graph->output[graph->outputs++] = (GraphOutput){arena_copy_text(graph->arena, name, strlen(name)), node, 0};
}

void graph_replace(Graph *graph, Node *old, Node *by)
{
    for (size_t i = 0; i < graph->count; i++) {
        Node *node = graph->node[i];
        for (int j = 0; node != by && j < node->operands; j++) {
            if (node->operand[j] == old)
                node->operand[j] = by;
        }
    }
    for (size_t i = 0; i < graph->outputs; i++) {
        if (graph->output[i].node == old)
            graph->output[i].node = by;
    }
}

bool graph_has_encoder(const Graph *graph)
{
    for (size_t i = 0; i < graph->count; i++) {
        if (graph->node[i]->entry == 1)
            return true;
    }
    return false;
}

bool node_is_constant(const Node *node)
{
    return shape_is_constant(node->shape);
}

int node_uses(const Graph *graph, const Node *node)
{
    int uses = 0;
    for (size_t i = 0; i < graph->count; i++) {
        for (int j = 0; j < graph->node[i]->operands; j++) uses += graph->node[i]->operand[j] == node;
    }
    for (size_t i = 0; i < graph->outputs; i++) uses += graph->output[i].node == node;
    return uses;
}

int64_t graph_parameters(const Graph *graph)
{
    static const int64_t no_symbols[SYMBOL_COUNT];
    int64_t total = 0;
    for (size_t i = 0; i < graph->params; i++) {
        if (!graph->param[i].buffer)
            total += shape_elements(graph->param[i].node->shape, no_symbols);
    }
    return total;
}

/* Copies one node; the copies of its operands are found by id. */
static Node *copy_node(Graph *graph, const Node *node, Node **by_id)
{
    Node *copy = ARENA_NEW(graph->arena, Node);
    *copy = *node;
    for (int i = 0; i < node->operands; i++) copy->operand[i] = node->operand[i] ? by_id[node->operand[i]->id] : NULL;
    if (node->a.key != NULL)
        copy->a.key = arena_copy_text(graph->arena, node->a.key, strlen(node->a.key));
    copy->name = copy_scope(graph, node->name);
    if (node->values != NULL)
        set_values(graph, copy, node->values);
    by_id[node->id] = copy;
    return copy;
}

Graph *graph_copy(Arena *arena, const Graph *graph)
{
    Graph *copy = graph_new(arena);
    Node **by_id = ARENA_ARRAY(arena, Node *, (size_t)graph->next_id);
    for (size_t i = 0; i < graph->count; i++) place(copy, i, copy_node(copy, graph->node[i], by_id));
    for (size_t i = 0; i < graph->params; i++) {
        Param param = graph->param[i];
        Node *known = by_id[param.node->id]; /* NULL: removed from the order, still a param of the checkpoint */
        param.node = known ? known : copy_node(copy, param.node, by_id);
        copy->param = arena_grow(arena, copy->param, copy->params, &copy->param_capacity, sizeof *copy->param);
        copy->param[copy->params++] = param;
    }
    for (size_t i = 0; i < graph->outputs; i++) {
        graph_output(copy, graph->output[i].name, by_id[graph->output[i].node->id]);
        copy->output[i].line = graph->output[i].line;
    }
    copy->next_id = graph->next_id;
    copy->layer = graph->layer;
    copy->activations = graph->activations;
    copy->entry = graph->entry;
    copy->scope = copy_scope(copy, graph->scope);
    return copy;
}

const Node *node_storage(const Node *node, int64_t *column)
{
    int64_t first = 0;
    while ((node->op == OP_slice || node->op == OP_windows) && !node_is_constant(node)) {
        first += node->a.first;
        node = node->operand[0];
    }
    if (column != NULL)
        *column = first;
    return node;
}

int64_t node_step(const Node *node)
{
    while (node->op == OP_slice && !node_is_constant(node)) node = node->operand[0];
    return node->op == OP_windows ? node->a.stride : 1;
}

int64_t node_stride(const Node *node)
{
    const Node *storage = node_storage(node, NULL);
    if (storage->shape.rank > 0 && storage->shape.dim[storage->shape.rank - 1].symbol != SYMBOL_none)
        bug("%%%d has rows of a length known at run time only", storage->id);
    int64_t stride = 1;
    for (int i = storage->shape.rank > 1; i < storage->shape.rank; i++) stride *= storage->shape.dim[i].size;
    return stride * node_step(node);
}
