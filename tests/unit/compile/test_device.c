/* What a target decides about memory: a device computes its outputs in the workspace, a processor in the caller's memory. */
#include "compiler/compile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const Compiled *compile_for(Arena *arena, const char *model, const char *target)
{
    Err err = {{0}};
    CompileOptions options = {.target = target, .max_sequence = 32, .hidden_states = true};
    options.model = arena_printf(arena, "%s/../examples/%s", TESTS_FOLDER, model);
    const Compiled *compiled = compile(arena, &options, &err);
    if (!compiled) fail_msg("%s", err.text);
    return compiled;
}

static void check_model(const char *model)
{
    Arena *arena = arena_new();
    const Compiled *here = compile_for(arena, model, "c11"), *there = compile_for(arena, model, "cuda-sm80");
    const Plan *plan = there->plan;
    assert_null(here->plan->output_offset);
    assert_non_null(plan->output_offset);
    assert_true(there->graph->outputs > 1);
    size_t end = 0;
    for (size_t i = 0; i < plan->buffers; i++)
        if (plan->buffer[i].offset + plan->buffer[i].bytes > end) end = plan->buffer[i].offset + plan->buffer[i].bytes;
    for (size_t i = 0; i < there->graph->outputs; i++) {
        size_t bytes = (size_t)shape_elements(there->graph->output[i].node->shape, plan->symbols) * sizeof(float);
        assert_true(plan->output_offset[i] >= end && plan->output_offset[i] % 64 == 0 && bytes > 0);
        end = plan->output_offset[i] + bytes;
    }
    assert_true(end <= there->facts.workspace_bytes);
    arena_free(arena);
}

static void test_outputs_of_a_device(void **state)
{
    (void)state;
    check_model("kjv-genre");
    check_model("kjv-writer");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_outputs_of_a_device)};
    return cmocka_run_group_tests_name("device", tests, NULL, NULL);
}
