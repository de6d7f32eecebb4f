/* A smaller model that guesses changes nothing: greedy or sampled, alone or several at once, whatever it guesses. */
#include "fake_model.h"

enum { ROOM = FAKE_LONGEST + 1, SEQUENCES = 3 };

/* Another model with the same tokens. */
static hf2c_status forward_of_another(hf2c_context *context, const hf2c_batch *batch, float *const *outputs)
{
    uint32_t own = fake_seed;
    fake_seed = 99u;
    hf2c_status status = fake_forward(context, batch, outputs);
    fake_seed = own;
    return status;
}

typedef struct Pair {
    Fake fake, small;
    hf2c_draft draft;
    hf2c_kept kept;
    int32_t kept_ids[FAKE_LONGEST];
} Pair;

static void pair_open(Pair *p, int alike)
{
    fake_open(&p->small, 5, 2, 4);
    if (!alike) p->small.model.forward = forward_of_another;
    fake_open(&p->fake, 48, 2, 4);
    p->draft = (hf2c_draft){.context = &p->small.context};
    p->kept = (hf2c_kept){p->kept_ids, 0, 0};
    p->fake.settings.max_new_tokens = 20;
}

static void pair_close(Pair *p)
{
    fake_close(&p->fake);
    fake_close(&p->small);
}

static void run(Pair *p, hf2c_draft *draft, int count, int first, int32_t ids[][ROOM], hf2c_sequence *sequences)
{
    hf2c_generate_call call = fake_call(&p->fake);
    call.draft = draft;
    call.kept = draft ? &p->kept : NULL;
    for (int i = 0; i < count; i++) {
        for (int j = 0; j < 4 + i; j++) ids[i][j] = (first + j * (i + 2)) % FAKE_VOCABULARY;
        sequences[i] = (hf2c_sequence){.ids = ids[i], .capacity = ROOM, .prompt = 4 + i};
    }
    assert_int_equal(hf2c_generate(&call, sequences, count), HF2C_OK);
}

static void compare(Pair *p, int count, int first)
{
    int32_t with[SEQUENCES][ROOM], without[SEQUENCES][ROOM];
    hf2c_sequence one[SEQUENCES], other[SEQUENCES];
    run(p, &p->draft, count, first, with, one);
    run(p, NULL, count, first, without, other);
    p->kept.count = 0; /* the second run has used the slot */
    for (int i = 0; i < count; i++) {
        assert_int_equal(one[i].count, other[i].count);
        assert_int_equal(one[i].finish, other[i].finish);
        assert_memory_equal(with[i], without[i], (size_t)one[i].count * sizeof(int32_t));
    }
}

static void test_drafts_change_nothing(void **state)
{
    static const int32_t eos[] = {4};
    (void)state;
    for (int alike = 0; alike < 2; alike++)
        for (int sampled = 0; sampled < 2; sampled++)
            for (int guesses = 1; guesses < 9; guesses += 3) {
                Pair p;
                pair_open(&p, alike);
                p.fake.settings.do_sample = sampled;
                p.fake.settings.repetition_penalty = 1.2f;
                p.fake.settings.num_assistant_tokens = guesses;
                for (int first = 0; first < 6; first++) {
                    p.fake.settings.seed = (uint64_t)first;
                    p.fake.settings.eos = (hf2c_ids){eos, first % 2};
                    compare(&p, 1, first);
                    compare(&p, SEQUENCES, first);
                }
                assert_true(p.draft.guessed > 0);
                if (alike) assert_int_equal(p.draft.right, p.draft.guessed); /* sampled ones too: the numbers drawn are the same */
                else assert_true(p.draft.right < p.draft.guessed);
                pair_close(&p);
            }
}

/* What both caches hold is not read again, by either. */
static void test_drafts_keep_what_is_read(void **state)
{
    Pair p;
    int32_t ids[1][ROOM], again[1][ROOM];
    hf2c_sequence sequence, other;
    (void)state;
    pair_open(&p, 0);
    run(&p, &p.draft, 1, 3, ids, &sequence);
    assert_true(p.draft.kept > 0 && p.draft.kept <= p.kept.count);
    run(&p, &p.draft, 1, 3, again, &other);
    assert_memory_equal(ids[0], again[0], (size_t)sequence.count * sizeof(int32_t));
    run(&p, &p.draft, 1, 5, again, &other);
    run(&p, NULL, 1, 5, ids, &sequence);
    assert_memory_equal(ids[0], again[0], (size_t)sequence.count * sizeof(int32_t));
    pair_close(&p);
}

/* The model's windows can take back so many tokens and no more. */
static void test_drafts_and_windows(void **state)
{
    Pair p;
    int32_t ids[1][ROOM];
    hf2c_sequence sequence;
    (void)state;
    pair_open(&p, 0);
    p.fake.settings.num_assistant_tokens = 8;
    p.small.model.ring = p.fake.model.ring = 8;
    p.small.model.ring_back = 6;
    p.fake.model.ring_back = 2;
    run(&p, &p.draft, 1, 3, ids, &sequence);
    assert_true(p.draft.guessed <= 2 * p.draft.rounds);
    pair_close(&p);
}

/* One with other tokens, or whose context is shorter, is of no use and does no harm. */
static void test_drafts_that_do_not_fit(void **state)
{
    (void)state;
    for (int which = 0; which < 3; which++) {
        Pair p;
        pair_open(&p, 1);
        if (which == 0) p.small.model.vocabulary--;
        if (which == 1) p.small.model.rewinds = 0;
        if (which == 2) p.small.model.max_sequence = 6;
        compare(&p, 1, 2);
        assert_true(which == 2 ? p.draft.guessed < 4 : p.draft.guessed == 0);
        pair_close(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drafts_change_nothing),
        cmocka_unit_test(test_drafts_keep_what_is_read),
        cmocka_unit_test(test_drafts_and_windows),
        cmocka_unit_test(test_drafts_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
