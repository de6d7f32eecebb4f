/* narrow: activations are rounded to what the kernels of quantised weights multiply, once for all linears that read them.
 *
 *     %3 = linear %1, %w : ...               ->     %5 = quantize %1 {numbers=a8}
 *                                                   %6 = linear %5, %w
 *
 * Only where graph->activations says so: it changes results, unlike the other passes. */
#include "compiler/pass/rewrite.h"

/* The quantised x, made right behind x's first use that wants it. */
static Node *quantized(Graph *graph, Node *node, Node *x)
{
    for (size_t i = 0; i < graph->count && graph->node[i] != node; i++)
        if (graph->node[i]->op == OP_quantize && graph->node[i]->operand[0] == x) return graph->node[i];
    Attributes a = {.numbers = (int)graph->activations};
    return graph_insert(graph, node, OP_quantize, 1, &x, &a);
}

static Node *narrow(Graph *graph, Node *node)
{
    if (node->op != OP_linear || node_is_constant(node) || node->operand[0]->op == OP_quantize ||
        !quantize_suits(graph->activations, node->operand[1]->format))
        return NULL;
    Node *operands[NODE_MAX_OPERANDS] = {quantized(graph, node, node->operand[0])};
    for (int i = 1; i < node->operands; i++) operands[i] = node->operand[i];
    return graph_insert(graph, node, OP_linear, node->operands, operands, &node->a);
}

int pass_narrow(Graph *graph)
{
    return rewrite_each(graph, narrow);
}
