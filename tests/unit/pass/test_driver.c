/* The driver: which passes run, what is dumped, and that a broken graph does not go through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "compiler/pass/pass.h"

static const char model[] = "%0 = input {key=\"ids\"} : i32[rows]\n%1 = param {key=\"t\"} : f32[3, 2]\n"
                            "%2 = embed %0, %1 {scale=1}\n%3 = scale %2 {value=1}\n%4 = gelu %3\n%5 = gelu %3\n"
                            "%6 = add %4, %5\noutput \"y\" %6\n";

static Graph *parse(Arena *arena, const char *text)
{
    Err err = {{0}};
    Graph *graph = graph_parse(arena, "model", text, &err);
    if (graph == NULL)
        fail_msg("%s", err.text);
    return graph;
}

static size_t nodes_without(const char *const *without, size_t count)
{
    Arena *arena = arena_new();
    Graph *graph = parse(arena, model);
    PassOptions options = {.without = without, .without_count = count};
    passes_run(graph, &options);
    size_t nodes = graph->count;
    arena_free(arena);
    return nodes;
}

static void passes_can_be_switched_off(void **state)
{
    (void)state;
    assert_int_equal(nodes_without(NULL, 0), 5);
    assert_int_equal(nodes_without((const char *[]){"all"}, 1), 7);
    assert_int_equal(nodes_without((const char *[]){"fold"}, 1), 6);
    assert_int_equal(nodes_without((const char *[]){"fold", "cse"}, 2), 7);
    assert_true(pass_known("fold") && pass_known("all") && !pass_known("folds"));
    const char *cse = "cse";
    assert_false(pass_enabled(&(PassOptions){.without = &cse, .without_count = 1}, "cse"));
    assert_true(pass_enabled(&(PassOptions){.without = &cse, .without_count = 1}, "fold"));
    assert_true(pass_enabled(NULL, "fold"));
}

static void check_dump(const char *asked, const char *begins, size_t sections)
{
    Arena *arena = arena_new();
    Str out = {0};
    PassOptions options = {.dump = asked, .dump_to = &out};
    passes_run(parse(arena, model), &options);
    size_t found = 0;
    for (const char *at = out.data; at != NULL && (at = strstr(at, "=== ")) != NULL; at++) found++;
    assert_int_equal(found, sections);
    if (sections != 0)
        assert_int_equal(strncmp(out.data, begins, strlen(begins)), 0);
    str_free(&out);
    arena_free(arena);
}

static void graphs_are_dumped_where_asked(void **state)
{
    (void)state;
    check_dump("", "=== before all\n%0 = input", 2);
    check_dump("after:cse", "=== after cse\n", 1);
    check_dump("before:fold", "=== before fold\n", 1);
    check_dump("after:nothing", "", 0);
    check_dump(NULL, "", 0);
}

static void the_reference_page_is_current(void **state)
{
    (void)state;
    const char *path = TESTS_FOLDER "/../compiler/pass/passes.md";
    Arena *arena = arena_new();
    Str page = {0};
    Err err = {{0}};
    FileView view = {0};
    passes_reference(&page);
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
        cmocka_unit_test(passes_can_be_switched_off),
        cmocka_unit_test(graphs_are_dumped_where_asked),
        cmocka_unit_test(the_reference_page_is_current),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
