/* Single values of a JSON text change, everything else stays as it is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "compiler/command/edit.h"

static void expect_edit(const char *text, const char *path, const char *value, const char *wanted)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    const char *found = json_edit(arena, text, path, value, NULL, &err);
    if (wanted) {
        assert_non_null(found);
        assert_string_equal(found, wanted);
    } else {
        assert_null(found);
        assert_true(err.text[0]);
    }
    arena_free(arena);
}

static void replaces_values(void **state)
{
    (void)state;
    expect_edit("{\"a\": 1e-05, \"b\": [1, {\"a\": 2}], \"c\": \"x\"}", "b", "7", "{\"a\": 1e-05, \"b\": 7, \"c\": \"x\"}");
    expect_edit("{\"a\":1,\"c\":\"x\"}", "c", "\"yy\"", "{\"a\":1,\"c\":\"yy\"}");
    expect_edit("{\"a\":{\"b\":{\"c\":null}}}", "a.b.c", "0.5", "{\"a\":{\"b\":{\"c\":0.5}}}");
    expect_edit("{\"b\":{\"a\":1},\"a\":2}", "a", "3", "{\"b\":{\"a\":1},\"a\":3}");
}

static void adds_keys(void **state)
{
    (void)state;
    expect_edit("{}", "a", "1", "{\n  \"a\": 1\n}");
    expect_edit("{\"a\": {\"x\": 1}\n}", "b", "2", "{\"a\": {\"x\": 1},\n  \"b\": 2\n}");
    expect_edit("{\"a\": {\"x\": 1}}", "a.y.z", "2", "{\"a\": {\"x\": 1,\n    \"y\": {\"z\": 2}}}");
    expect_edit("{\"a\": [1]}", "q\"t", "[]", "{\"a\": [1],\n  \"q\\\"t\": []}");
}

static void refuses_what_is_no_object(void **state)
{
    (void)state;
    expect_edit("[1]", "a", "1", NULL);
    expect_edit("{\"a\": 1}", "a.b", "1", NULL);
    expect_edit("{\"a\": 1}", "", "1", NULL);
    expect_edit("{\"a\": 1", "b", "1", NULL);
    expect_edit("{\"a\": tru}", "a", "1", NULL);
}

static void reads_words(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    assert_string_equal(json_of_word(arena, "12"), "12");
    assert_string_equal(json_of_word(arena, "[1, true]"), "[1, true]");
    assert_string_equal(json_of_word(arena, "gelu"), "\"gelu\"");
    assert_string_equal(json_of_word(arena, "1 2"), "\"1 2\"");
    assert_string_equal(json_of_word(arena, ""), "\"\"");
    assert_string_equal(json_of_word(arena, "\"s\""), "\"s\"");
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaces_values),
        cmocka_unit_test(adds_keys),
        cmocka_unit_test(refuses_what_is_no_object),
        cmocka_unit_test(reads_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
