/* Constants as floats: whole, by rows, in the format in which they are packed; and the parameters of those that a checkpoint has quantised. */
#include "compiler/ir/op.h"

#include <string.h>

#include "compiler/read/quantized.h"
#include "templates/cpu/pack.h"

typedef struct Needed {
    const Node **node; /* operands before their users */
    size_t count, capacity;
    int most_id;
} Needed;

static bool is_needed(const Needed *needed, const Node *node)
{
    for (size_t i = 0; i < needed->count; i++) {
        if (needed->node[i] == node)
            return true;
    }
    return false;
}

static void need(Arena *arena, Needed *needed, const Node *node)
{
    if (node == NULL || is_needed(needed, node))
        return;
    for (int i = 0; i < node->operands; i++) need(arena, needed, node->operand[i]);
    needed->node = arena_grow(arena, needed->node, needed->count, &needed->capacity, sizeof *needed->node);
    needed->node[needed->count++] = node;
    needed->most_id = node->id > needed->most_id ? node->id : needed->most_id;
}

static size_t constant_elements(const Node *node)
{
    static const int64_t no_symbols[SYMBOL_COUNT];
    return (size_t)shape_elements(node->shape, no_symbols);
}

static void computed_values(Arena *scratch, const Node *node, float *values)
{
    static const hf2c_batch no_batch;
    Needed needed = {0};
    need(scratch, &needed, node);
    Evaluation evaluation = {.arena = scratch, .batch = &no_batch};
    evaluation.value = ARENA_ARRAY(scratch, double *, (size_t)needed.most_id + 1);
    for (size_t i = 0; i < needed.count; i++) node_evaluate(needed.node[i], &evaluation);
    const double *result = evaluation.value[node->id];
    for (size_t i = 0, count = constant_elements(node); i < count; i++) values[i] = (float)result[i];
}

/* ---- rows of constants, in float: most weights are never held whole, nor in double ---- */

static void rows_of_constant(Arena *scratch, const Node *node, TensorPart part, int64_t first, int64_t count, float *values);

static int64_t constant_rows(const Node *node)
{
    return shape_rows(node->shape, NULL);
}

static void slice_rows(Arena *scratch, const Node *node, TensorPart part, int64_t first, int64_t count, float *values)
{
    const Node *x = node->operand[0];
    size_t from = (size_t)shape_columns(x->shape), to = (size_t)node->a.size;
    float *whole = ARENA_ARRAY(scratch, float, (size_t)count * from);
    rows_of_constant(scratch, x, part, first, count, whole);
    for (size_t r = 0; r < (size_t)count; r++) memcpy(values + r * to, whole + r * from + node->a.first, to * sizeof *values);
}

static void gather_rows(Arena *scratch, const Node *node, TensorPart part, int64_t first, int64_t count, float *values)
{
    size_t width = (size_t)shape_columns(node->shape);
    const float *index = node->operand[1]->values;
    for (int64_t r = 0; r < count; r++) rows_of_constant(scratch, node->operand[0], part, (int64_t)index[first + r], 1, values + (size_t)r * width);
}

static void concat_rows(Arena *scratch, const Node *node, TensorPart part, int64_t first, int64_t count, float *values)
{
    size_t width = (size_t)shape_columns(node->shape);
    for (int i = 0; i < node->operands && count > 0; i++) {
        int64_t rows = constant_rows(node->operand[i]), here = rows - first < count ? rows - first : count;
        if (here > 0) {
            rows_of_constant(scratch, node->operand[i], part, first, here, values);
            values += (size_t)here * width;
            count -= here;
            first = 0;
        } else {
            first -= rows;
        }
    }
}

/* The product of two floats, rounded to float, is the same by way of double. */
static void product_rows(Arena *scratch, const Node *node, int64_t first, int64_t count, float *values)
{
    size_t width = (size_t)shape_columns(node->shape), period = constant_elements(node->operand[1]);
    float *factors = ARENA_ARRAY(scratch, float, period);
    node_constant_values(scratch, node->operand[1], factors);
    rows_of_constant(scratch, node->operand[0], PART_value, first, count, values);
    size_t begin = (size_t)first * width;
    for (size_t i = 0; i < (size_t)count * width; i++) values[i] *= factors[(begin + i) % period];
}

static void transpose_values(Arena *scratch, const Node *node, float *values)
{
    size_t rows = (size_t)node->shape.dim[0].size, columns = (size_t)node->shape.dim[1].size;
    float *whole = ARENA_ARRAY(scratch, float, rows * columns);
    node_constant_values(scratch, node->operand[0], whole);
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++) values[r * columns + c] = whole[c * rows + r];
    }
}

static void gather_values(Arena *scratch, const Node *node, float *values)
{
    const float *index = node->operand[1]->values;
    float *whole = ARENA_ARRAY(scratch, float, constant_elements(node->operand[0]));
    node_constant_values(scratch, node->operand[0], whole);
    for (size_t i = 0; i < constant_elements(node); i++) values[i] = whole[(size_t)index[i]];
}

static void concat_values(Arena *scratch, const Node *node, float *values)
{
    for (int i = 0; i < node->operands; values += constant_elements(node->operand[i++]))
        node_constant_values(scratch, node->operand[i], values);
}

static void param_values(const Node *node, TensorPart part, size_t first, size_t count, float *values)
{
    if (node->tensor == NULL || node->tensor->elements != constant_elements(node))
        bug("param \"%s\" has no tensor of %s", node->a.key, shape_describe(node->shape));
    const Tensor *tensor = node->tensor;
    if (part != PART_value) {
        tensor_part(tensor, part, first, count, values);
        return;
    }
    tensor_to_float(tensor, first, count, values);
    if (!tensor->quantized) file_forget(tensor->data + first * stored_bytes(tensor->type), count * stored_bytes(tensor->type));
}

/* Those whose rows can be had one by one. */
static bool has_rows(const Node *node)
{
    if (node->op == OP_param || node->op == OP_constant) return true;
    if (node->shape.rank != 2 || !(node->op == OP_slice || node->op == OP_gather || node->op == OP_mul || node->op == OP_concat)) return false;
    for (int i = 0; i < (node->op == OP_concat ? node->operands : 1); i++)
        if (node->operand[i]->shape.rank != 2 || !has_rows(node->operand[i])) return false;
    return true;
}

static void rows_of_constant(Arena *scratch, const Node *node, TensorPart part, int64_t first, int64_t count, float *values)
{
    size_t width = (size_t)shape_columns(node->shape), begin = (size_t)first * width;
    switch (node->op) {
    case OP_param: param_values(node, part, begin, (size_t)count * width, values); break;
    case OP_constant: memcpy(values, node->values + begin, (size_t)count * width * sizeof *values); break;
    case OP_slice: slice_rows(scratch, node, part, first, count, values); break;
    case OP_gather: gather_rows(scratch, node, part, first, count, values); break;
    case OP_mul: product_rows(scratch, node, first, count, values); break;
    case OP_concat: concat_rows(scratch, node, part, first, count, values); break;
    default: bug("%s has no rows", op_info(node->op)->name);
    }
}

bool node_constant_rows(Arena *scratch, const Node *node, int64_t first, int64_t count, float *values)
{
    if (!has_rows(node)) return false;
    rows_of_constant(scratch, node, PART_value, first, count, values);
    return true;
}

void node_constant_values(Arena *scratch, const Node *node, float *values)
{
    if (!node_is_constant(node)) bug("%%%d is not a constant", node->id);
    if (node_constant_rows(scratch, node, 0, constant_rows(node), values)) return;
    switch (node->op) {
    case OP_transpose: transpose_values(scratch, node, values); break;
    case OP_gather: node->shape.rank == 1 ? gather_values(scratch, node, values) : computed_values(scratch, node, values); break;
    case OP_concat: concat_values(scratch, node, values); break;
    default: computed_values(scratch, node, values);
    }
}

/* ---- weights in their format ---- */

/* Those that a checkpoint has quantised are what they are. */
static bool is_rounded(const Node *weight)
{
    return weight->format != FORMAT_f32 && !node_constant_is_given(weight);
}

const double *weight_of(const Evaluation *evaluation, const Node *weight)
{
    const double *exact = value_of(evaluation, weight);
    if (!is_rounded(weight)) return exact;
    size_t count = constant_elements(weight), bytes;
    PackLayout layout = {.format = (int)weight->format, .panel = 1, .N = shape_rows(weight->shape, NULL), .K = shape_columns(weight->shape)};
    layout.block = format_block(weight->format, layout.K);
    if (!pack_bytes(&layout, &bytes)) bug("%%%d cannot be packed as %s", weight->id, format_name(weight->format));
    float *values = ARENA_ARRAY(evaluation->arena, float, count);
    double *rounded = ARENA_ARRAY(evaluation->arena, double, count);
    void *packed = arena_alloc(evaluation->arena, bytes);
    for (size_t i = 0; i < count; i++) values[i] = (float)exact[i];
    pack_weight(&layout, values, packed);
    pack_unpack(&layout, packed, values);
    for (size_t i = 0; i < count; i++) rounded[i] = (double)values[i];
    return rounded;
}

/* ---- parameters of quantised tensors, moved as their elements are ---- */

/* Whether a tensor is quantised in this format, but for the parameters of its parameters. */
static bool is_quantised_in(const Tensor *tensor, Format wanted)
{
    Format format;
    if (!tensor || !tensor->quantized || !format_parse(tensor_natural_format(tensor), &format)) return false;
    return format == wanted || format_unnested(format) == wanted;
}

static bool is_given_in(const Node *node, Format format)
{
    if (node->op == OP_param) return is_quantised_in(node->tensor, format);
    bool given = op_only_moves(node->op) && node->op != OP_reshape;
    for (int i = 0; i < (node->op == OP_gather ? 1 : node->operands); i++) given = given && is_given_in(node->operand[i], format);
    return given;
}

bool node_constant_is_given(const Node *node)
{
    return format_bits(node->format) < 16 && is_given_in(node, node->format);
}

/* The node again, with a part of the parameters of its params' elements in their place. */
static Node *given_copy(Graph *graph, const Node *node, TensorPart part)
{
    if (node->op == OP_param) {
        float *values = ARENA_ARRAY(graph->arena, float, node->tensor->elements);
        tensor_part(node->tensor, part, 0, node->tensor->elements, values);
        return graph_constant(graph, node->shape, values);
    }
    if (node->op == OP_constant) return graph_constant(graph, node->shape, node->values);
    Node *operand[NODE_MAX_OPERANDS] = {0};
    for (int i = 0; i < node->operands; i++) operand[i] = given_copy(graph, node->operand[i], part);
    return graph_add(graph, node->op, node->operands, operand, &node->a);
}

bool node_constant_given_rows(Arena *scratch, const Node *node, TensorPart part, int64_t first, int64_t count, float *values)
{
    if (!has_rows(node)) return false;
    rows_of_constant(scratch, node, part, first, count, values);
    return true;
}

void node_constant_given(Arena *scratch, const Node *node, TensorPart part, float *values)
{
    if (node_constant_given_rows(scratch, node, part, 0, constant_rows(node), values)) return;
    node_constant_values(scratch, given_copy(graph_new(scratch), node, part), values);
}
