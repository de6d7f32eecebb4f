/* Shape and format of nodes, from their operands and attributes. */
#include "compiler/ir/op.h"

static bool check_attributes(const Node *node, Err *err)
{
    for (size_t i = 0; i < attribute_count; i++) {
        const AttributeInfo *info = &attribute_infos[i];
        if (!attribute_belongs(node->op, info->name) && !attribute_is_zero(info, &node->a))
            return err_set(err, "%s has no attribute %s", op_info(node->op)->name, info->name);
    }
    return true;
}

static bool check_arity(const Node *node, Err *err)
{
    const OpInfo *info = op_info(node->op);
    if (node->operands < info->least || node->operands > info->most)
        return err_set(err, "%s has %d operands, wanted %d to %d", info->name, node->operands, info->least, info->most);
    for (int i = 0; i < info->least; i++) {
        if (node->operand[i] == NULL)
            return err_set(err, "%s: operand %d is absent", info->name, i);
    }
    return true;
}

bool node_infer(Node *node, Err *err)
{
    if (node->op <= OP_none || node->op >= OP_COUNT)
        return err_set(err, "there is no op %d", (int)node->op);
    return check_arity(node, err) && check_attributes(node, err) && op_info(node->op)->shape(node, err) &&
           shape_check(node, err);
}

void graph_refresh(Graph *graph)
{
    for (size_t i = 0; i < graph->count; i++) {
        Err err = {{0}};
        if (!node_infer(graph->node[i], &err))
            bug("%%%d: %s", graph->node[i]->id, err.text);
    }
}
