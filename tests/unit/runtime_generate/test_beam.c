/* Beam search: with as many beams as there are continuations it must find the very best one. */
#include "tests/unit/runtime_generate/fake_model.h"

enum { ROOM = FAKE_LONGEST + 8, STEPS = 2 };

static double log_probability(const int32_t *ids, int count, int32_t id)
{
    double total = 0;
    for (int32_t other = 0; other < FAKE_VOCABULARY; other++) total += exp(fake_logit(ids, count, other));
    return fake_logit(ids, count, id) - log(total);
}

typedef struct Best {
    int32_t ids[ROOM];
    int count;
    double score;
} Best;

/* Every continuation of STEPS tokens, shorter where `end` comes first. */
static void search_all(int32_t *ids, int prompt, int count, double sum, int32_t end, double penalty, Best *best)
{
    int finished = count - prompt == STEPS || (count > prompt && ids[count - 1] == end);
    if (finished) {
        double score = sum / pow(count - prompt, penalty);
        if (score <= best->score) return;
        *best = (Best){.count = count, .score = score};
        memcpy(best->ids, ids, (size_t)count * sizeof *ids);
        return;
    }
    for (int32_t id = 0; id < FAKE_VOCABULARY; id++) {
        double more = log_probability(ids, count, id);
        ids[count] = id;
        search_all(ids, prompt, count + 1, sum + more, end, penalty, best);
    }
}

static void begin(hf2c_sequence *sequences, int32_t (*ids)[ROOM], int count, int first)
{
    for (int i = 0; i < count; i++) {
        for (int k = 0; k < 3; k++) ids[i][k] = (first + 2 * k) % FAKE_VOCABULARY;
        sequences[i] = (hf2c_sequence){.ids = ids[i], .capacity = ROOM, .prompt = 3};
    }
}

static void compare_with_all(int first, int32_t end, float penalty)
{
    Fake fake;
    hf2c_sequence sequence;
    int32_t ids[1][ROOM], work[ROOM];
    Best best = {.score = -1e30};
    fake_open(&fake, 48, 4, FAKE_SLOTS);
    fake.settings.num_beams = 16; /* more than FAKE_VOCABULARY: nothing is lost in two steps */
    fake.settings.max_new_tokens = STEPS;
    fake.settings.length_penalty = penalty;
    fake.settings.early_stopping = HF2C_EARLY_NEVER;
    if (end >= 0) fake.settings.eos = (hf2c_ids){&end, 1};
    begin(&sequence, ids, 1, first);
    memcpy(work, ids[0], sizeof work);
    search_all(work, 3, 3, 0, end, penalty, &best);
    hf2c_generate_call call = fake_call(&fake);
    assert_int_equal(hf2c_generate(&call, &sequence, 1), HF2C_OK);
    assert_int_equal(sequence.count, best.count);
    assert_memory_equal(ids[0], best.ids, (size_t)best.count * sizeof(int32_t));
    assert_true(fabs(sequence.score - best.score) < 1e-4);
    fake_close(&fake);
}

static void test_finds_the_best_of_all(void **state)
{
    (void)state;
    for (int first = 0; first < FAKE_VOCABULARY; first++) {
        compare_with_all(first, -1, 1);
        compare_with_all(first, 4, 1);
        compare_with_all(first, 7, 0.5f);
    }
}

static void test_returns_several_best_first(void **state)
{
    Fake fake;
    hf2c_sequence sequences[4];
    int32_t ids[4][ROOM];
    (void)state;
    fake_open(&fake, 48, 2, 8); /* fewer sequences per call than beams */
    fake.settings.num_beams = 5;
    fake.settings.num_return_sequences = 4;
    begin(sequences, ids, 4, 1);
    hf2c_generate_call call = fake_call(&fake);
    assert_int_equal(hf2c_generate(&call, sequences, 1), HF2C_OK);
    for (int i = 0; i < 4; i++) {
        double sum = 0;
        assert_int_equal(sequences[i].count, 11);
        for (int at = 3; at < 11; at++) sum += log_probability(ids[i], at, ids[i][at]);
        /* The score is the model's own, so every beam has had its own cache. */
        assert_true(fabs(sequences[i].score - sum / 8) < 1e-4);
        if (i > 0) assert_true(sequences[i].score <= sequences[i - 1].score);
        if (i > 0) assert_memory_not_equal(ids[i], ids[i - 1], 11 * sizeof(int32_t));
    }
    fake_close(&fake);
}

/* Beams that copy their slots and beams that look where others wrote find the same. */
static void test_copies_and_ancestors_agree(void **state)
{
    (void)state;
    for (int groups = 1; groups < 4; groups += 2) {
        int32_t ids[2][6][ROOM];
        float scores[2][6];
        for (int rewinds = 0; rewinds < 2; rewinds++) {
            Fake fake;
            hf2c_sequence sequences[6];
            fake_open(&fake, 48, 4, 8);
            fake.model.rewinds = rewinds;
            fake.settings.num_beams = fake.settings.num_return_sequences = 6;
            fake.settings.num_beam_groups = groups;
            fake.settings.diversity_penalty = groups > 1 ? 0.4f : 0;
            fake.settings.max_new_tokens = 20;
            begin(sequences, ids[rewinds], 6, 1);
            hf2c_generate_call call = fake_call(&fake);
            assert_int_equal(hf2c_generate(&call, sequences, 1), HF2C_OK);
            for (int i = 0; i < 6; i++) scores[rewinds][i] = sequences[i].score;
            fake_close(&fake);
        }
        for (int i = 0; i < 6; i++) assert_memory_equal(ids[0][i], ids[1][i], 23 * sizeof(int32_t));
        assert_memory_equal(scores[0], scores[1], sizeof scores[0]);
    }
}

static void test_sampled_beams_keep_their_caches(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        Fake fake;
        hf2c_sequence sequence;
        int32_t ids[1][ROOM];
        double sum = 0;
        fake_open(&fake, 48, 4, 4);
        fake.settings.num_beams = 4;
        fake.settings.do_sample = 1;
        fake.settings.seed = seed;
        begin(&sequence, ids, 1, 2);
        hf2c_generate_call call = fake_call(&fake);
        assert_int_equal(hf2c_generate(&call, &sequence, 1), HF2C_OK);
        for (int at = 3; at < 11; at++) sum += log_probability(ids[0], at, ids[0][at]);
        assert_true(fabs(sequence.score - sum / 8) < 1e-4);
        fake_close(&fake);
    }
}

/* With one beam in each group every group is greedy, but for what earlier groups chose in the same step. */
static void test_groups_avoid_each_other(void **state)
{
    enum { GROUPS = 4 };
    Fake fake;
    hf2c_sequence sequences[GROUPS];
    int32_t ids[GROUPS][ROOM], wanted[GROUPS][ROOM];
    double scores[GROUPS] = {0};
    int found = 0;
    (void)state;
    fake_open(&fake, 48, 4, 4);
    fake.settings.num_beams = fake.settings.num_beam_groups = fake.settings.num_return_sequences = GROUPS;
    fake.settings.diversity_penalty = 0.75f;
    fake.settings.max_new_tokens = 5;
    begin(sequences, ids, GROUPS, 1);
    memcpy(wanted, ids, sizeof wanted);
    for (int at = 3; at < 8; at++) {
        for (int g = 0; g < GROUPS; g++) {
            double best = -INFINITY;
            for (int32_t id = 0; id < FAKE_VOCABULARY; id++) {
                double score = log_probability(wanted[g], at, id);
                for (int before = 0; before < g; before++) score -= wanted[before][at] == id ? 0.75 : 0;
                if (score > best) wanted[g][at] = id;
                best = fmax(best, score);
            }
            scores[g] += best / 5;
        }
    }
    hf2c_generate_call call = fake_call(&fake);
    assert_int_equal(hf2c_generate(&call, sequences, 1), HF2C_OK);
    for (int i = 0; i < GROUPS; i++) {
        if (i > 0) assert_true(sequences[i].score <= sequences[i - 1].score);
        for (int g = 0; g < GROUPS; g++)
            found += fabs(sequences[i].score - scores[g]) < 1e-4 && memcmp(ids[i], wanted[g], 8 * sizeof(int32_t)) == 0;
    }
    assert_int_equal(found, GROUPS);
    fake_close(&fake);
}

/* One group is plain beam search; groups with nothing to avoid are as many plain searches. */
static void test_groups_are_searches(void **state)
{
    hf2c_sequence plain[2], grouped[4];
    int32_t plain_ids[2][ROOM], grouped_ids[4][ROOM];
    int32_t end = 4;
    (void)state;
    for (int first = 0; first < FAKE_VOCABULARY; first++) {
        Fake fake;
        fake_open(&fake, 48, 4, 4);
        fake.settings.num_beams = fake.settings.num_return_sequences = 2;
        fake.settings.eos = (hf2c_ids){&end, 1};
        begin(plain, plain_ids, 2, first);
        begin(grouped, grouped_ids, 4, first);
        hf2c_generate_call call = fake_call(&fake);
        assert_int_equal(hf2c_generate(&call, plain, 1), HF2C_OK);
        fake.settings.num_beams = fake.settings.num_return_sequences = 4;
        fake.settings.num_beam_groups = 2;
        fake.settings.diversity_penalty = 1e-30f;
        assert_int_equal(hf2c_generate(&call, grouped, 1), HF2C_OK);
        for (int i = 0; i < 4; i++) {
            assert_true(grouped[i].score == plain[i / 2].score);
            assert_int_equal(grouped[i].count, plain[i / 2].count);
            assert_memory_equal(grouped_ids[i], plain_ids[i / 2], (size_t)plain[i / 2].count * sizeof(int32_t));
        }
        fake_close(&fake);
    }
}

static void test_groups_are_checked(void **state)
{
    Fake fake;
    hf2c_sequence sequence;
    int32_t ids[1][ROOM];
    (void)state;
    fake_open(&fake, 48, 4, 8);
    begin(&sequence, ids, 1, 0);
    hf2c_generate_call call = fake_call(&fake);
    fake.settings.num_beams = 4;
    fake.settings.num_beam_groups = 3;
    fake.settings.diversity_penalty = 1;
    assert_int_equal(hf2c_generate(&call, &sequence, 1), HF2C_BAD_ARGUMENT);
    assert_non_null(strstr(fake.message.text, "num_beam_groups"));
    call = fake_call(&fake);
    fake.settings.num_beam_groups = 2;
    fake.settings.diversity_penalty = 0;
    assert_int_equal(hf2c_generate(&call, &sequence, 1), HF2C_BAD_ARGUMENT);
    assert_non_null(strstr(fake.message.text, "diversity_penalty"));
    fake_close(&fake);
}

static void test_needs_a_slot_per_beam(void **state)
{
    Fake fake;
    hf2c_sequence sequence;
    int32_t ids[1][ROOM];
    (void)state;
    fake_open(&fake, 48, 4, 3);
    fake.settings.num_beams = 4;
    begin(&sequence, ids, 1, 0);
    hf2c_generate_call call = fake_call(&fake);
    assert_int_equal(hf2c_generate(&call, &sequence, 1), HF2C_TOO_SMALL);
    assert_non_null(strstr(fake.message.text, "num_beams"));
    fake_close(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_the_best_of_all),
        cmocka_unit_test(test_returns_several_best_first),
        cmocka_unit_test(test_copies_and_ancestors_agree),
        cmocka_unit_test(test_sampled_beams_keep_their_caches),
        cmocka_unit_test(test_groups_avoid_each_other),
        cmocka_unit_test(test_groups_are_searches),
        cmocka_unit_test(test_groups_are_checked),
        cmocka_unit_test(test_needs_a_slot_per_beam),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
