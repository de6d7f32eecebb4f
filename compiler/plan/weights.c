/* weights: where each packed weight lies: in the order in which the schedule first reads them, 64-byte aligned, the layers of a loop at
 * a constant distance. */
#include "compiler/plan/plan.h"
#include "runtime/core/weights.h"

static int64_t panel_of(const Plan *plan, const Node *node)
{
    return plan->is_linear_weight[node->id] ? plan->options.target->panel : 1;
}

/* Bytes of a weight with its rows padded to whole panels; the two halves of a gated weight each. */
static size_t packed_bytes(const Plan *plan, const PackedWeight *weight)
{
    Shape shape = weight->node->shape;
    if (shape.rank != 2) return format_bytes(weight->node->format, (size_t)shape_elements(shape, plan->symbols));
    size_t halves = weight->gate ? 2 : 1;
    size_t rows = (size_t)shape.dim[0].size / halves, panel = (size_t)weight->panel, padded, elements;
    padded = (rows + panel - 1) / panel * panel;
    if (!size_mul(padded, halves, &padded) || !size_mul(padded, (size_t)shape.dim[1].size, &elements))
        bug("%s: too large to pack", weight->node->name ? weight->node->name : "weight");
    return format_bytes(weight->node->format, elements);
}

static void place(Plan *plan, const Node *user, const Node *node)
{
    for (size_t i = 0; i < plan->weights; i++)
        if (plan->weight[i].node == node) return;
    PackedWeight *weight = &plan->weight[plan->weights++];
    *weight = (PackedWeight){.node = node, .panel = panel_of(plan, node)};
    weight->gate = user->op == OP_linear && user->operand[1] == node && user->a.gate;
    weight->offset = align_up(plan->weights_bytes, HF2C_WEIGHTS_ALIGNMENT);
    weight->bytes = packed_bytes(plan, weight);
    if (!size_add(weight->offset, weight->bytes, &plan->weights_bytes)) bug("weights beyond the address space");
}

/* Places the constant operands of one step: all of them, or only those that every iteration shares. */
static void place_step(Plan *plan, const Section *section, size_t step, int iteration, bool shared_only)
{
    const Node *node = section->nodes[(size_t)iteration * section->count + (step - section->first)];
    if (!node) return;
    Call call, other;
    plan_call(plan, section, step, iteration, &call);
    if (section->iterations > 1) plan_call(plan, section, step, iteration ? 0 : 1, &other);
    for (int p = 1; p < call.pointers; p++) {
        if (!call.pointer[p] || !node_is_constant(call.pointer[p])) continue;
        if (shared_only && call.pointer[p] != other.pointer[p]) continue;
        place(plan, node, call.pointer[p]);
    }
}

static void place_section(Plan *plan, const Section *section)
{
    size_t end = section->first + section->count;
    for (size_t i = section->first; section->iterations > 1 && i < end; i++) place_step(plan, section, i, 0, true);
    for (int n = 0; n < section->iterations; n++)
        for (size_t i = section->first; i < end; i++) place_step(plan, section, i, n, false);
}

const PackedWeight *plan_weight(const Plan *plan, const Node *node)
{
    for (size_t i = 0; i < plan->weights; i++)
        if (plan->weight[i].node == node) return &plan->weight[i];
    bug("%%%d (%s) is read but not packed", node->id, node->name ? node->name : "");
}

/* Distance between the weights of consecutive iterations, the same all the way? */
static bool regular(const Plan *plan, const Section *section, size_t step)
{
    Call first, second, now;
    if (!section->nodes[step - section->first]) return true;
    plan_call(plan, section, step, 0, &first);
    plan_call(plan, section, step, 1, &second);
    for (int n = 2; n < section->iterations; n++) {
        plan_call(plan, section, step, n, &now);
        for (int p = 1; p < now.pointers; p++) {
            if (!now.pointer[p] || !node_is_constant(now.pointer[p])) continue;
            size_t a = plan_weight(plan, first.pointer[p])->offset, b = plan_weight(plan, second.pointer[p])->offset;
            if (plan_weight(plan, now.pointer[p])->offset != a + (b - a) * (size_t)n) return false;
        }
    }
    return true;
}

bool plan_weights(Arena *arena, Plan *plan)
{
    plan->weight = ARENA_ARRAY(arena, PackedWeight, plan->graph->count + 1);
    plan->weights_bytes = HF2C_WEIGHTS_HEADER;
    for (size_t s = 0; s < plan->sections; s++) place_section(plan, &plan->section[s]);
    for (size_t s = 0; s < plan->sections; s++) {
        const Section *section = &plan->section[s];
        for (size_t i = 0; section->iterations > 1 && i < section->count; i++)
            if (!regular(plan, section, section->first + i)) return false;
    }
    return true;
}
