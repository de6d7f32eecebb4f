/* A picture of the graph, as input for graphviz. Weights are small, values that run are boxes, layers are clusters. */
#include "compiler/ir/op.h"

#include <string.h>

/* Names come from the checkpoint: in a quoted string of dot only '"' and '\' have a meaning. */
static void add_label(Str *out, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        unsigned char byte = (unsigned char)*c;
        if (byte == '"' || byte == '\\')
            str_printf(out, "\\%c", byte);
        else
            str_printf(out, "%c", byte < 0x20 || byte >= 0x7f ? '?' : byte);
    }
}

static void add_node(Str *out, const Node *node)
{
    bool constant = node_is_constant(node);
    str_printf(out, "  n%d [label=\"%s", node->id, op_info(node->op)->name);
    if (node->a.activation != FUNCTION_none)
        str_printf(out, " %s", function_name(node->a.activation));
    if (node->a.gate != FUNCTION_none)
        str_printf(out, " gate %s", function_name(node->a.gate));
    if (node->a.key != NULL) {
        str_printf(out, "\\n");
        add_label(out, node->a.key);
    }
    str_printf(out, "\\n%s%s\"", format_name(node->format), shape_describe(node->shape));
    str_printf(out, "%s];\n", constant ? ", shape=plain, fontsize=9, fontcolor=gray40" : ", shape=box");
}

static void add_edges(Str *out, const Node *node)
{
    for (int i = 0; i < node->operands; i++) {
        if (node->operand[i] != NULL)
            str_printf(out, "  n%d -> n%d%s;\n", node->operand[i]->id, node->id,
                       node_is_constant(node->operand[i]) ? " [color=gray70]" : "");
    }
}

/* Nodes of one layer stand together in the order as a rule; where they do not, the same cluster is opened again. */
static void add_nodes(Str *out, const Graph *graph)
{
    int layer = -1;
    for (size_t i = 0; i < graph->count; i++) {
        const Node *node = graph->node[i];
        if (node->layer != layer) {
            str_printf(out, "%s", layer >= 0 ? "  }\n" : "");
            if (node->layer >= 0)
                str_printf(out, "  subgraph cluster_%d { label=\"layer %d\"; color=gray80;\n", node->layer, node->layer);
            layer = node->layer;
        }
        add_node(out, node);
    }
    str_printf(out, "%s", layer >= 0 ? "  }\n" : "");
}

void graph_dot(Str *out, const Graph *graph, const char *title)
{
    str_printf(out, "digraph model {\n  label=\"");
    add_label(out, title);
    str_printf(out, "\"; labelloc=t; node [fontname=\"Helvetica\", fontsize=11];\n");
    add_nodes(out, graph);
    for (size_t i = 0; i < graph->count; i++) add_edges(out, graph->node[i]);
    for (size_t i = 0; i < graph->outputs; i++) {
        str_printf(out, "  o%zu [shape=plain, fontcolor=blue, label=\"", i);
        add_label(out, graph->output[i].name);
        str_printf(out, "\"];\n  n%d -> o%zu;\n", graph->output[i].node->id, i);
    }
    str_printf(out, "}\n");
}
