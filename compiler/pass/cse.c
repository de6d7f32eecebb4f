/* cse: of equal computations the first one stays.
 *
 *     %2 = gelu %1                                  %2 = gelu %1
 *     %3 = gelu %1                           ->     %4 = add %2, %2
 *     %4 = add %2, %3
 */
#include <string.h>

#include "compiler/pass/rewrite.h"

static bool values_equal(const Node *a, const Node *b)
{
    static const int64_t no_symbols[SYMBOL_COUNT];
    if (a->values == NULL || b->values == NULL)
        return a->values == b->values;
    return memcmp(a->values, b->values, (size_t)shape_elements(a->shape, no_symbols) * sizeof *a->values) == 0;
}

/* Two caches have different indices, inputs and params different keys: they are never equal. */
static bool nodes_equal(const Node *a, const Node *b)
{
    if (a->op != b->op || a->operands != b->operands || a->format != b->format || a->entry != b->entry)
        return false;
    for (int i = 0; i < a->operands; i++) {
        if (a->operand[i] != b->operand[i])
            return false;
    }
    return shape_equal(a->shape, b->shape) && attributes_equal(&a->a, &b->a) && values_equal(a, b);
}

static Node *find_earlier(const Graph *graph, const Node *node)
{
    for (size_t i = 0; graph->node[i] != node; i++) {
        if (nodes_equal(graph->node[i], node))
            return graph->node[i];
    }
    return NULL;
}

/* What several layers share, and does not depend on any, belongs to none of them. */
static void leave_layer(Node *shared, const Node *other)
{
    bool independent = shared->layer != other->layer;
    for (int i = 0; i < shared->operands; i++)
        independent = independent && (shared->operand[i] == NULL || shared->operand[i]->layer < 0);
    if (independent)
        shared->layer = -1;
}

static Node *merge(Graph *graph, Node *node)
{
    Node *earlier = find_earlier(graph, node);
    if (earlier != NULL)
        leave_layer(earlier, node);
    return earlier;
}

int pass_cse(Graph *graph)
{
    int rewrites = 0;
    for (size_t i = 0; i < graph->count; i++) {
        Node *node = graph->node[i], *earlier = merge(graph, node);
        if (earlier == NULL)
            continue;
        rewrite_replace(graph, node, earlier);
        rewrites++;
        i--; /* only the node itself has left: its operands are used by the earlier one too */
    }
    return rewrites;
}
