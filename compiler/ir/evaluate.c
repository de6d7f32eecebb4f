/* The reference evaluator: every node in double, one after another. */
#include "compiler/ir/op.h"

#include <string.h>

static void evaluate_node(const Node *node, Evaluation *evaluation)
{
    size_t count = (size_t)shape_elements(node->shape, evaluation->symbols);
    evaluation->value[node->id] = ARENA_ARRAY(evaluation->arena, double, count);
    op_info(node->op)->evaluate(node, evaluation);
}

static void check_batch(const hf2c_batch *batch)
{
    if (batch->images > 0 && batch->rows == 0 && batch->sequences == 0)
        return;
    if (batch->rows < 1 || batch->sequences < 1 || batch->start[0] != 0 || batch->start[batch->sequences] != batch->rows)
        bug("evaluation of %d rows in %d sequences", batch->rows, batch->sequences);
    for (int s = 0; s < batch->sequences; s++) {
        if (batch->start[s] >= batch->start[s + 1])
            bug("evaluation: sequence %d has no rows", s);
        if (batch->past != NULL && batch->past[s] != 0)
            bug("evaluation: sequence %d has a past", s);
    }
}

static int64_t count_pieces(const Graph *graph, const hf2c_batch *batch)
{
    int64_t pieces = 0;
    for (size_t i = 0; i < graph->count; i++) {
        for (int s = 0; graph->node[i]->op == OP_spread && s < batch->sequences; s++)
            pieces += sound_pieces(batch, s, graph->node[i]->a.size);
    }
    return pieces;
}

/* The inputs of the node's entry; false: it has none in this evaluation. */
static bool choose_batch(Evaluation *evaluation, const hf2c_batch *batch)
{
    evaluation->batch = batch;
    if (batch == NULL)
        return false;
    evaluation->symbols[SYMBOL_rows] = batch->rows;
    evaluation->symbols[SYMBOL_sequences] = batch->sequences;
    evaluation->symbols[SYMBOL_wanted] = batch->wanted;
    evaluation->symbols[SYMBOL_images] = batch->images;
    evaluation->symbols[SYMBOL_samples] = batch->samples != NULL ? batch->samples[batch->sequences] : 0;
    evaluation->symbols[SYMBOL_pieces] = batch->samples != NULL ? count_pieces(evaluation->graph, batch) : 0;
    return true;
}

double **graph_evaluate_source(Arena *arena, const Graph *graph, const hf2c_batch *batch, const hf2c_batch *source)
{
    Evaluation evaluation = {.arena = arena, .graph = graph, .source = source};
    const hf2c_batch *entry[] = {batch, source};
    for (size_t i = 0; i < COUNT_OF(entry); i++) {
        if (entry[i] == NULL)
            continue;
        check_batch(entry[i]);
        if (entry[i]->rows > evaluation.symbols[SYMBOL_keys])
            evaluation.symbols[SYMBOL_keys] = entry[i]->rows;
    }
    if (batch != NULL && source != NULL && batch->sequences != source->sequences)
        bug("evaluation of %d sequences with %d sources", batch->sequences, source->sequences);
    evaluation.value = ARENA_ARRAY(arena, double *, (size_t)graph->next_id);
    for (size_t i = 0; i < graph->count; i++) {
        const Node *node = graph->node[i];
        if (choose_batch(&evaluation, entry[node->entry]) || node_is_constant(node))
            evaluate_node(node, &evaluation);
    }
    return evaluation.value;
}

double **graph_evaluate(Arena *arena, const Graph *graph, const hf2c_batch *batch)
{
    return graph_evaluate_source(arena, graph, batch, NULL);
}

/* ---- constants ---- */

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
    if (needed->count == needed->capacity) {
        size_t capacity = needed->capacity != 0 ? 2 * needed->capacity : 16;
        const Node **more = ARENA_ARRAY(arena, const Node *, capacity);
        if (needed->count != 0)
            memcpy(more, needed->node, needed->count * sizeof *more);
        needed->node = more;
        needed->capacity = capacity;
    }
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
    for (size_t i = 0; i < needed.count; i++) evaluate_node(needed.node[i], &evaluation);
    const double *result = evaluation.value[node->id];
    for (size_t i = 0, count = constant_elements(node); i < count; i++) values[i] = (float)result[i];
}

static void slice_values(Arena *scratch, const Node *node, float *values)
{
    const Node *x = node->operand[0];
    size_t from = (size_t)shape_columns(x->shape), to = (size_t)node->a.size, rows = constant_elements(x) / from;
    float *whole = ARENA_ARRAY(scratch, float, rows * from);
    node_constant_values(scratch, x, whole);
    for (size_t r = 0; r < rows; r++) memcpy(values + r * to, whole + r * from + node->a.first, to * sizeof *values);
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
    const Node *x = node->operand[0];
    const float *index = node->operand[1]->values;
    size_t rows = (size_t)node->shape.dim[0].size, width = constant_elements(node) / rows;
    float *whole = ARENA_ARRAY(scratch, float, constant_elements(x));
    node_constant_values(scratch, x, whole);
    for (size_t r = 0; r < rows; r++) memcpy(values + r * width, whole + (size_t)index[r] * width, width * sizeof *values);
}

/* The product of two floats, rounded to float, is the same by way of double. */
static void product_values(Arena *scratch, const Node *node, float *values)
{
    size_t period = constant_elements(node->operand[1]);
    float *factors = ARENA_ARRAY(scratch, float, period);
    node_constant_values(scratch, node->operand[0], values);
    node_constant_values(scratch, node->operand[1], factors);
    for (size_t i = 0, count = constant_elements(node); i < count; i++) values[i] *= factors[i % period];
}

/* What moves or scales numbers works in float, so that most weights are never held in double. */
void node_constant_values(Arena *scratch, const Node *node, float *values)
{
    if (!node_is_constant(node))
        bug("%%%d is not a constant", node->id);
    switch (node->op) {
    case OP_param:
        if (node->tensor == NULL || node->tensor->elements != constant_elements(node))
            bug("param \"%s\" has no tensor of %s", node->a.key, shape_describe(node->shape));
        tensor_to_float(node->tensor, 0, constant_elements(node), values);
        break;
    case OP_constant: memcpy(values, node->values, constant_elements(node) * sizeof *values); break;
    case OP_slice: slice_values(scratch, node, values); break;
    case OP_transpose: transpose_values(scratch, node, values); break;
    case OP_gather: gather_values(scratch, node, values); break;
    case OP_mul: product_values(scratch, node, values); break;
    case OP_concat:
        for (int i = 0; i < node->operands; values += constant_elements(node->operand[i++]))
            node_constant_values(scratch, node->operand[i], values);
        break;
    default: computed_values(scratch, node, values);
    }
}
