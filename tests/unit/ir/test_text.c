/* The text form: printing what was parsed gives the same text, and what is wrong is refused with a line number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "compiler/ir/ir.h"

static const char model[] =
    "%0 = input {key=\"ids\"} : i32[rows]\n"
    "%1 = input {key=\"positions\"} : i32[rows]\n"
    "%2 = input {key=\"sequences\"} : sequences[sequences]\n"
    "%3 = input {key=\"want\"} : i32[wanted]\n"
    "%4 = param {key=\"embed \\\"x\\\" \\\\ \\xc3\\xa9\"} : bf16[7, 8]\n"
    "%5 = embed %0, %4 {scale=2.5} : f32[rows, 8]\n"
    "%6 = constant (1.0, 0.5, 1e-05, -3.25) : f32[4]\n"
    "%7 = constant (0.0, ...) : f32[8]\n"
    "%8 = rope_table %1, %6 {magnitude=1.0} : f32[rows, 8]  @layer 0 \"layers.0\"\n"
    "%9 = layer_norm %5, _, %7 {epsilon=1e-05} : f32[rows, 8]  @layer 0\n"
    "%10 = param {key=\"w\"} : f32[6, 8]\n"
    "%11 = linear %9, %10 {gate=silu} : f32[rows, 3]  \"mlp\"\n"
    "%12 = rope %9, %8 {heads=1 head_dim=8 rotary_dim=8 interleaved=1} : f32[rows, 8]\n"
    "%13 = cache %12, %2 {heads=2 index=1} : f32[keys, 8]\n"
    "%14 = scores %12, %13, %2 {heads=2 kv_heads=2 head_dim=4 causal=1 window=3 scale=0.5 softcap=30.0} : "
    "f32[rows, 2, keys]\n"
    "%15 = softmax %14 : f32[rows, 2, keys]\n"
    "%16 = mix %15, %13, %2 {heads=2 kv_heads=2 head_dim=4} : f32[rows, 8]\n"
    "%17 = pool %16, %2 {mode=first} : f32[sequences, 8]\n"
    "%18 = take %11, %3 : f32[wanted, 3]\n"
    "%20 = slice %16 {first=2 size=3} : f32[rows, 3]\n"
    "%21 = scale %20 {value=0.125} : f32[rows, 3]\n"
    "output \"logits\" %18\n"
    "output \"pooled\" %17\n"
    "output \"last_hidden_state\" %21\n";

static Graph *parse(Arena *arena, const char *text)
{
    Err err = {{0}};
    Graph *graph = graph_parse(arena, "test.ir", text, &err);
    if (graph == NULL)
        fail_msg("%s", err.text);
    return graph;
}

static void printing_what_was_parsed_is_the_identity(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Graph *graph = parse(arena, model);
    Str text = {0}, copied = {0};
    graph_print(&text, graph);
    assert_string_equal(text.data, model);
    graph_print(&copied, graph_copy(arena, graph));
    assert_string_equal(copied.data, model);
    assert_int_equal(graph->next_id, 22);
    str_free(&text);
    str_free(&copied);
    arena_free(arena);
}

static void comments_and_inferred_types_are_accepted(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Graph *graph = parse(arena, "# a graph\n\n%0 = input {key=\"ids\"} : i32[rows] # ids\r\n"
                                "%1 = param {key=\"t\"} : f32[3, 4]\n  %2 = embed %0 , %1 {scale=1}\noutput \"y\" %2");
    Str text = {0};
    graph_print(&text, graph);
    assert_non_null(strstr(text.data, "%2 = embed %0, %1 {scale=1.0} : f32[rows, 4]\n"));
    str_free(&text);
    arena_free(arena);
}

static void wrong_text_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"%0 = nothing", "test.ir:1: there is no op nothing"},
        {"\n%0 = relu %7", "test.ir:2: %7 is not defined above"},
        {"%0 = relu", "test.ir:1: relu has 0 operands, wanted 1 to 1"},
        {"%0 = param {key=\"w\"} : f32[0]", "wanted an integer 1 .. 2147483647"},
        {"%0 = param {key=\"w\"} : f33[1]", "there is no format f33"},
        {"%0 = param {key=\"w\"} : f32[rows]", "wanted numbers and a constant shape"},
        {"%0 = param {key=\"w\"} : f32[1,1,1,1,1]", "more than 4 dimensions"},
        {"%0 = param {key=\"w\"} : f32[2147483647, 2147483647]", "too many elements"},
        {"%0 = param {key=\"w\" key=\"v\"} : f32[1]", "attribute key is there twice"},
        {"%0 = param {key=\"w\" heads=1} : f32[1]", "param has no attribute heads"},
        {"%0 = param {key=\"w", "a string ends too early"},
        {"%0 = param {key=\"\\x00\"} : f32[1]", "unknown escape"},
        {"%0 = param : f32[1]", "param without a key"},
        {"%0 = param {key=\"w\"}", "param without a type"},
        {"%0 = param {key=\"w\"} : f32[1] x", "found x, wanted the end of the line"},
        {"%0 = param {key=\"w\"} : f32[1]\n%0 = param {key=\"v\"} : f32[1]", "test.ir:2: %0 is defined twice"},
        {"%0 = param {key=\"w\"} : f32[1]\n%1 = param {key=\"w\"} : f32[1]", "a second param \"w\""},
        {"%0 = param {key=\"w\"} : f32[2]\n%1 = relu %0 : f32[3]", "is f32[2], not f32[3]"},
        {"%0 = param {key=\"w\"} : f32[2]\noutput \"y\" %0", "wanted f32[rows, columns]"},
        {"%0 = constant (1.0, 2.0) : f32[3]", "2 values for [3]"},
        {"%0 = constant (1.0, ...) : f32[2000000]", "1 values for [2000000]"},
        {"%0 = constant (01) : f32[1]", "wanted )"},
        {"%0 = constant (1e39) : f32[1]", "beyond f32"},
        {"%0 = constant () : f32[1]", "wanted a number"},
        {"%99999999999999999999 = relu", "is too large"},
        {"%300000 = relu", "wanted an integer 0 .. 262143"},
        {"%0 = input {key=\"words\"} : i32[rows]", "there is no input \"words\""},
        {"%0 = input {key=\"ids\"} : i32[2*rows]", "wanted i32[rows]"},
        {"%0 = input {key=\"ids\"} : i32[rows] @entry 2", "wanted @layer N or @entry 1"},
        {"%0 = param {key=\"w\"} : f32[1] @entry 1", "a constant belongs to no entry"},
        {"%0 = input {key=\"ids\"} : i32[rows] @entry 1\n%1 = param {key=\"w\"} : f32[3, 4]\n%2 = embed %0, %1 {scale=1}",
         "operand %0 belongs to entry 1, this node to 0"},
        {"%0 = input {key=\"sequences\"} : sequences[sequences]\n%1 = memory %0 {index=3 size=4}", "the encoder fills no cache 3"},
        {"output", "wanted \""},
        {"input \"x\" %0", "found input, wanted a node, activations or output"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Arena *arena = arena_new();
        Err err = {{0}};
        assert_null(graph_parse(arena, "test.ir", cases[i].text, &err));
        if (strstr(err.text, cases[i].message) == NULL)
            fail_msg("%s\n  gave    %s\n  wanted  %s", cases[i].text, err.text, cases[i].message);
        arena_free(arena);
    }
}

static void names_are_found_both_ways(void **state)
{
    (void)state;
    for (int op = OP_none + 1; op < OP_COUNT; op++) assert_int_equal(op_find(op_info((Op)op)->name), op);
    for (int f = FUNCTION_none + 1; f < FUNCTION_COUNT; f++) {
        assert_int_equal(op_function(op_of_function(f)), f);
        assert_int_equal(function_find(function_name(f)), f);
    }
    assert_int_equal(op_find("linea"), OP_none);
    assert_int_equal(function_find("linear"), -1);
    assert_true(op_is_unary(OP_gelu) && !op_is_unary(OP_add) && op_is_binary(OP_add) && !op_is_binary(OP_linear));
    for (int f = 0; f < FORMAT_COUNT; f++) {
        Format format = FORMAT_COUNT;
        assert_true(format_parse(format_name((Format)f), &format));
        assert_int_equal(format, f);
    }
    assert_int_equal(format_row_bytes(FORMAT_bf16, 3), 6);
    assert_int_equal(format_row_bytes(FORMAT_a8, 65), 192); /* 128 numbers, 4 sums, the scale */
}

static void the_picture_names_every_node(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Str text = {0};
    graph_dot(&text, parse(arena, model), "a \"model\"");
    assert_non_null(strstr(text.data, "label=\"a \\\"model\\\"\""));
    assert_non_null(strstr(text.data, "n16 -> n17"));
    assert_non_null(strstr(text.data, "subgraph cluster_n0"));
    size_t open = 0, close = 0;
    for (const char *c = text.data; *c != '\0'; c++) open += *c == '{', close += *c == '}';
    assert_int_equal(open, close);
    str_free(&text);
    arena_free(arena);
}

static void two_pictures_share_no_names(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Str text = {0};
    Graph *graph = parse(arena, model);
    graph_dot_pair(&text, graph, "left", graph, "right");
    assert_non_null(strstr(text.data, "a16 -> a17"));
    assert_non_null(strstr(text.data, "b16 -> b17"));
    assert_non_null(strstr(text.data, "subgraph cluster_a0"));
    assert_non_null(strstr(text.data, "subgraph cluster_b0"));
    str_free(&text);
    arena_free(arena);
}

/* The page that people read is made from the tables. UPDATE=1 writes it. */
static void the_reference_page_is_current(void **state)
{
    (void)state;
    const char *path = TESTS_FOLDER "/../compiler/ir/ops.md";
    Arena *arena = arena_new();
    Str page = {0};
    Err err = {{0}};
    FileView view = {0};
    ops_reference(&page);
    if (getenv("UPDATE") != NULL) {
        FileWriter *writer = writer_open(path, &err);
        assert_non_null(writer);
        assert_true(writer_write(writer, page.data, page.length) && writer_commit(writer, false, &err));
    }
    if (!file_read(arena, path, 1 << 20, &view, &err))
        fail_msg("%s", err.text);
    assert_string_equal((const char *)view.data, page.data);
    str_free(&page);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(printing_what_was_parsed_is_the_identity),
        cmocka_unit_test(comments_and_inferred_types_are_accepted),
        cmocka_unit_test(wrong_text_is_refused_with_its_line),
        cmocka_unit_test(names_are_found_both_ways),
        cmocka_unit_test(the_picture_names_every_node),
        cmocka_unit_test(two_pictures_share_no_names),
        cmocka_unit_test(the_reference_page_is_current),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
