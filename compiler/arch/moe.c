/* moe: see moe.h. */
#include "compiler/arch/moe.h"

Moe moe_settings(Builder *b, const Decoder *d)
{
    const Config *c = b->config;
    Moe m = {.router = "gate", .list = "experts", .gate_name = "gate_proj", .up = "up_proj", .down = "down_proj"};
    m.experts = config_int(c, "num_local_experts|num_experts|n_routed_experts", 1, ROUTE_EXPERTS);
    m.intermediate = config_int_or(c, "moe_intermediate_size", 1, 1 << 22, d->intermediate);
    m.route = (Attributes){.active = config_int(c, "num_experts_per_tok", 1, m.experts), .groups = 1, .active_groups = 1, .group_best = 1};
    m.route.scale = 1;
    m.route.normalized = config_bool_or(c, "norm_topk_prob", false);
    m.gate.active = m.route.active;
    m.gate.gate = activation_function(b, d->activation_key, config_text_or(c, d->activation_key, d->activation));
    return m;
}

/* Matrices below each other, however many. */
static Node *stack(Builder *b, Node **part, int64_t count)
{
    while (count > 1) {
        int64_t kept = 0;
        for (int64_t i = 0; i < count; i += NODE_MAX_OPERANDS) {
            int some = count - i < NODE_MAX_OPERANDS ? (int)(count - i) : NODE_MAX_OPERANDS;
            part[kept++] = some > 1 ? graph_add(b->graph, OP_concat, some, part + i, NULL) : part[i];
        }
        count = kept;
    }
    return part[0];
}

static Node *expert_matrix(Builder *b, const char *name, int64_t rows, int64_t columns)
{
    return param_matrix(b, arena_printf(b->graph->arena, "%s.weight", name), rows, columns, initial_normal(b));
}

static Experts listed_experts(Builder *b, int64_t hidden, const Moe *m)
{
    Node **inner = ARENA_ARRAY(b->graph->arena, Node *, (size_t)(2 * m->experts));
    Node **down = ARENA_ARRAY(b->graph->arena, Node *, (size_t)m->experts);
    for (int64_t e = 0; e < m->experts; e++) {
        scope_enter(b, "%s.%lld", m->list, (long long)e);
        inner[2 * e] = expert_matrix(b, m->gate_name, m->intermediate, hidden);
        inner[2 * e + 1] = expert_matrix(b, m->up, m->intermediate, hidden);
        down[e] = expert_matrix(b, m->down, hidden, m->intermediate);
        scope_leave(b);
    }
    return (Experts){.inner = stack(b, inner, 2 * m->experts), .down = stack(b, down, m->experts)};
}

static Node *apply(Builder *b, Node *x, Node *p, const Experts *w, const Attributes *gate)
{
    Node *inner[] = {x, p, w->inner, w->inner_bias};
    Node *outer[] = {graph_add(b->graph, OP_experts, w->inner_bias ? 4 : 3, inner, gate), p, w->down, w->down_bias};
    return graph_add(b->graph, OP_combine, w->down_bias ? 4 : 3, outer, &(Attributes){.active = gate->active});
}

Node *moe_routed(Builder *b, Node *x, const Moe *m)
{
    Node *operand[] = {linear(b, x, m->router, m->experts, m->router_bias), NULL};
    if (m->offset) {
        operand[1] = param_vector(b, m->offset, m->experts, INITIAL_ZEROS);
        param_is_buffer(b, operand[1]);
    }
    name_next(b, m->list);
    Node *p = graph_add(b->graph, OP_route, m->offset ? 2 : 1, operand, &m->route);
    Experts w = (m->weights ? m->weights : listed_experts)(b, shape_columns(x->shape), m);
    return apply(b, x, p, &w, &m->gate);
}

Node *moe_single(Builder *b, Node *x, Node *p, const Moe *m, const char *scope, int64_t intermediate)
{
    int64_t hidden = shape_columns(x->shape);
    scope_enter(b, "%s", scope);
    Node *inner[] = {expert_matrix(b, m->gate_name, intermediate, hidden), expert_matrix(b, m->up, intermediate, hidden)};
    Experts w = {.inner = stack(b, inner, 2), .down = expert_matrix(b, m->down, hidden, intermediate)};
    scope_leave(b);
    Attributes gate = m->gate;
    gate.active = 1;
    return apply(b, x, p, &w, &gate);
}
