/* The verifier: what passes, plan and emitter rely on. */
#include "compiler/ir/op.h"

#include <string.h>

typedef struct Checked {
    const Graph *graph;
    const Node **by_id; /* nodes met so far */
    Map *names;         /* keys of sources and names of outputs met so far, each with a prefix */
    Arena *arena;
} Checked;

/* False when the name was there before. */
static bool remember(Checked *checked, const char *prefix, const char *name)
{
    const char *key = arena_printf(checked->arena, "%s %s", prefix, name);
    if (map_get(checked->names, key) != NULL)
        return false;
    map_set(checked->names, key, checked);
    return true;
}

static bool check_operands(const Checked *checked, const Node *node, Err *err)
{
    if (node->operands < 0 || node->operands > NODE_MAX_OPERANDS)
        return err_set(err, "%d operands", node->operands);
    for (int i = 0; i < NODE_MAX_OPERANDS; i++) {
        const Node *x = node->operand[i];
        if (x == NULL)
            continue;
        if (i >= node->operands)
            return err_set(err, "operand %d is beyond its %d operands", i, node->operands);
        if (x->id < 0 || x->id >= checked->graph->next_id || checked->by_id[x->id] != x)
            return err_set(err, "operand %%%d is not defined before it", x->id);
        if (x->entry != node->entry && !node_is_constant(x))
            return err_set(err, "operand %%%d belongs to entry %d, this node to %d", x->id, x->entry, node->entry);
    }
    if (node->operands > 0 && node->operand[node->operands - 1] == NULL)
        return err_set(err, "its last operand is absent");
    return true;
}

static bool check_type(const Node *node, Err *err)
{
    Node copy = *node;
    if (!node_infer(&copy, err))
        return false;
    if (copy.format != node->format || !shape_equal(copy.shape, node->shape))
        return err_set(err, "is %s%s, wanted %s%s", format_name(node->format), shape_describe(node->shape),
                       format_name(copy.format), shape_describe(copy.shape));
    return true;
}

static bool check_source(Checked *checked, const Node *node, Err *err)
{
    bool named = node->op == OP_param || node->op == OP_input;
    const char *kind = node->entry == 1 ? "input of the encoder" : op_info(node->op)->name;
    if (named && !remember(checked, kind, node->a.key))
        return err_set(err, "a second %s \"%s\"", kind, node->a.key);
    if (node->op == OP_cache || node->op == OP_state) {
        const char *index = arena_printf(checked->arena, "%lld", (long long)node->a.index);
        if (!remember(checked, "cache", index))
            return err_set(err, "a second cache or state %s", index);
    }
    if ((node->op == OP_constant) != (node->values != NULL))
        return err_set(err, "constants, and only they, have values");
    if (node->op != OP_param && node->tensor != NULL)
        return err_set(err, "only params have a tensor");
    return true;
}

/* The decoder finds what the encoder left: the cache with that index stands before it and is as wide. */
static bool check_entry(const Checked *checked, const Node *node, Err *err)
{
    if (node->entry < 0 || node->entry > (node_is_constant(node) ? 0 : 1))
        return err_set(err, "its entry is %d", node->entry);
    if (node->op != OP_memory)
        return true;
    for (size_t i = 0; checked->graph->node[i] != node; i++) {
        const Node *cache = checked->graph->node[i];
        if (cache->op == OP_cache && cache->entry == 1 && cache->a.index == node->a.index)
            return (shape_equal(cache->shape, node->shape) && cache->format == node->format && cache_heads(cache) == cache_heads(node) &&
                    cache->a.window == 0) ||
                   err_set(err, "the cache is not as wide, has other heads, another format or a window");
    }
    return err_set(err, "the encoder fills no cache %lld", (long long)node->a.index);
}

static bool check_node(Checked *checked, const Node *node, Err *err)
{
    if (node->id < 0 || node->id >= checked->graph->next_id || checked->by_id[node->id] != NULL)
        return err_set(err, "its id is taken or out of range");
    if (!check_operands(checked, node, err) || !check_type(node, err) || !check_source(checked, node, err) ||
        !check_entry(checked, node, err))
        return false;
    checked->by_id[node->id] = node;
    return true;
}

static bool check_output(Checked *checked, const GraphOutput *output, Err *err)
{
    const Node *node = output->node;
    if (output->name == NULL || output->name[0] == '\0')
        return err_set(err, "output without a name");
    if (!remember(checked, "output", output->name))
        return err_set(err, "a second output \"%s\"", output->name);
    if (node == NULL || node->id < 0 || node->id >= checked->graph->next_id || checked->by_id[node->id] != node)
        return err_set(err, "output \"%s\" is not in the graph", output->name);
    if (node->format != FORMAT_f32 || !shape_is_activation(node->shape) || node->shape.dim[0].symbol == SYMBOL_keys)
        return err_set(err, "output \"%s\" is %s%s, wanted f32[rows, columns]", output->name, format_name(node->format),
                       shape_describe(node->shape));
    return true;
}

bool graph_verify(const Graph *graph, Err *err)
{
    Arena *scratch = arena_new();
    Checked checked = {graph, NULL, map_new(scratch), scratch};
    checked.by_id = ARENA_ARRAY(scratch, const Node *, (size_t)(graph->next_id > 0 ? graph->next_id : 1));
    bool good = true;
    for (size_t i = 0; good && i < graph->count; i++) {
        const Node *node = graph->node[i];
        good = check_node(&checked, node, err);
        if (!good)
            err_prefix(err, "%%%d, %s", node->id, (unsigned)node->op < OP_COUNT ? op_info(node->op)->name : "?");
    }
    for (size_t i = 0; good && i < graph->outputs; i++) good = check_output(&checked, &graph->output[i], err);
    arena_free(scratch);
    return good;
}
