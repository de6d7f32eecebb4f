/* Target files: keys, values, and that all that hf2c carries can be read. */
#include "compiler/plan/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static bool parses(const char *text, Target *target, const char *reason)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    bool fine = target_parse(arena, "x.target", text, target, &err);
    if (!fine) assert_non_null(strstr(err.text, reason));
    arena_free(arena);
    return fine;
}

static void test_keys(void **state)
{
    Target target;
    (void)state;
    assert_true(parses("# a comment\n\n panel = 4 \r\nthreads = yes\nhosted = no\nram = 4096\n", &target, ""));
    assert_true(target.panel == 4 && target.threads && !target.hosted && !target.device && target.ram == 4096 && target.flash == 0);
    assert_true(parses("device = yes\nhosted = yes", &target, ""));
    assert_true(target.device && target.hosted);
}

static void test_refused(void **state)
{
    Target target;
    (void)state;
    assert_false(parses("panels = 4", &target, "x.target:1: unknown key \"panels\""));
    assert_false(parses("\npanel 4", &target, "x.target:2: wanted key = value"));
    assert_false(parses("panel = four", &target, "panel: found \"four\", wanted a number"));
    assert_false(parses("panel = 0", &target, "wanted 1 to 64"));
    assert_false(parses("panel = 65", &target, "wanted 1 to 64"));
    assert_false(parses("ram = -1", &target, "wanted a number"));
    assert_false(parses("device = maybe", &target, "device: found \"maybe\", wanted yes or no"));
}

static bool tunes(const char *text, Target *target, const char *reason)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    bool fine = target_tune(arena, "x.tune", text, target, &err);
    if (!fine) assert_non_null(strstr(err.text, reason));
    arena_free(arena);
    return fine;
}

static void test_tuning(void **state)
{
    Target target = {.alone = 1, .ahead = 2, .panel = 16};
    (void)state;
    assert_true(tunes("", &target, "") && target.alone == 1 && target.ahead == 2);
    assert_true(tunes("# measured\nalone = 5\nahead=4096", &target, "") && target.alone == 5 && target.ahead == 4096);
    assert_false(tunes("alone = 5\npanel = 4\n", &target, "x.tune:2: found \"panel\", wanted alone or ahead"));
    assert_false(tunes("\n\nahead 4\n", &target, "x.tune:3: wanted key = value"));
    assert_false(tunes("alone = -1", &target, "x.tune:1: alone: found \"-1\", wanted a number"));
    assert_false(tunes("# x\nahead = 1048577", &target, "x.tune:2: ahead: found 1048577, wanted at most 1048576"));
    assert_int_equal(target.panel, 16);
}

/* A device's program needs both compilers; firmware has no threads. */
static void test_all_known(void **state)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    char *names = arena_printf(arena, "%s", target_known(arena));
    int count = 0;
    (void)state;
    for (char *name = strtok(names, ", "); name; name = strtok(NULL, ", "), count++) {
        const Target *target = target_find(arena, name, &err);
        assert_non_null(target);
        assert_true(target->compiler[0] && target->package[0] && target->about[0]);
        assert_int_equal(target->device, target->device_compiler[0] != '\0');
        assert_true(target->hosted || !target->threads);
    }
    assert_true(count > 5);
    assert_null(target_find(arena, "cortex-m7000", &err));
    assert_non_null(strstr(err.text, "unknown target \"cortex-m7000\"; known: native"));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_tuning),
        cmocka_unit_test(test_all_known),
    };
    return cmocka_run_group_tests_name("target", tests, NULL, NULL);
}
