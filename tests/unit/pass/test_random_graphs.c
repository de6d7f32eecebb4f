/* Passes keep the outputs: random graphs, all passes on, all off, each one off, against the graph as it was, in double.
 * SEED=n repeats one graph; GRAPHS=n draws that many. A graph that differs is made smaller before it is shown. */
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "compiler/pass/pass.h"
#include "random_graph.h"

enum { GRAPHS = 250 };
static const double tolerance = 1e-9;

static uint64_t current_seed;

/* A broken graph ends in bug(): say which seed it was. */
static void on_abort(int number)
{
    fprintf(stderr, "with SEED=%llu\n", (unsigned long long)current_seed);
    signal(number, SIG_DFL);
    raise(number);
}

/* ---- comparing ---- */

static void batch_symbols(const hf2c_batch *batch, int64_t symbols[SYMBOL_COUNT])
{
    memset(symbols, 0, SYMBOL_COUNT * sizeof *symbols);
    symbols[SYMBOL_rows] = symbols[SYMBOL_keys] = batch->rows;
    symbols[SYMBOL_sequences] = batch->sequences;
    symbols[SYMBOL_wanted] = batch->wanted;
    symbols[SYMBOL_images] = batch->images;
}

/* Largest difference in units of the largest value; infinite when one side alone is not a number. */
static double distance(const double *a, const double *b, int64_t count)
{
    double most = 1, largest = 0;
    for (int64_t i = 0; i < count; i++) most = fabs(b[i]) > most ? fabs(b[i]) : most;
    for (int64_t i = 0; i < count; i++) {
        if (isfinite(a[i]) != isfinite(b[i]))
            return INFINITY;
        double difference = isfinite(a[i]) ? fabs(a[i] - b[i]) / most : 0;
        largest = difference > largest ? difference : largest;
    }
    return largest;
}

static double graph_distance(const Graph *graph, const Graph *other, const hf2c_batch *batch)
{
    Arena *scratch = arena_new();
    int64_t symbols[SYMBOL_COUNT];
    batch_symbols(batch, symbols);
    double **value = graph_evaluate(scratch, graph, batch), **wanted = graph_evaluate(scratch, other, batch);
    double largest = graph->outputs == other->outputs ? 0 : INFINITY;
    for (size_t i = 0; i < other->outputs && largest < INFINITY; i++) {
        const Node *a = graph->output[i].node, *b = other->output[i].node;
        double one = INFINITY;
        if (shape_equal(a->shape, b->shape) && strcmp(graph->output[i].name, other->output[i].name) == 0)
            one = distance(value[a->id], wanted[b->id], shape_elements(b->shape, symbols));
        largest = one > largest ? one : largest;
    }
    arena_free(scratch);
    return largest;
}

/* How far the passes, without one of them, move the outputs. */
static double passes_distance(const Graph *graph, const hf2c_batch *batch, const char *without)
{
    Arena *arena = arena_new();
    Graph *changed = graph_copy(arena, graph);
    PassOptions options = {.without = &without, .without_count = without != NULL};
    passes_run(changed, &options);
    double result = graph_distance(changed, graph, batch);
    arena_free(arena);
    return result;
}

/* ---- shrinking ---- */

static void drop_unused(Graph *graph)
{
    for (size_t i = 0; i < pass_count; i++) {
        if (strcmp(passes[i].name, "dce") == 0)
            passes[i].run(graph);
    }
}

/* One way to make the graph smaller, by number: an output less, or a node replaced by an operand of the same type. Returns false
 * when the number does not name one; *graph is NULL when it cannot be done here. */
static bool smaller_graph(Arena *arena, const Graph *from, size_t number, Graph **graph)
{
    *graph = NULL;
    if (number >= from->outputs + from->count * NODE_MAX_OPERANDS)
        return false;
    if (number < from->outputs) {
        if (from->outputs == 1)
            return true;
        *graph = graph_copy(arena, from);
        (*graph)->output[number] = (*graph)->output[--(*graph)->outputs];
    } else {
        size_t at = (number - from->outputs) / NODE_MAX_OPERANDS, j = (number - from->outputs) % NODE_MAX_OPERANDS;
        const Node *node = from->node[at], *x = node->operand[j];
        if (x == NULL || x->format != node->format || !shape_equal(x->shape, node->shape))
            return true;
        *graph = graph_copy(arena, from);
        graph_replace(*graph, (*graph)->node[at], (*graph)->node[at]->operand[j]);
    }
    drop_unused(*graph);
    return true;
}

/* How far a change, of which one part may be left out, moves the outputs. */
typedef double Distance(const Graph *graph, const hf2c_batch *batch, const char *without);

static const Graph *shrink(Arena *arena, const Graph *graph, const hf2c_batch *batch, Distance *distance_of, const char *without)
{
    Graph *next;
    for (size_t number = 0; smaller_graph(arena, graph, number, &next); number++) {
        if (next == NULL || distance_of(next, batch, without) <= tolerance)
            continue;
        graph = next;
        number = (size_t)-1; /* again from the first */
    }
    return graph;
}

static void report(Arena *arena, const Graph *graph, const hf2c_batch *batch, const char *without, double found)
{
    Str text = {0};
    graph_print(&text, shrink(arena, graph, batch, passes_distance, without));
    print_error("SEED=%llu without %s: outputs differ by %g, wanted %g; as small as it gets:\n%s", (unsigned long long)current_seed,
                without != NULL ? without : "nothing", found, tolerance, text.data);
    str_free(&text);
    fail();
}

/* ---- tests ---- */

static void check_seed(uint64_t seed, int rewrites[])
{
    Arena *arena = arena_new();
    Maker maker;
    RandomBatch random;
    current_seed = seed;
    const Graph *graph = random_graph(arena, seed, &maker);
    random_batch(&maker, &random);
    for (size_t i = 0; i < pass_count + 2; i++) {
        const char *without = i == 0 ? NULL : i == 1 ? "all" : passes[i - 2].name;
        double found = passes_distance(graph, &random.batch, without);
        if (!(found <= tolerance))
            report(arena, graph, &random.batch, without, found);
    }
    Graph *counted = graph_copy(arena, graph);
    for (size_t i = 0; i < pass_count; i++) rewrites[i] += passes[i].run(counted);
    arena_free(arena);
}

static void passes_keep_the_outputs(void **state)
{
    (void)state;
    const char *seed = getenv("SEED"), *graphs = getenv("GRAPHS");
    int rewrites[16] = {0};
    assert_true(pass_count <= COUNT_OF(rewrites));
    signal(SIGABRT, on_abort);
    if (seed != NULL) {
        check_seed(strtoull(seed, NULL, 10), rewrites);
        return;
    }
    uint64_t count = graphs != NULL ? strtoull(graphs, NULL, 10) : GRAPHS;
    for (uint64_t i = 1; i <= count; i++) check_seed(i, rewrites);
    for (size_t i = 0; i < pass_count; i++) {
        bool asked = strcmp(passes[i].name, "narrow") != 0; /* that one changes results, where a target wants it */
        if (asked && rewrites[i] < 10)
            fail_msg("%s rewrote %d times in %llu graphs: the graphs do not test it", passes[i].name, rewrites[i],
                     (unsigned long long)count);
    }
}

/* A change that is wrong: what silu makes is negated. */
static double wrong_distance(const Graph *graph, const hf2c_batch *batch, const char *without)
{
    Arena *arena = arena_new();
    Graph *changed = graph_copy(arena, graph);
    (void)without;
    for (size_t i = 0; i < changed->count; i++)
        if (changed->node[i]->op == OP_silu) changed->node[i]->op = OP_neg;
    double result = graph_distance(changed, graph, batch);
    arena_free(arena);
    return result;
}

/* What a wrong change is shown on is a chain of few nodes with one output, and still differs. */
static void what_differs_is_made_small(void **state)
{
    (void)state;
    int found = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        Arena *arena = arena_new();
        Maker maker;
        RandomBatch random;
        const Graph *graph = random_graph(arena, seed, &maker);
        random_batch(&maker, &random);
        if (wrong_distance(graph, &random.batch, NULL) > tolerance) {
            const Graph *small = shrink(arena, graph, &random.batch, wrong_distance, NULL);
            assert_true(wrong_distance(small, &random.batch, NULL) > tolerance);
            assert_int_equal(small->outputs, 1);
            assert_true(small->count <= graph->count);
            found += small->count <= 12;
        }
        arena_free(arena);
    }
    assert_true(found >= 5);
}

static void random_graphs_print_and_parse(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        Arena *arena = arena_new();
        Maker maker;
        Err err = {{0}};
        Str text = {0}, again = {0};
        graph_print(&text, random_graph(arena, seed, &maker));
        const Graph *parsed = graph_parse(arena, "printed", text.data, &err);
        if (parsed == NULL)
            fail_msg("SEED=%llu: %s\n%s", (unsigned long long)seed, err.text, text.data);
        graph_print(&again, parsed);
        assert_string_equal(again.data, text.data);
        str_free(&text);
        str_free(&again);
        arena_free(arena);
    }
}

/* A pass that has run finds nothing more to do. */
static void passes_reach_their_end(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        Arena *arena = arena_new();
        Maker maker;
        Graph *graph = random_graph(arena, seed, &maker);
        for (size_t i = 0; i < pass_count; i++) {
            passes[i].run(graph);
            int more = passes[i].run(graph);
            if (more != 0)
                fail_msg("SEED=%llu: %s rewrites %d times in a second run", (unsigned long long)seed, passes[i].name, more);
        }
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_keep_the_outputs),
        cmocka_unit_test(what_differs_is_made_small),
        cmocka_unit_test(random_graphs_print_and_parse),
        cmocka_unit_test(passes_reach_their_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
