/* Guesses from the text and tokens that are kept between calls: both must change nothing but the number of rows. */
#include "runtime/generate/lookup.h"
#include "tests/unit/runtime_generate/fake_model.h"

enum { ROOM = FAKE_LONGEST + 8 };

static void expect_guess(const char *text, int ngram, int limit, const char *wanted)
{
    int32_t ids[64];
    int count = (int)strlen(text);
    for (int i = 0; i < count; i++) ids[i] = text[i];
    int guessed = hf2c_lookup_guess(ids, count, ngram, limit);
    assert_int_equal(guessed, strlen(wanted));
    for (int i = 0; i < guessed; i++) assert_int_equal(ids[count + i], wanted[i]);
    for (int i = 0; i < count; i++) assert_int_equal(ids[i], text[i]);
}

static void test_guesses(void **state)
{
    (void)state;
    expect_guess("abcdxab", 2, 2, "cd");
    expect_guess("abcdabeab", 2, 3, "eab"); /* the last occurrence */
    expect_guess("abcdxbyab", 2, 2, "cd");  /* two tokens count more than one */
    expect_guess("abcdxbyab", 1, 2, "ya");
    expect_guess("aaa", 2, 4, "aaaa"); /* runs on into the guess */
    expect_guess("abc", 2, 4, "");
    expect_guess("a", 2, 4, "");
    expect_guess("abab", 9, 0, "");
    expect_guess("abab", 9, 1, "a");
}

/* Tokens repeat often here, so that guesses are made, and some are right. */
static void fill_prompt(int32_t *ids, int count, int first)
{
    for (int i = 0; i < count; i++) ids[i] = (first + i * i) % 3;
}

static void generate(Fake *fake, int32_t (*ids)[ROOM], hf2c_sequence *sequences, int count, int first)
{
    hf2c_generate_call call = fake_call(fake);
    for (int i = 0; i < count; i++) {
        fill_prompt(ids[i], 4 + i, first + i);
        sequences[i] = (hf2c_sequence){.ids = ids[i], .capacity = ROOM, .prompt = 4 + i};
    }
    fake_calls = fake_rows = 0;
    assert_int_equal(hf2c_generate(&call, sequences, count), HF2C_OK);
}

static int calls_saved;

static void compare(int first, int sample, int guesses, int max_rows, int slots)
{
    enum { COUNT = 3 };
    Fake fake;
    hf2c_sequence plain[COUNT], guessed[COUNT];
    int32_t plain_ids[COUNT][ROOM], guessed_ids[COUNT][ROOM], end = 9;
    fake_open(&fake, max_rows, 2, slots);
    fake.settings.do_sample = sample;
    fake.settings.temperature = 0.4f;
    fake.settings.seed = (uint64_t)first;
    fake.settings.max_new_tokens = 40;
    fake.settings.eos = (hf2c_ids){&end, 1};
    generate(&fake, plain_ids, plain, COUNT, first);
    int calls = fake_calls;
    fake.settings.prompt_lookup_num_tokens = guesses;
    generate(&fake, guessed_ids, guessed, COUNT, first);
    if (max_rows == 48 && guesses <= 5) { /* else they need calls of their own */
        assert_true(fake_calls <= calls);
        calls_saved += calls - fake_calls;
    }
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(guessed[i].count, plain[i].count);
        assert_int_equal(guessed[i].finish, plain[i].finish);
        assert_memory_equal(guessed_ids[i], plain_ids[i], (size_t)plain[i].count * sizeof(int32_t));
    }
    fake_close(&fake);
}

static void test_guessing_changes_nothing(void **state)
{
    (void)state;
    calls_saved = 0;
    for (int first = 0; first < 8; first++) {
        for (int sample = 0; sample < 2; sample++) {
            compare(first, sample, 1, 48, 4);
            compare(first, sample, 5, 48, 4);
            compare(first, sample, 5, 48, 1);
            compare(first, sample, 7, 3, 2); /* guesses over several calls */
            compare(first, sample, 60, 48, 4);
        }
    }
    assert_true(calls_saved > 0);
}

static void test_guessing_is_refused(void **state)
{
    Fake fake;
    int32_t ids[ROOM];
    (void)state;
    fake_open(&fake, 48, 2, 4);
    fake.settings.prompt_lookup_num_tokens = 4;
    fill_prompt(ids, 4, 0);
    hf2c_sequence sequence = {.ids = ids, .capacity = ROOM, .prompt = 4};
    hf2c_generate_call call = fake_call(&fake);
    fake.model.rewinds = 0;
    assert_int_equal(hf2c_generate(&call, &sequence, 1), HF2C_NOT_SUPPORTED);
    assert_non_null(strstr(fake.message.text, "prompt_lookup_num_tokens"));
    call = fake_call(&fake);
    fake.model.rewinds = 1;
    fake.settings.num_beams = 2;
    assert_int_equal(hf2c_generate(&call, &sequence, 1), HF2C_BAD_ARGUMENT);
    fake_close(&fake);
}

/* ---- kept tokens ---- */

typedef struct Turns {
    Fake fake;
    int32_t kept_ids[FAKE_LONGEST];
    hf2c_kept kept;
} Turns;

/* Generates with and without what is kept; returns the rows that were read. */
static int turn(Turns *t, const int32_t *prompt, int count, int32_t *ids, hf2c_sequence *sequence)
{
    int32_t fresh_ids[ROOM];
    Fake fresh;
    fake_open(&fresh, 48, 2, 4);
    fresh.settings = t->fake.settings;
    memcpy(fresh_ids, prompt, (size_t)count * sizeof *prompt);
    memcpy(ids, prompt, (size_t)count * sizeof *prompt);
    hf2c_sequence other = {.ids = fresh_ids, .capacity = ROOM, .prompt = count};
    *sequence = (hf2c_sequence){.ids = ids, .capacity = ROOM, .prompt = count};
    hf2c_generate_call fresh_call = fake_call(&fresh), call = fake_call(&t->fake);
    call.kept = &t->kept;
    assert_int_equal(hf2c_generate(&fresh_call, &other, 1), HF2C_OK);
    fake_rows = 0;
    assert_int_equal(hf2c_generate(&call, sequence, 1), HF2C_OK);
    assert_int_equal(sequence->count, other.count);
    assert_memory_equal(ids, fresh_ids, (size_t)other.count * sizeof *ids);
    fake_close(&fresh);
    return fake_rows;
}

static void turns_open(Turns *t, int rewinds)
{
    fake_open(&t->fake, 48, 2, 4);
    t->fake.model.rewinds = rewinds;
    t->fake.settings.max_new_tokens = 6;
    t->kept = (hf2c_kept){t->kept_ids, 0, 0};
}

static void test_kept_tokens_are_not_read_again(void **state)
{
    Turns t;
    hf2c_sequence sequence;
    int32_t ids[ROOM], prompt[ROOM] = {1, 2, 3, 4, 5};
    (void)state;
    turns_open(&t, 1);
    assert_int_equal(turn(&t, prompt, 5, ids, &sequence), 5 + 5); /* five more for the six new tokens */
    memcpy(prompt, ids, (size_t)sequence.count * sizeof *ids);
    prompt[11] = 3;
    assert_int_equal(turn(&t, prompt, 12, ids, &sequence), 2 + 5); /* the answer's last token and the new one */
    assert_int_equal(turn(&t, prompt, 12, ids, &sequence), 1 + 5); /* the same again */
    assert_int_equal(turn(&t, prompt, 7, ids, &sequence), 1 + 5);  /* shorter */
    prompt[3] = 9;
    assert_int_equal(turn(&t, prompt, 7, ids, &sequence), 4 + 5); /* differs from the fourth on */
    t.fake.settings.prompt_lookup_num_tokens = 4;
    t.fake.model.rewinds = 1;
    turn(&t, prompt, 7, ids, &sequence);
    prompt[5] = 8;
    turn(&t, prompt, 7, ids, &sequence);
    fake_close(&t.fake);
}

static void test_kept_tokens_of_models_that_cannot_rewind(void **state)
{
    Turns t;
    hf2c_sequence sequence;
    int32_t ids[ROOM], prompt[ROOM] = {1, 2, 3, 4, 5};
    (void)state;
    turns_open(&t, 0);
    turn(&t, prompt, 5, ids, &sequence);
    assert_int_equal(turn(&t, prompt, 5, ids, &sequence), 5 + 5);
    fake_close(&t.fake);
}

/* Of a window's keys those that lie too far back are gone: what would need them is read again. */
static void test_kept_tokens_behind_a_window(void **state)
{
    Turns t;
    hf2c_sequence sequence;
    int32_t ids[ROOM], prompt[ROOM] = {1, 2, 3, 4, 5};
    (void)state;
    turns_open(&t, 1);
    t.fake.model.ring = 8;
    t.fake.model.ring_back = 4;
    assert_int_equal(turn(&t, prompt, 5, ids, &sequence), 5 + 5); /* ten positions were written, and the first two overwritten */
    memcpy(prompt, ids, (size_t)sequence.count * sizeof *ids);
    assert_int_equal(turn(&t, prompt, 10, ids, &sequence), 1 + 5); /* to position 9 of 10: near enough */
    assert_int_equal(turn(&t, prompt, 12, ids, &sequence), 1 + 5); /* of 14 */
    assert_int_equal(turn(&t, prompt, 9, ids, &sequence), 9 + 5);  /* of 16: too far back */
    assert_int_equal(turn(&t, prompt, 4, ids, &sequence), 4 + 5);
    t.fake.settings.max_new_tokens = 2;
    assert_int_equal(turn(&t, prompt, 3, ids, &sequence), 3 + 1); /* 9 were written */
    assert_int_equal(turn(&t, prompt, 6, ids, &sequence), 3 + 1);
    assert_int_equal(turn(&t, prompt, 2, ids, &sequence), 1 + 1); /* 7: nothing has come round yet */
    fake_close(&t.fake);
}

static void test_other_uses_of_the_slot(void **state)
{
    Turns t;
    hf2c_sequence sequences[3];
    int32_t ids[3][ROOM], prompt[ROOM] = {1, 2, 3, 4, 5};
    (void)state;
    turns_open(&t, 1);
    turn(&t, prompt, 5, ids[0], sequences);
    t.fake.settings.num_beams = 2;
    assert_true(turn(&t, prompt, 5, ids[0], sequences) > 5);
    assert_int_equal(t.kept.count, 0);
    t.fake.settings.num_beams = 1;
    turn(&t, prompt, 5, ids[0], sequences);
    t.fake.context.slots = 2; /* three sequences: slot 0 is used twice */
    hf2c_generate_call call = fake_call(&t.fake);
    call.kept = &t.kept;
    for (int i = 0; i < 3; i++) {
        fill_prompt(ids[i], 4 + i, i);
        sequences[i] = (hf2c_sequence){.ids = ids[i], .capacity = ROOM, .prompt = 4 + i};
    }
    assert_int_equal(hf2c_generate(&call, sequences, 3), HF2C_OK);
    assert_int_equal(t.kept.count, 0);
    turn(&t, prompt, 5, ids[0], sequences);
    assert_int_equal(t.kept.count, 10);
    call = fake_call(&t.fake);
    call.kept = &t.kept;
    fake_poison = NAN; /* what failed is not kept */
    sequences[0] = (hf2c_sequence){.ids = ids[0], .capacity = ROOM, .prompt = 5};
    assert_int_equal(hf2c_generate(&call, sequences, 1), HF2C_NOT_FINITE);
    assert_int_equal(t.kept.count, 0);
    fake_close(&t.fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guesses),
        cmocka_unit_test(test_guessing_changes_nothing),
        cmocka_unit_test(test_guessing_is_refused),
        cmocka_unit_test(test_kept_tokens_are_not_read_again),
        cmocka_unit_test(test_kept_tokens_of_models_that_cannot_rewind),
        cmocka_unit_test(test_kept_tokens_behind_a_window),
        cmocka_unit_test(test_other_uses_of_the_slot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
