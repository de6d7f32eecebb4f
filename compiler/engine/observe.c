/* observe: see observe.h. */
#include "compiler/engine/observe.h"

enum { LINEAR_X, LINEAR_WEIGHT };


struct Observer {
    Arena *arena;
    Map *by_param;
    InputMoments **by_node; /* [next_id] of the linear; those of the same x share them */
};

static InputMoments *moments_new(Arena *arena, int64_t columns)
{
    InputMoments *m = ARENA_NEW(arena, InputMoments);
    int64_t chunks = (columns + MOMENTS_CHUNK - 1) / MOMENTS_CHUNK, chunk = (columns + chunks - 1) / chunks;
    m->columns = columns;
    m->chunk = (chunk + 63) / 64 * 64; /* blocks of weights are not cut */
    m->sum = arena_alloc_array(arena, (size_t)(columns * m->chunk), sizeof(float));
    return m;
}

static bool is_observed(const Node *node)
{
    return node->op == OP_linear && !node_is_constant(node) && node->operand[LINEAR_X]->format == FORMAT_f32;
}

/* Every param under the weight: q, k and v of one linear are asked for by their own names. */
static void name_params(Observer *o, const Node *weight, InputMoments *moments)
{
    if (weight->op == OP_param && weight->a.key) map_set(o->by_param, weight->a.key, moments);
    for (int i = 0; i < weight->operands; i++)
        if (weight->operand[i]) name_params(o, weight->operand[i], moments);
}

Observer *observer_new(Arena *arena, const Graph *graph)
{
    Observer *o = ARENA_NEW(arena, Observer);
    InputMoments **by_x = ARENA_ARRAY(arena, InputMoments *, (size_t)graph->next_id);
    *o = (Observer){arena, map_new(arena), ARENA_ARRAY(arena, InputMoments *, (size_t)graph->next_id)};
    for (size_t i = 0; i < graph->count; i++) {
        const Node *node = graph->node[i];
        if (!is_observed(node)) continue;
        const Node *x = node->operand[LINEAR_X];
        if (!by_x[x->id]) by_x[x->id] = moments_new(arena, shape_columns(x->shape));
        o->by_node[node->id] = by_x[x->id];
        name_params(o, node->operand[LINEAR_WEIGHT], by_x[x->id]);
    }
    return o;
}

static void add_column(InputMoments *m, int64_t column, const float *x, int64_t ld, int rows)
{
    int64_t first = column / m->chunk * m->chunk, count = m->columns - first < m->chunk ? m->columns - first : m->chunk;
    float *sum = m->sum + column * m->chunk;
    for (int r = 0; r < rows; r++, x += ld) {
        const float factor = x[column];
        for (int64_t j = 0; j < count; j++) sum[j] += factor * x[first + j];
    }
}

void observer_add(Observer *o, const hf2c_team *team, const Node *node, const float *x, int rows)
{
    int first, end;
    InputMoments *m = o->by_node[node->id];
    if (!m) return;
    hf2c_share(team, (int)m->columns, &first, &end);
    for (int column = first; column < end; column++) add_column(m, column, x, node_stride(node->operand[LINEAR_X]), rows);
    if (team->index == 0) m->rows += rows;
}

const Map *observer_inputs(const Observer *o) { return o->by_param; }
