/* projection: linears as the families write them, seen as x W' + bias. */
#include "compiler/pass/rewrite.h"

enum { LINEAR_X, LINEAR_WEIGHT, LINEAR_BIAS, LINEAR_RESIDUAL };

static bool is_plain(const Node *node)
{
    return node->op == OP_linear && !node_is_constant(node) && node->a.activation == FUNCTION_none &&
           node->a.gate == FUNCTION_none && node->operand[LINEAR_RESIDUAL] == NULL;
}

/* Addition of a constant vector to a linear that has no bias and no other use. */
static bool adds_bias(const Graph *graph, const Node *node)
{
    return node->op == OP_add && is_plain(node->operand[0]) && node->operand[0]->operand[LINEAR_BIAS] == NULL &&
           node_is_constant(node->operand[1]) && node->operand[1]->shape.rank == 1 &&
           node_uses(graph, node->operand[0]) == 1;
}

bool projection_at_end(const Graph *graph, Node *end, Projection *projection)
{
    bool added = adds_bias(graph, end);
    Node *linear = added ? end->operand[0] : end;
    if (!is_plain(linear))
        return false;
    Node *bias = added ? end->operand[1] : linear->operand[LINEAR_BIAS];
    *projection = (Projection){linear, linear->operand[LINEAR_WEIGHT], bias, end};
    return true;
}

bool projection_of_linear(const Graph *graph, Node *linear, Projection *projection)
{
    if (!is_plain(linear))
        return false;
    Node *user = rewrite_only_user(graph, linear);
    bool added = user != NULL && adds_bias(graph, user);
    return projection_at_end(graph, added ? user : linear, projection);
}

/* Several of these stay far within what a shape may count. */
static bool is_moderate(const Node *weight)
{
    const int64_t rows = (int64_t)1 << 22, elements = (int64_t)1 << 40;
    return weight->shape.dim[0].size <= rows && weight->shape.dim[1].size <= elements / weight->shape.dim[0].size;
}

bool projections_join(const Graph *graph, const Projection *a, const Projection *b)
{
    return a->linear != b->linear && a->linear->operand[LINEAR_X] == b->linear->operand[LINEAR_X] &&
           a->weight->format == b->weight->format && is_moderate(a->weight) && is_moderate(b->weight) &&
           node_uses(graph, a->weight) == 1 && node_uses(graph, b->weight) == 1;
}

static Node *concat(Graph *graph, Node *before, Node *const *parts, int count)
{
    return count == 1 ? parts[0] : graph_insert(graph, before, OP_concat, count, parts, NULL);
}

Node *projections_concat(Graph *graph, Node *before, const Projection *projection, int count, const Attributes *attributes)
{
    Node *weights[NODE_MAX_OPERANDS] = {NULL}, *biases[NODE_MAX_OPERANDS] = {NULL};
    bool biased = false;
    for (int i = 0; i < count; i++) biased = biased || projection[i].bias != NULL;
    for (int i = 0; i < count; i++) {
        weights[i] = projection[i].weight;
        rewrite_hoist(graph, weights[i], before);
        biases[i] = projection[i].bias;
        if (biased && biases[i] == NULL)
            biases[i] = insert_zeros(graph, before, weights[i]->shape.dim[0].size);
        if (biased)
            rewrite_hoist(graph, biases[i], before);
    }
    Node *operand[] = {projection[0].linear->operand[LINEAR_X], concat(graph, before, weights, count),
                       biased ? concat(graph, before, biases, count) : NULL};
    return graph_insert(graph, before, OP_linear, 3, operand, attributes);
}
