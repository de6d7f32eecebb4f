#include "compiler/plan/moments.h"

const char *moments_key(const Node *weight)
{
    if (weight->op == OP_param) return weight->a.key ? weight->a.key : "";
    for (int i = 0; i < weight->operands; i++)
        if (weight->operand[i] && *moments_key(weight->operand[i])) return moments_key(weight->operand[i]);
    return "";
}
