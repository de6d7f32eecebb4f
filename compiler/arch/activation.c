/* activation: transformers' ACT2FN by name. Most are an op; some have numbers of their own in the checkpoint, under a module whose name
 * differs from family to family but has "act" in it, beside the linear before it. */
#include <math.h>
#include <string.h>

#include "compiler/arch/decoder.h"

static Node *apply(Builder *b, Op op, Node *x) { return graph_add(b->graph, op, 1, &x, NULL); }

static Node *subtract(Builder *b, Node *x, Node *y) { return graph_add(b->graph, OP_sub, 2, (Node *[]){x, y}, NULL); }

static Node *scale(Builder *b, Node *x, double factor) { return graph_add(b->graph, OP_scale, 1, &x, &(Attributes){.value = factor}); }

/* min(x, 0) */
static Node *below_zero(Builder *b, Node *x) { return apply(b, OP_neg, apply(b, OP_relu, apply(b, OP_neg, x))); }

/* ---- numbers of the checkpoint ---- */

/* Whether NAME begins with BEFORE and its last module, before ENDING, has "act" in its name. */
static bool is_act(const char *name, const char *before, size_t length, const char *ending)
{
    size_t whole = strlen(name), end = strlen(ending);
    if (strncmp(name, before, length) != 0 || whole < length + end || strcmp(name + whole - end, ending) != 0) return false;
    const char *module = name + whole - end;
    while (module > name + length && module[-1] != '.') module--;
    const char *act = strstr(module, "act");
    return act && act < name + whole - end;
}

/* The only such tensor under BEFORE; NULL where there is none or are several. */
static const char *only_act(const Builder *b, const char *before, size_t length, const char *ending)
{
    const char *found = NULL;
    for (size_t i = 0; i < b->model->tensors.count; i++) {
        const char *name = b->model->tensors.item[i].name;
        if (!is_act(name, before, length, ending)) continue;
        if (found) return NULL;
        found = name;
    }
    return found;
}

static size_t parent(const char *name, size_t length)
{
    while (length > 0 && name[length - 1] != '.') length--;
    return length;
}

/* What stands beside the linear that was named last, or not far above it, with or without the first part of its name; the usual name where
 * nothing does, so that the message tells it. */
static const char *act_name(Builder *b, const char *ending)
{
    enum { LEVELS = 3 };
    const char *linear = b->graph->scope, *first = strchr(linear, '.');
    size_t beside = parent(linear, strlen(linear)), length = beside;
    for (int level = 0; level < LEVELS && (length > 0 || level == 0); level++) {
        size_t skipped = first && (size_t)(first + 1 - linear) < length ? (size_t)(first + 1 - linear) : 0;
        const char *found = only_act(b, linear, length, ending);
        if (!found && skipped) found = only_act(b, linear + skipped, length - skipped, ending);
        if (found) return found;
        length = length ? parent(linear, length - 1) : 0;
    }
    return arena_printf(b->graph->arena, "%.*sact_fn%s", (int)beside, linear, ending);
}

static Node *act_param(Builder *b, const char *ending, Shape shape, double initial)
{
    const char *name = act_name(b, ending);
    char scope[sizeof b->scope];
    memcpy(scope, b->scope, sizeof scope);
    b->scope[0] = '\0'; /* the name is whole */
    Node *found = param_tensor(b, name, shape, (Initial){INITIAL_NUMBER, initial, -1});
    memcpy(b->scope, scope, sizeof scope);
    return found;
}

static Node *learned(Builder *b, const char *ending, double initial) { return act_param(b, ending, shape_of(1, dim_of(1)), initial); }

/* A number that training does not change. */
static double stored(Builder *b, const char *ending, double otherwise)
{
    Node *param = act_param(b, ending, shape_of(0), otherwise);
    float number = (float)otherwise;
    param_is_buffer(b, param);
    if (param->tensor) tensor_to_float(param->tensor, 0, 1, &number);
    return (double)number;
}

static Node *times_number(Builder *b, Node *x, Node *number) { return mul(b, x, repeat_for_heads(b, number, shape_columns(x->shape))); }

/* ---- functions with such numbers ---- */

/* x, below zero w x */
static Node *prelu(Builder *b, Node *x)
{
    Node *w = learned(b, ".weight", 0.25);
    return add(b, apply(b, OP_relu, x), times_number(b, below_zero(b, x), w));
}

static Node *plus(Builder *b, Node *x, double number)
{
    int64_t size = shape_columns(x->shape);
    float *value = ARENA_ARRAY(b->graph->arena, float, (size_t)size);
    for (int64_t i = 0; i < size; i++) value[i] = (float)number;
    return add(b, x, graph_constant(b->graph, shape_of(1, dim_of(size)), value));
}

/* p x^2 + beta x, below zero n (e^x - 1 - x) + beta x; arXiv 2411.13010. Its eps, the x next to zero that counts as below, is touched only:
 * it is less than tolerances tell. */
static Node *xielu(Builder *b, Node *x)
{
    double beta = stored(b, ".beta", 0.5);
    stored(b, ".eps", -1e-6);
    Node *p = apply(b, OP_softplus, learned(b, ".alpha_p", log(expm1(0.8))));
    Node *n = plus(b, apply(b, OP_softplus, learned(b, ".alpha_n", log(expm1(0.3)))), beta);
    Node *below = below_zero(b, x), *curve = subtract(b, apply(b, OP_exp, below), plus(b, below, 1));
    return add(b, add(b, times_number(b, apply(b, OP_relu2, x), p), times_number(b, curve, n)), scale(b, x, beta));
}

/* ---- names ---- */

static const struct LearnedName {
    const char *name;
    Node *(*build)(Builder *, Node *);
} learned_names[] = {{"prelu", prelu}, {"xielu", xielu}};

static const struct ActivationName {
    const char *name;
    Op op; /* OP_none: the identity */
} activation_names[] = {
    {"gelu", OP_gelu},           {"gelu_python", OP_gelu},    {"gelu_new", OP_gelu_tanh},
    {"gelu_fast", OP_gelu_tanh}, {"gelu_pytorch_tanh", OP_gelu_tanh}, {"gelu_accurate", OP_gelu_tanh},
    {"quick_gelu", OP_quick_gelu}, {"relu", OP_relu},         {"silu", OP_silu},
    {"swish", OP_silu},          {"sigmoid", OP_sigmoid},     {"tanh", OP_tanh},
    {"linear", OP_none},         {"gelu_python_tanh", OP_gelu_tanh}, {"gelu_10", OP_gelu_10},
    {"relu2", OP_relu2},         {"relu6", OP_relu6},         {"leaky_relu", OP_leaky_relu},
    {"mish", OP_mish},           {"laplace", OP_laplace},     {"hardswish", OP_hardswish},
    {"sqrtsoftplus", OP_sqrtsoftplus},
};

int activation_function(Builder *b, const char *key, const char *name)
{
    Str known = {0};
    for (size_t i = 0; i < COUNT_OF(activation_names); i++) {
        if (strcmp(activation_names[i].name, name) == 0) {
            str_free(&known);
            return op_function(activation_names[i].op);
        }
        str_printf(&known, "%s%s", i ? ", " : "", activation_names[i].name);
    }
    config_refuse(b->config, key, name, known.data);
    str_free(&known);
    return FUNCTION_none;
}

Node *activation(Builder *b, Node *x, const char *key, const char *otherwise)
{
    return activation_named(b, x, key, config_text_or(b->config, key, otherwise));
}

Node *activation_named(Builder *b, Node *x, const char *key, const char *name)
{
    for (size_t i = 0; i < COUNT_OF(learned_names); i++)
        if (strcmp(learned_names[i].name, name) == 0) return learned_names[i].build(b, x);
    int function = activation_function(b, key, name);
    return function == FUNCTION_none ? x : apply(b, op_of_function(function), x);
}
