/* Loops over layers: a layer is a letter, equal letters are equal layers; what becomes a loop, of how many layers at a time. Every
 * plan has passed plan_check, which follows it on paper. */
#include "compiler/plan/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* x + number of the letter * x W'; each layer has its own W. */
static void write_layer(Str *text, int layer, char letter, int *x)
{
    int w = *x + 1;
    str_printf(text, "%%%d = param {key=\"layers.%d.w\"} : f32[4, 4]\n", w, layer);
    str_printf(text, "%%%d = linear %%%d, %%%d : f32[rows, 4]  @layer %d\n", w + 1, *x, w, layer);
    str_printf(text, "%%%d = scale %%%d {value=%d} : f32[rows, 4]  @layer %d\n", w + 2, w + 1, letter - 'a' + 2, layer);
    str_printf(text, "%%%d = add %%%d, %%%d : f32[rows, 4]  @layer %d\n", w + 3, *x, w + 2, layer);
    *x = w + 3;
}

static const Plan *plan_of(Arena *arena, const char *letters, bool hidden_states)
{
    Str text = {0}, outputs = {0};
    Err err = {{0}};
    int x = 2;
    str_printf(&text, "%%0 = input {key=\"ids\"} : i32[rows]\n%%1 = param {key=\"table\"} : f32[5, 4]\n"
                      "%%2 = embed %%0, %%1 {scale=1} : f32[rows, 4]\n");
    for (int i = 0; letters[i]; i++) {
        write_layer(&text, i, letters[i], &x);
        if (hidden_states) str_printf(&outputs, "output \"hidden_states.%d\" %%%d\n", i + 1, x);
    }
    str_printf(&text, "%%%d = relu %%%d : f32[rows, 4]\n%soutput \"y\" %%%d\n", x + 1, x, outputs.data ? outputs.data : "", x + 1);
    Graph *graph = graph_parse(arena, letters, text.data, &err);
    if (!graph) fail_msg("%s", err.text);
    PlanOptions options = {.target = target_find(arena, "c11", &err), .max_sequence = 8, .max_rows = 8, .max_batch = 2, .roll = true};
    const Plan *plan = plan_make(arena, graph, &options, &err);
    if (!plan) fail_msg("%s: %s", letters, err.text);
    str_free(&text);
    str_free(&outputs);
    return plan;
}

/* "3x2@0 1x1@6": iterations, layers in each, the first one; what belongs to no layer is left out. */
static const char *loops_of(Arena *arena, const Plan *plan)
{
    const char *loops = "";
    for (size_t s = 0; s < plan->sections; s++) {
        const Section *section = &plan->section[s];
        if (section->layer < 0) continue;
        loops = arena_printf(arena, "%s%s%dx%d@%d", loops, *loops ? " " : "", section->iterations, section->period, section->layer);
    }
    return loops;
}

static const struct {
    const char *letters, *loops;
} cases[] = {
    {"aaaaaa", "6x1@0"},
    {"aa", "2x1@0"},
    {"a", "1x1@0"},
    {"ababab", "3x2@0"},
    {"abababa", "3x2@0 1x1@6"},
    {"aabaab", "2x3@0"},
    {"aaabaaabaa", "2x4@0 2x1@8"},
    {"aaaaabaaaaabaa", "2x6@0 2x1@12"}, /* Gemma 3's windows */
    {"abcdefghabcdefgh", "2x8@0"},
    {"bcaaaa", "1x1@0 1x1@1 4x1@2"},
    {"abcd", "1x1@0 1x1@1 1x1@2 1x1@3"},
};

static void alternating_layers_are_one_loop(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (int hidden_states = 0; hidden_states < 2; hidden_states++) {
            Arena *arena = arena_new();
            const Plan *plan = plan_of(arena, cases[i].letters, hidden_states);
            assert_string_equal(loops_of(arena, plan), cases[i].loops);
            arena_free(arena);
        }
    }
}

/* Nine different layers repeated: no period is that long. */
static void long_periods_stay_straight(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    const Plan *plan = plan_of(arena, "abcdefghiabcdefghi", false);
    for (size_t s = 0; s < plan->sections; s++) assert_int_equal(plan->section[s].iterations, 1);
    arena_free(arena);
}

/* Each of the two copies in a period of two fills every other output. */
static void strides_span_the_period(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    const Plan *plan = plan_of(arena, "ababab", true);
    int copies = 0;
    for (size_t i = 0; i < plan->steps; i++) {
        const Step *step = &plan->step[i];
        bool in_loop = i >= plan->section[1].first && i < plan->section[1].first + plan->section[1].count;
        if (!in_loop || step->node) continue;
        assert_int_equal(step->pointer[0].index_stride, 2);
        copies++;
    }
    assert_int_equal(plan->section[1].iterations, 3);
    assert_int_equal(copies, 2);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alternating_layers_are_one_loop),
        cmocka_unit_test(long_periods_stay_straight),
        cmocka_unit_test(strides_span_the_period),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
