/* Filling a Call, and what evaluations and bindings ask of operands. */
#include "compiler/ir/op.h"

#include <stdio.h>

/* ---- binding ---- */

void call_begin(Call *call, const char *op, const Node *node, Symbol rows)
{
    call->op = op;
    call->format = FORMAT_f32;
    call->pointers = call->dynamics = call->constants = call->reals = 0;
    call->label[0] = '\0';
    call_pointer(call, node);
    call->dynamic[call->dynamics++] = rows;
    call->multiple = node->shape.dim[0].size;
}

void call_pointer(Call *call, const Node *node)
{
    if (call->pointers == CALL_MAX_POINTERS)
        bug("%s has too many pointers", call->op);
    call->pointer[call->pointers++] = node;
}

void call_constant(Call *call, int64_t value)
{
    if (call->constants == CALL_MAX_CONSTANTS)
        bug("%s has too many constants", call->op);
    call->constant[call->constants++] = value;
}

void call_real(Call *call, double value)
{
    if (call->reals == CALL_MAX_REALS)
        bug("%s has too many reals", call->op);
    call->real[call->reals++] = value;
}

void call_label(Call *call, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(call->label, sizeof call->label, format, arguments);
    va_end(arguments);
}

Symbol bind_rows(const Node *node)
{
    Dim first = node->shape.dim[0];
    if (node->shape.rank == 0 || first.symbol == SYMBOL_none || (first.size != 1 && !symbol_repeats(first.symbol)))
        bug("%%%d has shape %s: no kernel works on such rows", node->id, shape_describe(node->shape));
    return first.symbol;
}

int64_t call_room(const Node *node, const Call *call)
{
    int64_t room = cache_of_source(node) ? call->source : call->own;
    return room > 0 ? room : call->keys;
}

int64_t bind_columns(const Node *node, const Call *call)
{
    int64_t columns = 1;
    for (int i = 1; i < node->shape.rank; i++) {
        Dim dim = node->shape.dim[i];
        if (dim.symbol != SYMBOL_none && dim.symbol != SYMBOL_keys)
            bug("%%%d has shape %s: no kernel works on such columns", node->id, shape_describe(node->shape));
        columns *= dim.symbol == SYMBOL_keys ? dim.size * call->keys : dim.size;
    }
    return columns;
}

int64_t bind_stride(const Node *node, const Call *call)
{
    return node != NULL ? bind_columns(node_storage(node, NULL), call) * node_step(node) : 0;
}

/* ---- evaluation ---- */

double *value_of(const Evaluation *evaluation, const Node *node)
{
    return node != NULL ? evaluation->value[node->id] : NULL;
}

int64_t rows_of(const Evaluation *evaluation, const Node *node)
{
    return shape_rows(node->shape, evaluation->symbols);
}

int *sequence_of_rows(const Evaluation *evaluation)
{
    const hf2c_batch *batch = evaluation->batch;
    int *sequence = ARENA_ARRAY(evaluation->arena, int, (size_t)batch->rows);
    for (int s = 0; s < batch->sequences; s++) {
        for (int r = batch->start[s]; r < batch->start[s + 1]; r++) sequence[r] = s;
    }
    return sequence;
}
