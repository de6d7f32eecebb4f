/* select: binds each step to a row of the kernel table and names its specialised function. */
#include <stdio.h>
#include <string.h>

#include "compiler/plan/plan.h"

void plan_bind(const Plan *plan, const Node *node, Call *call)
{
    *call = (Call){0};
    call->keys = plan->symbols[SYMBOL_keys];
    call->own = plan->options.max_sequence;
    call->source = plan->options.max_source;
    call->rows = plan->options.max_rows;
    for (size_t i = 0; i < plan->graph->outputs; i++) call->output |= plan->graph->output[i].node == node;
    call->panel = plan->options.target->panel;
    if (node->op == OP_embed && !plan->is_linear_weight[node->operand[1]->id]) call->panel = 1;
    const Node *weight = node->op == OP_embed || node->op == OP_linear     ? node->operand[1]
                         : node->op == OP_experts || node->op == OP_combine ? node->operand[2]
                                                                            : NULL;
    call->block = weight ? format_block(weight->format, shape_columns(weight->shape)) : 1;
    op_info(node->op)->bind(node, call);
}

static Call copy_call(const Node *value)
{
    Call call = {.op = "copy", .format = FORMAT_f32, .pointers = 2, .pointer = {NULL, value}, .dynamics = 1, .constants = 2};
    call.dynamic[0] = value->shape.dim[0].symbol;
    call.multiple = value->shape.dim[0].size;
    call.constant[0] = shape_columns(value->shape);
    call.constant[1] = node_stride(value);
    snprintf(call.label, sizeof call.label, "%lld", (long long)call.constant[0]);
    return call;
}

void plan_call(const Plan *plan, const Section *section, size_t step, int iteration, Call *call)
{
    const Node *node = section->nodes[(size_t)iteration * section->count + (step - section->first)];
    if (node) {
        plan_bind(plan, node, call);
    } else {
        *call = copy_call(plan->step[step].pointer[1].node);
    }
}

static const KernelEntry *find_kernel(const Plan *plan, const Call *call)
{
    size_t count;
    const KernelEntry *table = kernels_table(plan->options.target->isa, &count);
    const KernelEntry *found = NULL;
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].op, call->op) == 0 && strcmp(table[i].format, format_name(call->format)) == 0) found = &table[i];
    return found;
}

static bool same_instance(const Instance *instance, const KernelEntry *kernel, const Call *call)
{
    const Call *other = &instance->call;
    if (instance->kernel != kernel || memcmp(other->constant, call->constant, sizeof call->constant) != 0 ||
        memcmp(other->real, call->real, sizeof call->real) != 0 || other->dynamic[0] != call->dynamic[0])
        return false;
    for (int i = 0; i < call->pointers; i++)
        if ((other->pointer[i] == NULL) != (call->pointer[i] == NULL)) return false;
    return true;
}

/* "linear_q4_a8" and "512x256" make linear_512x256_q4_a8; what else is fused follows: _bias_gelu_add. */
static const char *instance_name(Arena *arena, const Plan *plan, const KernelEntry *kernel, const Call *call, const Node *node)
{
    const char *op = node ? op_info(node->op)->name : kernel->op;
    size_t stem = strlen(op);
    Str name = {0};
    const char *format = strncmp(kernel->name, op, stem) == 0 ? kernel->name + stem : ""; /* "_q4_a8" of linear_q4_a8 */
    bool elementwise = node && (op_is_unary(node->op) || op_is_binary(node->op)); /* whose label begins with the function */
    if (elementwise) str_printf(&name, "%s", call->label);
    else str_printf(&name, "%s_%s%s", op, call->label, format);
    if (node && node->op == OP_linear) {
        if (node->operands > 2 && node->operand[2]) str_printf(&name, "_bias");
        if (node->a.activation) str_printf(&name, "_%s", function_name(node->a.activation));
        if (node->a.gate) str_printf(&name, "_gate_%s", function_name(node->a.gate));
        if (node->operands > 3 && node->operand[3]) str_printf(&name, "_add");
    }
    int same = 0;
    for (size_t i = 0; i < plan->instances; i++) {
        const char *other = plan->instance[i].name;
        if (strncmp(other, name.data, name.length) == 0 && (other[name.length] == '\0' || strncmp(other + name.length, "_v", 2) == 0)) same++;
    }
    if (same) str_printf(&name, "_v%d", same + 1);
    char *text = arena_copy_text(arena, name.data, name.length);
    str_free(&name);
    return text;
}

/* What a linear does besides the product: "y = silu(x Wg') * (x Wu')", "y = gelu(x W' + bias) + residual". */
static const char *linear_about(Arena *arena, const Node *node)
{
    bool bias = node->operands > 2 && node->operand[2], residual = node->operands > 3 && node->operand[3];
    const char *product = bias ? "x W' + bias" : "x W'", *add = residual ? " + residual" : "";
    if (node->a.gate)
        return arena_printf(arena, "y = %s(x Wg'%s) * (x Wu'%s)%s, W = [Wg; Wu]", function_name(node->a.gate), bias ? " + bias" : "",
                            bias ? " + bias" : "", add);
    if (node->a.activation) return arena_printf(arena, "y = %s(%s)%s", function_name(node->a.activation), product, add);
    return arena_printf(arena, "y = %s%s", product, add);
}

/* The op's equation, without its list of operands. */
static const char *instance_about(Arena *arena, const Node *node)
{
    if (!node) return "y = x: a value into an output";
    if (node->op == OP_linear) return linear_about(arena, node);
    const char *equation = op_info(node->op)->equation, *end = strstr(equation, "    operands:");
    return arena_copy_text(arena, equation, end ? (size_t)(end - equation) : strlen(equation));
}

static int instance_of(Arena *arena, Plan *plan, const KernelEntry *kernel, const Call *call, const Node *node)
{
    for (size_t i = 0; i < plan->instances; i++)
        if (same_instance(&plan->instance[i], kernel, call)) return (int)i;
    const char *about = instance_about(arena, node);
    plan->instance[plan->instances] = (Instance){kernel, *call, instance_name(arena, plan, kernel, call, node), about, 0};
    return (int)plan->instances++;
}

static bool check_counts(const KernelEntry *kernel, const Call *call)
{
    return kernel->pointers == call->pointers && kernel->dynamics == call->dynamics && kernel->constants == call->constants &&
           kernel->reals == call->reals;
}

static void note_linear_weights(Arena *arena, Plan *plan)
{
    plan->is_linear_weight = ARENA_ARRAY(arena, bool, (size_t)plan->graph->next_id + 1);
    for (size_t i = 0; i < plan->graph->count; i++) {
        const Node *node = plan->graph->node[i];
        if (node->op == OP_linear && !node_is_constant(node)) plan->is_linear_weight[node->operand[1]->id] = true;
    }
}

bool plan_select(Arena *arena, Plan *plan, Err *err)
{
    note_linear_weights(arena, plan);
    plan->instance = ARENA_ARRAY(arena, Instance, plan->steps + 1);
    for (size_t s = 0; s < plan->sections; s++) {
        const Section *section = &plan->section[s];
        for (size_t i = section->first; i < section->first + section->count; i++) {
            Step *step = &plan->step[i];
            plan_call(plan, section, i, 0, &step->call);
            const KernelEntry *kernel = find_kernel(plan, &step->call);
            if (!kernel)
                return err_set(err, "target %s has no kernel for %s with %s weights", plan->options.target->name, step->call.op,
                               format_name(step->call.format));
            if (!check_counts(kernel, &step->call)) bug("%s: its parameters in kernels.def are not what the op binds", kernel->name);
            step->instance = instance_of(arena, plan, kernel, &step->call, step->node);
        }
    }
    return true;
}
