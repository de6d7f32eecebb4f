/* schedule: the nodes that run, entry by entry in the graph's order, and a copy into each output that is not written directly. */
#include "compiler/plan/plan.h"

static bool runs(const Node *node) { return op_info(node->op)->bind != NULL && !node_is_constant(node); }

static int output_of(const Graph *graph, const Node *node, int after)
{
    for (size_t i = (size_t)(after + 1); i < graph->outputs; i++)
        if (graph->output[i].node == node) return (int)i;
    return -1;
}

static void add_step(Plan *plan, const Node *node, int output)
{
    Step *step = &plan->step[plan->steps++];
    step->node = node;
    step->guard = output;
    step->instance = -1;
    if (output >= 0) step->pointer[0] = (Operand){.place = PLACE_OUTPUT, .index = output};
}

/* A value that only an output wants is written there by its own kernel. */
static bool writes_output_directly(const Graph *graph, const Node *node)
{
    return node->layer < 0 && node->op != OP_cache && node_uses(graph, node) == 1;
}

/* The copy of a value into output number i, after the value is there. */
static void add_copy(Plan *plan, const Node *value, int i)
{
    add_step(plan, NULL, i);
    Step *step = &plan->step[plan->steps - 1];
    step->pointer[1].node = value;
}

static void schedule_node(Plan *plan, const Node *node)
{
    const Graph *graph = plan->graph;
    int output = output_of(graph, node, -1);
    if (runs(node)) {
        if (output >= 0 && writes_output_directly(graph, node)) {
            add_step(plan, node, output);
            return;
        }
        add_step(plan, node, -1);
    }
    for (; output >= 0; output = output_of(graph, node, output)) add_copy(plan, node, output);
}

/* All steps of one entry, as one section. */
static void schedule_entry(Arena *arena, Plan *plan, int entry)
{
    const Graph *graph = plan->graph;
    Section *section = &plan->section[plan->sections++];
    *section = (Section){.first = plan->steps, .iterations = 1, .entry = entry};
    for (size_t i = 0; i < graph->count; i++)
        if (graph->node[i]->entry == entry) schedule_node(plan, graph->node[i]);
    section->count = plan->steps - section->first;
    section->nodes = ARENA_ARRAY(arena, const Node *, section->count ? section->count : 1);
    for (size_t i = 0; i < section->count; i++) section->nodes[i] = plan->step[section->first + i].node;
}

void plan_schedule(Arena *arena, Plan *plan)
{
    plan->step = ARENA_ARRAY(arena, Step, plan->graph->count + plan->graph->outputs + 1);
    plan->section = ARENA_ARRAY(arena, Section, 2);
    plan->sections = 0;
    if (graph_has_encoder(plan->graph)) schedule_entry(arena, plan, 1);
    schedule_entry(arena, plan, 0);
}
