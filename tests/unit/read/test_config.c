/* Getters: spellings, ranges, messages. */
#include "tests/unit/scratch.h"

#include <math.h>

#include "compiler/read/config.h"

static Arena *arena;
static Err error;

static int begin(void **state)
{
    (void)state;
    arena = arena_new();
    error.text[0] = '\0';
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static Config config_from(const char *text)
{
    Config config = {json_parse(arena, "config.json", text, strlen(text), &error), "config.json", arena, &error};
    assert_non_null(config.root);
    return config;
}

static void finds_spellings(void **state)
{
    (void)state;
    Config config = config_from("{\"n_embd\": 8, \"d_model\": 9, \"hidden_size\": null, \"rope\": {\"theta\": 7, "
                                "\"deep\": {\"x\": 1}}, \"s\": \"t\"}");
    assert_int_equal(config_int(&config, "hidden_size|n_embd|d_model", 1, 100), 8);
    assert_int_equal(config_int(&config, "rope.theta|rope_theta", 1, 100), 7);
    assert_int_equal(config_int(&config, "rope_theta|rope.theta", 1, 100), 7);
    assert_int_equal(config_int(&config, "rope.deep.x", 1, 100), 1);
    assert_true(config_has(&config, "d_model"));
    assert_false(config_has(&config, "hidden_size"));
    assert_false(config_has(&config, "rope.thet"));
    assert_false(config_has(&config, "s.x"));
    assert_false(config_has(&config, "n_emb"));
    assert_null(config_item(&config, "hidden_size|absent.theta"));
    assert_string_equal(error.text, "");
}

static void integers_have_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        bool good;
        int64_t wanted;
    } cases[] = {{"1", true, 1},       {"100", true, 100},       {"64.0", true, 64},
                 {"1e2", true, 100},   {"0", false, 0},          {"-5", false, 0},
                 {"101", false, 0},    {"2147483648", false, 0}, {"9007199254740993", false, 0},
                 {"1e300", false, 0},  {"-1e300", false, 0},     {"1.5", false, 0},
                 {"\"64\"", false, 0}, {"true", false, 0},       {"[64]", false, 0},
                 {"{}", false, 0}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        error.text[0] = '\0';
        Config config = config_from(arena_printf(arena, "{\"hidden_size\": %s}", cases[i].value));
        int64_t value = config_int(&config, "d_model|hidden_size", 1, 100);
        assert_int_equal(error.text[0] == '\0', cases[i].good);
        assert_int_equal(value, cases[i].good ? cases[i].wanted : 1);
        if (!cases[i].good) assert_contains(error.text, "config.json: hidden_size: found ");
        assert_int_equal(config_int_or(&config, "hidden_size", 1, 100, 33), cases[i].good ? cases[i].wanted : 33);
    }
    assert_contains(error.text, "wanted an integer in 1..100");
}

static void beyond_exact_integers_are_refused(void **state)
{
    (void)state;
    Config config = config_from("{\"exact\": 9007199254740992, \"not\": 9007199254740994}");
    assert_true(config_int(&config, "exact", 0, INT64_MAX) == 9007199254740992);
    assert_string_equal(error.text, "");
    config_int(&config, "not", 0, INT64_MAX);
    assert_contains(error.text, "config.json: not: ");
}

static void number_beyond_double_is_refused_at_once(void **state)
{
    (void)state;
    Err err = {{0}};
    assert_null(json_parse(arena, "config.json", "{\"a\": 1e400}", 12, &err));
    assert_contains(err.text, "beyond the range");
}

static void missing_key_names_all_spellings(void **state)
{
    (void)state;
    Config config = config_from("{}");
    assert_int_equal(config_int(&config, "hidden_size|n_embd", 4, 100), 4);
    assert_string_equal(error.text, "config.json: hidden_size or n_embd: missing, wanted an integer in 4..100");
    config_int(&config, "other", 1, 2);
    assert_contains(error.text, "hidden_size");
    assert_int_equal(config_int_or(&config, "absent", 1, 2, 77), 77);
}

static void other_kinds_are_checked(void **state)
{
    (void)state;
    static const char text[] = "{\"f\": 0.5, \"i\": 2, \"b\": false, \"s\": \"gelu\", \"big\": 5.0, \"n\": null}";
    Config config = config_from(text);
    assert_true(config_float_or(&config, "f", 0, 1, 9) == 0.5);
    assert_true(config_float_or(&config, "i", 0, 4, 9) == 2.0);
    assert_true(config_float_or(&config, "n", 0, 1, 9) == 9.0);
    assert_false(config_bool_or(&config, "b", true));
    assert_true(config_bool_or(&config, "absent", true));
    assert_string_equal(config_text_or(&config, "s", NULL), "gelu");
    assert_null(config_text_or(&config, "n", NULL));
    assert_string_equal(error.text, "");
    assert_true(config_float_or(&config, "big", 0, 1, 0.25) == 0.25);
    assert_string_equal(error.text, "config.json: big: found 5, wanted a number in 0.0..1.0");
    error.text[0] = '\0';
    assert_true(config_bool_or(&config, "i", true));
    assert_contains(error.text, "i: found 2, wanted true or false");
    error.text[0] = '\0';
    assert_string_equal(config_text_or(&config, "b", "x"), "x");
    assert_contains(error.text, "b: found false, wanted a text");
    error.text[0] = '\0';
    assert_true(config_float_or(&config, "s", 0, 1, 9) == 9.0);
    assert_contains(error.text, "s: found \"gelu\"");
}

static void lists_of_integers(void **state)
{
    (void)state;
    Config config = config_from("{\"one\": 5, \"some\": [1, 2, 3], \"bad\": [1, -2], \"text\": [\"1\"], \"none\": []}");
    int64_t values[3];
    assert_int_equal(config_ints(&config, "one", 0, 9, values, 3), 1);
    assert_int_equal(values[0], 5);
    assert_int_equal(config_ints(&config, "absent|some", 0, 9, values, 3), 3);
    assert_int_equal(values[2], 3);
    assert_int_equal(config_ints(&config, "none", 0, 9, values, 3), 0);
    assert_int_equal(config_ints(&config, "absent", 0, 9, values, 3), 0);
    assert_string_equal(error.text, "");
    assert_int_equal(config_ints(&config, "some", 0, 9, values, 2), 0);
    assert_contains(error.text, "at most 2 integers");
    error.text[0] = '\0';
    assert_int_equal(config_ints(&config, "bad", 0, 9, values, 3), 0);
    assert_contains(error.text, "bad: found -2");
    error.text[0] = '\0';
    assert_int_equal(config_ints(&config, "text", 0, 9, values, 3), 0);
    assert_contains(error.text, "text: found \"1\"");
}

static void objects_inside(void **state)
{
    (void)state;
    Config config = config_from("{\"text_config\": {\"x\": 0}, \"wrong\": 3}");
    Config inside = config_object(&config, "absent|text_config");
    config_int(&inside, "x", 1, 5);
    assert_contains(error.text, "config.json: text_config: x: found 0");
    error.text[0] = '\0';
    Config empty = config_object(&config, "vision_config");
    assert_false(config_has(&empty, "x"));
    assert_string_equal(error.text, "");
    Config wrong = config_object(&config, "wrong");
    assert_false(config_has(&wrong, "x"));
    assert_contains(error.text, "wrong: found 3, wanted an object");
}

static void refusal_names_the_known(void **state)
{
    (void)state;
    Config config = config_from("{}");
    config_refuse(&config, "hidden_act", "sinh", "gelu, relu");
    assert_string_equal(error.text, "config.json: hidden_act: found sinh, which is not implemented; known: gelu, relu");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finds_spellings),
        TEST(integers_have_ranges),
        TEST(beyond_exact_integers_are_refused),
        TEST(number_beyond_double_is_refused_at_once),
        TEST(missing_key_names_all_spellings),
        TEST(other_kinds_are_checked),
        TEST(lists_of_integers),
        TEST(objects_inside),
        TEST(refusal_names_the_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
