/* fuse_norm: gain and bias of a norm move into the linears that read it.
 *
 *     %2 = layer_norm %1, %gain, %bias              %4 = layer_norm %1
 *     %3 = linear %2, %w, %b                 ->     %5 = mul %w, %gain
 *                                                   %6 = linear %bias, %w, %b      (a constant)
 *                                                   %7 = linear %4, %5, %6
 *
 * Only where every use is the input of a linear whose weights are packed as f32, so that scaling them rounds as little as
 * scaling the activations did, and are nobody else's, so that they are not there twice. */
#include "compiler/pass/rewrite.h"

enum { NORM_GAIN = 1, NORM_BIAS, LINEAR_X = 0, LINEAR_WEIGHT, LINEAR_BIAS };

/* One sweep back over the order: what the weight is made of stands before it. */
static bool params_are_f32(const Graph *graph, Node *weight)
{
    size_t position = graph_position(graph, weight);
    for (size_t i = 0; i < position; i++) graph->node[i]->mark = 0;
    weight->mark = 1;
    for (size_t i = position + 1; i-- > 0;) {
        const Node *node = graph->node[i];
        if (node->mark && node->op == OP_param && node->format != FORMAT_f32)
            return false;
        for (int j = 0; node->mark && j < node->operands; j++) {
            if (node->operand[j] != NULL)
                node->operand[j]->mark = 1;
        }
    }
    return true;
}

static bool takes_gain(const Graph *graph, const Node *user, const Node *norm)
{
    for (int i = 1; i < user->operands; i++) {
        if (user->operand[i] == norm)
            return false;
    }
    return user->op == OP_linear && node_uses(graph, user->operand[LINEAR_WEIGHT]) == 1 &&
           params_are_f32(graph, user->operand[LINEAR_WEIGHT]);
}

static bool reads(const Node *user, const Node *norm)
{
    for (int i = 0; i < user->operands; i++) {
        if (user->operand[i] == norm)
            return true;
    }
    return false;
}

static bool is_fusable(const Graph *graph, const Node *norm)
{
    bool is_norm = norm->op == OP_layer_norm || norm->op == OP_rms_norm;
    if (!is_norm || node_is_constant(norm) || norm->operands == 1 || rewrite_is_output(graph, norm))
        return false;
    int users = 0;
    for (size_t i = 0; i < graph->count; i++) {
        if (!reads(graph->node[i], norm))
            continue;
        if (!takes_gain(graph, graph->node[i], norm))
            return false;
        users++;
    }
    return users > 0;
}

/* The linear without the norm's gain and bias in its input: they are in its own operands instead. */
static Node *absorb(Graph *graph, Node *linear, const Node *norm, Node *bare)
{
    Node *weight = linear->operand[LINEAR_WEIGHT], *bias = linear->operand[LINEAR_BIAS];
    Node *gained[] = {weight, norm->operand[NORM_GAIN]}, *shifted[] = {norm->operand[NORM_BIAS], weight, bias};
    Node *operand[NODE_MAX_OPERANDS] = {bare, weight, bias, linear->operand[3]};
    if (norm->operand[NORM_GAIN] != NULL)
        operand[LINEAR_WEIGHT] = graph_insert(graph, linear, OP_mul, 2, gained, NULL);
    if (norm->operand[NORM_BIAS] != NULL)
        operand[LINEAR_BIAS] = graph_insert(graph, linear, OP_linear, 3, shifted, NULL);
    return graph_insert(graph, linear, OP_linear, 4, operand, &linear->a);
}

static Node *find_reader(const Graph *graph, const Node *norm)
{
    for (size_t i = 0; i < graph->count; i++) {
        if (reads(graph->node[i], norm))
            return graph->node[i];
    }
    return NULL;
}

int pass_fuse_norm(Graph *graph)
{
    int rewrites = 0;
    for (size_t i = 0; i < graph->count; i++) {
        Node *norm = graph->node[i];
        if (!is_fusable(graph, norm))
            continue;
        Node *bare = graph_insert(graph, norm, norm->op, 1, norm->operand, &norm->a);
        for (Node *linear = find_reader(graph, norm); linear != NULL; linear = find_reader(graph, norm))
            rewrite_replace(graph, linear, absorb(graph, linear, norm, bare));
        i = graph_position(graph, bare);
        rewrites++;
    }
    return rewrites;
}
