/* Numbers as text: shortest, reading back to the same value, whatever the locale. */
#include "tests/unit/scratch.h"

#include <float.h>
#include <locale.h>
#include <math.h>

static void check_texts(void)
{
    Arena *arena = arena_new();
    static const struct {
        double value;
        const char *text;
    } doubles[] = {{0.0, "0.0"},
                   {-0.0, "-0.0"},
                   {1.0, "1.0"},
                   {-3.0, "-3.0"},
                   {0.1, "0.1"},
                   {1e-5, "1e-05"},
                   {1e16, "1e+16"},
                   {0.1 + 0.2, "0.30000000000000004"},
                   {DBL_MAX, "1.7976931348623157e+308"},
                   {5e-324, "5e-324"},
                   {100.0, "100.0"},
                   {-1234500.0, "-1234500.0"},
                   {1e15, "1000000000000000.0"},
                   {123456789012345680.0, "1.2345678901234568e+17"},
                   {123456.0, "123456.0"},
                   {(double)INFINITY, "INFINITY"},
                   {-(double)INFINITY, "-INFINITY"},
                   {(double)NAN, "NAN"}};
    static const struct {
        float value;
        const char *text;
    } floats[] = {{0.1f, "0.1"},
                  {1.0f, "1.0"},
                  {FLT_MAX, "3.4028235e+38"},
                  {1e-45f, "1e-45"},
                  {16777216.0f, "16777216.0"},
                  {10000.0f, "10000.0"},
                  {33554432.0f, "33554432.0"},
                  {1e16f, "1e+16"},
                  {0.33333334f, "0.33333334"},
                  {-0.0f, "-0.0"},
                  {INFINITY, "INFINITY"},
                  {-INFINITY, "-INFINITY"},
                  {NAN, "NAN"}};
    for (size_t i = 0; i < COUNT_OF(doubles); i++)
        assert_string_equal(text_of_double(arena, doubles[i].value), doubles[i].text);
    for (size_t i = 0; i < COUNT_OF(floats); i++)
        assert_string_equal(text_of_float(arena, floats[i].value), floats[i].text);
    arena_free(arena);
}

static void texts_are_shortest(void **state)
{
    (void)state;
    check_texts();
}

/* A locale whose decimal point is a comma; the test is skipped where none is installed. */
static void texts_do_not_depend_on_the_locale(void **state)
{
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "nl_NL.UTF-8"};
    const char *found = NULL;
    for (size_t i = 0; found == NULL && i < COUNT_OF(names); i++) found = setlocale(LC_ALL, names[i]);
    if (found == NULL) skip();
    check_texts();
    setlocale(LC_ALL, "C");
}

static void random_floats_read_back(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    uint32_t bits = 12345;
    for (int i = 0; i < 20000; i++) {
        bits = bits * 1664525u + 1013904223u;
        float value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) continue;
        const char *text = text_of_float(arena, value);
        assert_true(strtof(text, NULL) == value);
        assert_non_null(strpbrk(text, ".e"));
        assert_true(strlen(text) <= 19);
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_shortest),
        cmocka_unit_test(texts_do_not_depend_on_the_locale),
        cmocka_unit_test(random_floats_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
