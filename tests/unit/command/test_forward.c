/* forward_padded, with a model that gives back what it was fed. */
#include "tests/unit/scratch.h"

#include "compiler/command/forward.h"

enum { WIDTH = 5, SEQUENCES = 3, SLOTS = 4, LONGEST = 8 };

static const hf2c_output outputs[] = {{"fed", HF2C_ROWS_WANTED, 3}, {"last", HF2C_ROWS_SEQUENCES, 1}};
static const int32_t ids[SEQUENCES * WIDTH] = {11, 12, 13, 14, 15, 21, 22, 9, 9, 9, 9, 31, 9, 32, 33};
static const uint8_t mask[SEQUENCES * WIDTH] = {1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 1, 1};
static const int32_t last_ids[SEQUENCES] = {15, 22, 33};
static int calls, most_rows, most_sequences;

/* Row: id, position, how many tokens of its sequence were there before (by the caches, which are kept here). */
static int32_t held[SLOTS][LONGEST];

static hf2c_status echo(hf2c_context *context, const hf2c_batch *batch, float *const *out)
{
    calls++;
    if (batch->rows > most_rows) most_rows = batch->rows;
    if (batch->sequences > most_sequences) most_sequences = batch->sequences;
    for (int s = 0; s < batch->sequences; s++) {
        int past = batch->past ? batch->past[s] : 0, slot = batch->slot ? batch->slot[s] : s;
        for (int r = batch->start[s]; r < batch->start[s + 1]; r++, past++) {
            if (context->state) held[slot][past] = batch->ids[r];
            if (context->state && past > 0) assert_int_equal(held[slot][past - 1] / 10, batch->ids[r] / 10);
            assert_int_equal(batch->want[r], r);
            if (!out[0]) continue;
            out[0][3 * r] = (float)batch->ids[r];
            out[0][3 * r + 1] = (float)batch->positions[r];
            out[0][3 * r + 2] = (float)past;
        }
        if (out[1]) out[1][s] = (float)batch->ids[batch->start[s + 1] - 1];
    }
    return HF2C_OK;
}

static hf2c_model model_of(int max_rows, int max_batch)
{
    hf2c_model model = {.abi = HF2C_ABI, .name = "echo", .outputs = outputs, .output_count = 2, .vocabulary = 100, .forward = echo};
    model.max_sequence = LONGEST;
    model.max_rows = max_rows;
    model.max_batch = max_batch;
    return model;
}

static float **run(Arena *arena, const hf2c_model *model, bool cached, Feeding feeding, bool columns, int only)
{
    static uint8_t state[SLOTS];
    Err err = {{0}};
    hf2c_context context = {.model = model, .state = cached ? state : NULL, .slots = cached ? SLOTS : 0, .threads = 1};
    const Padded inputs = {.sequences = SEQUENCES, .width = WIDTH, .ids = ids, .mask = mask};
    calls = most_rows = most_sequences = 0;
    float **value = forward_padded(arena, &context, &inputs, feeding, columns, only, &err);
    assert_non_null(value);
    return value;
}

/* Every token's row at its place, zeros at padding. */
static void assert_rows(const float *fed, bool columns)
{
    for (int s = 0; s < SEQUENCES; s++)
        for (int i = 0, before = 0; i < WIDTH; i++) {
            int at = s * WIDTH + i;
            assert_int_equal(fed[3 * at], mask[at] ? ids[at] : 0);
            assert_int_equal(fed[3 * at + 1], mask[at] ? (columns ? i : before) : 0);
            assert_int_equal(fed[3 * at + 2], mask[at] ? before : 0);
            before += mask[at];
        }
}

static void test_rows_and_sequences_go_to_their_places(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    hf2c_model model = model_of(64, 8);
    for (int columns = 0; columns < 2; columns++) {
        float **value = run(arena, &model, false, (Feeding){0, 0}, columns, -1);
        assert_int_equal(calls, 1);
        assert_int_equal(most_rows, 10);
        assert_rows(value[0], columns);
        for (int s = 0; s < SEQUENCES; s++) assert_int_equal(value[1][s], last_ids[s]);
    }
    arena_free(arena);
}

static void test_limits_of_the_model_are_kept(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    hf2c_model two = model_of(64, 2), narrow = model_of(7, 8), tiny = model_of(3, 8);
    assert_rows(run(arena, &two, false, (Feeding){0, 0}, false, -1)[0], false);
    assert_int_equal(most_sequences, 2);
    assert_rows(run(arena, &narrow, false, (Feeding){0, 0}, false, -1)[0], false);
    assert_int_equal(calls, 3);
    assert_rows(run(arena, &tiny, true, (Feeding){0, 0}, false, -1)[0], false);
    assert_int_equal(most_rows, 3);
    arena_free(arena);
}

static void test_pieces_give_the_same(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    hf2c_model model = model_of(64, 8);
    for (int piece = 1; piece <= WIDTH + 1; piece++)
        for (int together = 0; together <= SEQUENCES; together++) {
            float **value = run(arena, &model, true, (Feeding){together, piece}, false, -1);
            assert_rows(value[0], false);
            for (int s = 0; s < SEQUENCES; s++) assert_int_equal(value[1][s], last_ids[s]);
            assert_true(together == 0 || most_sequences <= together);
        }
    arena_free(arena);
}

static void test_only_what_is_asked_for(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    hf2c_model model = model_of(64, 8);
    float **value = run(arena, &model, false, (Feeding){0, 0}, false, 1);
    assert_null(value[0]);
    assert_int_equal(value[1][1], 22);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_and_sequences_go_to_their_places),
        cmocka_unit_test(test_limits_of_the_model_are_kept),
        cmocka_unit_test(test_pieces_give_the_same),
        cmocka_unit_test(test_only_what_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
