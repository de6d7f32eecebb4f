/* Two memories: what lies in the faster one fits there, more of it holds more of what is touched, and the bits are the same. */
#include "tests/unit/scratch.h"

#include "compiler/engine/engine.h"

enum { ROWS = 23, MOST_NUMBERS = ROWS * 512 };

static const Compiled *compile_with(Arena *arena, const char *model, int64_t strip_rows, int64_t fast_ram, Err *err)
{
    const char *folder = arena_printf(arena, "%s/oracle/%s", TESTS_FOLDER, model);
    CompileOptions options = {.model = folder, .target = "cortex-m7", .strip_rows = strip_rows, .fast_ram = fast_ram, .max_sequence = 32, .max_batch = 2};
    return compile(arena, &options, err);
}

/* The first output of 23 tokens. */
static void run(Arena *arena, const Compiled *c, float *numbers)
{
    static const int32_t start[] = {0, ROWS};
    int32_t ids[ROWS], positions[ROWS];
    Err err = {{0}};
    Engine *engine = engine_interpreter(arena, c, &err);
    hf2c_context context;
    if (!engine || !engine_context(arena, &engine->model, engine, engine->weights, 1, 1, &context, &err)) fail_msg("%s", err.text);
    for (int i = 0; i < ROWS; i++) {
        positions[i] = i;
        ids[i] = 5 + i * 7 % 50;
    }
    hf2c_batch batch = {.rows = ROWS, .sequences = 1, .ids = ids, .positions = positions, .start = start, .want = positions, .wanted = ROWS};
    float *outputs[64] = {numbers};
    assert_int_equal(context.model->forward(&context, &batch, outputs), HF2C_OK);
}

static void check_model(const char *model, int64_t strip_rows)
{
    static float one[MOST_NUMBERS], two[MOST_NUMBERS];
    Arena *arena = arena_new();
    Err err = {{0}};
    const Compiled *whole = compile_with(arena, model, strip_rows, 0, &err);
    if (!whole) fail_msg("%s", err.text);
    assert_int_equal(whole->plan->fast_bytes, 0);
    run(arena, whole, one);
    int share = 0;
    for (int64_t fast = 8 << 10; fast <= 256 << 10; fast *= 2) {
        const Compiled *c = compile_with(arena, model, strip_rows, fast, &err);
        if (!c) fail_msg("%s", err.text);
        assert_true(c->plan->fast_bytes > 0 && c->plan->fast_bytes <= (size_t)fast && c->plan->fast_bytes % 64 == 0);
        assert_int_equal(c->facts.fast_bytes + c->facts.workspace_bytes, c->plan->arena_bytes);
        assert_true(c->plan->arena_bytes <= whole->plan->arena_bytes + c->plan->fast_bytes);
        assert_true(c->plan->fast_share >= share);
        share = c->plan->fast_share;
        run(arena, c, two);
        assert_memory_equal(one, two, sizeof one);
    }
    assert_int_equal(share, 100); /* 256 KB hold all of it */
    arena_free(arena);
}

static void test_same_bits_in_two_memories(void **state)
{
    (void)state;
    check_model("bert-ner", 0);
    check_model("bert-sentiment", 4);
    check_model("roberta-sentiment", 0);
}

static void test_refused(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Err err = {{0}}, other = {{0}};
    assert_null(compile_with(arena, "bert-ner", 0, 16, &err));
    assert_non_null(strstr(err.text, "--fast-ram: found 16 bytes, wanted at least "));
    CompileOptions hosted = {.model = arena_printf(arena, "%s/oracle/bert-ner", TESTS_FOLDER), .target = "c11", .fast_ram = 65536};
    assert_null(compile(arena, &hosted, &other));
    assert_non_null(strstr(other.text, "--fast-ram is for firmware, not for target c11"));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_bits_in_two_memories), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
