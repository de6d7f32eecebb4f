/* GPT-OSS: experts with a clamped gate and biases, a sink for each head, a window on every other layer. Experts are stored as one tensor
 * each of gate_up [E, K, 2 N], where gate and up alternate, and down [E, N, K].
 * Reference: transformers, models/gpt_oss/modeling_gpt_oss.py. */
#include "compiler/arch/llama.h"
#include "compiler/arch/moe.h"

static Node *reshape(Builder *b, Node *x, int64_t columns)
{
    return graph_add(b->graph, OP_reshape, 1, &x, &(Attributes){.size = columns});
}

static Node *transpose(Builder *b, Node *x) { return graph_add(b->graph, OP_transpose, 1, &x, NULL); }

static Node *numbers(Builder *b, const float *values, int64_t count)
{
    return graph_constant(b->graph, shape_of(1, dim_of(count)), values);
}

/* Column n of an expert is stored as column n of `parts` that alternate: all of the first part comes first. */
static int64_t stored_column(int64_t n, int64_t columns, int64_t parts) { return n % (columns / parts) * parts + n / (columns / parts); }

/* A tensor NAME [E, rows, columns] as [E columns, rows]: each expert's transpose. */
static Node *turned(Builder *b, const char *name, int64_t experts, int64_t rows, int64_t columns, int64_t parts)
{
    Node *stored = param_tensor(b, name, shape_of(3, dim_of(experts), dim_of(rows), dim_of(columns)), initial_normal(b));
    Node *all = reshape(b, transpose(b, reshape(b, stored, columns)), rows); /* row column * E + expert */
    float *order = ARENA_ARRAY(b->graph->arena, float, (size_t)(experts * columns));
    for (int64_t i = 0; i < experts * columns; i++) order[i] = (float)(stored_column(i % columns, columns, parts) * experts + i / columns);
    return gather(b, all, numbers(b, order, experts * columns));
}

static Node *turned_bias(Builder *b, const char *name, int64_t experts, int64_t columns, int64_t parts)
{
    Node *stored = param_matrix(b, name, experts, columns, (Initial){INITIAL_ZEROS, 0, -1});
    float *order = ARENA_ARRAY(b->graph->arena, float, (size_t)columns);
    for (int64_t i = 0; i < columns; i++) order[i] = (float)stored_column(i, columns, parts);
    return transpose(b, gather(b, transpose(b, stored), numbers(b, order, columns)));
}

static Experts stored_experts(Builder *b, int64_t hidden, const Moe *m)
{
    int64_t n = m->intermediate;
    scope_enter(b, "%s", m->list);
    Experts w = {.inner = turned(b, "gate_up_proj", m->experts, hidden, 2 * n, 2),
                 .inner_bias = turned_bias(b, "gate_up_proj_bias", m->experts, 2 * n, 2),
                 .down = turned(b, "down_proj", m->experts, n, hidden, 1),
                 .down_bias = param_matrix(b, "down_proj_bias", m->experts, hidden, (Initial){INITIAL_ZEROS, 0, -1})};
    scope_leave(b);
    return w;
}

static Node *routed(Builder *b, Node *x, const Decoder *d, const DecoderLayer *layer)
{
    (void)layer;
    return moe_routed(b, x, d->own);
}

static Moe gpt_oss_experts(Builder *b, const Decoder *d)
{
    Moe m = moe_settings(b, d);
    m.intermediate = d->intermediate;
    m.route.normalized = 1;
    m.router = "router";
    m.router_bias = true;
    m.weights = stored_experts;
    m.gate.gate = FUNCTION_scaled_silu;
    m.gate.value = config_float_or(b->config, "swiglu_alpha", 1e-6, 1e6, 1.702);
    m.gate.limit = config_float_or(b->config, "swiglu_limit", 1e-6, 1e30, 7);
    m.gate.shift = 1;
    if (m.experts > (1 << 24) / (2 * m.intermediate) || m.experts > (1 << 24) / d->hidden)
        err_set(b->err, "%s: num_local_experts: %lld experts of this size are too many", b->config->file, (long long)m.experts);
    return m;
}

static Node *gpt_oss_body(Builder *b)
{
    Decoder d = llama_settings(b);
    d.epsilon = config_float_or(b->config, "rms_norm_eps", 0, 1, 1e-5);
    d.qkv_bias = d.o_bias = config_bool_or(b->config, "attention_bias", true);
    d.sinks = "sinks";
    int64_t window = config_int_or(b->config, "sliding_window", 1, INT32_MAX, 128);
    Moe m = gpt_oss_experts(b, &d);
    d.own = &m;
    for (int64_t i = 0; i < d.layers && !b->err->text[0]; i++) {
        d.layer[i].feed = routed;
        d.layer[i].window = decoder_layer_slides(b, i, i % 2 == 0) ? window : 0;
    }
    return decoder_body(b, &d);
}

LLAMA_LIKE(gpt_oss, true, 150000, head_causal_lm);
