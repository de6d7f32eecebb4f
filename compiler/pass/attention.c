/* attention: scores, softmax and mix become one op that never writes the scores to memory. Anything between them, or another
 * use of the weights, keeps them apart.
 *
 *     %4 = scores %1, %2, %0 {heads=8 ...}
 *     %5 = softmax %4                        ->     %7 = attention %1, %2, %3, %0 {heads=8 ...}
 *     %6 = mix %5, %3, %0 {heads=8 ...}
 */
#include "compiler/pass/rewrite.h"

static bool same_heads(const Attributes *a, const Attributes *b)
{
    return a->heads == b->heads && a->kv_heads == b->kv_heads;
}

static bool same_storage(const Node *k, const Node *v)
{
    return k->shape.dim[0].symbol == v->shape.dim[0].symbol;
}

static Node *fuse(Graph *graph, Node *mix)
{
    if (mix->op != OP_mix)
        return NULL;
    Node *softmax = mix->operand[0], *v = mix->operand[1], *sequences = mix->operand[2];
    if (softmax->op != OP_softmax || softmax->operand[0]->op != OP_scores)
        return NULL;
    Node *scores = softmax->operand[0];
    if (node_uses(graph, softmax) != 1 || node_uses(graph, scores) != 1 || scores->operand[2] != sequences ||
        !same_heads(&scores->a, &mix->a) || !same_storage(scores->operand[1], v))
        return NULL;
    Node *operand[] = {scores->operand[0], scores->operand[1], v, sequences, scores->operand[3], softmax->operand[1]};
    Attributes a = scores->a;
    a.v_head_dim = mix->a.head_dim != a.head_dim ? mix->a.head_dim : 0;
    return graph_insert(graph, mix, OP_attention, operand[5] != NULL ? 6 : operand[4] != NULL ? 5 : 4, operand, &a);
}

int pass_attention(Graph *graph)
{
    return rewrite_each(graph, fuse);
}
