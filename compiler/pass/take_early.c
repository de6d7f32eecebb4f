/* take_early: rows that nobody wants are left out before the work on them, not after.
 *
 *     %2 = rms_norm %1, %gain            %4 = take %1, %want
 *     %3 = take %2, %want         ->     %5 = rms_norm %4, %gain
 *
 * For ops whose row i needs row i of one operand only, when the taken rows are their only use. A prompt of 100 tokens then
 * normalises one row before the head, not 100. */
#include "compiler/pass/rewrite.h"

enum { TAKE_X, TAKE_INDEX };

static bool is_row_by_row(const Node *node)
{
    bool alone = node->op == OP_linear && (node->operands < 4 || node->operand[3] == NULL);
    return alone || node->op == OP_layer_norm || node->op == OP_rms_norm || op_is_unary(node->op);
}

static Node *take_before(Graph *graph, Node *take)
{
    if (take->op != OP_take)
        return NULL;
    Node *work = take->operand[TAKE_X];
    if (!is_row_by_row(work) || node_is_constant(work) || rewrite_only_user(graph, work) != take)
        return NULL;
    Node *taken[] = {work->operand[0], take->operand[TAKE_INDEX]}, *operand[NODE_MAX_OPERANDS];
    for (int i = 0; i < work->operands; i++) operand[i] = work->operand[i];
    operand[0] = graph_insert(graph, take, OP_take, 2, taken, &take->a);
    return graph_insert(graph, take, work->op, work->operands, operand, &work->a);
}

int pass_take_early(Graph *graph)
{
    int rewrites = 0;
    for (int found = 1; found; rewrites += found) found = rewrite_each(graph, take_before);
    return rewrites;
}
