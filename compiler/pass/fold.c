/* fold: computations that need no input and no weight happen now, and what changes nothing goes away. Params stay params: their
 * values belong to the weights file.
 *
 *     %2 = constant (1.0, ...) : f32[8]             %4 = constant (0.5, ...) : f32[8]
 *     %3 = scale %2 {value=0.5}              ->     %5 = mul %1, %4
 *     %4 = mul %1, %3
 *
 *     mul x, 1 -> x     add x, 0 -> x     sub x, 0 -> x     scale x {value=1} -> x     slice of all of x -> x
 *     transpose (transpose x) -> x     slice (slice x) -> slice x     concat (concat a, b), c -> concat a, b, c
 */
#include "compiler/pass/rewrite.h"

enum { FOLD_ELEMENTS = 4096 };

/* ---- constants ---- */

static bool operands_are_constants(const Node *node)
{
    for (int i = 0; i < node->operands; i++) {
        if (node->operand[i] != NULL && node->operand[i]->op != OP_constant)
            return false;
    }
    return node->operands > 0;
}

static Node *evaluate(Graph *graph, Node *node)
{
    static const int64_t no_symbols[SYMBOL_COUNT];
    if (!operands_are_constants(node) || !node_is_constant(node))
        return NULL;
    int64_t count = shape_elements(node->shape, no_symbols);
    if (count > FOLD_ELEMENTS)
        return NULL;
    Arena *scratch = arena_new();
    float *values = ARENA_ARRAY(scratch, float, (size_t)count);
    node_constant_values(scratch, node, values);
    Node *constant = graph_insert_constant(graph, node, node->shape, values);
    arena_free(scratch);
    return constant;
}

/* ---- identities ---- */

/* The operand that an addition or a multiplication leaves as it is, NULL: none. */
static Node *unchanged_operand(const Node *node)
{
    float neutral = node->op == OP_mul ? 1.0F : 0.0F;
    if (node_is_filled_with(node->operand[1], neutral))
        return node->operand[0];
    bool commutes = node->op == OP_add || node->op == OP_mul;
    return commutes && node_is_filled_with(node->operand[0], neutral) ? node->operand[1] : NULL;
}

static Node *identity(const Node *node)
{
    switch (node->op) {
    case OP_add:
    case OP_sub:
    case OP_mul: return unchanged_operand(node);
    case OP_scale: return node->a.value == 1 ? node->operand[0] : NULL;
    case OP_slice: return node->a.size == shape_columns(node->operand[0]->shape) ? node->operand[0] : NULL;
    case OP_transpose: return node->operand[0]->op == OP_transpose ? node->operand[0]->operand[0] : NULL;
    case OP_concat: return node->operands == 1 ? node->operand[0] : NULL;
    default: return NULL;
    }
}

/* ---- nesting ---- */

static Node *flatten_slice(Graph *graph, Node *node)
{
    Node *inner = node->operand[0];
    if (inner->op != OP_slice)
        return NULL;
    Attributes a = {.first = inner->a.first + node->a.first, .size = node->a.size};
    return graph_insert(graph, node, OP_slice, 1, inner->operand, &a);
}

static Node *flatten_concat(Graph *graph, Node *node)
{
    Node *parts[NODE_MAX_OPERANDS];
    int count = 0;
    bool nested = false;
    for (int i = 0; i < node->operands; i++) {
        Node *x = node->operand[i];
        bool inner = x->op == OP_concat && x->format == node->format;
        int more = inner ? x->operands : 1;
        if (count + more > NODE_MAX_OPERANDS)
            return NULL;
        for (int j = 0; j < more; j++) parts[count++] = inner ? x->operand[j] : x;
        nested = nested || inner;
    }
    return nested ? graph_insert(graph, node, OP_concat, count, parts, NULL) : NULL;
}

static Node *fold(Graph *graph, Node *node)
{
    Node *same = identity(node);
    if (same != NULL && same->format == node->format && shape_equal(same->shape, node->shape))
        return same;
    Node *by = evaluate(graph, node);
    if (by == NULL && node->op == OP_slice)
        by = flatten_slice(graph, node);
    if (by == NULL && node->op == OP_concat)
        by = flatten_concat(graph, node);
    return by;
}

int pass_fold(Graph *graph)
{
    return rewrite_each(graph, fold);
}
