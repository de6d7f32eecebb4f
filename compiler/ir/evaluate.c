/* The reference evaluator: every node in double, one after another. */
#include "compiler/ir/op.h"

#include <string.h>

void node_evaluate(const Node *node, Evaluation *evaluation)
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
            node_evaluate(node, &evaluation);
    }
    return evaluation.value;
}

double **graph_evaluate(Arena *arena, const Graph *graph, const hf2c_batch *batch)
{
    return graph_evaluate_source(arena, graph, batch, NULL);
}
