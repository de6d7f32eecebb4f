/* The verifier finds every kind of fault: each case breaks a good graph in one way. Replacing and copying keep it good. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "compiler/ir/ir.h"

static const char good[] = "%0 = input {key=\"ids\"} : i32[rows]\n"             /* node[0] */
                           "%1 = input {key=\"sequences\"} : sequences[sequences]\n"
                           "%2 = param {key=\"table\"} : f32[7, 6]\n"           /* node[2] */
                           "%3 = embed %0, %2 {scale=1}\n"                      /* node[3] */
                           "%4 = cache %3, %1 {heads=2 index=0}\n"
                           "%5 = cache %3, %1 {heads=2 index=1}\n"                      /* node[5] */
                           "%6 = attention %3, %4, %5, %1 {heads=2 kv_heads=2 head_dim=3 scale=1}\n"
                           "%7 = constant (1.0, ...) : f32[6]\n"                /* node[7] */
                           "%8 = add %6, %7\n"                                  /* node[8] */
                           "%9 = layer_norm %8, %7, %7\n"
                           "output \"y\" %8\noutput \"z\" %9\n";

static Node *swap_order(Graph *g)
{
    Node *first = g->node[3];
    g->node[3] = g->node[6];
    return g->node[6] = first;
}

static void break_order(Graph *g) { swap_order(g); }
static void break_id(Graph *g) { g->node[4]->id = 3; }
static void break_id_range(Graph *g) { g->node[4]->id = g->next_id; }
static void break_op(Graph *g) { g->node[4]->op = OP_COUNT; }
static void break_arity(Graph *g) { g->node[8]->operands = 1, g->node[8]->operand[1] = NULL; }
static void break_absent(Graph *g) { g->node[8]->operand[0] = NULL; }
static void break_last(Graph *g) { g->node[9]->operand[2] = NULL; }
static void break_beyond(Graph *g) { g->node[8]->operand[5] = g->node[0]; }
static void break_count(Graph *g) { g->node[8]->operands = 99; }
static void break_shape(Graph *g) { g->node[8]->shape.dim[1].size = 5; }
static void break_format(Graph *g) { g->node[8]->format = FORMAT_bf16; }
static void break_attribute(Graph *g) { g->node[8]->a.heads = 1; }
static void break_rule(Graph *g) { g->node[6]->a.heads = 3; }
static void break_stranger(Graph *g)
{
    Node *copy = ARENA_NEW(g->arena, Node);
    *copy = *g->node[3];
    g->node[8]->operand[0] = copy;
}
static void break_values(Graph *g) { g->node[7]->values = NULL; }
static void break_cache(Graph *g) { g->node[5]->a.index = 0; }
static void break_key(Graph *g) { g->node[2]->a.key = NULL; }
static void break_tensor(Graph *g) { g->node[3]->tensor = ARENA_NEW(g->arena, Tensor); }
static void break_output_name(Graph *g) { g->output[1].name = "y"; }
static void break_output_empty(Graph *g) { g->output[1].name = ""; }
static void break_output_node(Graph *g) { g->output[1].node = ARENA_NEW(g->arena, Node); }
static void break_output_shape(Graph *g) { g->output[1].node = g->node[4]; }
static void break_size(Graph *g) { g->node[2]->shape.dim[0].size = 0; }

static const struct {
    void (*damage)(Graph *);
    const char *message;
} faults[] = {
    {break_order, "is not defined before it"}, {break_id, "its id is taken"}, {break_id_range, "out of range"},
    {break_op, "there is no op"}, {break_arity, "has 1 operands, wanted 2 to 2"}, {break_absent, "operand 0 is absent"},
    {break_last, "last operand is absent"}, {break_beyond, "operand 5 is beyond"}, {break_count, "99 operands"},
    {break_shape, "is f32[rows, 5], wanted f32[rows, 6]"}, {break_format, "is bf16[rows, 6], wanted f32[rows, 6]"},
    {break_attribute, "add has no attribute heads"}, {break_rule, "not a multiple"}, {break_stranger, "%3 is not defined"},
    {break_values, "have values"}, {break_cache, "a second cache or state 0"}, {break_key, "without a key"},
    {break_tensor, "only params have a tensor"}, {break_output_name, "a second output \"y\""},
    {break_output_empty, "output without a name"}, {break_output_node, "is not in the graph"},
    {break_output_shape, "output \"z\" is f32[keys, 6]"}, {break_size, "is outside 1 .."},
};

static Graph *parse(Arena *arena, const char *text)
{
    Err err = {{0}};
    Graph *graph = graph_parse(arena, "good", text, &err);
    if (graph == NULL)
        fail_msg("%s", err.text);
    return graph;
}

static void every_fault_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        Arena *arena = arena_new();
        Graph *graph = parse(arena, good);
        Err err = {{0}};
        assert_true(graph_verify(graph, &err));
        faults[i].damage(graph);
        if (graph_verify(graph, &err) || strstr(err.text, faults[i].message) == NULL)
            fail_msg("fault %zu gave \"%s\", wanted \"%s\"", i, err.text, faults[i].message);
        arena_free(arena);
    }
}

static void replacing_moves_uses_and_outputs(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Graph *graph = parse(arena, good);
    Node *old = graph->node[8];
    assert_int_equal(node_uses(graph, old), 2);
    Node *by = graph_insert(graph, old, OP_mul, 2, old->operand, NULL);
    graph_replace(graph, old, by);
    Err err = {{0}};
    assert_true(graph_verify(graph, &err));
    assert_int_equal(node_uses(graph, old), 0);
    assert_int_equal(node_uses(graph, by), 2);
    assert_ptr_equal(graph->output[0].node, by);
    assert_int_equal(graph_position(graph, by) + 1, graph_position(graph, old));
    arena_free(arena);
}

static void params_and_inputs_are_made_once(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Graph *graph = graph_new(arena);
    Initial initial = {INITIAL_NORMAL, 0.02, -1};
    Shape shape = shape_of(2, dim_of(3), dim_of(5));
    Node *a = graph_param(graph, "a", shape, NULL, initial), *b = graph_param(graph, "b", shape, NULL, initial);
    assert_ptr_equal(graph_param(graph, "a", shape, NULL, initial), a);
    assert_ptr_not_equal(a, b);
    assert_int_equal(graph->params, 2);
    assert_int_equal(graph_parameters(graph), 30);
    graph->param[1].buffer = true;
    assert_int_equal(graph_parameters(graph), 15);
    Shape rows = shape_of(1, dim_symbol(SYMBOL_rows));
    assert_ptr_equal(graph_input(graph, "ids", FORMAT_i32, rows), graph_input(graph, "ids", FORMAT_i32, rows));
    assert_true(node_is_constant(a) && !node_is_constant(graph->node[2]));
    arena_free(arena);
}

static void formats_set_later_spread(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Graph *graph = parse(arena, "%0 = param {key=\"w\"} : f32[2, 3]\n%1 = transpose %0\n%2 = concat %1, %1\n");
    graph->node[0]->format = FORMAT_bf16;
    graph_refresh(graph);
    assert_int_equal(graph->node[2]->format, FORMAT_bf16);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_is_found),
        cmocka_unit_test(replacing_moves_uses_and_outputs),
        cmocka_unit_test(params_and_inputs_are_made_once),
        cmocka_unit_test(formats_set_later_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
