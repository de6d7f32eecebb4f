/* Strips of rows change the workspace, not the bits. */
#include "tests/unit/scratch.h"

#include "compiler/engine/engine.h"

enum { ROWS = 23, MOST_NUMBERS = ROWS * 512 };

typedef struct Result {
    size_t workspace, strips;
    size_t numbers;
    float number[MOST_NUMBERS];
} Result;

static const Compiled *compile_with(Arena *arena, const char *folder, int64_t strip_rows, int64_t ram)
{
    Err err = {{0}};
    CompileOptions options = {.model = folder, .target = "cortex-m7", .strip_rows = strip_rows, .max_sequence = 32, .max_batch = 2, .ram = ram};
    const Compiled *c = compile(arena, &options, &err);
    if (!c) fail_msg("%s", err.text);
    return c;
}

/* The first output, of two sequences of 14 and 9 tokens. */
static void run(const char *folder, int64_t strip_rows, Result *result)
{
    static const int32_t start[] = {0, 14, ROWS};
    int32_t ids[ROWS], positions[ROWS], want[ROWS];
    Arena *arena = arena_new();
    Err err = {{0}};
    const Compiled *c = compile_with(arena, folder, strip_rows, 0);
    Engine *engine = engine_interpreter(arena, c, &err);
    hf2c_context context;
    if (!engine || !engine_context(arena, &engine->model, engine, engine->weights, 1, 1, &context, &err)) fail_msg("%s", err.text);
    for (int i = 0; i < ROWS; i++) {
        positions[i] = i < start[1] ? i : i - start[1];
        want[i] = i;
        ids[i] = 5 + i * 7 % 50;
    }
    hf2c_batch batch = {.rows = ROWS, .sequences = 2, .ids = ids, .positions = positions, .start = start, .want = want, .wanted = ROWS};
    float *outputs[64] = {result->number};
    assert_int_equal(context.model->forward(&context, &batch, outputs), HF2C_OK);
    const hf2c_output *output = &c->facts.outputs[0];
    result->numbers = (size_t)output->columns * (output->rows == HF2C_ROWS_SEQUENCES ? 2 : ROWS);
    assert_true(result->numbers <= MOST_NUMBERS);
    result->workspace = c->plan->arena_bytes;
    result->strips = c->plan->strips;
    arena_free(arena);
}

static void test_same_bits_in_less_room(void **state)
{
    static const char *const models[] = {"bert-ner", "bert-sentiment", "roberta-sentiment", "electra-base", "distilbert-base"};
    static const int64_t heights[] = {1, 3, 8, 31};
    static Result whole, strips;
    (void)state;
    for (size_t m = 0; m < COUNT_OF(models); m++) {
        char folder[512];
        snprintf(folder, sizeof folder, "%s/oracle/%s", TESTS_FOLDER, models[m]);
        run(folder, 0, &whole);
        assert_int_equal(whole.strips, 0);
        size_t before = SIZE_MAX;
        for (size_t h = COUNT_OF(heights); h-- > 0;) {
            run(folder, heights[h], &strips);
            assert_true(strips.strips > 0);
            assert_int_equal(strips.numbers, whole.numbers);
            assert_memory_equal(strips.number, whole.number, whole.numbers * sizeof(float));
            assert_true(strips.workspace <= before);
            before = strips.workspace;
        }
        assert_true(before < whole.workspace);
    }
}

/* With a limit of RAM strips are as high as it has room for, and none where all rows fit. */
static void test_room_chooses_the_height(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    char folder[512];
    snprintf(folder, sizeof folder, "%s/oracle/bert-ner", TESTS_FOLDER);
    const Compiled *whole = compile_with(arena, folder, 0, 1 << 20);
    assert_int_equal(whole->plan->options.strip_rows, 0);
    const Compiled *some = compile_with(arena, folder, 0, (int64_t)whole->plan->arena_bytes);
    assert_true(some->plan->options.strip_rows >= 1);
    assert_true(some->plan->arena_bytes < whole->plan->arena_bytes);
    Err err = {{0}};
    CompileOptions hosted = {.model = folder, .target = "c11", .strip_rows = 4};
    assert_null(compile(arena, &hosted, &err));
    assert_non_null(strstr(err.text, "--strip-rows is for firmware"));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_bits_in_less_room), cmocka_unit_test(test_room_chooses_the_height)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
