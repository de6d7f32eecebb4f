/* threads: which steps are so little work that one thread does them sooner than several get ready to share them. */
#include <limits.h>
#include <string.h>

#include "compiler/plan/plan.h"

/* Work of one row, in multiply-accumulates: the numbers of a row, which is the product of so many of the first constants, times the cost
 * of one. Measured on Zen 4, where a thread does about 30 multiply-accumulates of a matrix that lies in the cache in a nanosecond. */
static const struct Cost {
    const char *op;
    int constants, each;
} costs[] = {
    {"linear", 2, 1},   {"embed", 2, 0},   {"take", 1, 1},       {"copy", 1, 1},   {"cache", 1, 1}, {"layer_norm", 2, 5},
    {"rms_norm", 2, 4}, {"rope", 2, 4},    {"rope_table", 1, 40}, {"unary", 1, 16}, {"binary", 1, 6}, {"softmax", 2, 12}, {"quantize", 1, 4},
};

/* What is looked up is a column of a table. */
static int64_t embed_cost(const Call *call) { return call->constant[1] * 2; }

static int64_t cost_of_row(const Call *call)
{
    if (strcmp(call->op, "embed") == 0) return embed_cost(call);
    for (size_t i = 0; i < COUNT_OF(costs); i++) {
        if (strcmp(costs[i].op, call->op) != 0) continue;
        int64_t numbers = 1;
        for (int c = 0; c < costs[i].constants; c++) numbers *= call->constant[c];
        return numbers * costs[i].each;
    }
    return 0;
}

/* Attention among the rows of a call grows with their square; with a cache it may see all that has room there. */
static int64_t attention_rows(const Plan *plan, const Call *call)
{
    enum { HEADS = 0, HEAD_DIM = 2, CACHED = 6 };
    int64_t most = plan->options.target->alone, pair = 2 * call->constant[HEADS] * (call->constant[HEAD_DIM] + 8), rows = 0;
    if (call->constant[CACHED] != KEYS_rows) return most / (pair * plan->symbols[SYMBOL_keys]);
    while ((rows + 1) * (rows + 1) * pair <= most) rows++;
    return rows;
}

static int alone_of(const Plan *plan, const Call *call)
{
    int64_t most = plan->options.target->alone;
    if (strcmp(call->op, "attention") == 0) return (int)attention_rows(plan, call);
    int64_t cost = cost_of_row(call);
    if (cost == 0) return 0;
    return most / cost < INT_MAX ? (int)(most / cost) : INT_MAX;
}

void plan_threads(Plan *plan)
{
    if (!plan->options.target->threads) return;
    plan->alone_rows = INT_MAX;
    for (size_t i = 0; i < plan->instances; i++) {
        plan->instance[i].alone = alone_of(plan, &plan->instance[i].call);
        if (plan->instance[i].alone < plan->alone_rows) plan->alone_rows = plan->instance[i].alone;
    }
    if (plan->alone_rows > plan->options.max_rows) plan->alone_rows = (int)plan->options.max_rows;
}
