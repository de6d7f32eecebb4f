/* strip: less workspace for models that read a sequence whole. Steps that look at each row for itself make chains; a chain runs for
 * a few rows, a strip, then for the next ones, and what only its own steps read needs room for one strip. Attention takes its queries
 * row by row too, but its keys and values of all rows: where those come from a chain, attention begins the next one. */
#include "compiler/plan/plan.h"

/* Ops that compute row r of their result of row r of their operands. */
static bool goes_by_rows(const Node *node)
{
    static const Op ops[] = {OP_embed, OP_linear, OP_quantize, OP_layer_norm, OP_rms_norm, OP_rope_table, OP_rope, OP_attention};
    if (!node) return true; /* a copy into an output */
    for (size_t i = 0; i < COUNT_OF(ops); i++)
        if (node->op == ops[i]) return true;
    return op_is_unary(node->op) || op_is_binary(node->op);
}

bool plan_reads_whole(const Step *step, int p) { return step->node && step->node->op == OP_attention && (p == 2 || p == 3); }

static bool one_per_row(Shape shape) { return shape.rank > 0 && shape.dim[0].symbol == SYMBOL_rows && shape.dim[0].size == 1; }

static bool suits_operand(const Node *node)
{
    if (!node || node_is_constant(node)) return true;
    const Node *storage = node_storage(node, NULL);
    if (storage->op == OP_input) return true;
    return node->op != OP_windows && storage->op != OP_memory && storage->op != OP_cache && storage->op != OP_state && one_per_row(storage->shape);
}

static bool suits(const Step *step)
{
    const Call *call = &step->call;
    if (!goes_by_rows(step->node) || call->dynamics != 1 || call->dynamic[0] != SYMBOL_rows || call->multiple > 1) return false;
    for (int p = 1; p < call->pointers; p++)
        if (!suits_operand(call->pointer[p])) return false;
    return !step->node || one_per_row(step->node->shape);
}

/* ---- the order ---- */

static bool reads(const Step *step, const Node *value)
{
    if (!step->node) return node_storage(step->pointer[1].node, NULL) == value;
    for (int i = 0; i < step->node->operands; i++)
        if (step->node->operand[i] && node_storage(step->node->operand[i], NULL) == value) return true;
    return false;
}

/* Only as queries, not as keys or values? */
static bool reads_queries(const Step *attention, const Node *value)
{
    const Node *node = attention->node;
    return node_storage(node->operand[1], NULL) != value && node_storage(node->operand[2], NULL) != value;
}

/* Is a step's value for nothing but the queries of the attention? late: by step, those behind it of which that is known */
static bool is_late(const Plan *plan, size_t number, size_t attention, const bool *late)
{
    const Node *value = plan->step[number].node;
    if (!value || plan->step[number].guard >= 0) return false;
    for (size_t i = number + 1; i < plan->steps; i++) {
        if (!reads(&plan->step[i], value)) continue;
        if (i == attention ? !reads_queries(&plan->step[i], value) : !late[i]) return false;
    }
    return true;
}

/* The steps before the attention, of its layer: those that only its queries need go last. */
static void put_queries_last(Arena *arena, Plan *plan, size_t attention)
{
    size_t first = attention, kept = 0, moved = 0;
    bool *late = ARENA_ARRAY(arena, bool, plan->steps);
    while (first > 0 && plan->step[first - 1].node && plan->step[first - 1].node->layer == plan->step[attention].node->layer) first--;
    Step *last = ARENA_ARRAY(arena, Step, attention - first + 1);
    for (size_t i = attention; i-- > first;) late[i] = is_late(plan, i, attention, late);
    for (size_t i = first; i < attention; i++) {
        if (late[i]) last[moved++] = plan->step[i];
        else plan->step[first + kept++] = plan->step[i];
    }
    for (size_t i = 0; i < moved; i++) plan->step[first + kept + i] = last[i];
}

void plan_order_strips(Arena *arena, Plan *plan)
{
    for (size_t i = 0; plan->options.strip_rows && i < plan->steps; i++)
        if (plan->step[i].node && plan->step[i].node->op == OP_attention) put_queries_last(arena, plan, i);
}

/* ---- which steps make a chain ---- */

static bool made_in(const Plan *plan, size_t first, size_t end, const Node *value)
{
    for (size_t i = first; i < end; i++)
        if (plan->step[i].node == node_storage(value, NULL)) return true;
    return false;
}

/* Does the step need all rows of what the steps [first, it) make? */
static bool must_wait(const Plan *plan, size_t first, size_t number)
{
    const Step *step = &plan->step[number];
    for (int p = 1; p < step->call.pointers; p++)
        if (plan_reads_whole(step, p) && made_in(plan, first, number, step->call.pointer[p])) return true;
    return false;
}

static size_t chain_length(const Plan *plan, size_t first, size_t end)
{
    size_t number = first;
    while (number < end && suits(&plan->step[number]) && !must_wait(plan, first, number)) number++;
    return number - first;
}

/* Without the steps before the attention that only its queries need: they begin the next chain. */
static size_t without_queries(const Plan *plan, size_t first, size_t attention, bool *late)
{
    size_t end = attention;
    for (; end > first && is_late(plan, end - 1, attention, late); end--) late[end - 1] = true;
    return end - first;
}

void plan_strips(Arena *arena, Plan *plan)
{
    if (plan->options.strip_rows == 0) return;
    plan->strip = ARENA_ARRAY(arena, Strip, plan->steps + 1);
    bool *late = ARENA_ARRAY(arena, bool, plan->steps + 1);
    for (size_t s = 0; s < plan->sections; s++) {
        size_t at = plan->section[s].first, end = at + plan->section[s].count, count;
        for (; at < end; at += count ? count : 1) {
            count = chain_length(plan, at, end);
            if (at + count < end && must_wait(plan, at, at + count)) count = without_queries(plan, at, at + count, late);
            if (count > 1) plan->strip[plan->strips++] = (Strip){at, count};
        }
    }
}

const Strip *plan_strip_of(const Plan *plan, size_t step)
{
    for (size_t i = 0; i < plan->strips; i++)
        if (step >= plan->strip[i].first && step < plan->strip[i].first + plan->strip[i].count) return &plan->strip[i];
    return NULL;
}

int plan_strip_count(const Plan *plan)
{
    int64_t rows = plan->options.strip_rows;
    return rows ? (int)((plan->options.max_rows + rows - 1) / rows) : 1;
}

size_t plan_turns(const Plan *plan, size_t first, size_t end)
{
    size_t turns = 0;
    for (size_t i = first; i < end; i++) turns += plan_strip_of(plan, i) ? (size_t)plan_strip_count(plan) : 1;
    return turns;
}

size_t plan_row_bytes(const Node *value)
{
    int64_t one[SYMBOL_COUNT] = {0};
    one[SYMBOL_rows] = 1;
    const Node *storage = node_storage(value, NULL);
    return value_bytes(storage->format, storage->shape, one);
}
