/* The reference evaluator against values worked out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "compiler/ir/ir.h"

/* Two sequences, of three rows and of one. */
static const int32_t ids[] = {0, 1, 2, 3}, positions[] = {0, 1, 2, 0}, start[] = {0, 3, 4}, want[] = {1, 3};
static const hf2c_batch batch = {.rows = 4, .sequences = 2, .wanted = 2, .ids = ids, .positions = positions,
                                 .start = start, .want = want};

static const char inputs[] = "%0 = input {key=\"ids\"} : i32[rows]\n"
                             "%1 = input {key=\"positions\"} : i32[rows]\n"
                             "%2 = input {key=\"sequences\"} : sequences[sequences]\n"
                             "%3 = input {key=\"want\"} : i32[wanted]\n";

typedef struct Run {
    Arena *arena;
    Graph *graph;
    double **value;
} Run;

static Run run(const char *lines)
{
    Run r = {.arena = arena_new()};
    Err err = {{0}};
    r.graph = graph_parse(r.arena, "test", arena_printf(r.arena, "%s%s", inputs, lines), &err);
    if (r.graph == NULL)
        fail_msg("%s", err.text);
    r.value = graph_evaluate(r.arena, r.graph, &batch);
    return r;
}

static void assert_values(const Run *r, int id, size_t count, const double *wanted)
{
    for (size_t i = 0; i < count; i++) {
        double found = r->value[id][i];
        if (!(fabs(found - wanted[i]) <= 1e-12 * (1 + fabs(wanted[i]))) && found != wanted[i])
            fail_msg("%%%d[%zu] is %.17g, wanted %.17g", id, i, found, wanted[i]);
    }
}
#define ASSERT_VALUES(r, id, ...)                                                                                       \
    do {                                                                                                                \
        const double wanted_[] = {__VA_ARGS__};                                                                         \
        assert_values(&(r), id, COUNT_OF(wanted_), wanted_);                                                            \
    } while (0)

/* %5: rows (1, 2), (3, 4), (5, 6), (-1, 0) */
#define ROWS "%4 = constant (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, -1.0, 0.0) : f32[4, 2]\n%5 = embed %0, %4 {scale=1}\n"

static void rows_are_looked_up_taken_and_pooled(void **state)
{
    (void)state;
    Run r = run(ROWS "%6 = embed %0, %4 {scale=0.5}\n%7 = take %5, %3\n%8 = pool %5, %2 {mode=first}\n"
                     "%9 = pool %5, %2 {mode=last}\n%10 = pool %5, %2 {mode=mean}\n%11 = pool %5, %2 {mode=max}\n"
                     "%12 = slice %5 {first=1 size=1}\n");
    ASSERT_VALUES(r, 6, 0.5, 1, 1.5, 2, 2.5, 3, -0.5, 0);
    ASSERT_VALUES(r, 7, 3, 4, -1, 0);
    ASSERT_VALUES(r, 8, 1, 2, -1, 0);
    ASSERT_VALUES(r, 9, 5, 6, -1, 0);
    ASSERT_VALUES(r, 10, 3, 4, -1, 0);
    ASSERT_VALUES(r, 11, 5, 6, -1, 0);
    ASSERT_VALUES(r, 12, 2, 4, 6, 0);
    arena_free(r.arena);
}

static void linear_does_bias_activation_residual_and_gate(void **state)
{
    (void)state;
    Run r = run(ROWS "%6 = constant (1.0, 0.0, 1.0, -1.0) : f32[2, 2]\n%7 = constant (0.5, -1.0) : f32[2]\n"
                     "%8 = linear %5, %6, %7\n%9 = linear %5, %6, %7, %5 {activation=relu}\n"
                     "%10 = linear %5, %6, _ {gate=relu}\n%11 = linear %5, %6 {activation=scale value=3}\n"
                     "%12 = linear %7, %6\n%13 = linear %5, %6, _, %5\n");
    ASSERT_VALUES(r, 8, 1.5, -2, 3.5, -2, 5.5, -2, -0.5, -2);
    ASSERT_VALUES(r, 9, 2.5, 2, 6.5, 4, 10.5, 6, -1, 0);
    ASSERT_VALUES(r, 10, -1, -3, -5, -0.0);
    ASSERT_VALUES(r, 11, 3, -3, 9, -3, 15, -3, -3, -3);
    ASSERT_VALUES(r, 12, 0.5, 1.5);
    ASSERT_VALUES(r, 13, 2, 1, 6, 3, 10, 5, -2, -1);
    arena_free(r.arena);
}

static void norms_divide_by_the_deviation(void **state)
{
    (void)state;
    Run r = run(ROWS "%6 = constant (2.0, 10.0) : f32[2]\n%7 = constant (0.5, -1.0) : f32[2]\n"
                     "%8 = layer_norm %5, %6, %7 {epsilon=0.75}\n%9 = rms_norm %5, %6 {epsilon=0.5}\n"
                     "%10 = layer_norm %5, _, %7 {epsilon=0}\n%11 = rms_norm %5, %6 {epsilon=0 heads=2}\n");
    /* deviation of (1, 2) from 1.5: sqrt(0.25 + 0.75) = 1; mean square of (1, 2): 2.5, + 0.5: sqrt(3) */
    ASSERT_VALUES(r, 8, -0.5, 4, -0.5, 4, -0.5, 4);
    ASSERT_VALUES(r, 9, 2 / sqrt(3), 20 / sqrt(3), 6 / sqrt(13), 40 / sqrt(13));
    ASSERT_VALUES(r, 10, -0.5, 0, -0.5, 0);
    ASSERT_VALUES(r, 11, 2, 10, 2, 10);
    arena_free(r.arena);
}

static void rope_turns_the_pairs_of_both_conventions(void **state)
{
    (void)state;
    Run r = run("%4 = constant (1.0, 0.5) : f32[2]\n%5 = rope_table %1, %4 {magnitude=2}\n"
                "%6 = constant (1.0, 2.0, 3.0, 4.0, 5.0, ...) : f32[4, 5]\n%7 = embed %0, %6 {scale=1}\n"
                "%8 = rope %7, %5 {heads=1 head_dim=5 rotary_dim=4}\n"
                "%9 = rope %7, %5 {heads=1 head_dim=5 rotary_dim=4 interleaved=1}\n");
    double c1 = 2 * cos(1), s1 = 2 * sin(1), c2 = 2 * cos(0.5), s2 = 2 * sin(0.5);
    ASSERT_VALUES(r, 5, 2, 2, 0, 0, c1, c2, s1, s2);
    /* row 1 is (5, 5, 5, 5, 5) at position 1; row 0 is (1 .. 5) at position 0 */
    ASSERT_VALUES(r, 8, 2, 4, 6, 8, 5, 5 * c1 - 5 * s1, 5 * c2 - 5 * s2, 5 * c1 + 5 * s1, 5 * c2 + 5 * s2, 5);
    ASSERT_VALUES(r, 9, 2, 4, 6, 8, 5, 5 * c1 - 5 * s1, 5 * c1 + 5 * s1, 5 * c2 - 5 * s2, 5 * c2 + 5 * s2, 5);
    arena_free(r.arena);
}

static void long_sequences_turn_otherwise(void **state)
{
    (void)state;
    Run r = run("%4 = constant (1.0, 0.5) : f32[2]\n%5 = constant (0.25, 0.125) : f32[2]\n"
                "%6 = rope_table %1, %4, %2, %5 {magnitude=1 original=3}\n%7 = rope_table %1, %4, %2, %5 {magnitude=1 original=2}\n"
                "%8 = rope_table %1, %4, %2 {magnitude=1 original=1 factor=1.5}\n");
    ASSERT_VALUES(r, 6, 1, 1, 0, 0, cos(1), cos(0.5), sin(1), sin(0.5));
    ASSERT_VALUES(r, 7, 1, 1, 0, 0, cos(0.25), cos(0.125), sin(0.25), sin(0.125));
    /* three rows: growth 1.5 * 3 / 1 - 0.5 = 4, for the last pair in full: 0.5 / 4 */
    ASSERT_VALUES(r, 8, 1, 1, 0, 0, cos(1), cos(0.125), sin(1), sin(0.125));
    arena_free(r.arena);
}

static void gather_takes_rows_and_elements(void **state)
{
    (void)state;
    Run r = run("%4 = constant (1.0, 2.0, 3.0, 4.0) : f32[2, 2]\n%5 = constant (1.0, 0.0, 1.0) : f32[3]\n"
                "%6 = gather %4, %5\n%7 = constant (7.0, 8.0) : f32[2]\n%8 = gather %7, %5\n");
    ASSERT_VALUES(r, 6, 3, 4, 1, 2, 3, 4);
    ASSERT_VALUES(r, 8, 8, 7, 8);
    arena_free(r.arena);
}

static void angles_are_rounded_to_float(void **state)
{
    (void)state;
    static const int32_t far_position[] = {100001}, one[] = {0, 1};
    const hf2c_batch far_batch = {.rows = 1, .sequences = 1, .positions = far_position, .start = one};
    Arena *arena = arena_new();
    Graph *graph = graph_new(arena);
    Node *operand[] = {graph_input(graph, "positions", FORMAT_i32, shape_of(1, dim_symbol(SYMBOL_rows))),
                       graph_constant(graph, shape_of(1, dim_of(1)), &(float){0.1F})};
    Node *table = graph_add(graph, OP_rope_table, 2, operand, &(Attributes){.magnitude = 1});
    double found = graph_evaluate(arena, graph, &far_batch)[table->id][0];
    assert_true(found == cos((double)(100001.0F * 0.1F)));
    assert_true(found != cos(100001.0 * (double)0.1F));
    arena_free(arena);
}

/* One head of one dimension: scores are q_i k_j, values as in v. */
#define HEAD "{heads=1 kv_heads=1 head_dim=1 scale=1"
static void attention_sees_what_it_may(void **state)
{
    (void)state;
    Run r = run("%4 = constant (0.0, 1.0, 1.0, 1.0) : f32[4, 1]\n%5 = constant (1.0, 2.0, 4.0, 8.0) : f32[4, 1]\n"
                "%6 = embed %0, %4 {scale=1}\n%7 = embed %0, %5 {scale=1}\n"
                "%8 = attention %6, %6, %7, %2 " HEAD "}\n%9 = attention %6, %6, %7, %2 " HEAD " causal=1}\n"
                "%10 = attention %6, %6, %7, %2 " HEAD " causal=1 window=1}\n"
                "%11 = attention %6, %6, %7, %2 " HEAD " window=2}\n"
                "%12 = attention %6, %6, %7, %2 " HEAD " softcap=0.5}\n%13 = cache %6, %2 {index=0}\n"
                "%14 = cache %7, %2 {index=1}\n%15 = attention %6, %13, %14, %2 " HEAD " causal=1}\n");
    double e = exp(1), capped = exp(0.5 * tanh(2));
    ASSERT_VALUES(r, 8, 7.0 / 3, (1 + 6 * e) / (1 + 2 * e), (1 + 6 * e) / (1 + 2 * e), 8);
    ASSERT_VALUES(r, 9, 1, (1 + 2 * e) / (1 + e), (1 + 6 * e) / (1 + 2 * e), 8);
    ASSERT_VALUES(r, 10, 1, 2, 4, 8);
    ASSERT_VALUES(r, 11, 1.5, (1 + 6 * e) / (1 + 2 * e), 3, 8);
    ASSERT_VALUES(r, 12, 7.0 / 3, (1 + 6 * capped) / (1 + 2 * capped));
    ASSERT_VALUES(r, 15, 1, (1 + 2 * e) / (1 + e), (1 + 6 * e) / (1 + 2 * e), 8);
    arena_free(r.arena);
}

/* Zero products: the scores are the biases alone. */
static void attention_adds_biases_by_distance(void **state)
{
    (void)state;
    Run r = run("%4 = constant (0.0, ...) : f32[4, 1]\n%5 = constant (1.0, 2.0, 4.0, 8.0) : f32[4, 1]\n"
                "%6 = embed %0, %4 {scale=1}\n%7 = embed %0, %5 {scale=1}\n%8 = constant (1.0, 0.0, 2.0) : f32[1, 3]\n"
                "%9 = attention %6, %6, %7, %2, %8 " HEAD " origin=1}\n%10 = scores %6, %6, %2, %8 " HEAD " origin=1}\n"
                "%11 = softmax %10\n%12 = mix %11, %7, %2 {heads=1 kv_heads=1 head_dim=1}\n");
    double e = exp(1), e2 = exp(2);
    for (int id = 9; id <= 12; id += 3)
        ASSERT_VALUES(r, id, (1 + 6 * e2) / (1 + 2 * e2), (e + 2 + 4 * e2) / (e + 1 + e2), (3 * e + 4) / (2 * e + 1), 8);
    arena_free(r.arena);
}

/* Bucket 0 for keys behind the query, 1 for itself and those before it. */
static void disentangled_attention_sees_positions(void **state)
{
    (void)state;
    Run r = run("%4 = constant (0.0, 1.0, 1.0, 1.0) : f32[4, 1]\n%5 = constant (1.0, 2.0, 4.0, 8.0) : f32[4, 1]\n"
                "%6 = embed %0, %4 {scale=1}\n%7 = embed %0, %5 {scale=1}\n%8 = constant (0.0, 1.0, 1.0) : f32[3]\n"
                "%9 = constant (0.0, 1.0) : f32[2, 1]\n%10 = constant (2.0, 0.0) : f32[2, 1]\n"
                "%11 = disentangled %6, %6, %7, %2, %8, %9, %10 {heads=1 head_dim=1 origin=1 scale=1}\n"
                "%12 = disentangled %6, %6, %7, %2, %8, _, %10 {heads=1 head_dim=1 origin=1 scale=1}\n");
    double e = exp(1), e2 = exp(2), e3 = exp(3);
    ASSERT_VALUES(r, 11, (1 + 6 * e2) / (1 + 2 * e2), (e + 2 * e2 + 4 * e3) / (e + e2 + e3), (e + 6 * e2) / (e + 2 * e2), 8);
    ASSERT_VALUES(r, 12, (1 + 6 * e2) / (1 + 2 * e2), (1 + 2 * e + 4 * e3) / (1 + e + e3), (1 + 6 * e) / (1 + 2 * e), 8);
    arena_free(r.arena);
}

static void rows_get_their_neighbours(void **state)
{
    (void)state;
    Run r = run(ROWS "%6 = neighbours %5, %2 {size=3 origin=1}\n");
    ASSERT_VALUES(r, 6, 0, 1, 3, 0, 2, 4, 1, 3, 5, 2, 4, 6, 3, 5, 0, 4, 6, 0, 0, -1, 0, 0, 0, 0);
    arena_free(r.arena);
}

static void constants_are_gathered_and_reshaped(void **state)
{
    (void)state;
    Run r = run(ROWS "%6 = constant (3.0, 0.0, 3.0) : f32[3]\n%7 = gather %4, %6\n%8 = reshape %4 {size=8}\n%9 = transpose %8\n");
    ASSERT_VALUES(r, 7, -1, 0, 1, 2, -1, 0);
    ASSERT_VALUES(r, 9, 1, 2, 3, 4, 5, 6, -1, 0);
    assert_int_equal(r.graph->node[9]->shape.dim[0].size, 8);
    arena_free(r.arena);
}

static void rows_are_routed_to_experts(void **state)
{
    (void)state;
    Run r = run(ROWS "%6 = route %5 {active=1 groups=1 active_groups=1 group_best=1 normalized=1 scale=2}\n"
                     "%7 = constant (1.0, 0.0) : f32[2]\n"
                     "%8 = route %5, %7 {active=1 groups=1 active_groups=1 group_best=1 scale=1 activation=sigmoid}\n"
                     "%9 = constant (1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 2.0, 0.0) : f32[4, 2]\n"
                     "%10 = experts %5, %6, %9 {active=1 shift=1}\n%11 = experts %5, %6, %9 {active=1 shift=1 limit=5}\n"
                     "%12 = constant (3.0, 4.0) : f32[2, 1]\n%13 = constant (0.5, 0.25) : f32[2, 1]\n"
                     "%14 = combine %10, %6, %12, %13 {active=1}\n%15 = experts %5, %6, %9 {active=2}\n");
    ASSERT_VALUES(r, 6, 0, 2, 0, 2, 0, 2, 0, 2);
    ASSERT_VALUES(r, 8, 1 / (1 + exp(-1)), 0, 1 / (1 + exp(-3)), 0, 1 / (1 + exp(-5)), 0, 1 / (1 + exp(1)), 0);
    ASSERT_VALUES(r, 10, 9, 49, 121, 1);
    ASSERT_VALUES(r, 11, 9, 30, 30, 1);
    ASSERT_VALUES(r, 14, 72.5, 392.5, 968.5, 8.5);
    ASSERT_VALUES(r, 15, 6, 0, 42, 0, 110, 0, 2, 0);
    arena_free(r.arena);
}

static void groups_of_experts_are_chosen_first(void **state)
{
    (void)state;
    Run r = run("%4 = constant (4.0, 0.0, 3.0, 2.0, ...) : f32[4, 4]\n%5 = embed %0, %4 {scale=1}\n"
                "%6 = route %5 {active=2 groups=2 active_groups=1 group_best=2 scale=1 activation=sigmoid}\n"
                "%7 = route %5 {active=2 groups=2 active_groups=1 group_best=1 scale=1 activation=sigmoid}\n");
    double s[] = {1 / (1 + exp(-4)), 0.5, 1 / (1 + exp(-3)), 1 / (1 + exp(-2))};
    const double both[] = {0, 0, s[2], s[3]}, best[] = {s[0], s[1], 0, 0};
    assert_values(&r, 6, 4, both);
    assert_values(&r, 7, 4, best);
    arena_free(r.arena);
}

static void sequences_are_scanned_and_joined(void **state)
{
    (void)state;
    Run r = run(ROWS "%6 = slice %5 {size=1}\n%7 = constant (0.0) : f32[1, 1]\n"
                     "%8 = scan %6, %6, %5, %7, %2 {heads=1 head_dim=1 groups=1 least=1 limit=1}\n"
                     "%9 = constant (1.0, 10.0, 0.0, 1.0) : f32[2, 2]\n%10 = constant (0.5, 0.0) : f32[2]\n"
                     "%11 = state %2 {index=0 size=2}\n%12 = convolve %5, %9, %2, %10, %11\n%13 = join %6, %5 {heads=2}\n"
                     "%14 = scan %6, %6, %5, %7, %2 {heads=1 head_dim=1 groups=1}\n");
    ASSERT_VALUES(r, 8, 2, 40, 210, 0);
    ASSERT_VALUES(r, 12, 10.5, 2, 31.5, 4, 53.5, 6, -9.5, 0);
    ASSERT_VALUES(r, 13, 1, 1, 1, 2, 3, 3, 3, 4, 5, 5, 5, 6, -1, -1, -1, 0);
    double h = log(1 + exp(1)), next = h + 9 * log(1 + exp(3));
    ASSERT_VALUES(r, 14, 2 * h, 4 * next, 6 * (next + 25 * log(1 + exp(5))), 0);
    arena_free(r.arena);
}

static void attention_in_steps_is_attention(void **state)
{
    (void)state;
    static const char heads[] = "heads=4 kv_heads=2 head_dim=2";
    Arena *arena = arena_new();
    Run r = run(arena_printf(arena,
        "%%4 = constant (0.5, -1.0, 2.0, 0.25, 1.0, -0.75, 0.125, 3.0, -2.0, 1.5, 0.5, 0.25, -0.5, 1.0, ...) : f32[4, 8]\n"
        "%%5 = embed %%0, %%4 {scale=1}\n%%6 = slice %%5 {first=1 size=4}\n%%7 = slice %%5 {first=4 size=4}\n"
        "%%8 = attention %%5, %%6, %%7, %%2 {%s causal=1 window=2 scale=0.7 softcap=2}\n"
        "%%9 = scores %%5, %%6, %%2 {%s causal=1 window=2 scale=0.7 softcap=2}\n%%10 = softmax %%9\n"
        "%%11 = mix %%10, %%7, %%2 {%s}\n%%12 = constant (0.5, 2.0, -1.0, 0.0) : f32[4]\n%%13 = slice %%5 {size=6}\n"
        "%%14 = attention %%5, %%6, %%13, %%2, _, %%12 {%s v_head_dim=3 causal=1 scale=0.7}\n"
        "%%15 = scores %%5, %%6, %%2 {%s causal=1 scale=0.7}\n%%16 = softmax %%15, %%12\n"
        "%%17 = mix %%16, %%13, %%2 {heads=4 kv_heads=2 head_dim=3}\n", heads, heads, heads, heads, heads));
    assert_values(&r, 11, (size_t)4 * 8, r.value[8]);
    assert_values(&r, 17, (size_t)4 * 12, r.value[14]);
    double first = r.value[16][0]; /* of the only key that row 0 sees, beside the sink */
    assert_true(first > 0 && first < 1 && fabs(first - 1 / (1 + exp(0.5 - r.value[15][0]))) < 1e-12);
    assert_true(isinf(r.value[9][1])); /* row 0 does not see key 1 */
    arena_free(r.arena);
    arena_free(arena);
}

static void constants_are_evaluated_alone(void **state)
{
    (void)state;
    Run r = run("%4 = constant (1.0, 2.0, 3.0, 4.0, 5.0, 6.0) : f32[2, 3]\n%5 = transpose %4\n%6 = concat %4, %4\n"
                "%7 = slice %4 {first=1 size=2}\n%8 = constant (1.0, 10.0, 100.0) : f32[3]\n%9 = mul %4, %8\n"
                "%10 = linear %8, %4\n%11 = concat %9, %6\n%12 = slice %8 {first=2 size=1}\n");
    static const struct {
        int id;
        size_t count;
        float values[18];
    } cases[] = {
        {5, 6, {1, 4, 2, 5, 3, 6}}, {6, 12, {1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6}}, {7, 4, {2, 3, 5, 6}},
        {9, 6, {1, 20, 300, 4, 50, 600}}, {10, 2, {321, 654}}, {12, 1, {100}},
        {11, 18, {1, 20, 300, 4, 50, 600, 1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6}},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        float found[18];
        node_constant_values(r.arena, r.graph->node[cases[i].id], found);
        for (size_t j = 0; j < cases[i].count; j++) {
            assert_true(found[j] == cases[i].values[j]);
            assert_true((float)r.value[cases[i].id][j] == cases[i].values[j]);
        }
    }
    arena_free(r.arena);
}

static void functions_have_known_values(void **state)
{
    (void)state;
    Run r = run("%4 = constant (-2.0, 0.0, 1.0, 3.0) : f32[4]\n%5 = gelu %4\n%6 = silu %4\n%7 = softcap %4 {value=2}\n"
                "%8 = relu %4\n%9 = sub %4, %5\n%10 = gelu_tanh %4\n%11 = scale %4 {value=-0.5}\n%12 = sigmoid %4\n");
    ASSERT_VALUES(r, 5, -2 * 0.5 * erfc(sqrt(2)), 0, 0.5 * (1 + erf(sqrt(0.5))), 1.5 * (1 + erf(3 / sqrt(2))));
    ASSERT_VALUES(r, 6, -2 / (1 + exp(2)), 0, 1 / (1 + exp(-1)), 3 / (1 + exp(-3)));
    ASSERT_VALUES(r, 7, -2 * tanh(1), 0, 2 * tanh(0.5), 2 * tanh(1.5));
    ASSERT_VALUES(r, 8, 0, 0, 1, 3);
    assert_true(r.value[9][3] == 3 - r.value[5][3]);
    assert_true(fabs(r.value[10][2] - 0.8411919906082768) < 1e-12); /* as torch computes it in float64 */
    ASSERT_VALUES(r, 11, 1, 0, -0.5, -1.5);
    ASSERT_VALUES(r, 12, 1 / (1 + exp(2)), 0.5);
    arena_free(r.arena);
    r = run("%4 = constant (-4.0, -0.5, 2.0, 30.0) : f32[4]\n%5 = relu2 %4\n%6 = relu6 %4\n%7 = leaky_relu %4\n%8 = hardswish %4\n"
            "%9 = gelu_10 %4\n%10 = mish %4\n%11 = laplace %4\n");
    ASSERT_VALUES(r, 5, 0, 0, 4, 900);
    ASSERT_VALUES(r, 6, 0, 0, 2, 6);
    ASSERT_VALUES(r, 7, -0.04, -0.005, 2, 30);
    ASSERT_VALUES(r, 8, 0, -0.5 * 2.5 / 6, 2 * 5.0 / 6, 30);
    ASSERT_VALUES(r, 9, -2 * erfc(2 * sqrt(2)), -0.25 * erfc(sqrt(0.125)), 1 + erf(sqrt(2)), 10);
    const double softplus = log1p(exp(2)), sigma = 0.282095 * sqrt(2);
    assert_true(fabs(r.value[10][2] - 2 * tanh(softplus)) < 1e-12 && fabs(r.value[10][0] + 4 * tanh(log1p(exp(-4)))) < 1e-12);
    assert_true(r.value[10][3] == 30);
    assert_true(fabs(r.value[11][2] - 0.5 * (1 + erf((2 - 0.707107) / sigma))) < 1e-9);
    arena_free(r.arena);
}

/* A source of two rows and one of one, whose keys lie in cache 0 and whose values lie in cache 1; every query is (0, 0), so that each row
 * gets the mean of its own source's values. */
static void a_decoder_looks_back_at_its_source(void **state)
{
    (void)state;
    static const char text[] = "%0 = input {key=\"ids\"} : i32[rows] @entry 1\n"
                               "%1 = input {key=\"sequences\"} : sequences[sequences] @entry 1\n"
                               "%2 = constant (1.0, 2.0, 3.0, 4.0, 5.0, 7.0) : f32[3, 2]\n"
                               "%3 = embed %0, %2 {scale=1} @entry 1\n"
                               "%4 = cache %3, %1 {index=0} @entry 1\n"
                               "%5 = cache %3, %1 {index=1} @entry 1\n"
                               "%6 = input {key=\"ids\"} : i32[rows]\n"
                               "%7 = input {key=\"sequences\"} : sequences[sequences]\n"
                               "%8 = constant (0.0, ...) : f32[4, 2]\n"
                               "%9 = embed %6, %8 {scale=1}\n"
                               "%10 = memory %7 {index=0 size=2}\n"
                               "%11 = memory %7 {index=1 size=2}\n"
                               "%12 = attention %9, %10, %11, %7 {heads=1 kv_heads=1 head_dim=2 scale=1}\n"
                               "%13 = scores %9, %10, %7 {heads=1 kv_heads=1 head_dim=2 scale=1}\n"
                               "%14 = softmax %13\n%15 = mix %14, %11, %7 {heads=1 kv_heads=1 head_dim=2}\n"
                               "output \"y\" %12\noutput \"z\" %15\noutput \"source\" %3\n";
    static const int32_t source_ids[] = {0, 1, 2}, source_start[] = {0, 2, 3};
    const hf2c_batch source = {.rows = 3, .sequences = 2, .ids = source_ids, .positions = positions, .start = source_start};
    Run r = {.arena = arena_new()};
    Err err = {{0}};
    r.graph = graph_parse(r.arena, "test", text, &err);
    if (r.graph == NULL)
        fail_msg("%s", err.text);
    r.value = graph_evaluate_source(r.arena, r.graph, &batch, &source);
    ASSERT_VALUES(r, 12, 2, 3, 2, 3, 2, 3, 5, 7);
    ASSERT_VALUES(r, 15, 2, 3, 2, 3, 2, 3, 5, 7);
    r.value = graph_evaluate_source(r.arena, r.graph, NULL, &source);
    ASSERT_VALUES(r, 3, 1, 2, 3, 4, 5, 7);
    assert_null(r.value[12]);
    arena_free(r.arena);
}

static void pictures_are_sequences_of_patches(void **state)
{
    (void)state;
    static const char text[] = "%0 = input {key=\"values\"} : f32[8*images, 1]\n"
                               "%1 = input {key=\"sequences\"} : sequences[sequences]\n"
                               "%2 = patches %0, %1 {size=2 channels=1 first=1 behind=1}\n"
                               "%3 = constant (9.0, 1.0, 2.0, 3.0, 8.0) : f32[5, 1]\n"
                               "%4 = places %3, %1 {size=2 height=1 width=3 first=1 behind=1}\n"
                               "%5 = ends %4, %1 {size=2}\noutput \"x\" %2\noutput \"y\" %5\n";
    /* Two pictures: of 2 x 3 pixels, the last column of which no patch has; and of 2 x 4. */
    static const float values[] = {1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 7, 8};
    static const int32_t sizes[] = {2, 3, 2, 4}, rows[] = {0, 3, 7};
    const hf2c_batch pictures = {.rows = 7, .sequences = 2, .images = 2, .start = rows, .sizes = sizes, .values = values};
    Run r = {.arena = arena_new()};
    Err err = {{0}};
    r.graph = graph_parse(r.arena, "test", text, &err);
    if (r.graph == NULL)
        fail_msg("%s", err.text);
    r.value = graph_evaluate(r.arena, r.graph, &pictures);
    ASSERT_VALUES(r, 2, 0, 0, 0, 0, 1, 2, 4, 5, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 5, 6, 3, 4, 7, 8, 0, 0, 0, 0);
    /* One place in the middle of three; two a quarter away from the outer ones, by torch: weights -0.10546875 and
     * 0.87890625 on the first, 0.26171875 on the second, -0.03515625 on the third. */
    ASSERT_VALUES(r, 4, 9, 2, 8, 9, 1.19140625, 2.80859375, 8);
    ASSERT_VALUES(r, 5, 2, 8, 2.80859375, 8);
    arena_free(r.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_looked_up_taken_and_pooled),
        cmocka_unit_test(linear_does_bias_activation_residual_and_gate),
        cmocka_unit_test(norms_divide_by_the_deviation),
        cmocka_unit_test(rope_turns_the_pairs_of_both_conventions),
        cmocka_unit_test(long_sequences_turn_otherwise),
        cmocka_unit_test(gather_takes_rows_and_elements),
        cmocka_unit_test(angles_are_rounded_to_float),
        cmocka_unit_test(attention_sees_what_it_may),
        cmocka_unit_test(attention_adds_biases_by_distance),
        cmocka_unit_test(disentangled_attention_sees_positions),
        cmocka_unit_test(rows_get_their_neighbours),
        cmocka_unit_test(rows_are_routed_to_experts),
        cmocka_unit_test(groups_of_experts_are_chosen_first),
        cmocka_unit_test(sequences_are_scanned_and_joined),
        cmocka_unit_test(constants_are_gathered_and_reshaped),
        cmocka_unit_test(attention_in_steps_is_attention),
        cmocka_unit_test(constants_are_evaluated_alone),
        cmocka_unit_test(functions_have_known_values),
        cmocka_unit_test(a_decoder_looks_back_at_its_source),
        cmocka_unit_test(pictures_are_sequences_of_patches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
