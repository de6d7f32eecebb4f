/* rewrite: replacing, pruning, hoisting; small questions that passes ask. */
#include "compiler/pass/rewrite.h"

#include <string.h>

bool rewrite_is_output(const Graph *graph, const Node *node)
{
    for (size_t i = 0; i < graph->outputs; i++) {
        if (graph->output[i].node == node)
            return true;
    }
    return false;
}

Node *rewrite_only_user(const Graph *graph, const Node *node)
{
    Node *user = NULL;
    if (rewrite_is_output(graph, node))
        return NULL;
    for (size_t i = 0; i < graph->count; i++) {
        for (int j = 0; j < graph->node[i]->operands; j++) {
            if (graph->node[i]->operand[j] != node)
                continue;
            if (user != NULL)
                return NULL;
            user = graph->node[i];
        }
    }
    return user;
}

static void remove_at(Graph *graph, size_t position)
{
    graph->count--;
    memmove(graph->node + position, graph->node + position + 1, (graph->count - position) * sizeof *graph->node);
}

enum { MAYBE_UNUSED = 1 << 16 }; /* a mark of its own: the other bits are the pass's */

/* Takes a node that nothing uses out of the order, and what only it used, but for `kept`. Operands stand before their users: one
 * sweep backwards from the node meets whatever becomes unused. */
static void prune(Graph *graph, Node *node, const Node *kept)
{
    size_t position = graph_position(graph, node);
    for (size_t i = 0; i < position; i++) graph->node[i]->mark &= ~MAYBE_UNUSED;
    node->mark |= MAYBE_UNUSED;
    for (size_t i = position + 1; i-- > 0;) {
        Node *candidate = graph->node[i];
        if (!(candidate->mark & MAYBE_UNUSED) || candidate == kept || node_uses(graph, candidate) != 0)
            continue;
        for (int j = 0; j < candidate->operands; j++) {
            if (candidate->operand[j] != NULL)
                candidate->operand[j]->mark |= MAYBE_UNUSED;
        }
        remove_at(graph, i);
    }
}

void rewrite_replace(Graph *graph, Node *old, Node *by)
{
    graph_replace(graph, old, by);
    prune(graph, old, by);
}

int rewrite_each(Graph *graph, Node *(*rewrite)(Graph *graph, Node *node))
{
    int rewrites = 0;
    for (size_t i = 0; i < graph->count; i++) {
        Node *node = graph->node[i], *by = rewrite(graph, node);
        if (by == NULL)
            continue;
        rewrite_replace(graph, node, by);
        i = graph_position(graph, by);
        rewrites++;
    }
    return rewrites;
}

void rewrite_hoist(Graph *graph, Node *constant, Node *before)
{
    size_t from = graph_position(graph, constant), to = graph_position(graph, before);
    if (from < to)
        return;
    memmove(graph->node + to + 1, graph->node + to, (from - to) * sizeof *graph->node);
    graph->node[to] = constant;
    for (int i = 0; i < constant->operands; i++) {
        if (constant->operand[i] != NULL)
            rewrite_hoist(graph, constant->operand[i], constant);
    }
}

bool node_is_filled_with(const Node *node, float value)
{
    static const int64_t no_symbols[SYMBOL_COUNT];
    if (node->op != OP_constant)
        return false;
    int64_t count = shape_elements(node->shape, no_symbols);
    for (int64_t i = 0; i < count; i++) {
        if (node->values[i] != value)
            return false;
    }
    return true;
}

bool attributes_equal(const Attributes *a, const Attributes *b)
{
#define TEXT_EQUAL(x, y) ((x) == (y) || ((x) != NULL && (y) != NULL && strcmp((x), (y)) == 0))
    bool equal = true;
#define INTEGER(name) equal = equal && a->name == b->name;
#define REAL(name) equal = equal && memcmp(&a->name, &b->name, sizeof a->name) == 0;
#define FUNCTION(name) equal = equal && a->name == b->name;
#define MODE(name) equal = equal && a->name == b->name;
#define NUMBERS(name) equal = equal && a->name == b->name;
#define TEXT(name) equal = equal && TEXT_EQUAL(a->name, b->name);
#include "compiler/ir/attributes.def"
    return equal;
}

Node *insert_zeros(Graph *graph, Node *before, int64_t size)
{
    const float *zeros = ARENA_ARRAY(graph->arena, float, (size_t)size);
    return graph_insert_constant(graph, before, shape_of(1, dim_of(size)), zeros);
}
