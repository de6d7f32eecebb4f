/* names: see names.h. */
#include "compiler/emit/names.h"

#include <ctype.h>
#include <string.h>

typedef struct Namer {
    Arena *arena;
    const char *prefix;
    Map *taken;
} Namer;

/* "model.layers.3.self_attn.q_proj" -> "self_attn.q_proj": behind the layer's number, or behind the prefix. */
static const char *short_scope(const Namer *namer, const char *scope)
{
    size_t skip = strncmp(scope, namer->prefix, strlen(namer->prefix)) == 0 ? strlen(namer->prefix) : 0;
    for (size_t i = skip; scope[i]; i++)
        if (scope[i] == '.' && isdigit((unsigned char)scope[i + 1])) {
            size_t end = i + 1;
            while (isdigit((unsigned char)scope[end])) end++;
            if (scope[end] == '.') skip = end + 1;
        }
    return scope + skip;
}

static const char *last_part(const char *scope)
{
    const char *dot = strrchr(scope, '.');
    return dot ? dot + 1 : scope;
}

/* Unique and an identifier. */
static const char *claim(Namer *namer, const char *wanted)
{
    char *name = arena_printf(namer->arena, "%s%s", isalpha((unsigned char)wanted[0]) ? "" : "v_", wanted);
    for (char *c = name; *c; c++) *c = isalnum((unsigned char)*c) ? (char)tolower((unsigned char)*c) : '_';
    const char *unique = name;
    for (int i = 2; map_get(namer->taken, unique); i++) unique = arena_printf(namer->arena, "%s_%d", name, i);
    map_set(namer->taken, unique, namer);
    return unique;
}

/* "self_attn.q_proj_k_proj_v_proj" of a concatenation of three params, without "weight" or "bias". */
static const char *weight_scope(const Namer *namer, const Node *node, const char *so_far)
{
    if (node->op == OP_param) {
        const char *scope = short_scope(namer, node->a.key), *role = last_part(scope);
        if (role > scope) scope = arena_copy_text(namer->arena, scope, (size_t)(role - scope) - 1);
        return *so_far ? arena_printf(namer->arena, "%s_%s", so_far, last_part(scope)) : scope;
    }
    for (int i = 0; i < node->operands; i++)
        if (node->operand[i]) so_far = weight_scope(namer, node->operand[i], so_far);
    return so_far;
}

/* "weight" or "bias": the last word of the first param's name; "" where there is no param. */
static const char *weight_role(const Node *node)
{
    if (node->op == OP_param) return last_part(node->a.key);
    for (int i = 0; i < node->operands; i++)
        if (node->operand[i] && *weight_role(node->operand[i])) return weight_role(node->operand[i]);
    return "";
}

static const char *weight_name(Namer *namer, const Node *node)
{
    const char *scope = weight_scope(namer, node, "");
    if (*scope) return claim(namer, arena_printf(namer->arena, "%s_%s", scope, weight_role(node)));
    return claim(namer, node->name ? short_scope(namer, node->name) : "constant");
}

static bool is_carried(const Plan *plan, const Buffer *buffer)
{
    for (size_t s = 0; s < plan->sections; s++)
        for (int c = 0; c < plan->section[s].carries; c++) {
            const Step *from = &plan->step[plan->section[s].carry[c].from];
            if (from->pointer[0].offset == buffer->offset && buffer->first <= plan->section[s].carry[c].from &&
                buffer->last >= plan->section[s].carry[c].from)
                return true;
        }
    return false;
}

static const char *value_name(Namer *namer, const Plan *plan, const Buffer *buffer)
{
    if (is_carried(plan, buffer)) return claim(namer, "x");
    const Node *node = buffer->node;
    if (node->op == OP_linear) return claim(namer, weight_scope(namer, node->operand[1], ""));
    return claim(namer, node->name ? short_scope(namer, node->name) : op_info(node->op)->name);
}

static int layer_of_weight(const Plan *plan, const PackedWeight *weight)
{
    for (size_t s = 0; s < plan->sections; s++) {
        const Section *section = &plan->section[s];
        for (size_t i = 0; section->iterations > 1 && i < section->count; i++)
            for (int p = 1; p < plan->step[section->first + i].call.pointers; p++) {
                const Operand *operand = &plan->step[section->first + i].pointer[p];
                size_t last = operand->offset + operand->stride * (size_t)(section->iterations - 1);
                if (operand->place == PLACE_WEIGHTS && operand->stride && weight->offset > operand->offset &&
                    weight->offset <= last && (weight->offset - operand->offset) % operand->stride == 0)
                    return (int)((weight->offset - operand->offset) / operand->stride);
            }
    }
    return 0;
}

Names *names_make(Arena *arena, const Plan *plan, const char *prefix)
{
    static const char *const reserved[] = {"team", "stream", "call", "index", "rows", "wanted", "sequences", "weights", "state", "workspace"};
    Namer namer = {arena, prefix, map_new(arena)};
    for (size_t i = 0; i < COUNT_OF(reserved); i++) map_set(namer.taken, reserved[i], &namer);
    Names *names = ARENA_NEW(arena, Names);
    names->plan = plan;
    names->buffer = ARENA_ARRAY(arena, const char *, plan->buffers + 1);
    names->weight = ARENA_ARRAY(arena, const char *, plan->weights + 1);
    for (size_t i = 0; i < plan->weights; i++)
        if (layer_of_weight(plan, &plan->weight[i]) == 0) names->weight[i] = weight_name(&namer, plan->weight[i].node);
    for (size_t i = 0; i < plan->buffers; i++) names->buffer[i] = value_name(&namer, plan, &plan->buffer[i]);
    return names;
}

static const char *buffer_of(const Names *names, const Operand *operand)
{
    const Plan *plan = names->plan;
    size_t start = operand->offset - (size_t)operand->column * sizeof(float);
    /* The buffer at that offset that is in use when the value is: the one whose class holds it. */
    int64_t column;
    const Node *storage = node_storage(operand->node, &column);
    for (size_t i = 0; i < plan->buffers; i++) {
        if (plan->buffer[i].offset != start) continue;
        for (size_t s = plan->buffer[i].first; s <= plan->buffer[i].last && s < plan->steps; s++)
            if (plan->step[s].node == storage) return names->buffer[i];
    }
    for (size_t i = 0; i < plan->buffers; i++) /* a value of a loop's last layer, read after the loop */
        if (plan->buffer[i].offset == start) return names->buffer[i];
    bug("%%%d has no name", operand->node->id);
}

const char *names_of(const Names *names, const Operand *operand)
{
    switch (operand->place) {
    case PLACE_WEIGHTS:
        for (size_t i = 0; i < names->plan->weights; i++)
            if (names->plan->weight[i].offset == operand->offset) return names->weight[i];
        bug("no weight at %zu", operand->offset);
    case PLACE_ARENA: return buffer_of(names, operand);
    case PLACE_INPUT: return plan_input_names[operand->index];
    default: return "NULL";
    }
}
