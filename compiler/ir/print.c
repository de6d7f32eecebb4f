/* The text form of a graph; parse.c reads it back. */
#include "compiler/ir/op.h"

#include <inttypes.h>
#include <string.h>

static void print_text(Str *out, const char *text)
{
    str_add(out, "\"", 1);
    for (const char *c = text; *c != '\0'; c++) {
        unsigned char byte = (unsigned char)*c;
        if (byte == '"' || byte == '\\')
            str_printf(out, "\\%c", byte);
        else if (byte < 0x20 || byte >= 0x7f)
            str_printf(out, "\\x%02x", byte);
        else
            str_add(out, c, 1);
    }
    str_add(out, "\"", 1);
}

static void print_attribute(Str *out, Arena *scratch, const AttributeInfo *info, const Attributes *attributes)
{
    const void *at = (const char *)attributes + info->offset;
    str_printf(out, "%s=", info->name);
    switch (info->kind) {
    case ATTRIBUTE_INTEGER: str_printf(out, "%" PRId64, *(const int64_t *)at); break;
    case ATTRIBUTE_REAL: str_printf(out, "%s", text_of_double(scratch, *(const double *)at)); break;
    case ATTRIBUTE_FUNCTION: str_printf(out, "%s", function_name(*(const int *)at)); break;
    case ATTRIBUTE_NUMBERS: str_printf(out, "%s", format_name((Format)*(const int *)at)); break;
    case ATTRIBUTE_MODE: str_printf(out, "%s", pool_mode_name(*(const int *)at)); break;
    case ATTRIBUTE_TEXT: print_text(out, *(const char *const *)at); break;
    }
}

/* Attributes that are 0 are left out; the mode of a pool has no 0 that means nothing, and is always there. */
static void print_attributes(Str *out, Arena *scratch, const Node *node)
{
    bool any = false;
    for (size_t i = 0; i < attribute_count; i++) {
        const AttributeInfo *info = &attribute_infos[i];
        bool always = info->kind == ATTRIBUTE_MODE;
        if (!attribute_belongs(node->op, info->name) || (!always && attribute_is_zero(info, &node->a)))
            continue;
        str_printf(out, any ? " " : " {");
        print_attribute(out, scratch, info, &node->a);
        any = true;
    }
    if (any)
        str_printf(out, "}");
}

/* (1.0, 2.0, 2.0, ...): the last number repeats to the end. */
static void print_values(Str *out, Arena *scratch, const Node *node)
{
    static const int64_t no_symbols[SYMBOL_COUNT];
    size_t count = (size_t)shape_elements(node->shape, no_symbols), distinct = count;
    const float *values = node->values;
    while (distinct > 1 && memcmp(&values[distinct - 1], &values[distinct - 2], sizeof *values) == 0) distinct--;
    bool repeats = count - distinct > 1;
    if (!repeats)
        distinct = count;
    str_printf(out, " (");
    for (size_t i = 0; i < distinct; i++)
        str_printf(out, "%s%s", i > 0 ? ", " : "", text_of_float(scratch, values[i]));
    str_printf(out, repeats ? ", ...)" : ")");
}

static void print_operands(Str *out, const Node *node)
{
    for (int i = 0; i < node->operands; i++) {
        str_printf(out, i > 0 ? ", " : " ");
        if (node->operand[i] != NULL)
            str_printf(out, "%%%d", node->operand[i]->id);
        else
            str_printf(out, "_");
    }
}

static void print_place(Str *out, const Node *node)
{
    if (node->entry > 0)
        str_printf(out, "  @entry %d", node->entry);
    if (node->layer >= 0 || node->name != NULL)
        str_printf(out, " ");
    if (node->layer >= 0)
        str_printf(out, " @layer %d", node->layer);
    if (node->name != NULL) {
        str_printf(out, " ");
        print_text(out, node->name);
    }
}

static void print_node(Str *out, Arena *scratch, const Node *node)
{
    str_printf(out, "%%%d = %s", node->id, op_info(node->op)->name);
    if (node->op == OP_constant)
        print_values(out, scratch, node);
    print_operands(out, node);
    print_attributes(out, scratch, node);
    str_printf(out, " : %s%s", format_name(node->format), shape_describe(node->shape));
    print_place(out, node);
    str_printf(out, "\n");
}

void graph_print(Str *out, const Graph *graph)
{
    Arena *scratch = arena_new();
    if (graph->activations != FORMAT_f32) str_printf(out, "activations %s\n", format_name(graph->activations));
    for (size_t i = 0; i < graph->count; i++) print_node(out, scratch, graph->node[i]);
    arena_free(scratch);
    for (size_t i = 0; i < graph->outputs; i++) {
        str_printf(out, "output ");
        print_text(out, graph->output[i].name);
        str_printf(out, " %%%d\n", graph->output[i].node->id);
    }
}
