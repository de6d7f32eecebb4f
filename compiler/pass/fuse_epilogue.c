/* fuse_epilogue: what is done to the result of a linear is done before it is written.
 *
 *     %3 = linear %1, %w
 *     %4 = add %3, %bias
 *     %5 = gelu %4                           ->     %7 = linear %1, %w, %bias, %0 {activation=gelu}
 *     %6 = add %5, %0
 *
 * A linear computes activation(x W' + bias) + residual: each step is taken only where nothing that comes later in that order
 * is there already. */
#include "compiler/pass/rewrite.h"

enum { LINEAR_WEIGHT = 1, LINEAR_BIAS, LINEAR_RESIDUAL, LINEAR_OPERANDS };

static bool is_open(const Graph *graph, const Node *linear)
{
    return linear->op == OP_linear && !node_is_constant(linear) && linear->a.gate == FUNCTION_none &&
           node_uses(graph, linear) == 1;
}

/* The linear again, with one operand more. */
static Node *with_operand(Graph *graph, Node *node, const Node *linear, int index, Node *operand)
{
    Node *operands[LINEAR_OPERANDS];
    for (int i = 0; i < LINEAR_OPERANDS; i++) operands[i] = i == index ? operand : linear->operand[i];
    return graph_insert(graph, node, OP_linear, LINEAR_OPERANDS, operands, &linear->a);
}

static Node *fuse_bias(Graph *graph, Node *node)
{
    Node *linear = node->operand[0], *bias = node->operand[1];
    if (!is_open(graph, linear) || linear->a.activation != FUNCTION_none || !node_is_constant(bias) ||
        bias->shape.rank != 1 || bias->format != FORMAT_f32)
        return NULL;
    Node *both[] = {linear->operand[LINEAR_BIAS], bias};
    if (both[0] != NULL)
        bias = graph_insert(graph, node, OP_add, 2, both, NULL);
    return with_operand(graph, node, linear, LINEAR_BIAS, bias);
}

static Node *fuse_residual(Graph *graph, Node *node, Node *linear, Node *residual)
{
    if (!is_open(graph, linear) || linear->operand[LINEAR_RESIDUAL] != NULL ||
        !shape_equal(linear->shape, residual->shape))
        return NULL;
    return with_operand(graph, node, linear, LINEAR_RESIDUAL, residual);
}

static Node *fuse_add(Graph *graph, Node *node)
{
    Node *by = fuse_bias(graph, node);
    if (by == NULL)
        by = fuse_residual(graph, node, node->operand[1], node->operand[0]);
    return by != NULL ? by : fuse_residual(graph, node, node->operand[0], node->operand[1]);
}

static Node *fuse_activation(Graph *graph, Node *node)
{
    Node *linear = node->operand[0];
    if (!is_open(graph, linear) || linear->a.activation != FUNCTION_none || linear->operand[LINEAR_RESIDUAL] != NULL)
        return NULL;
    Attributes a = linear->a;
    a.activation = op_function(node->op);
    a.value = node->a.value;
    return graph_insert(graph, node, OP_linear, linear->operands, linear->operand, &a);
}

static Node *fuse(Graph *graph, Node *node)
{
    if (node_is_constant(node))
        return NULL;
    if (node->op == OP_add)
        return fuse_add(graph, node);
    return op_is_unary(node->op) ? fuse_activation(graph, node) : NULL;
}

int pass_fuse_epilogue(Graph *graph)
{
    return rewrite_each(graph, fuse);
}
