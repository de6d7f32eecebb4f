/* Ops over sounds: their shapes, what they refuse, values worked out by hand, and windows as views. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "compiler/ir/ir.h"

/* Pieces of 4 samples; a row of %4 is made of 3 samples, 2 behind those of the row before. */
static const char beginning[] =
    "%0 = input {key=\"values\"} : f32[samples, 1]\n"
    "%1 = input {key=\"sequences\"} : sequences[sequences]\n"
    "%2 = spread %0, %1 {size=4}\n"
    "%3 = windows %2 {size=3 stride=2}\n"
    "%4 = constant (1.0, 1.0, 1.0, 0.0, 1.0, -1.0) : f32[2, 3]\n"
    "%5 = linear %3, %4\n"
    "%6 = windows %5 {size=2 stride=2}\n"
    "%7 = constant (1.0, 0.0, 1.0, 0.0) : f32[1, 4]\n"
    "%8 = linear %6, %7\n"
    "%9 = collect %8, %1\n"
    "%10 = constant (2.0, 1.0) : f32[2]\n"
    "%11 = sound_norm %5, %1, %10, %10 {size=3 stride=2}\n"
    "%12 = constant (1.0, 10.0) : f32[2, 1]\n"
    "%13 = correlate %9, %1, %12 {size=2 groups=1 origin=1}\n";

static Graph *parse(Arena *arena, const char *line, Err *err)
{
    return graph_parse(arena, "sound", arena_printf(arena, "%s%s", beginning, line), err);
}

static void shapes_follow_the_pieces(void **state)
{
    (void)state;
    static const char *const accepted[] = {
        "%90 = windows %2 {size=5 stride=4} : f32[pieces, 5]\n",
        "%90 = windows %5 {size=3 stride=1} : f32[2*pieces, 6]\n",
        "%90 = slice %6 {first=1 size=2} : f32[pieces, 2]\n",
        "%90 = gelu %5 : f32[2*pieces, 2]\n",
    };
    for (size_t i = 0; i < COUNT_OF(accepted); i++) {
        Arena *arena = arena_new();
        Err err = {{0}};
        if (parse(arena, accepted[i], &err) == NULL)
            fail_msg("%s: %s", accepted[i], err.text);
        arena_free(arena);
    }
}

static void features_may_be_several_to_a_row(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Err err = {{0}};
    const char *text = "%0 = input {key=\"values\"} : f32[2*rows, 5]\n%1 = input {key=\"sequences\"} : sequences[sequences]\n"
                       "%2 = neighbours %0, %1 {size=3 origin=1} : f32[2*rows, 15]\n"
                       "%3 = neighbours %2, %1 {size=3 origin=1 stride=2} : f32[rows, 45]\n";
    if (graph_parse(arena, "features", text, &err) == NULL)
        fail_msg("%s", err.text);
    arena_free(arena);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *line, *message;
    } refused[] = {
        {"spread %2, %1 {size=4}", "spread of [4*pieces, 1], wanted [samples, 1]"},
        {"spread %0, %1", "size is 0"},
        {"windows %9 {size=2 stride=1}", "windows of [rows, 1], wanted rows of pieces"},
        {"windows %2 {size=2 stride=3}", "3 of which divide a piece"},
        {"windows %3 {size=2 stride=2}", "wanted whole rows"},
        {"windows %2 {size=2}", "stride is 0"},
        {"collect %5, %1", "collect of [2*pieces, 2], wanted [pieces, columns]"},
        {"sound_norm %5, %1, %10, %10 {size=3 stride=1}", "stride 1 does not lead from samples to [2*pieces, 2]"},
        {"sound_norm %5, %1, %12, %10 {size=3 stride=2}", "gain (operand 2)"},
        {"correlate %9, %1, %12 {size=3 groups=1}", "does not fit [rows, 1]"},
        {"correlate %9, %1, %12 {size=2 groups=1 origin=2}", "origin is 2"},
        {"correlate %8, %1, %12 {size=2 groups=1}", "wanted f32[rows, columns]"},
        {"weight_norm %12, %10", "wanted constants [N, C, T] and [1, 1, T]"},
        {"attention %8, %8, %8, %1 {heads=1 kv_heads=1 head_dim=1 scale=1}", "wanted f32[rows, columns]"},
        {"neighbours %9, %1 {size=3 origin=1 stride=2}", "or a multiple of 2 rows"},
    };
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        Arena *arena = arena_new();
        Err err = {{0}};
        Graph *graph = parse(arena, arena_printf(arena, "%%90 = %s\n", refused[i].line), &err);
        if (graph != NULL || strstr(err.text, refused[i].message) == NULL)
            fail_msg("%s\n  gave    %s\n  wanted  %s", refused[i].line, err.text, refused[i].message);
        arena_free(arena);
    }
}

static void expect(double **value, int id, size_t first, size_t count, const double *wanted)
{
    for (size_t i = 0; i < count; i++)
        if (!(fabs(value[id][first + i] - wanted[i]) < 1e-12))
            fail_msg("%%%d[%zu] is %.17g, wanted %.17g", id, first + i, value[id][first + i], wanted[i]);
}
#define EXPECT(id, first, ...) expect(value, id, first, sizeof((double[]){__VA_ARGS__}) / sizeof(double), (const double[]){__VA_ARGS__})

/* Sounds of 9 and of 6 samples: 2 and 1 rows, 3 and 2 pieces. */
static void sounds_of_several_lengths_do_not_mix(void **state)
{
    (void)state;
    static const float values[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30, 40, 50, 60};
    static const int32_t samples[] = {0, 9, 15}, start[] = {0, 2, 3};
    const hf2c_batch batch = {.rows = 3, .sequences = 2, .start = start, .values = values, .samples = samples};
    Arena *arena = arena_new();
    Err err = {{0}};
    Graph *graph = parse(arena, "", &err);
    assert_non_null(graph);
    double **value = graph_evaluate(arena, graph, &batch);
    EXPECT(2, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0, 10, 20, 30, 40, 50, 60, 0, 0);
    EXPECT(5, 0, 6, -1, 12, -1, 18, -1, 24, -1);
    EXPECT(5, 12, 60, -10, 120, -10);
    EXPECT(9, 0, 18, 42, 180);
    EXPECT(13, 0, 180, 438, 1800);
    double deviation = sqrt((81.0 + 9 + 9 + 81) / 4);
    EXPECT(11, 0, 2 * -9 / deviation + 2);
    EXPECT(11, 4, 2 * 3 / deviation + 2);
    EXPECT(11, 8, 0, 0, 0, 0);
    EXPECT(11, 12, 0);
    EXPECT(11, 14, 4);
    arena_free(arena);
}

static void weights_get_their_length_by_tap(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Graph *graph = graph_new(arena);
    const float x[] = {3, 0, 4, 2, 0, 0, 0, 0}, g[] = {10, 5};
    Node *operand[2] = {graph_constant(graph, shape_of(3, dim_of(2), dim_of(2), dim_of(2)), x),
                        graph_constant(graph, shape_of(3, dim_of(1), dim_of(1), dim_of(2)), g)};
    Node *y = graph_add(graph, OP_weight_norm, 2, operand, &(Attributes){0});
    float values[8];
    node_constant_values(arena, y, values);
    static const float wanted[] = {6, 0, 8, 5, 0, 0, 0, 0};
    for (int i = 0; i < 8; i++) assert_true(values[i] == wanted[i]);
    arena_free(arena);
}

static void windows_are_views(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Err err = {{0}};
    Graph *graph = parse(arena, "%90 = slice %6 {first=1 size=2}\n", &err);
    int64_t column = -1;
    assert_ptr_equal(node_storage(graph->node[6], &column), graph->node[5]);
    assert_int_equal(column, 0);
    assert_int_equal(node_stride(graph->node[6]), 4);
    assert_int_equal(node_stride(graph->node[3]), 2);
    assert_int_equal(node_stride(graph->node[5]), 2);
    const Node *part = graph->node[14];
    assert_ptr_equal(node_storage(part, &column), graph->node[5]);
    assert_int_equal(column, 1);
    assert_int_equal(node_stride(part), 4);
    Call call = {.panel = 16, .keys = 100};
    op_info(OP_linear)->bind(graph->node[8], &call);
    assert_int_equal(call.dynamic[0], SYMBOL_pieces);
    assert_int_equal(call.multiple, 1);
    assert_int_equal(call.constant[2], 4);
    op_info(OP_linear)->bind(graph->node[5], &call);
    assert_int_equal(call.multiple, 2);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_follow_the_pieces),
        cmocka_unit_test(features_may_be_several_to_a_row),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(sounds_of_several_lengths_do_not_mix),
        cmocka_unit_test(weights_get_their_length_by_tap),
        cmocka_unit_test(windows_are_views),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
