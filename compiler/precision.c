/* precision: the format in which each weight is packed, and that of caches. Matrices that a linear, an embedding or experts read get the
 * format asked for (by default the one they are stored in); norms, biases and everything else stay f32. */
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

/* Rows of few blocks have more bytes with nested parameters than with those that they stand for, which are kept then. */
static Format smaller_format(Format format, const Node *weight)
{
    const int64_t K = shape_columns(weight->shape);
    const Format plain = format_unnested(format);
    return format_parameter_bytes(plain, K) <= format_parameter_bytes(format, K) ? plain : format;
}

/* The params under a weight expression. Parameters of quantised tensors survive rearrangement only. */
static void set_params(Node *node, const Node *weight, Choice choice, bool moved)
{
    moved = moved && op_only_moves(node->op);
    if (node->op == OP_param) {
        Format format = choice.stored ? stored_format(node) : choice.format;
        if (choice.stored && node->tensor && node->tensor->quantized) format = moved ? smaller_format(format, weight) : FORMAT_f32;
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
#define FORMAT(name, bits, block, parameters, group, cut, text) ", " #name
#include "templates/format/formats.def"
        ;
    return names + 2;
}

/* What bitsandbytes and transformers do: only the layers are quantised. */
static bool spares_embeddings(Format format)
{
    return format_unnested(format) == FORMAT_nf4 || format_unnested(format) == FORMAT_fp4 || format == FORMAT_int8;
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
    else if (strcmp(name, "llm.int8") == 0) graph->activations = FORMAT_f32; /* see part_outliers */
    else return err_set(err, "unknown activations \"%s\"; known: f32, bf16, int8, llm.int8", name);
    return true;
}

/* LLM.int8 (arXiv:2208.07339), as bitsandbytes computes it: columns of x that hold a large number somewhere are multiplied as they are, the others
 * in 8 bits.
 *
 *     %2 = linear %1, %w, %b                 ->     %3 = outliers %1            %6 = linear %3, %w
 *                                                   %4 = sub %1, %3             %2 = linear %5, %w, %b, %6
 *                                                   %5 = quantize %4 {numbers=a8} */
static void part_linear(Graph *graph, Node *linear, double limit)
{
    Node *x = linear->operand[0];
    Node *large = graph_insert(graph, linear, OP_outliers, 1, &x, &(Attributes){.limit = limit});
    Node *small = graph_insert(graph, linear, OP_sub, 2, (Node *[]){x, large}, &(Attributes){0});
    Node *rounded = graph_insert(graph, linear, OP_quantize, 1, &small, &(Attributes){.numbers = FORMAT_a8});
    Node *exact = graph_insert(graph, linear, OP_linear, 2, (Node *[]){large, linear->operand[1]}, &(Attributes){0});
    linear->operand[0] = rounded;
    linear->operand[3] = exact;
    linear->operands = 4;
}

static bool part_outliers(Graph *graph, double limit, Err *err)
{
    size_t count = 0;
    Node **linear = ARENA_ARRAY(graph->arena, Node *, graph->count);
    for (size_t i = 0; i < graph->count; i++) {
        Node *node = graph->node[i];
        if (node->op == OP_linear && !node_is_constant(node) && node->operand[1]->format == FORMAT_int8 && node->operands < 4) linear[count++] = node;
    }
    for (size_t i = 0; i < count; i++) part_linear(graph, linear[i], limit);
    graph_refresh(graph);
    return count || err_set(err, "activations llm.int8: no weight of this model is int8; wanted --precision int8");
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
                   graph->activations == FORMAT_bf16 ? "bf16 or one of fewer bits" : "q8, q4, q4z or int8");
}

Node *precision_weight(const Node *node)
{
    if (node->op == OP_linear || node->op == OP_embed) return node->operand[1];
    return node->op == OP_experts || node->op == OP_combine ? node->operand[2] : NULL;
}

/* Weights in act order stay in few bits: with the columns of a group side by side, for inputs in the same order. */
static void order_inputs(Graph *graph, Node *linear)
{
    Node *weight = linear->operand[1], *x = linear->operand[0];
    const Quantized *quantized = weight->op == OP_param && weight->tensor ? weight->tensor->quantized : NULL;
    if (!quantized || !quantized->ordered || node_is_constant(linear) || node_uses(graph, weight) != 1) return;
    int64_t columns = shape_columns(weight->shape);
    float *index = ARENA_ARRAY(graph->arena, float, (size_t)columns);
    for (int64_t i = 0; i < columns; i++) index[i] = (float)quantized->order[i];
    Node *order = graph_insert_constant(graph, linear, shape_of(1, dim_of(columns)), index);
    linear->operand[0] = graph_insert(graph, linear, OP_columns, 2, (Node *[]){x, order}, &(Attributes){0});
    weight->tensor = quantized->ordered;
}

static void order_all(Graph *graph)
{
    size_t count = 0;
    Node **linear = ARENA_ARRAY(graph->arena, Node *, graph->count);
    for (size_t i = 0; i < graph->count; i++)
        if (graph->node[i]->op == OP_linear) linear[count++] = graph->node[i];
    for (size_t i = 0; i < count; i++) order_inputs(graph, linear[i]);
}

const char *precision_caches(void)
{
    static const char names[] =
#define CACHE(name, suffix) ", " #name
#include "templates/format/caches.def"
        ;
    return names + 2;
}

/* One format for all caches. A model that keeps none of its keys has nothing to choose. */
static bool choose_caches(Graph *graph, const PrecisionOptions *options, Err *err)
{
    Format format;
    bool any = false;
    if (!options->cache) return true;
    if (!format_parse(options->cache, &format) || !format_caches(format))
        return err_set(err, "unknown cache precision \"%s\"; known: %s", options->cache, precision_caches());
    for (size_t i = 0; i < graph->count; i++) {
        Node *node = graph->node[i];
        if (node->op != OP_cache && node->op != OP_memory) continue;
        node->a.numbers = (int)format;
        any = true;
    }
    return any || format == FORMAT_f32 || err_set(err, "cache precision %s: this model has no cache", options->cache);
}

bool precision_apply(Graph *graph, const PrecisionOptions *options, Err *err)
{
    Choice weights, embeddings;
    if (!parse("precision", options->weights, &weights, err) || !parse("embedding precision", options->embeddings, &embeddings, err)) return false;
    if (!options->embeddings && !(!weights.stored && spares_embeddings(weights.format))) embeddings = weights;
    if (!choose_activations(graph, options, weights, err) || !choose_caches(graph, options, err)) return false;
    weights.chosen = options->chosen;
    if (!options->embeddings) embeddings.chosen = options->chosen;
    order_all(graph);
    for (size_t i = 0; i < graph->count; i++) {
        Node *node = graph->node[i];
        Node *weight = precision_weight(node);
        if (weight) set_params(weight, weight, precision_of_embedding(graph, node) ? embeddings : weights, true);
    }
    graph_refresh(graph);
    if (options->activations && strcmp(options->activations, "llm.int8") == 0) return part_outliers(graph, options->outliers > 0 ? options->outliers : 6, err);
    return check_activations(graph, options, err);
}
