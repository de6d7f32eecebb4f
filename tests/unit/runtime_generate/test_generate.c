/* Greedy search and sampling: the loop, its ends, its errors. */
#include "tests/unit/runtime_generate/fake_model.h"

enum { ROOM = FAKE_LONGEST + 8 };

/* The greedy choice, computed directly. */
static int32_t fake_best(const int32_t *ids, int count)
{
    int32_t best = 0;
    for (int32_t id = 1; id < FAKE_VOCABULARY; id++) {
        if (fake_logit(ids, count, id) > fake_logit(ids, count, best)) best = id;
    }
    return best;
}

static void begin_sequence(hf2c_sequence *sequence, int32_t *ids, int prompt, int first)
{
    for (int i = 0; i < prompt; i++) ids[i] = (first + 3 * i) % FAKE_VOCABULARY;
    *sequence = (hf2c_sequence){.ids = ids, .capacity = ROOM, .prompt = prompt};
}

/* Whatever the pieces and groups, every sequence is what the model says about its own ids. */
static void test_greedy_does_not_depend_on_grouping(void **state)
{
    static const struct {
        int rows, batch, slots;
    } shapes[] = {{48, 8, 8}, {5, 8, 8}, {48, 2, 8}, {3, 1, 1}, {1, 3, 2}, {7, 3, 5}};
    (void)state;
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        Fake fake;
        hf2c_sequence sequences[5];
        int32_t ids[5][ROOM];
        fake_open(&fake, shapes[k].rows, shapes[k].batch, shapes[k].slots);
        for (int i = 0; i < 5; i++) begin_sequence(&sequences[i], ids[i], 1 + 4 * i, i);
        hf2c_generate_call call = fake_call(&fake);
        assert_int_equal(hf2c_generate(&call, sequences, 5), HF2C_OK);
        for (int i = 0; i < 5; i++) {
            assert_int_equal(sequences[i].count, 1 + 4 * i + 8);
            assert_int_equal(sequences[i].finish, HF2C_FINISH_LENGTH);
            for (int at = sequences[i].prompt; at < sequences[i].count; at++)
                assert_int_equal(ids[i][at], fake_best(ids[i], at));
        }
        assert_int_equal(fake.scratch.used, 0);
        fake_close(&fake);
    }
}

static void test_end_token_stops_one_and_not_the_others(void **state)
{
    Fake fake;
    hf2c_sequence sequences[2];
    int32_t ids[2][ROOM];
    (void)state;
    fake_open(&fake, 48, 4, 4);
    begin_sequence(&sequences[0], ids[0], 3, 1);
    begin_sequence(&sequences[1], ids[1], 3, 2);
    int32_t end = fake_best(ids[0], 3);
    fake.settings.eos = (hf2c_ids){&end, 1};
    hf2c_generate_call call = fake_call(&fake);
    assert_int_equal(hf2c_generate(&call, sequences, 2), HF2C_OK);
    assert_int_equal(sequences[0].count, 4);
    assert_int_equal(sequences[0].finish, HF2C_FINISH_EOS);
    assert_true(sequences[1].count > 4);
    fake_close(&fake);
}

static int generated(Fake *fake, int prompt, int padding)
{
    hf2c_sequence sequence;
    int32_t ids[ROOM];
    begin_sequence(&sequence, ids, prompt, 0);
    sequence.padding = padding;
    hf2c_generate_call call = fake_call(fake);
    assert_int_equal(hf2c_generate(&call, &sequence, 1), HF2C_OK);
    return sequence.count - prompt;
}

static void test_lengths(void **state)
{
    Fake fake;
    (void)state;
    fake_open(&fake, 48, 4, 4);
    assert_int_equal(generated(&fake, 4, 0), 8);
    fake.settings.max_length = 6; /* max_new_tokens goes first */
    assert_int_equal(generated(&fake, 4, 0), 8);
    fake.settings.max_new_tokens = 0;
    assert_int_equal(generated(&fake, 4, 0), 2);
    assert_int_equal(generated(&fake, 3, 1), 2); /* padding counts */
    fake.settings.max_length = 0;
    assert_int_equal(generated(&fake, 4, 0), 16); /* transformers: 20 in all */
    fake.settings.max_new_tokens = 1000;
    assert_int_equal(generated(&fake, 4, 0), FAKE_LONGEST + 1 - 4);
    fake_close(&fake);
}

static void test_a_full_context_is_named(void **state)
{
    Fake fake;
    hf2c_sequence sequence;
    int32_t ids[ROOM];
    (void)state;
    fake_open(&fake, 48, 1, 1);
    fake.settings.max_new_tokens = 1000;
    begin_sequence(&sequence, ids, FAKE_LONGEST, 0);
    hf2c_generate_call call = fake_call(&fake);
    assert_int_equal(hf2c_generate(&call, &sequence, 1), HF2C_OK);
    assert_int_equal(sequence.finish, HF2C_FINISH_CONTEXT);
    assert_int_equal(sequence.count, FAKE_LONGEST + 1);
    fake_close(&fake);
}

static hf2c_status try_prompt(Fake *fake, int prompt)
{
    hf2c_sequence sequence;
    int32_t ids[ROOM] = {0};
    begin_sequence(&sequence, ids, prompt < ROOM ? prompt : ROOM, 0);
    hf2c_generate_call call = fake_call(fake);
    return hf2c_generate(&call, &sequence, 1);
}

static void test_bad_prompts(void **state)
{
    Fake fake;
    (void)state;
    fake_open(&fake, 48, 1, 1);
    assert_int_equal(try_prompt(&fake, 0), HF2C_BAD_ARGUMENT);
    assert_string_equal(fake.message.text, "the prompt is empty");
    assert_int_equal(try_prompt(&fake, FAKE_LONGEST + 1), HF2C_TOO_LONG);
    assert_string_equal(fake.message.text, "the prompt has 49 tokens, the model's longest sequence 48");
    fake.settings.max_new_tokens = 0;
    fake.settings.max_length = 5;
    assert_int_equal(try_prompt(&fake, 5), HF2C_BAD_ARGUMENT);
    fake_close(&fake);
}

static void test_bad_logits(void **state)
{
    Fake fake;
    (void)state;
    fake_open(&fake, 48, 4, 4);
    for (int sampled = 0; sampled < 2; sampled++) {
        for (int beams = 1; beams < 4; beams += 2) {
            fake.settings.do_sample = sampled;
            fake.settings.num_beams = beams;
            fake_poison = NAN;
            assert_int_equal(try_prompt(&fake, 3), HF2C_NOT_FINITE);
            fake_poison = 0;
            assert_int_equal(try_prompt(&fake, 3), HF2C_OK);
        }
    }
    fake_close(&fake);
}

static void test_bad_settings_are_named(void **state)
{
    static const struct {
        const char *word;
        hf2c_generation change;
    } cases[] = {
        {"temperature", {.temperature = -1}},
        {"temperature", {.temperature = NAN}},
        {"top_p", {.top_p = 1.5f}},
        {"min_p", {.min_p = 2}},
        {"top_k", {.top_k = -3}},
        {"num_beams", {.num_beams = -1}},
        {"max_new_tokens", {.max_new_tokens = -4}},
        {"typical_p", {.typical_p = -0.1f}},
        {"epsilon_cutoff", {.epsilon_cutoff = 1}},
        {"repetition_penalty", {.repetition_penalty = -1}},
        {"length_penalty", {.length_penalty = INFINITY}},
        {"num_return_sequences", {.num_return_sequences = 2}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Fake fake;
        fake_open(&fake, 48, 4, 4);
        const hf2c_generation *c = &cases[i].change;
        hf2c_generation *s = &fake.settings;
        if (c->temperature != 0) s->temperature = c->temperature;
        if (c->top_p != 0) s->top_p = c->top_p;
        if (c->typical_p != 0) s->typical_p = c->typical_p;
        if (c->repetition_penalty != 0) s->repetition_penalty = c->repetition_penalty;
        if (c->num_beams) s->num_beams = c->num_beams;
        if (c->num_return_sequences) s->num_return_sequences = c->num_return_sequences;
        if (c->max_new_tokens) s->max_new_tokens = c->max_new_tokens;
        if (c->length_penalty != 0) s->length_penalty = c->length_penalty;
        s->min_p = c->min_p;
        s->top_k = c->top_k;
        s->epsilon_cutoff = c->epsilon_cutoff;
        assert_int_equal(try_prompt(&fake, 3), HF2C_BAD_ARGUMENT);
        assert_non_null(strstr(fake.message.text, cases[i].word));
        fake_close(&fake);
    }
}

typedef struct Watcher {
    int tokens, stop_after;
    int32_t last;
} Watcher;

static int watch(void *owner, int sequence, int32_t id)
{
    Watcher *watcher = owner;
    assert_int_equal(sequence, 0);
    watcher->last = id;
    return ++watcher->tokens == watcher->stop_after;
}

static void test_callback_cancels_within_a_token(void **state)
{
    Fake fake;
    hf2c_sequence sequence;
    int32_t ids[ROOM];
    Watcher watcher = {.stop_after = 3};
    (void)state;
    fake_open(&fake, 48, 1, 1);
    begin_sequence(&sequence, ids, 4, 0);
    hf2c_generate_call call = fake_call(&fake);
    call.token = watch;
    call.owner = &watcher;
    assert_int_equal(hf2c_generate(&call, &sequence, 1), HF2C_CANCELLED);
    assert_int_equal(sequence.count, 7);
    assert_int_equal(watcher.last, ids[6]);
    assert_int_equal(fake_calls, 3);
    fake_close(&fake);
}

static int stop_now(void *owner)
{
    int *polls = owner;
    return ++*polls > 2;
}

static void test_long_prompts_can_be_cancelled(void **state)
{
    Fake fake;
    hf2c_sequence sequence;
    int32_t ids[ROOM];
    int polls = 0;
    (void)state;
    fake_open(&fake, 2, 1, 1);
    begin_sequence(&sequence, ids, 40, 0);
    hf2c_generate_call call = fake_call(&fake);
    call.cancelled = stop_now;
    call.owner = &polls;
    assert_int_equal(hf2c_generate(&call, &sequence, 1), HF2C_CANCELLED);
    assert_int_equal(fake_calls, 2);
    fake_close(&fake);
}

static void test_little_scratch_is_refused(void **state)
{
    Fake fake;
    (void)state;
    fake_open(&fake, 48, 4, 4);
    for (int sampled = 0; sampled < 3; sampled++) {
        fake.settings.do_sample = sampled == 1;
        fake.settings.num_beams = sampled == 2 ? 3 : 1;
        for (size_t bytes = 0;; bytes += 64) {
            fake.scratch.bytes = bytes;
            hf2c_status status = try_prompt(&fake, 3);
            if (status == HF2C_OK) break;
            assert_int_equal(status, HF2C_TOO_SMALL);
            assert_true(bytes < 1 << 16);
        }
    }
    fake_close(&fake);
}

/* ---- sampling ---- */

static void test_frequencies_follow_the_softmax(void **state)
{
    enum { DRAWS = 20000 };
    Fake fake;
    int counts[FAKE_VOCABULARY] = {0};
    double weights[FAKE_VOCABULARY], total = 0, chi = 0;
    (void)state;
    fake_open(&fake, 48, 1, 1);
    fake.settings.do_sample = 1;
    fake.settings.max_new_tokens = 1;
    fake.settings.temperature = 0.8f;
    const int32_t prompt[] = {0, 3, 6};
    for (int32_t id = 0; id < FAKE_VOCABULARY; id++) total += weights[id] = exp(fake_logit(prompt, 3, id) / 0.8);
    for (int i = 0; i < DRAWS; i++) {
        hf2c_sequence sequence;
        int32_t ids[ROOM];
        begin_sequence(&sequence, ids, 3, 0);
        fake.settings.seed = (uint64_t)i;
        hf2c_generate_call call = fake_call(&fake);
        assert_int_equal(hf2c_generate(&call, &sequence, 1), HF2C_OK);
        counts[ids[3]]++;
    }
    for (int id = 0; id < FAKE_VOCABULARY; id++) {
        double expected = DRAWS * weights[id] / total;
        chi += (counts[id] - expected) * (counts[id] - expected) / expected;
    }
    /* 10 degrees of freedom: 29.6 is the 99.9 % point; seeds are fixed, so this is not left to chance. */
    assert_true(chi < 29.6);
    fake_close(&fake);
}

static void test_a_seed_is_a_text_however_grouped(void **state)
{
    int32_t first[4][ROOM];
    (void)state;
    for (int slots = 1; slots <= 4; slots++) {
        Fake fake;
        hf2c_sequence sequences[4];
        int32_t ids[4][ROOM] = {{0}};
        fake_open(&fake, 48, 4, slots);
        fake.settings.do_sample = 1;
        fake.settings.seed = 42;
        fake.settings.num_return_sequences = 4;
        for (int i = 0; i < 4; i++) begin_sequence(&sequences[i], ids[i], 3, 0);
        hf2c_generate_call call = fake_call(&fake);
        assert_int_equal(hf2c_generate(&call, sequences, 1), HF2C_OK);
        assert_memory_not_equal(ids[0], ids[1], 11 * sizeof(int32_t));
        for (int i = 0; i < 4; i++) {
            if (slots == 1) memcpy(first[i], ids[i], sizeof ids[i]);
            assert_memory_equal(first[i], ids[i], 11 * sizeof(int32_t));
        }
        fake_close(&fake);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_greedy_does_not_depend_on_grouping),
        cmocka_unit_test(test_end_token_stops_one_and_not_the_others),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_a_full_context_is_named),
        cmocka_unit_test(test_bad_prompts),
        cmocka_unit_test(test_bad_logits),
        cmocka_unit_test(test_bad_settings_are_named),
        cmocka_unit_test(test_callback_cancels_within_a_token),
        cmocka_unit_test(test_long_prompts_can_be_cancelled),
        cmocka_unit_test(test_little_scratch_is_refused),
        cmocka_unit_test(test_frequencies_follow_the_softmax),
        cmocka_unit_test(test_a_seed_is_a_text_however_grouped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
