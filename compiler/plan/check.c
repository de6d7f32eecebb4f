/* check: an independent proof that a plan is right. It knows nothing of lifetimes or classes: it runs the schedule on paper, iteration
 * by iteration, writes down which value each byte range of the workspace holds, and looks before each read whether the
 * value that the graph wants is still whole. */
#include "compiler/plan/plan.h"

typedef struct Holding {
    size_t offset, bytes;
    const Node *node;
} Holding;

typedef struct Paper {
    const Plan *plan;
    Holding *holding;
    size_t holdings;
} Paper;

/* The new value takes its bytes from whatever was there. */
static void write_value(Paper *paper, const Node *node, size_t offset, size_t bytes)
{
    size_t kept = 0;
    for (size_t i = 0; i < paper->holdings; i++) {
        const Holding *h = &paper->holding[i];
        if (h->offset + h->bytes <= offset || offset + bytes <= h->offset) paper->holding[kept++] = *h;
    }
    paper->holding[kept++] = (Holding){offset, bytes, node};
    paper->holdings = kept;
}

static bool holds(const Paper *paper, const Node *node, size_t offset)
{
    for (size_t i = 0; i < paper->holdings; i++)
        if (paper->holding[i].node == node) return paper->holding[i].offset == offset;
    return false;
}

static size_t bytes_of(const Paper *paper, const Node *node)
{
    return value_bytes(node->format, node->shape, paper->plan->symbols);
}

/* Bytes behind it that windows over it read, whatever is there. */
static size_t read_behind(const Paper *paper, const Node *value)
{
    const Graph *graph = paper->plan->graph;
    int64_t most = 0;
    for (size_t i = 0; i < graph->count; i++) {
        const Node *node = graph->node[i];
        if (node->op == OP_windows && node->operand[0] == value && node->a.size > node->a.stride + most) most = node->a.size - node->a.stride;
    }
    return (size_t)(most * shape_columns(value->shape)) * sizeof(float);
}

static bool check_weight(const Paper *paper, const Node *node, size_t offset, Err *err)
{
    if (plan_weight(paper->plan, node)->offset == offset) return true;
    return err_set(err, "plan: %%%d is read at weights + %zu, where it is not packed", node->id, offset);
}

/* Bytes of a slot that a node has there: the whole of a cache, one sequence's part of a state. */
static size_t state_bytes_of(const Paper *paper, const Node *node)
{
    if (node->op == OP_state) return (size_t)node->a.size * sizeof(float);
    const PlanOptions *options = &paper->plan->options;
    int64_t positions = cache_positions(node, node->entry == 1 ? options->max_source : options->max_sequence, options->max_rows);
    return node->op == OP_cache ? (size_t)(positions * shape_columns(node->shape)) * sizeof(float) : 0;
}

/* Caches and states are behind those with smaller indices; a memory is read where the cache of its index is. */
static bool check_state(const Paper *paper, const Node *wanted, size_t offset, Err *err)
{
    const Graph *graph = paper->plan->graph;
    int64_t column;
    const Node *storage = node_storage(wanted, &column);
    size_t before = 0;
    for (size_t i = 0; i < graph->count; i++)
        if (graph->node[i]->a.index < storage->a.index) before += align_up(state_bytes_of(paper, graph->node[i]), 64);
    return before == offset || err_set(err, "plan: cache %lld is read at %zu of the state, which is not its place", (long long)storage->a.index, offset);
}

/* Operand p of a step in iteration n must be the node that the graph names. */
static bool check_read(const Paper *paper, const Step *step, const Node *wanted, int p, int n, Err *err)
{
    const Operand *operand = &step->pointer[p];
    size_t offset = operand->offset + operand->stride * (size_t)n;
    if (!wanted) return operand->place == PLACE_NONE || err_set(err, "plan: an absent operand has a place");
    if (operand->place == PLACE_WEIGHTS) return check_weight(paper, wanted, offset, err);
    if (operand->place == PLACE_STATE) return check_state(paper, wanted, offset, err);
    if (operand->place != PLACE_ARENA) return true;
    int64_t column;
    const Node *storage = node_storage(wanted, &column);
    if (holds(paper, storage, offset - (size_t)column * sizeof(float))) return true;
    return err_set(err, "plan: step of %%%d, iteration %d, reads %%%d at %zu, which holds something else by then",
                   step->node ? step->node->id : -1, n, storage->id, offset);
}

static bool check_step(Paper *paper, const Section *section, size_t number, int n, Err *err)
{
    const Step *step = &paper->plan->step[number];
    const Node *node = section->nodes[(size_t)n * section->count + (number - section->first)];
    if (!node) {
        int output = step->pointer[0].index + n * step->pointer[0].index_stride;
        return check_read(paper, step, paper->plan->graph->output[output].node, 1, n, err);
    }
    Call call;
    plan_call(paper->plan, section, number, n, &call);
    for (int p = 1; p < call.pointers; p++)
        if (!check_read(paper, step, call.pointer[p], p, n, err)) return false;
    if (step->pointer[0].place == PLACE_ARENA) {
        if (step->pointer[0].offset + bytes_of(paper, node) + read_behind(paper, node) > paper->plan->arena_bytes)
            return err_set(err, "plan: %%%d ends behind the workspace", node->id);
        write_value(paper, node, step->pointer[0].offset, bytes_of(paper, node));
    }
    return true;
}

bool plan_check(Arena *arena, const Plan *plan, Err *err)
{
    Paper paper = {.plan = plan};
    paper.holding = ARENA_ARRAY(arena, Holding, plan->graph->count + 2);
    for (size_t s = 0; s < plan->sections; s++) {
        const Section *section = &plan->section[s];
        for (int n = 0; n < section->iterations; n++)
            for (size_t i = 0; i < section->count; i++)
                if (!check_step(&paper, section, section->first + i, n, err)) return false;
    }
    return true;
}
