/* scratch: what kernels of firmware need besides their operands. Elsewhere they take it from the stack; here it lies beside the values
 * of the workspace, one room for all, since one kernel runs at a time. The generated code asserts that it suffices. */
#include <string.h>

#include "compiler/plan/plan.h"

enum {
    QUERIES = 4,        /* of a tile of attention in portable C: twice its rows */
    PANEL = 16,
    QUERY_BYTES = 48,   /* numbers and pointers of a query */
    ROUND_BYTES = 512   /* counters, and what alignment adds */
};

/* The widest head among the operands of attention, by the names that the kernel gives its constants. */
static int64_t widest_head(const Instance *instance)
{
    int64_t widest = 0;
    const char *name = instance->kernel->constant_text;
    for (int i = 0; i < instance->kernel->constants && name; i++) {
        name += strspn(name, ", ");
        size_t length = strcspn(name, ",");
        bool head = (length == 8 && memcmp(name, "head_dim", 8) == 0) || (length == 10 && memcmp(name, "v_head_dim", 10) == 0);
        if (head && instance->call.constant[i] > widest) widest = instance->call.constant[i];
        name = strchr(name, ',');
    }
    return widest;
}

static bool uses_tiles(const Instance *instance) { return strcmp(instance->kernel->op, "attention") == 0; }

/* Scaled queries, scores, sums, and a block of keys turned round. */
static size_t tile_bytes(int64_t head_dim)
{
    int64_t depth = PLAN_TILE_DEPTH, stride = depth + PANEL, chunks = (head_dim + depth - 1) / depth;
    int64_t floats = (chunks + 1) * QUERIES * stride + QUERIES * head_dim + depth * PANEL;
    return align_up((size_t)floats * sizeof(float) + QUERIES * QUERY_BYTES + ROUND_BYTES, 64);
}

void plan_scratch(Plan *plan)
{
    if (strcmp(plan->options.target->emitter, "firmware") != 0) return;
    bool tiles = false;
    for (size_t i = 0; i < plan->instances; i++) {
        int64_t widest = widest_head(&plan->instance[i]);
        if (widest > plan->head_dim) plan->head_dim = (widest + PANEL - 1) / PANEL * PANEL;
        tiles = tiles || uses_tiles(&plan->instance[i]);
    }
    plan->scratch_bytes = tiles ? tile_bytes(plan->head_dim) : 0;
}
