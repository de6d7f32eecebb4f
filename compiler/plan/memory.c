/* memory: where every value lives.
 *
 * A value is needed from the step that makes it to the last that reads it; one that comes from before a loop and is read in it, to
 * the loop's end. Values that may share bytes because one takes the other's place (a sum into its residual, what an iteration
 * hands to the next) are joined into one class, a buffer; place.c gives it its offset in the workspace.
 *
 * In a chain that runs strip by strip (strip.c), what only the chain reads has room for one strip; all else that it touches is needed
 * from its first step to its last, since each strip begins anew. */
#include <string.h>

#include "compiler/plan/plan.h"

typedef struct Value {
    const Node *node;
    size_t bytes;
    size_t first, last;  /* steps */
    bool pinned;         /* read in a loop that it comes from outside of: it must survive every iteration */
    const Strip *strip;  /* whose step makes it; NULL: none */
    bool whole;          /* all rows are there at once */
    int class;           /* union-find parent */
} Value;

typedef struct Memory {
    Plan *plan;
    Arena *arena;
    Value *value;
    int values;
    int *of_node; /* by node id: value number of it or of what stands for it in the first iteration; -1 */
} Memory;

/* ---- lifetimes ---- */

static const Section *section_of(const Plan *plan, size_t step)
{
    for (size_t s = 0; s < plan->sections; s++)
        if (step < plan->section[s].first + plan->section[s].count) return &plan->section[s];
    bug("step %zu in no section", step);
}

static bool makes_value(const Step *step) { return step->node && step->node->op != OP_cache && step->guard < 0; }

/* Elements behind a value's last row that the last of its windows reach over. */
static size_t read_behind(const Graph *graph, const Node *value)
{
    int64_t most = 0;
    for (size_t i = 0; i < graph->count; i++) {
        const Node *node = graph->node[i];
        int64_t behind = node->op == OP_windows && node->operand[0] == value ? node->a.size - node->a.stride : 0;
        if (behind > most) most = behind;
    }
    return (size_t)(most * (most ? shape_columns(value->shape) : 0));
}

static void collect_values(Memory *m)
{
    const Plan *plan = m->plan;
    m->value = ARENA_ARRAY(m->arena, Value, plan->steps + 1);
    m->of_node = ARENA_ARRAY(m->arena, int, (size_t)plan->graph->next_id + 1);
    for (int i = 0; i <= plan->graph->next_id; i++) m->of_node[i] = -1;
    for (size_t i = 0; i < plan->steps; i++) {
        const Step *step = &plan->step[i];
        if (!makes_value(step)) continue;
        const Section *section = section_of(plan, i);
        size_t bytes = value_bytes(step->node->format, step->node->shape, plan->symbols) + read_behind(plan->graph, step->node) * sizeof(float);
        for (int n = 0; n < section->iterations; n++)
            m->of_node[section->nodes[(size_t)n * section->count + (i - section->first)]->id] = m->values;
        m->value[m->values] = (Value){step->node, bytes, i, i, false, plan_strip_of(plan, i), false, m->values};
        m->value[m->values].whole = !m->value[m->values].strip;
        m->values++;
    }
}

static Value *value_of(const Memory *m, const Node *node)
{
    if (!node) return NULL;
    int64_t column;
    int number = m->of_node[node_storage(node, &column)->id];
    return number < 0 ? NULL : &m->value[number];
}

static bool is_carried(const Memory *m, const Section *section, const Value *value)
{
    for (int c = 0; c < section->carries; c++)
        if (value_of(m, section->carry[c].initial) == value) return true;
    return false;
}

static void needed_at(const Memory *m, Value *value, size_t step, bool whole)
{
    const Section *section = section_of(m->plan, step);
    const Strip *strip = plan_strip_of(m->plan, step);
    size_t until = strip && whole ? strip->first + strip->count - 1 : step;
    value->whole = value->whole || strip != value->strip;
    if (section->iterations > 1 && value->first < section->first && !is_carried(m, section, value)) {
        until = section->first + section->count - 1;
        value->pinned = true;
    }
    if (value->last < until) value->last = until;
}

static void find_lifetimes(const Memory *m)
{
    const Plan *plan = m->plan;
    for (size_t i = 0; i < plan->steps; i++) {
        const Call *call = &plan->step[i].call;
        for (int p = 1; p < call->pointers; p++) {
            Value *value = value_of(m, call->pointer[p]);
            if (value) needed_at(m, value, i, plan_reads_whole(&plan->step[i], p));
        }
    }
    for (size_t s = 0; s < plan->sections; s++) {
        const Section *section = &plan->section[s];
        for (int c = 0; c < section->carries; c++) {
            Value *handed = value_of(m, plan->step[section->carry[c].from].node);
            size_t end = section->first + section->count - 1;
            if (handed->last < end) handed->last = end;
            handed->whole = true;
        }
    }
}

static void size_strips(const Memory *m)
{
    int64_t symbols[SYMBOL_COUNT];
    memcpy(symbols, m->plan->symbols, sizeof symbols);
    symbols[SYMBOL_rows] = m->plan->options.strip_rows;
    for (int i = 0; i < m->values; i++)
        if (!m->value[i].whole) m->value[i].bytes = value_bytes(m->value[i].node->format, m->value[i].node->shape, symbols);
}

/* ---- classes ---- */

static int class_of(const Memory *m, int number)
{
    while (m->value[number].class != number) number = m->value[number].class;
    return number;
}

static bool meet(const Value *a, const Value *b) { return a->first <= b->last && b->first <= a->last; }

/* Joins two classes unless members other than the two given are needed at the same time. */
static bool join(const Memory *m, Value *a, Value *b)
{
    int one = class_of(m, (int)(a - m->value)), other = class_of(m, (int)(b - m->value));
    if (one == other) return true;
    for (int i = 0; i < m->values; i++) {
        if (class_of(m, i) != one) continue;
        for (int j = 0; j < m->values; j++) {
            if (class_of(m, j) != other || (&m->value[i] == a && &m->value[j] == b)) continue;
            if (meet(&m->value[i], &m->value[j])) return false;
        }
    }
    m->value[other].class = one;
    return true;
}

/* The operand whose place the result may take: element by element, the kernel reads it before it writes there. */
static const Node *replaceable_operand(const Node *node)
{
    if (node->op == OP_linear && node->operands > 3) return node->operand[3];
    if (op_is_unary(node->op) || op_is_binary(node->op)) return node->operand[0];
    return NULL;
}

static void join_in_place(const Memory *m)
{
    for (int i = 0; i < m->values; i++) {
        Value *result = &m->value[i];
        const Node *operand = replaceable_operand(result->node);
        Value *old = value_of(m, operand);
        if (!old || node_storage(operand, NULL) != operand || old->pinned || old->last != result->first || old->bytes != result->bytes) continue;
        join(m, old, result);
    }
}

/* Row by row, a chain may put its result where what it has read for the last time lies. */
static void join_in_chains(const Memory *m)
{
    for (int i = 0; i < m->values; i++)
        for (int j = 0; j < m->values; j++) {
            Value *old = &m->value[i], *result = &m->value[j];
            if (!result->strip || !result->whole || !old->whole || old->pinned || old->bytes != result->bytes) continue;
            if (plan_strip_of(m->plan, old->last) == result->strip && old->last < result->first) join(m, old, result);
        }
}

/* What an iteration hands on must be where the next one looks for it. */
static bool join_carries(const Memory *m)
{
    for (size_t s = 0; s < m->plan->sections; s++) {
        const Section *section = &m->plan->section[s];
        for (int c = 0; c < section->carries; c++) {
            Value *initial = value_of(m, section->carry[c].initial);
            Value *handed = value_of(m, m->plan->step[section->carry[c].from].node);
            if (!initial || initial->bytes != handed->bytes || !join(m, initial, handed)) return false;
            if (class_of(m, (int)(initial - m->value)) == class_of(m, (int)(handed - m->value)) && initial->last > handed->first)
                return false;
        }
    }
    return true;
}

/* ---- buffers ---- */

/* The steps during which nothing else may lie there. */
static void needed_during(const Memory *m, const Value *value, size_t *first, size_t *last)
{
    const Strip *strip = plan_strip_of(m->plan, value->last);
    *first = value->whole && value->strip ? value->strip->first : value->first;
    *last = value->whole && strip ? strip->first + strip->count - 1 : value->last;
}

/* How often a step goes over what it reads: linears once for each pair of panels, attention over keys and values once for each tile of
 * queries. */
static size_t passes_over(const Plan *plan, const Step *step, int p)
{
    enum { COLUMNS = 32, QUERIES = 4 };
    if (!step->node || p == 0) return 1;
    if (step->node->op == OP_linear && p == 1) return ((size_t)shape_columns(step->node->shape) + COLUMNS - 1) / COLUMNS;
    if (plan_reads_whole(step, p)) return ((size_t)plan->options.max_rows + QUERIES - 1) / QUERIES;
    return 1;
}

/* Of the members of a class. */
static size_t count_touches(const Memory *m, int class)
{
    size_t touches = 0;
    for (size_t s = 0; s < m->plan->sections; s++) {
        const Section *section = &m->plan->section[s];
        for (size_t i = section->first; i < section->first + section->count; i++) {
            const Step *step = &m->plan->step[i];
            for (int p = 0; p < step->call.pointers; p++) {
                const Value *value = value_of(m, p ? step->call.pointer[p] : step->node);
                if (value && class_of(m, (int)(value - m->value)) == class) touches += passes_over(m->plan, step, p) * (size_t)section->iterations;
            }
        }
    }
    return touches;
}

static void add_buffer(const Memory *m, int class)
{
    Buffer *buffer = &m->plan->buffer[m->plan->buffers++];
    *buffer = (Buffer){.bytes = m->value[class].bytes, .first = m->value[class].first, .last = m->value[class].last, .node = m->value[class].node};
    for (int j = 0; j < m->values; j++) {
        size_t first, last;
        if (class_of(m, j) != class) continue;
        needed_during(m, &m->value[j], &first, &last);
        if (first < buffer->first) buffer->first = first;
        if (last > buffer->last) buffer->last = last;
    }
    buffer->touches = count_touches(m, class);
}

static void make_buffers(const Memory *m)
{
    Plan *plan = m->plan;
    plan->buffer = ARENA_ARRAY(m->arena, Buffer, (size_t)m->values + 2);
    plan->buffers = 0;
    for (int i = 0; i < m->values; i++)
        if (class_of(m, i) == i) add_buffer(m, i);
    plan_place(plan);
}

static size_t offset_of(const Memory *m, const Value *value)
{
    const Node *node = m->value[class_of(m, (int)(value - m->value))].node;
    for (size_t i = 0; i < m->plan->buffers; i++)
        if (m->plan->buffer[i].node == node) return m->plan->buffer[i].offset;
    bug("%%%d has no buffer", node->id);
}

/* ---- caches ---- */

static bool in_state(const Node *node) { return node->op == OP_cache || node->op == OP_state; }

size_t plan_cache_bytes(const Plan *plan, const Node *cache)
{
    int64_t positions = cache_positions(cache, cache_of_source(cache) ? plan->options.max_source : plan->options.max_sequence, plan->options.max_rows);
    size_t bytes = cache->op == OP_state ? (size_t)cache->a.size * sizeof(float) : (size_t)positions * cache_row_bytes(cache);
    return align_up(bytes, PLAN_ALIGNMENT);
}

/* Caches and states lie one after another in the order of their indices. cache: one of them, or a memory. */
size_t plan_cache_offset(const Plan *plan, const Node *cache)
{
    size_t offset = 0;
    for (size_t i = 0; i < plan->graph->count; i++) {
        const Node *other = plan->graph->node[i];
        if (in_state(other) && other->a.index < cache->a.index) offset += plan_cache_bytes(plan, other);
    }
    return offset;
}

static void place_caches(Plan *plan)
{
    plan->state_bytes = 0;
    for (size_t i = 0; i < plan->graph->count; i++)
        if (in_state(plan->graph->node[i])) plan->state_bytes += plan_cache_bytes(plan, plan->graph->node[i]);
}

/* ---- outputs ---- */

/* A device cannot write into the caller's memory: its outputs lie behind the buffers and are copied from there. */
static void place_outputs(Arena *arena, Plan *plan)
{
    if (!plan->options.target->device) return;
    plan->output_offset = ARENA_ARRAY(arena, size_t, plan->graph->outputs + 1);
    for (size_t i = 0; i < plan->graph->outputs; i++) {
        size_t elements = (size_t)shape_elements(plan->graph->output[i].node->shape, plan->symbols), bytes;
        if (!size_mul(elements, sizeof(float), &bytes)) bug("output %zu is too large", i);
        plan->output_offset[i] = plan->arena_bytes;
        plan->arena_bytes += align_up(bytes, PLAN_ALIGNMENT);
    }
}

/* ---- operands ---- */

const char *const plan_input_names[INPUT_COUNT] = {"ids", "positions", "types", "sequences", "want", "values"};

static int input_number(const Node *node)
{
    for (int i = 0; i < INPUT_COUNT; i++)
        if (strcmp(plan_input_names[i], node->a.key) == 0) return i;
    bug("unknown input %s", node->a.key);
}

static Operand locate(const Memory *m, const Node *node)
{
    Operand operand = {.node = node};
    if (!node) return operand;
    const Node *storage = node_storage(node, &operand.column);
    if (node_is_constant(node)) {
        operand.place = PLACE_WEIGHTS;
        operand.column = 0;
        operand.offset = plan_weight(m->plan, node)->offset;
    } else if (storage->op == OP_input) {
        operand.place = PLACE_INPUT;
        operand.index = input_number(storage);
    } else if (in_state(storage) || storage->op == OP_memory) {
        operand.place = PLACE_STATE;
        operand.offset = plan_cache_offset(m->plan, storage);
    } else {
        operand.place = PLACE_ARENA;
        operand.offset = offset_of(m, value_of(m, storage)) + (size_t)operand.column * sizeof(float);
    }
    return operand;
}

/* Bytes from row to row of an operand of a step that runs strip by strip. */
static size_t row_bytes(const Memory *m, const Step *step, int p)
{
    const Operand *operand = &step->pointer[p];
    if (operand->place == PLACE_INPUT) return operand->index == INPUT_sequences ? 0 : sizeof(int32_t);
    if (operand->place == PLACE_OUTPUT) return (size_t)shape_columns((step->node ? step->node : step->call.pointer[1])->shape) * sizeof(float);
    if (operand->place != PLACE_ARENA || plan_reads_whole(step, p) || !value_of(m, operand->node)->whole) return 0;
    return plan_row_bytes(operand->node);
}

static void locate_operands(const Memory *m, const Section *section, size_t number)
{
    Step *step = &m->plan->step[number];
    Call next;
    if (section->iterations > 1) plan_call(m->plan, section, number, 1, &next);
    for (int p = step->guard >= 0 ? 1 : 0; p < step->call.pointers; p++) { /* an output is located already */
        Operand operand = locate(m, step->call.pointer[p]);
        if (section->iterations > 1 && (operand.place == PLACE_WEIGHTS || operand.place == PLACE_STATE))
            operand.stride = locate(m, next.pointer[p]).offset - operand.offset;
        step->pointer[p] = operand;
    }
    if (!plan_strip_of(m->plan, number)) return;
    for (int p = 0; p < step->call.pointers; p++) step->pointer[p].row_bytes = row_bytes(m, step, p);
}

bool plan_memory(Arena *arena, Plan *plan)
{
    Memory m = {.plan = plan, .arena = arena};
    collect_values(&m);
    find_lifetimes(&m);
    size_strips(&m);
    join_in_place(&m);
    if (!join_carries(&m)) return false;
    join_in_chains(&m);
    make_buffers(&m);
    place_outputs(arena, plan);
    place_caches(plan);
    for (size_t s = 0; s < plan->sections; s++)
        for (size_t i = 0; i < plan->section[s].count; i++)
            locate_operands(&m, &plan->section[s], plan->section[s].first + i);
    return true;
}
