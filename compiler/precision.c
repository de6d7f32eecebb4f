/* precision: the format in which each weight is packed. Matrices that a linear, an embedding or experts read get the format asked for (by
 * default the one they are stored in); norms, biases and everything else stay f32. */
#include <string.h>

#include "compiler/compile.h"

static Format stored_format(const Node *param)
{
    if (!param->tensor) return FORMAT_f32;
    if (param->tensor->type == STORED_BF16) return FORMAT_bf16;
    if (param->tensor->type == STORED_F16) return FORMAT_f16;
    return FORMAT_f32;
}

/* The params under a weight expression. */
static void set_format(Node *weight, bool stored, Format format)
{
    if (weight->op == OP_param) weight->format = stored ? stored_format(weight) : format;
    for (int i = 0; i < weight->operands; i++)
        if (weight->operand[i]) set_format(weight->operand[i], stored, format);
}

const char *precision_known(void)
{
    return "f32, f16, bf16";
}

bool precision_apply(Graph *graph, const char *precision, Err *err)
{
    Format format = FORMAT_f32;
    if (precision && (!format_parse(precision, &format) || format >= FORMAT_i32))
        return err_set(err, "unknown precision \"%s\"; known: %s", precision, precision_known());
    for (size_t i = 0; i < graph->count; i++) {
        Node *node = graph->node[i];
        bool reads_matrix = node->op == OP_linear || node->op == OP_embed;
        if (reads_matrix) set_format(node->operand[1], precision == NULL, format);
        bool reads_experts = node->op == OP_experts || node->op == OP_combine;
        if (reads_experts) set_format(node->operand[2], precision == NULL, format);
    }
    graph_refresh(graph);
    return true;
}
