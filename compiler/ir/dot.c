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

/* One graph of the picture; its nodes are called PREFIX and their id. */
typedef struct Part {
    Str *out;
    const Graph *graph;
    const char *prefix;
} Part;

static void add_node(const Part *part, const Node *node)
{
    Str *out = part->out;
    bool constant = node_is_constant(node);
    str_printf(out, "  %s%d [label=\"%s", part->prefix, node->id, op_info(node->op)->name);
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

static void add_edges(const Part *part, const Node *node)
{
    for (int i = 0; i < node->operands; i++) {
        if (node->operand[i] != NULL)
            str_printf(part->out, "  %s%d -> %s%d%s;\n", part->prefix, node->operand[i]->id, part->prefix, node->id,
                       node_is_constant(node->operand[i]) ? " [color=gray70]" : "");
    }
}

/* Nodes of one layer stand together in the order as a rule; where they do not, the same cluster is opened again. */
static void add_nodes(const Part *part)
{
    Str *out = part->out;
    int layer = -1;
    for (size_t i = 0; i < part->graph->count; i++) {
        const Node *node = part->graph->node[i];
        if (node->layer != layer) {
            str_printf(out, "%s", layer >= 0 ? "  }\n" : "");
            if (node->layer >= 0)
                str_printf(out, "  subgraph cluster_%s%d { label=\"layer %d\"; color=gray80;\n", part->prefix,
                           node->layer, node->layer);
            layer = node->layer;
        }
        add_node(part, node);
    }
    str_printf(out, "%s", layer >= 0 ? "  }\n" : "");
}

static void add_outputs(const Part *part)
{
    for (size_t i = 0; i < part->graph->outputs; i++) {
        str_printf(part->out, "  %so%zu [shape=plain, fontcolor=blue, label=\"", part->prefix, i);
        add_label(part->out, part->graph->output[i].name);
        str_printf(part->out, "\"];\n  %s%d -> %so%zu;\n", part->prefix, part->graph->output[i].node->id, part->prefix, i);
    }
}

static void add_part(const Part *part, const char *title)
{
    str_printf(part->out, "  label=\"");
    add_label(part->out, title);
    str_printf(part->out, "\";\n");
    add_nodes(part);
    for (size_t i = 0; i < part->graph->count; i++) add_edges(part, part->graph->node[i]);
    add_outputs(part);
}

static const char head[] = "digraph model {\n  labelloc=t; node [fontname=\"Helvetica\", fontsize=11];\n";

void graph_dot(Str *out, const Graph *graph, const char *title)
{
    str_printf(out, "%s", head);
    add_part(&(Part){out, graph, "n"}, title);
    str_printf(out, "}\n");
}

void graph_dot_pair(Str *out, const Graph *left, const char *left_title, const Graph *right, const char *right_title)
{
    str_printf(out, "%s  subgraph cluster_left { color=gray60;\n", head);
    add_part(&(Part){out, left, "a"}, left_title);
    str_printf(out, "  }\n  subgraph cluster_right { color=gray60;\n");
    add_part(&(Part){out, right, "b"}, right_title);
    str_printf(out, "  }\n}\n");
}
