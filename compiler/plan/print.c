/* print: a plan as text: steps with their operands, buffers, weights. */
#include "compiler/plan/plan.h"

static void print_operand(Str *out, const Operand *operand)
{
    static const char *const places[] = {"-", "input", "arena", "weights", "state", "output"};
    str_printf(out, " %s", places[operand->place]);
    if (operand->place == PLACE_INPUT) str_printf(out, ".%s", plan_input_names[operand->index]);
    if (operand->place == PLACE_OUTPUT) str_printf(out, ".%d", operand->index);
    if (operand->place >= PLACE_ARENA && operand->place <= PLACE_STATE) str_printf(out, "+%zu", operand->offset);
    if (operand->stride) str_printf(out, "+%zu*i", operand->stride);
    if (operand->row_bytes) str_printf(out, "+%zu*row", operand->row_bytes);
    if (operand->index_stride) str_printf(out, "+%d*i", operand->index_stride);
}

void plan_print(Str *out, const Plan *plan)
{
    for (size_t s = 0; s < plan->sections; s++) {
        const Section *section = &plan->section[s];
        str_printf(out, "section %zu: %d x %zu steps%s\n", s, section->iterations, section->count, section->entry ? " of the encoder" : "");
        for (size_t i = section->first; i < section->first + section->count; i++) {
            const Step *step = &plan->step[i];
            const Strip *strip = plan_strip_of(plan, i);
            if (strip && strip->first == i)
                str_printf(out, "  %zu steps for each %lld rows\n", strip->count, (long long)plan->options.strip_rows);
            str_printf(out, "  %3zu %-36s", i, plan->instance[step->instance].name);
            for (int p = 0; p < step->call.pointers; p++) print_operand(out, &step->pointer[p]);
            str_printf(out, "\n");
        }
    }
    str_printf(out, "workspace %zu bytes", plan->arena_bytes);
    if (plan->fast_bytes) str_printf(out, ", %zu of them in the faster memory: %d %% of what steps touch", plan->fast_bytes, plan->fast_share);
    str_printf(out, "\n");
    for (size_t i = 0; i < plan->buffers; i++)
        str_printf(out, "  %%%d: [%zu, %zu) steps %zu-%zu\n", plan->buffer[i].node->id, plan->buffer[i].offset,
                   plan->buffer[i].offset + plan->buffer[i].bytes, plan->buffer[i].first, plan->buffer[i].last);
    str_printf(out, "weights %zu bytes\n", plan->weights_bytes);
    for (size_t i = 0; i < plan->weights; i++)
        str_printf(out, "  %%%d %s: %zu + %zu, panel %lld%s\n", plan->weight[i].node->id, format_name(plan->weight[i].node->format),
                   plan->weight[i].offset, plan->weight[i].bytes, (long long)plan->weight[i].layout.panel, plan->weight[i].layout.gate ? ", gate" : "");
    str_printf(out, "state %zu bytes a slot\n", plan->state_bytes);
}
