/* roll: repeated layers become one section that runs several times.
 *
 * Two layers are equal when their steps are the same ops with the same attributes on operands in the same places: weights of
 * the same shape and format, values of the same step of the own layer, values handed on by the same step of the layer before, or
 * one value from before the loop. What differs by a number only (which cache, which output) becomes a stride.
 *
 * Where layers alternate (a window on every other one, a rotation on three of four), several layers in a row are the unit that
 * repeats: the period. Of all periods, the one that leaves the fewest steps to be written is taken. */
#include "compiler/plan/plan.h"

#include <string.h>

enum { MOST_LAYERS = 8 }; /* of a period */

/* Consecutive steps: of one layer, or of the layers of one period. layer: the first. */
typedef struct Group {
    size_t first, count;
    int layer, entry;
} Group;

typedef struct Roller {
    const Plan *plan;
    const Step *step; /* the schedule without loops */
    size_t steps;
    int *at;          /* by node id: its step, or -1 */
    Group *layer;     /* the schedule, cut where the layer changes */
    size_t layers;
    /* the loop that is being tried: group[0] is its first iteration */
    int period;
    Group *group;
    size_t groups;
    Carry carry[SECTION_MAX_CARRIES]; /* from: index within the group */
    int carries;
} Roller;

static const Node *value_node(const Step *step) { return step->node ? step->node : step->pointer[1].node; }

static int layer_of(const Step *step) { return value_node(step)->layer; }

static int entry_of(const Step *step) { return value_node(step)->entry; }

static bool same_layer(const Step *a, const Step *b) { return layer_of(a) == layer_of(b) && entry_of(a) == entry_of(b); }

static void find_layers(Arena *arena, Roller *r)
{
    r->layer = ARENA_ARRAY(arena, Group, r->steps + 1);
    r->group = ARENA_ARRAY(arena, Group, r->steps + 1);
    for (size_t i = 0; i < r->steps;) {
        size_t end = i + 1;
        while (end < r->steps && same_layer(&r->step[end], &r->step[i])) end++;
        r->layer[r->layers++] = (Group){i, end - i, layer_of(&r->step[i]), entry_of(&r->step[i])};
        i = end;
    }
}

/* Joins the next `period` layers into a group; false when there are not so many that follow one another. */
static bool join_layers(Roller *r, size_t first)
{
    if (first + (size_t)r->period > r->layers || r->layer[first].layer < 0) return false;
    Group joined = r->layer[first];
    for (int i = 1; i < r->period; i++) {
        const Group *next = &r->layer[first + (size_t)i];
        if (next->layer != joined.layer + i || next->entry != joined.entry) return false;
        joined.count += next->count;
    }
    r->group[r->groups++] = joined;
    return true;
}

static bool in_group(const Group *group, int at) { return at >= (int)group->first && at < (int)(group->first + group->count); }

static bool note_carry(Roller *r, size_t group, const Node *a, size_t from)
{
    bool first = group == 0;
    for (int i = 0; i < r->carries; i++)
        if (r->carry[i].from == from) return !first || r->carry[i].initial == a;
    if (!first || r->carries == SECTION_MAX_CARRIES) return false;
    r->carry[r->carries++] = (Carry){a, from};
    return true;
}

/* Operand a of a step of `group` against operand b of the same step of the group after it. */
static bool same_operand(Roller *r, size_t group, const Node *a, const Node *b)
{
    if (!a || !b) return a == b;
    if (node_is_constant(a) || node_is_constant(b))
        return node_is_constant(a) && node_is_constant(b) && shape_equal(a->shape, b->shape) && a->format == b->format;
    if (a->op == OP_slice || b->op == OP_slice)
        return a->op == b->op && a->a.first == b->a.first && a->a.size == b->a.size &&
               same_operand(r, group, a->operand[0], b->operand[0]);
    if (a->op == OP_input) return a == b;
    if (a->op == OP_memory || a->op == OP_state) return b->op == a->op && shape_equal(a->shape, b->shape);
    const Group *own = &r->group[group], *next = own + 1;
    int at_a = r->at[a->id], at_b = r->at[b->id];
    if (in_group(own, at_a) && in_group(next, at_b)) return at_a - (int)own->first == at_b - (int)next->first;
    if (a == b) return at_a < (int)r->group[0].first;
    if (!in_group(own, at_b)) return false;
    size_t from = (size_t)at_b - own->first;
    if (group == 0) return at_a < (int)own->first && note_carry(r, group, a, from);
    return in_group(own - 1, at_a) && (size_t)at_a - own[-1].first == from && note_carry(r, group, a, from);
}

static bool same_attributes(const Node *a, const Node *b)
{
    Attributes x = a->a, y = b->a;
    x.index = y.index = 0;
    return memcmp(&x, &y, sizeof x) == 0;
}

static bool same_step(Roller *r, size_t group, const Step *a, const Step *b)
{
    if (!a->node || !b->node) return !a->node && !b->node && same_operand(r, group, a->pointer[1].node, b->pointer[1].node);
    if (a->node->op != b->node->op || a->node->operands != b->node->operands || a->guard >= 0 || b->guard >= 0) return false;
    if (!shape_equal(a->node->shape, b->node->shape) || !same_attributes(a->node, b->node)) return false;
    for (int i = 0; i < a->node->operands; i++)
        if (!same_operand(r, group, a->node->operand[i], b->node->operand[i])) return false;
    return true;
}

static bool same_group(Roller *r, size_t group)
{
    const Group *a = &r->group[group], *b = a + 1;
    if (a->count != b->count || b->layer != a->layer + r->period || a->entry != b->entry) return false;
    for (size_t i = 0; i < a->count; i++)
        if (!same_step(r, group, &r->step[a->first + i], &r->step[b->first + i])) return false;
    return true;
}

/* The number of the output that a copy fills, of the cache that a step fills (operand -1), or of the one or the state that one of its operands views. */
static int64_t numbered(const Step *step, int operand)
{
    if (!step->node) return step->pointer[0].index;
    const Node *node = operand < 0 ? step->node : step->node->operand[operand];
    if (node && operand >= 0) node = node_storage(node, NULL);
    return node && (node->op == OP_cache || node->op == OP_memory || node->op == OP_state) ? node->a.index : 0;
}

static bool even_stride(const Roller *r, size_t last, size_t i, int operand)
{
    int64_t stride = 0;
    for (size_t g = 0; g < last; g++) {
        const Step *a = &r->step[r->group[g].first + i], *b = &r->step[r->group[g + 1].first + i];
        int64_t now = numbered(b, operand) - numbered(a, operand);
        if (g > 0 && now != stride) return false;
        stride = now;
    }
    return true;
}

/* Outputs of copies and indices of caches must advance evenly from iteration to iteration. */
static bool even_strides(const Roller *r, size_t last)
{
    for (size_t i = 0; i < r->group[0].count; i++) {
        const Node *node = r->step[r->group[0].first + i].node;
        for (int p = -1; p < (node ? node->operands : 0); p++)
            if (!even_stride(r, last, i, p)) return false;
    }
    return true;
}

static bool reads(const Step *step, const Node *value)
{
    if (!step->node) return node_storage(step->pointer[1].node, &(int64_t){0}) == value;
    for (int i = 0; i < step->node->operands; i++) {
        const Node *operand = step->node->operand[i];
        if (operand && !node_is_constant(operand) && node_storage(operand, &(int64_t){0}) == value) return true;
    }
    return false;
}

/* Nothing after the loop may need what is gone by then: values of all iterations but the last, and what the loop began with. */
static bool nothing_lost(const Roller *r, size_t last)
{
    size_t after = r->group[last].first + r->group[last].count;
    for (size_t s = after; s < r->steps; s++) {
        for (int c = 0; c < r->carries; c++)
            if (reads(&r->step[s], r->carry[c].initial)) return false;
        for (size_t b = r->group[0].first; b < r->group[last].first; b++)
            if (r->step[b].node && reads(&r->step[s], r->step[b].node)) return false;
    }
    return true;
}

/* Iterations of the longest loop that begins with that layer; 0: the period does not fit there. */
static size_t try_period(Roller *r, size_t first, int period)
{
    r->period = period;
    r->groups = 0;
    r->carries = 0;
    for (size_t at = first; join_layers(r, at);) at += (size_t)period;
    if (r->groups == 0) return 0;
    size_t last = 0;
    while (last + 1 < r->groups && same_group(r, last)) last++;
    while (last > 0 && !(even_strides(r, last) && nothing_lost(r, last))) last--;
    return last + 1;
}

/* Leaves the loop that begins with that layer in group and carry; a single layer or what is none where nothing repeats. */
static size_t find_loop(Roller *r, size_t first)
{
    size_t best_saved = 0;
    int best = 0;
    for (int period = 1; period <= MOST_LAYERS; period++) {
        size_t iterations = try_period(r, first, period);
        size_t saved = iterations ? (iterations - 1) * r->group[0].count : 0;
        if (saved > best_saved) {
            best_saved = saved;
            best = period;
        }
    }
    if (best) return try_period(r, first, best);
    r->period = 1;
    r->group[0] = r->layer[first];
    return 1;
}

static void add_section(Arena *arena, Plan *plan, const Roller *r, size_t iterations)
{
    const Group *group = &r->group[0];
    bool loop = iterations > 1;
    Section *s = &plan->section[plan->sections++];
    *s = (Section){.first = plan->steps, .count = group->count, .iterations = (int)iterations, .layer = group->layer,
                   .period = r->period, .entry = group->entry};
    s->nodes = ARENA_ARRAY(arena, const Node *, s->count * iterations);
    for (size_t g = 0; g < iterations; g++)
        for (size_t i = 0; i < s->count; i++) s->nodes[g * s->count + i] = r->step[r->group[g].first + i].node;
    for (int c = 0; loop && c < r->carries; c++)
        s->carry[s->carries++] = (Carry){r->carry[c].initial, r->carry[c].from + plan->steps};
    for (size_t i = 0; i < s->count; i++) {
        Step *step = &plan->step[plan->steps++];
        *step = r->step[group->first + i];
        if (loop && !step->node)
            step->pointer[0].index_stride = r->step[group[1].first + i].pointer[0].index - step->pointer[0].index;
    }
}

void plan_roll(Arena *arena, Plan *plan)
{
    Roller r = {.plan = plan, .steps = plan->steps};
    Step *before = ARENA_ARRAY(arena, Step, plan->steps + 1);
    memcpy(before, plan->step, plan->steps * sizeof *before);
    r.step = before;
    r.at = ARENA_ARRAY(arena, int, (size_t)plan->graph->next_id + 1);
    for (int i = 0; i <= plan->graph->next_id; i++) r.at[i] = -1;
    for (size_t i = 0; i < plan->steps; i++)
        if (before[i].node) r.at[before[i].node->id] = (int)i;
    find_layers(arena, &r);
    plan->section = ARENA_ARRAY(arena, Section, r.layers + 1);
    plan->steps = plan->sections = 0;
    for (size_t at = 0; at < r.layers;) {
        size_t iterations = find_loop(&r, at);
        add_section(arena, plan, &r, iterations);
        at += iterations * (size_t)r.period;
    }
}
