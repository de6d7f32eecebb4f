/* cache: rows of this call join those of earlier calls. The value is a slot's whole cache, [keys, W]; with a window it is a ring, whose
 * oldest positions make room for new ones.
 * memory: the view that a decoder has of a cache which its encoder filled. */
#include "compiler/ir/op.h"

#include "templates/format/row.h"

#include <inttypes.h>
#include <string.h>

int64_t cache_heads(const Node *node)
{
    return node->a.heads > 0 ? node->a.heads : 1;
}

bool cache_of_source(const Node *node)
{
    return node->op == OP_memory || node->entry == 1;
}

/* Rows of a call are written before the first of them looks back over its window. */
int64_t cache_positions(const Node *node, int64_t keys, int64_t rows)
{
    int64_t wanted = node->a.window + rows - 1, ring = (wanted + KEYS_RING - 1) / KEYS_RING * KEYS_RING;
    return node->op == OP_cache && node->a.window > 0 && ring < keys ? ring : keys;
}

/* Formats are numbered as their table has them, here and in kernels. */
size_t cache_row_bytes(const Node *node)
{
    int64_t heads = cache_heads(node);
    return (size_t)(heads * row_bytes(node->format, shape_columns(node->shape) / heads));
}

static bool check_numbers(const Node *node, Err *err)
{
    if (format_caches((Format)node->a.numbers)) return true;
    return err_set(err, "%s: numbers is %s, which is no format of caches", op_info(node->op)->name, format_name((Format)node->a.numbers));
}

static bool check_heads(const Node *node, int64_t width, Err *err)
{
    if (node->a.heads >= 0 && width % cache_heads(node) == 0)
        return true;
    return err_set(err, "%s: heads is %" PRId64 ", wanted a divisor of its %" PRId64 " columns", op_info(node->op)->name, node->a.heads,
                   width);
}

bool cache_shape(Node *node, Err *err)
{
    if (!want_rows(node, 0, "x", err) || !want_sequences(node, 1, err) ||
        !check_heads(node, node->operand[0]->shape.dim[1].size, err))
        return false;
    if (node->a.window < 0 || node->a.window > DIM_LIMIT)
        return err_set(err, "cache: window is %" PRId64 ", wanted 0 .. %d", node->a.window, DIM_LIMIT);
    if (node->a.index < 0 || node->a.index > DIM_LIMIT)
        return err_set(err, "cache: index is %" PRId64 ", wanted 0 .. %d", node->a.index, DIM_LIMIT);
    node->shape = shape_of(2, dim_symbol(SYMBOL_keys), node->operand[0]->shape.dim[1]);
    node->format = (Format)node->a.numbers;
    return check_numbers(node, err);
}

/* Without past the cache holds the rows of this call; the evaluator gives `keys` the value of `rows`. */
void cache_evaluate(const Node *node, Evaluation *evaluation)
{
    int64_t count = shape_elements(node->operand[0]->shape, evaluation->symbols), size = shape_columns(node->shape) / cache_heads(node);
    double *y = value_of(evaluation, node);
    memcpy(y, value_of(evaluation, node->operand[0]), (size_t)count * sizeof(double));
    if (node->format == FORMAT_f32) return;
    float *numbers = ARENA_ARRAY(evaluation->arena, float, (size_t)size);
    char *row = ARENA_ARRAY(evaluation->arena, char, (size_t)row_bytes(node->format, size));
    for (int64_t at = 0; at < count; at += size) {
        for (int64_t d = 0; d < size; d++) numbers[d] = (float)y[at + d];
        row_encode(node->format, row, numbers, size);
        for (int64_t d = 0; d < size; d++) y[at + d] = row_value(node->format, row, size, d);
    }
}

void cache_bind(const Node *node, Call *call)
{
    int64_t columns = shape_columns(node->shape);
    call_begin(call, "cache", node, bind_rows(node->operand[0]));
    call->format = node->format;
    call_pointer(call, node->operand[0]);
    call_pointer(call, node->operand[1]);
    call_constant(call, columns);
    call_constant(call, bind_stride(node->operand[0], call));
    call_constant(call, cache_heads(node));
    call_constant(call, cache_positions(node, call_room(node, call), call->rows));
    call_label(call, "%" PRId64, columns);
}

/* ---- memory ---- */

bool memory_shape(Node *node, Err *err)
{
    if (!want_sequences(node, 0, err) || !want_count(node, "size", node->a.size, err) || !check_heads(node, node->a.size, err))
        return false;
    if (node->a.index < 0 || node->a.index > DIM_LIMIT)
        return err_set(err, "memory: index is %" PRId64 ", wanted 0 .. %d", node->a.index, DIM_LIMIT);
    node->shape = shape_of(2, dim_symbol(SYMBOL_keys), dim_of(node->a.size));
    node->format = (Format)node->a.numbers;
    return check_numbers(node, err);
}

void memory_evaluate(const Node *node, Evaluation *evaluation)
{
    const Graph *graph = evaluation->graph;
    for (size_t i = 0; i < graph->count; i++) {
        const Node *cache = graph->node[i];
        if (cache->op != OP_cache || cache->a.index != node->a.index)
            continue;
        if (value_of(evaluation, cache) == NULL)
            bug("memory %%%d: nothing went through the encoder", node->id);
        size_t count = (size_t)shape_elements(node->shape, evaluation->symbols);
        memcpy(value_of(evaluation, node), value_of(evaluation, cache), count * sizeof(double));
        return;
    }
    bug("memory %%%d: there is no cache %" PRId64, node->id, node->a.index);
}
