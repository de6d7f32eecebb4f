/* Mamba and Mamba2: layers with a state in place of attention: a convolution over the last few rows, then a selective scan.
 * Reference: transformers, models/{mamba,mamba2}/modeling_*.py. */
#include <string.h>

#include "compiler/arch/blocks.h"

typedef struct Mamba {
    int64_t hidden, inner, size; /* size: numbers of the state for each inner column */
    int64_t kernel;              /* rows of the convolution */
    int64_t heads, groups, rank; /* rank: of the step's projection, Mamba alone */
    double epsilon, least, limit;
    bool bias, convolution_bias;
    Node *(*mixer)(Builder *b, Node *x, const struct Mamba *m);
} Mamba;

/* Functions with numbers of the checkpoint are none of those that transformers convolves with: it makes them anew. */
static Node *act(Builder *b, Node *x)
{
    activation_function(b, "hidden_act", config_text_or(b->config, "hidden_act", "silu"));
    return b->err->text[0] ? x : activation(b, x, "hidden_act", "silu");
}

static Node *convolved(Builder *b, Node *x, const Mamba *m)
{
    int64_t columns = shape_columns(x->shape);
    scope_enter(b, "conv1d");
    Node *stored = param_tensor(b, "weight", shape_of(3, dim_of(columns), dim_of(1), dim_of(m->kernel)), initial_normal(b));
    Node *weight = graph_add(b->graph, OP_reshape, 1, &stored, &(Attributes){.size = m->kernel});
    Node *bias = m->convolution_bias ? param_vector(b, "bias", columns, INITIAL_ZEROS) : NULL;
    scope_leave(b);
    Node *operand[] = {x, weight, input_sequences(b), bias, state(b, "conv_state", (m->kernel - 1) * columns)};
    name_next(b, "conv1d");
    return act(b, graph_add(b->graph, OP_convolve, 5, operand, NULL));
}

/* The state fades by exp(step A), A = -exp(A_log) [heads, size or 1]. */
static Node *scanned(Builder *b, Node *x, Node *step, Node *bc, Node *log, const Mamba *m)
{
    Node *decay = graph_add(b->graph, OP_exp, 1, &log, NULL);
    decay = graph_add(b->graph, OP_neg, 1, &decay, NULL);
    Node *operand[] = {x, step, bc, decay, input_sequences(b), state(b, "scan_state", m->inner * m->size)};
    name_next(b, "scan");
    return graph_add(b->graph, OP_scan, operand[5] ? 6 : 5, operand,
                     &(Attributes){.heads = m->heads, .head_dim = m->inner / m->heads, .groups = m->groups, .least = m->least,
                                   .limit = m->limit});
}

static Node *mamba_mixer(Builder *b, Node *x, const Mamba *m)
{
    Node *both = linear(b, x, "in_proj", 2 * m->inner, m->bias);
    Node *inner = convolved(b, slice(b, both, 0, m->inner), m);
    Node *selected = linear(b, inner, "x_proj", m->rank + 2 * m->size, false);
    Node *step = linear(b, slice(b, selected, 0, m->rank), "dt_proj", m->inner, true);
    Node *log = param_matrix(b, "A_log", m->inner, m->size, initial_normal(b));
    Node *y = scanned(b, inner, step, slice(b, selected, m->rank, 2 * m->size), log, m);
    y = add(b, y, mul(b, inner, param_vector(b, "D", m->inner, INITIAL_ONES)));
    y = mul(b, y, activation_named(b, slice(b, both, m->inner, m->inner), "hidden_act", "silu"));
    return linear(b, y, "out_proj", m->hidden, m->bias);
}

/* A number of each head for all its columns. */
static Node *for_columns(Builder *b, Node *x, const Mamba *m)
{
    float *head = ARENA_ARRAY(b->graph->arena, float, (size_t)m->inner);
    for (int64_t i = 0; i < m->inner; i++) head[i] = (float)(i / (m->inner / m->heads));
    return gather(b, x, graph_constant(b->graph, shape_of(1, dim_of(m->inner)), head));
}

static Node *mamba2_mixer(Builder *b, Node *x, const Mamba *m)
{
    int64_t bc = 2 * m->groups * m->size;
    Node *all = linear(b, x, "in_proj", 2 * m->inner + bc + m->heads, m->bias);
    Node *mixed = convolved(b, slice(b, all, m->inner, m->inner + bc), m), *inner = slice(b, mixed, 0, m->inner);
    Node *step = add(b, slice(b, all, 2 * m->inner + bc, m->heads), param_vector(b, "dt_bias", m->heads, INITIAL_ONES));
    Node *log = param_vector(b, "A_log", m->heads, INITIAL_ONES);
    log = graph_add(b->graph, OP_reshape, 1, &log, &(Attributes){.size = 1});
    Node *y = scanned(b, inner, step, slice(b, mixed, m->inner, bc), log, m);
    y = add(b, y, mul(b, inner, for_columns(b, param_vector(b, "D", m->heads, INITIAL_ONES), m)));
    y = mul(b, y, activation_named(b, slice(b, all, 0, m->inner), "hidden_act", "silu"));
    Node *operand[] = {y, param_vector(b, "norm.weight", m->inner, INITIAL_ONES)};
    name_next(b, "norm");
    y = graph_add(b->graph, OP_rms_norm, 2, operand, &(Attributes){.epsilon = m->epsilon, .heads = m->groups});
    return linear(b, y, "out_proj", m->hidden, m->bias);
}

/* ---- config ---- */

static Mamba mamba_settings(Builder *b, int64_t size)
{
    const Config *c = b->config;
    Mamba m = {.heads = 1, .groups = 1};
    m.hidden = config_int(c, "hidden_size", 1, 1 << 20);
    m.inner = (int64_t)(config_float_or(c, "expand", 1e-3, 1e3, 2) * (double)m.hidden);
    m.size = config_int_or(c, "state_size", 1, SCAN_NUMBERS, size);
    m.kernel = config_int_or(c, "conv_kernel", 2, 1 << 10, 4);
    m.epsilon = config_float_or(c, "layer_norm_epsilon", 0, 1, 1e-5);
    m.bias = config_bool_or(c, "use_bias", false);
    m.convolution_bias = config_bool_or(c, "use_conv_bias", true);
    if (m.inner < 1) err_set(b->err, "%s: expand: leaves no columns", c->file);
    return m;
}

static int64_t step_rank(Builder *b, int64_t hidden)
{
    const cJSON *rank = config_item(b->config, "time_step_rank");
    if (!rank || (cJSON_IsString(rank) && strcmp(rank->valuestring, "auto") == 0)) return (hidden + 15) / 16;
    return config_int(b->config, "time_step_rank", 1, 1 << 20);
}

/* time_step_limit: [least, most]; what is infinite is written as an object. */
static void read_limits(Builder *b, Mamba *m)
{
    const cJSON *list = config_item(b->config, "time_step_limit");
    if (!list) return;
    const cJSON *least = cJSON_GetArrayItem(list, 0), *most = cJSON_GetArrayItem(list, 1);
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(most, "__float__");
    bool endless = cJSON_IsString(text) && strcmp(text->valuestring, "Infinity") == 0;
    if (!cJSON_IsNumber(least) || !(least->valuedouble >= 0) || !(endless || (cJSON_IsNumber(most) && most->valuedouble > least->valuedouble))) {
        err_set(b->err, "%s: time_step_limit: wanted two numbers, the smaller one first and not negative", b->config->file);
        return;
    }
    m->least = least->valuedouble;
    if (!endless) m->limit = most->valuedouble;
}

static void read_heads(Builder *b, Mamba *m)
{
    const Config *c = b->config;
    m->heads = config_int_or(c, "num_heads", 1, 1 << 20, 128);
    m->groups = config_int_or(c, "n_groups", 1, 1 << 20, 8);
    int64_t head_dim = config_int_or(c, "head_dim", 1, SCAN_NUMBERS, 64);
    if (m->heads * head_dim != m->inner)
        err_set(b->err, "%s: num_heads times head_dim: found %lld, wanted hidden_size times expand, %lld", c->file,
                (long long)(m->heads * head_dim), (long long)m->inner);
    if (m->heads % m->groups || m->inner % m->groups)
        err_set(b->err, "%s: n_groups: %lld is no divisor of num_heads %lld", c->file, (long long)m->groups, (long long)m->heads);
}

/* ---- body ---- */

static Node *body(Builder *b, const Mamba *m)
{
    const Config *c = b->config;
    int64_t layers = config_int(c, "num_hidden_layers|n_layer", 1, 4096), vocabulary = config_int(c, "vocab_size", 1, 1 << 24);
    if (b->err->text[0]) return NULL;
    if (m->size > SCAN_NUMBERS / (m->inner / m->heads)) {
        err_set(b->err, "%s: state_size: %lld is too large for heads of %lld", c->file, (long long)m->size, (long long)(m->inner / m->heads));
        return NULL;
    }
    Node *x = embedding(b, input_ids(b), "embeddings", vocabulary, m->hidden, -1);
    for (int i = 0; i < layers; i++) {
        scope_layer(b, i);
        scope_enter(b, "layers.%d", i);
        Node *normed = rms_norm(b, x, "norm", m->epsilon);
        scope_enter(b, "mixer");
        Node *mixed = m->mixer(b, normed, m);
        scope_leave(b);
        x = add(b, x, mixed);
        scope_leave(b);
        scope_layer(b, -1);
        hidden_state(b, i, x); /* transformers counts from the first layer's output, not from the embeddings */
    }
    x = rms_norm(b, x, "norm_f", m->epsilon);
    hidden_state(b, (int)layers, x);
    return x;
}

static Node *mamba_body(Builder *b)
{
    Mamba m = mamba_settings(b, 16);
    m.heads = m.inner;
    m.rank = step_rank(b, m.hidden);
    m.mixer = mamba_mixer;
    return body(b, &m);
}

static Node *mamba2_body(Builder *b)
{
    Mamba m = mamba_settings(b, 128);
    read_heads(b, &m);
    read_limits(b, &m);
    m.mixer = mamba2_mixer;
    return body(b, &m);
}

/* No position limits a state; so long a text is a round number beyond what any of them was trained on. */
#define MAMBA(type, own)                                                                                                           \
    const Architecture arch_##type = {.model_type = #type, .prefix = "backbone.", .decoder = true, .untied = own,                   \
                                      .length_keys = "max_position_embeddings", .default_length = 1 << 20, .body = type##_body,     \
                                      .head = {[HEAD_base] = head_last_hidden_state, [HEAD_causal_lm] = head_causal_lm}}

MAMBA(mamba, false);
MAMBA(mamba2, true);
