/* fuse_qkv: linears of the same input become one, whose columns are then views.
 *
 *     %4 = linear %1, %q                            %7 = concat %q, %k, %v
 *     %5 = linear %1, %k                     ->     %8 = linear %1, %7
 *     %6 = linear %1, %v                            %9 = slice %8 {size=64}   ... three of them
 *
 * Left alone: gate and up of a gated MLP (fuse_gate), linears whose activation or residual fuse_epilogue takes, results that
 * are outputs (they would have to be copied), weights that something else uses too (they would be there twice). */
#include "compiler/pass/rewrite.h"

enum { IS_GATE = 1 };

static void mark_gates(Graph *graph)
{
    for (size_t i = 0; i < graph->count; i++) graph->node[i]->mark = 0;
    for (size_t i = 0; i < graph->count; i++) {
        Gate gate;
        if (!gate_match(graph, graph->node[i], &gate))
            continue;
        for (int j = 0; j < gate.projections; j++) gate.projection[j].linear->mark = IS_GATE;
    }
}

/* A multiplication by a number is no reason: q is scaled in many families. */
static bool has_epilogue(const Graph *graph, const Projection *projection)
{
    const Node *user = rewrite_only_user(graph, projection->end);
    if (user == NULL)
        return false;
    if (op_is_unary(user->op))
        return user->op != OP_scale;
    return user->op == OP_add && shape_equal(user->operand[0]->shape, user->operand[1]->shape);
}

static bool is_candidate(const Graph *graph, Node *node, Projection *projection)
{
    return !(node->mark & IS_GATE) && projection_of_linear(graph, node, projection) &&
           !rewrite_is_output(graph, projection->end) && !has_epilogue(graph, projection);
}

/* The linears from this position on that can be joined with the one there, in order. */
static int collect(const Graph *graph, size_t position, Projection group[NODE_MAX_OPERANDS])
{
    int count = 0;
    if (graph->node[position]->op != OP_linear || !is_candidate(graph, graph->node[position], &group[count]))
        return 0;
    count++;
    for (size_t i = position + 1; i < graph->count && count < NODE_MAX_OPERANDS; i++) {
        Node *node = graph->node[i];
        if (node->op == OP_linear && node->layer == group[0].linear->layer && node->operand[0] == group[0].linear->operand[0] &&
            is_candidate(graph, node, &group[count]) && projections_join(graph, &group[0], &group[count]))
            count++;
    }
    return count;
}

static Node *first_end(const Graph *graph, const Projection *group, int count)
{
    Node *first = group[0].end;
    for (int i = 1; i < count; i++) {
        if (graph_position(graph, group[i].end) < graph_position(graph, first))
            first = group[i].end;
    }
    return first;
}

static Node *join(Graph *graph, const Projection *group, int count)
{
    Node *linear = projections_concat(graph, first_end(graph, group, count), group, count, NULL);
    int64_t column = 0;
    for (int i = 0; i < count; i++) {
        Node *end = group[i].end;
        Attributes a = {.first = column, .size = shape_columns(end->shape)};
        column += a.size;
        rewrite_replace(graph, end, graph_insert(graph, end, OP_slice, 1, &linear, &a));
    }
    return linear;
}

int pass_fuse_qkv(Graph *graph)
{
    int rewrites = 0;
    mark_gates(graph);
    for (size_t i = 0; i < graph->count; i++) {
        Projection group[NODE_MAX_OPERANDS];
        int count = collect(graph, i, group);
        if (count < 2)
            continue;
        i = graph_position(graph, join(graph, group, count));
        rewrites++;
    }
    return rewrites;
}
