/* dce: what no output needs leaves the graph. Params leave the order, not the list of params.
 *
 *     %1 = tanh %0                                  %2 = neg %0
 *     %2 = neg %0                            ->     output "y" %2
 *     output "y" %2
 */
#include "compiler/pass/rewrite.h"

/* What the encoder puts into a cache is for calls to come. */
static bool is_effect(const Node *node)
{
    return node->op == OP_cache && node->entry == 1;
}

static void mark_needed(Graph *graph)
{
    for (size_t i = 0; i < graph->count; i++) graph->node[i]->mark = is_effect(graph->node[i]);
    for (size_t i = 0; i < graph->outputs; i++) graph->output[i].node->mark = 1;
    for (size_t i = graph->count; i-- > 0;) {
        Node *node = graph->node[i];
        for (int j = 0; node->mark && j < node->operands; j++) {
            if (node->operand[j] != NULL)
                node->operand[j]->mark = 1;
        }
    }
}

int pass_dce(Graph *graph)
{
    mark_needed(graph);
    size_t kept = 0;
    for (size_t i = 0; i < graph->count; i++) {
        if (graph->node[i]->mark)
            graph->node[kept++] = graph->node[i];
    }
    int removed = (int)(graph->count - kept);
    graph->count = kept;
    return removed;
}
