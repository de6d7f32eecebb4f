/* fuse_gate: the product of an activated linear and another linear of the same input becomes one gated linear.
 *
 *     %4 = linear %1, %gate
 *     %5 = silu %4                                  %8 = concat %gate, %up
 *     %6 = linear %1, %up                    ->     %9 = linear %1, %8 {gate=silu}
 *     %7 = mul %5, %6
 *
 * Also where gate and up are the two halves of one linear. */
#include "compiler/pass/rewrite.h"

static bool is_single(const Graph *graph, const Node *node)
{
    return node_uses(graph, node) == 1;
}

/* Both are slices of one linear, gate first, that together are all of it. */
static bool match_halves(const Graph *graph, Node *gate, Node *up, Gate *match)
{
    if (gate->op != OP_slice || up->op != OP_slice || gate->operand[0] != up->operand[0])
        return false;
    Node *whole = gate->operand[0];
    bool halves = gate->a.first == 0 && up->a.first == gate->a.size && up->a.size == gate->a.size &&
                  2 * gate->a.size == shape_columns(whole->shape);
    match->projections = 1;
    return halves && node_uses(graph, whole) == 2 && projection_at_end(graph, whole, &match->projection[0]);
}

static bool match_linears(const Graph *graph, Node *gate, Node *up, Gate *match)
{
    match->projections = 2;
    return projection_at_end(graph, gate, &match->projection[0]) && projection_at_end(graph, up, &match->projection[1]) &&
           projections_join(graph, &match->projection[0], &match->projection[1]);
}

static bool match_sides(const Graph *graph, Node *activated, Node *up, Gate *match)
{
    if (!op_is_unary(activated->op) || !is_single(graph, activated) || !is_single(graph, activated->operand[0]) ||
        !is_single(graph, up))
        return false;
    match->activation = activated;
    Node *gate = activated->operand[0];
    return match_halves(graph, gate, up, match) || match_linears(graph, gate, up, match);
}

bool gate_match(const Graph *graph, Node *node, Gate *gate)
{
    if (node->op != OP_mul || node_is_constant(node) || !shape_equal(node->operand[0]->shape, node->operand[1]->shape))
        return false;
    return match_sides(graph, node->operand[0], node->operand[1], gate) ||
           match_sides(graph, node->operand[1], node->operand[0], gate);
}

static Node *fuse(Graph *graph, Node *node)
{
    Gate gate;
    if (!gate_match(graph, node, &gate))
        return NULL;
    Attributes a = {.gate = op_function(gate.activation->op), .value = gate.activation->a.value};
    return projections_concat(graph, node, gate.projection, gate.projections, &a);
}

int pass_fuse_gate(Graph *graph)
{
    return rewrite_each(graph, fuse);
}
