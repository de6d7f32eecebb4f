/* precision: the format in which each weight is packed. Matrices that a linear, an embedding or experts read get the format asked for (by
 * default the one they are stored in); norms, biases and everything else stay f32. */
#include <string.h>

#include "compiler/compile.h"
#include "compiler/read/quantized.h"

typedef struct Choice {
    bool stored; /* as each tensor is stored */
    Format format;
    const Map *chosen; /* Formats of single params; NULL: none */
} Choice;

static Format stored_format(const Node *param)
{
    Format format = FORMAT_f32;
    if (param->tensor) format_parse(tensor_natural_format(param->tensor), &format);
    return format;
}

/* Small groups of a row cannot share parameters: such weights stay f32. */
Format precision_fitting(Format format, const Node *weight)
{
    int64_t block = format_block(format, shape_columns(weight->shape));
    return format_bits(format) < 16 && block % 4 != 0 ? FORMAT_f32 : format;
}

/* The params under a weight expression. Parameters of quantised tensors survive rearrangement only. */
static void set_params(Node *node, const Node *weight, Choice choice, bool moved)
{
    moved = moved && op_only_moves(node->op);
    if (node->op == OP_param) {
        Format format = choice.stored ? stored_format(node) : choice.format;
        if (choice.stored && node->tensor && node->tensor->quantized && !moved) format = FORMAT_f32;
        const Format *chosen = choice.chosen && node->a.key ? map_get(choice.chosen, node->a.key) : NULL;
        node->format = precision_fitting(chosen ? *chosen : format, weight);
    }
    for (int i = 0; i < node->operands; i++)
        if (node->operand[i]) set_params(node->operand[i], weight, choice, moved);
}

static bool parse(const char *what, const char *name, Choice *choice, Err *err)
{
    choice->stored = name == NULL || strcmp(name, "stored") == 0;
    choice->format = FORMAT_f32;
    if (choice->stored || (format_parse(name, &choice->format) && format_packs(choice->format))) return true;
    return err_set(err, "unknown %s \"%s\"; known: stored, %s", what, name, precision_known());
}

const char *precision_known(void)
{
    static const char names[] =
#define FORMAT(name, bits, block, parameters, group, text) ", " #name
#include "templates/format/formats.def"
        ;
    return names + 2;
}

/* What bitsandbytes and transformers do: only the layers are quantised. */
static bool spares_embeddings(Format format)
{
    return format == FORMAT_nf4 || format == FORMAT_fp4 || format == FORMAT_int8;
}

/* Embeddings, and heads, which are linears outside of the layers. */
bool precision_of_embedding(const Graph *graph, const Node *node)
{
    if (node->op == OP_embed || (node->op == OP_linear && node->layer < 0)) return true;
    for (size_t i = 0; node->op == OP_linear && i < graph->count; i++)
        if (graph->node[i]->op == OP_embed && graph->node[i]->operand[1] == node->operand[1]) return true;
    return false;
}

static bool choose_activations(Graph *graph, const PrecisionOptions *options, Choice weights, Err *err)
{
    const char *name = options->activations;
    bool rounded = options->chosen || (!weights.stored && (weights.format == FORMAT_q8 || weights.format == FORMAT_q4 || weights.format == FORMAT_q4z));
    if (!name) graph->activations = rounded ? FORMAT_a8 : FORMAT_f32;
    else if (strcmp(name, "f32") == 0) graph->activations = FORMAT_f32;
    else if (strcmp(name, "bf16") == 0) graph->activations = FORMAT_bf16;
    else if (strcmp(name, "int8") == 0) graph->activations = FORMAT_a8;
    else return err_set(err, "unknown activations \"%s\"; known: f32, bf16, int8", name);
    return true;
}

/* Rounded activations that were asked for must meet a weight that is multiplied with such. */
static bool check_activations(const Graph *graph, const PrecisionOptions *options, Err *err)
{
    if (!options->activations || graph->activations == FORMAT_f32) return true;
    for (size_t i = 0; i < graph->count; i++) {
        const Node *node = graph->node[i];
        if (node->op == OP_linear && quantize_suits(graph->activations, node->operand[1]->format)) return true;
    }
    return err_set(err, "activations %s: no weight of this model is multiplied with them; wanted --precision %s", options->activations,
                   graph->activations == FORMAT_bf16 ? "bf16" : "q8, q4, q4z or int8");
}

Node *precision_weight(const Node *node)
{
    if (node->op == OP_linear || node->op == OP_embed) return node->operand[1];
    return node->op == OP_experts || node->op == OP_combine ? node->operand[2] : NULL;
}

bool precision_apply(Graph *graph, const PrecisionOptions *options, Err *err)
{
    Choice weights, embeddings;
    if (!parse("precision", options->weights, &weights, err) || !parse("embedding precision", options->embeddings, &embeddings, err)) return false;
    if (!options->embeddings && !(!weights.stored && spares_embeddings(weights.format))) embeddings = weights;
    if (!choose_activations(graph, options, weights, err)) return false;
    weights.chosen = options->chosen;
    if (!options->embeddings) embeddings.chosen = options->chosen;
    for (size_t i = 0; i < graph->count; i++) {
        Node *node = graph->node[i];
        Node *weight = precision_weight(node);
        if (weight) set_params(weight, weight, precision_of_embedding(graph, node) ? embeddings : weights, true);
    }
    graph_refresh(graph);
    return check_activations(graph, options, err);
}
