/* What passes the strict scanner must come out of cJSON unchanged; what would not is refused. */
#include "tests/unit/scratch.h"

#include "compiler/read/json.h"

static Arena *arena;

static int begin(void **state)
{
    arena = arena_new();
    return scratch_begin(state);
}

static int end(void **state)
{
    arena_free(arena);
    return scratch_end(state);
}

static void reads_values(void **state)
{
    (void)state;
    Err err = {{0}};
    static const char text[] = "{\"a\": [1, 2.5, -3e2], \"\xc3\xa9\": \"\\u00e9\\ud83d\\ude00\", \"t\": true, \"n\": "
                               "null, \"limit\": [0.0, Infinity, -Infinity]}";
    const cJSON *root = json_parse(arena, "config.json", text, sizeof text - 1, &err);
    assert_non_null(root);
    assert_float_equal(cJSON_GetArrayItem(cJSON_GetObjectItem(root, "a"), 2)->valuedouble, -300.0, 0.0);
    assert_string_equal(cJSON_GetObjectItem(root, "\xc3\xa9")->valuestring, "\xc3\xa9\xf0\x9f\x98\x80");
    const cJSON *limit = cJSON_GetObjectItem(root, "limit");
    assert_true(cJSON_GetArrayItem(limit, 1)->valuedouble == 1e308);
    assert_true(cJSON_GetArrayItem(limit, 2)->valuedouble == -1e308);
}

static void refuses_with_a_position(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
    } cases[] = {{"", "line 1, column 1: the text ends too early"},
                 {"{\n \"a\": 01}", "line 2, column 7: not a valid number"},
                 {"{\"a\": 1e400}", "column 7: a number beyond"},
                 {"[-1e309]", "beyond"},
                 {"\"\\u0000\"", "NUL"},
                 {"{\"a\\u0000b\": 1}", "NUL"},
                 {"\"\\ud800\"", "surrogate"},
                 {"\"\\udc00\\ud800\"", "surrogate"},
                 {"\"\\ud800\\u0041\"", "surrogate"},
                 {"\"\\ud800\\\\udc00\"", "surrogate"},
                 {"{\"a\": 1, \"a\": 2}", "\"a\" appears twice"},
                 {"{\"a\": 1, \"\\u0061\": 2}", "\"a\" appears twice"},
                 {"{\"x\": [{\"b\": 1, \"c\": 0, \"b\": 1}]}", "\"b\" appears twice"},
                 {"\xef\xbb\xbf{}", "byte-order mark"},
                 {"\"\xff\"", "UTF-8"},
                 {"[NaN]", "not a value"},
                 {"xInfinity", "not a value"},
                 {"[1Infinity]", "','"},
                 {"[Infinity1]", "','"},
                 {"[1e-Infinity]", "',' or ']'"},
                 {"[1234567890123456789012345678901234567890123456789012345678901234]", "63 characters"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Err err = {{0}};
        if (json_parse(arena, "config.json", cases[i].text, strlen(cases[i].text), &err) != NULL)
            fail_msg("accepted: %s", cases[i].text);
        assert_contains(err.text, "config.json: ");
        assert_contains(err.text, cases[i].error);
    }
}

static void infinity_in_a_string_stays(void **state)
{
    (void)state;
    Err err = {{0}};
    static const char text[] = "[\"Infinity\", \"\\\" Infinity\", Infinity]";
    const cJSON *root = json_parse(arena, "file", text, sizeof text - 1, &err);
    assert_non_null(root);
    assert_string_equal(cJSON_GetArrayItem(root, 0)->valuestring, "Infinity");
    assert_string_equal(cJSON_GetArrayItem(root, 1)->valuestring, "\" Infinity");
}

static void depth_does_not_cost_stack(void **state)
{
    (void)state;
    enum { DEEP = 100000 };
    Err err = {{0}};
    char *text = arena_alloc(arena, DEEP);
    memset(text, '[', DEEP);
    assert_null(json_parse(arena, "file", text, DEEP, &err));
    assert_contains(err.text, "nested too deeply");
}

static void many_keys_are_checked_in_linear_time(void **state)
{
    (void)state;
    Str s = {0};
    Err err = {{0}};
    for (int i = 0; i < 50000; i++) str_printf(&s, "%s\"key%d\":%d", i == 0 ? "{" : ",", i, i);
    str_add(&s, "}", 1);
    assert_non_null(json_parse(arena, "file", s.data, s.length, &err));
    s.length--;
    str_printf(&s, ",\"key1\":0}");
    assert_null(json_parse(arena, "file", s.data, s.length, &err));
    assert_contains(err.text, "\"key1\" appears twice");
    str_free(&s);
}

static void files_are_limited(void **state)
{
    (void)state;
    Err err = {{0}};
    const char *path = scratch_text(arena, "a.json", "[1, 2]");
    assert_non_null(json_read(arena, path, 6, &err));
    assert_null(json_read(arena, path, 5, &err));
    assert_contains(err.text, "a.json");
    Err absent = {{0}};
    assert_null(json_read(arena, scratch_path(arena, "b.json"), 5, &absent));
    assert_contains(absent.text, "b.json: cannot open");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_values),
        cmocka_unit_test(refuses_with_a_position),
        cmocka_unit_test(infinity_in_a_string_stays),
        cmocka_unit_test(depth_does_not_cost_stack),
        cmocka_unit_test(many_keys_are_checked_in_linear_time),
        cmocka_unit_test(files_are_limited),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
