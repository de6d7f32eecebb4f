/* ring: which caches keep only the window that their layer looks back over. */
#include "compiler/plan/plan.h"

Rings plan_rings(const Plan *plan)
{
    Rings rings = {0};
    for (size_t i = 0; i < plan->graph->count; i++) {
        const Node *node = plan->graph->node[i];
        if (node->op != OP_cache) continue;
        int64_t keys = plan->options.max_sequence, positions = cache_positions(node, keys, plan->options.max_rows);
        int64_t back = positions - node->a.window + 1;
        rings.caches++;
        if (positions == keys) continue;
        if (rings.rings == 0 || positions < rings.positions) rings.positions = positions;
        if (rings.rings == 0 || back < rings.back) rings.back = back;
        rings.rings++;
    }
    return rings;
}
