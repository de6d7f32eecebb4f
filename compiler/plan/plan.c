/* plan: the stages, in order. */
#include "compiler/plan/plan.h"

/* A sound of n rows has fewer than n + 1 times frame_step samples, beside those that the first row needs more. */
static void count_sounds(Plan *plan)
{
    const PlanOptions *o = &plan->options;
    int64_t more = (o->frame_samples + o->frame_step - 2) / o->frame_step;
    plan->symbols[SYMBOL_pieces] = o->max_rows + more * o->max_batch;
    plan->symbols[SYMBOL_samples] = plan->symbols[SYMBOL_pieces] * o->frame_step;
}

static Plan *plan_new(Arena *arena, const Graph *graph, const PlanOptions *options)
{
    Plan *plan = ARENA_NEW(arena, Plan);
    plan->graph = graph;
    plan->options = *options;
    plan->symbols[SYMBOL_none] = 1;
    plan->symbols[SYMBOL_rows] = options->max_rows;
    plan->symbols[SYMBOL_sequences] = options->max_batch;
    plan->symbols[SYMBOL_wanted] = options->max_rows;
    plan->symbols[SYMBOL_images] = options->max_images;
    if (options->max_source == 0) plan->options.max_source = options->max_sequence;
    plan->symbols[SYMBOL_keys] = options->max_sequence > plan->options.max_source ? options->max_sequence : plan->options.max_source;
    if (options->frame_step) count_sounds(plan);
    return plan;
}

/* False without *err: a loop did not work out; the caller plans again without loops. */
static Plan *plan_try(Arena *arena, const Graph *graph, const PlanOptions *options, Err *err)
{
    Plan *plan = plan_new(arena, graph, options);
    plan_schedule(arena, plan);
    plan_order_strips(arena, plan);
    if (options->roll) plan_roll(arena, plan);
    if (!plan_select(arena, plan, err)) return NULL;
    plan_strips(arena, plan);
    plan_scratch(plan);
    if (!plan_weights(arena, plan) || !plan_memory(arena, plan)) return NULL;
    plan_threads(plan);
    return plan;
}

bool plan_fits(const Plan *plan, Err *err)
{
    const Target *target = plan->options.target;
    size_t ram = plan_ram(plan);
    if (target->ram && ram > (size_t)target->ram)
        return err_set(err, "target %s: the model needs %zu bytes of RAM (%zu workspace, %zu state), it has %lld; try a smaller --max-seq",
                       target->name, ram, plan->arena_bytes - plan->fast_bytes, plan->state_bytes, (long long)target->ram);
    if (target->flash && plan->weights_bytes > (size_t)target->flash)
        return err_set(err, "target %s: the weights take %zu bytes, it has %lld bytes of flash; try a smaller --precision", target->name,
                       plan->weights_bytes, (long long)target->flash);
    return true;
}

Plan *plan_make(Arena *arena, const Graph *graph, const PlanOptions *options, Err *err)
{
    Plan *plan = plan_try(arena, graph, options, err);
    if (!plan && !err->text[0] && options->roll) {
        PlanOptions straight = *options;
        straight.roll = false;
        plan = plan_try(arena, graph, &straight, err);
    }
    if (!plan || !plan_placed(plan, err) || !plan_check(arena, plan, err)) return NULL;
    return plan;
}
