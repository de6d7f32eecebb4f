/* weights: where each packed weight lies: in the order in which the schedule first reads them, 64-byte aligned, the layers of a loop at
 * a constant distance. */
#include "compiler/plan/plan.h"
#include "runtime/core/weights.h"

/* Vectors count as matrices of one row. */
static PackLayout layout_of(const Plan *plan, const Node *user, const Node *node)
{
    PackLayout layout = {.format = (int)node->format, .panel = 1, .N = shape_rows(node->shape, plan->symbols), .K = shape_columns(node->shape)};
    if (plan->is_linear_weight[node->id]) layout.panel = (int)plan->options.target->panel;
    layout.gate = user->op == OP_linear && user->operand[1] == node && user->a.gate;
    layout.block = format_block(node->format, layout.K);
    return layout;
}

static void place(Plan *plan, const Node *user, const Node *node)
{
    for (size_t i = 0; i < plan->weights; i++)
        if (plan->weight[i].node == node) return;
    PackedWeight *weight = &plan->weight[plan->weights++];
    *weight = (PackedWeight){.node = node, .layout = layout_of(plan, user, node)};
    weight->offset = align_up(plan->weights_bytes, HF2C_WEIGHTS_ALIGNMENT);
    if (!pack_bytes(&weight->layout, &weight->bytes)) bug("%s: cannot be packed as %s", node->name ? node->name : "weight", format_name(node->format));
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
