/* Cut-offs and random numbers, against a slow direct computation over the whole vocabulary. */
#include "runtime/generate/sampler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

enum { COUNT = 300 };

static hf2c_generation neutral(void)
{
    return (hf2c_generation){.temperature = 1, .top_p = 1, .typical_p = 1, .repetition_penalty = 1};
}

static void make_scores(float *scores, unsigned seed)
{
    for (int i = 0; i < COUNT; i++) {
        seed = seed * 1664525u + 1013904223u;
        scores[i] = (float)(seed >> 16) / 8192.0f; /* 0 to 8, some equal */
    }
    scores[7] = -INFINITY;
}

static void probabilities(const float *scores, const uint8_t *alive, double *p)
{
    double total = 0;
    for (int i = 0; i < COUNT; i++) total += p[i] = alive[i] ? exp(scores[i]) : 0;
    for (int i = 0; i < COUNT; i++) p[i] /= total;
}

/* How many alive candidates come before i in the order of falling score. */
static double mass_before(const float *scores, const uint8_t *alive, const double *p, int i, int *rank)
{
    double mass = 0;
    *rank = 0;
    for (int k = 0; k < COUNT; k++) {
        if (!alive[k] || !(scores[k] > scores[i] || (scores[k] == scores[i] && k < i))) continue;
        mass += p[k];
        ++*rank;
    }
    return mass;
}

static void check(const hf2c_generation *settings, const float *scores, const uint8_t *wanted)
{
    hf2c_candidate candidates[2 * COUNT];
    int left = hf2c_sample_candidates(settings, scores, COUNT, 1, candidates), expected = 0;
    for (int i = 0; i < COUNT; i++) expected += wanted[i];
    assert_int_equal(left, expected);
    for (int i = 0; i < left; i++) {
        assert_true(wanted[candidates[i].id]);
        assert_true(candidates[i].score == scores[candidates[i].id] / settings->temperature);
    }
}

typedef enum Cut { CUT_TOP_K, CUT_TOP_P, CUT_MIN_P, CUT_EPSILON, CUT_ETA, CUT_COUNT } Cut;

static int survives(Cut cut, double value, double p, double best, double before, int rank, double entropy)
{
    switch (cut) {
    case CUT_TOP_K:
        return rank < (int)value;
    case CUT_TOP_P:
        return before < value;
    case CUT_MIN_P:
        return p >= value * best;
    case CUT_EPSILON:
        return p >= value || rank == 0;
    default:
        return p >= fmin(value, sqrt(value) * exp(-entropy)) || rank == 0;
    }
}

static void set(hf2c_generation *settings, Cut cut, double value)
{
    if (cut == CUT_TOP_K) settings->top_k = (int)value;
    if (cut == CUT_TOP_P) settings->top_p = (float)value;
    if (cut == CUT_MIN_P) settings->min_p = (float)value;
    if (cut == CUT_EPSILON) settings->epsilon_cutoff = (float)value;
    if (cut == CUT_ETA) settings->eta_cutoff = (float)value;
}

static void test_each_cut_off(void **state)
{
    static const double values[CUT_COUNT][3] = {
        {1, 17, 250}, {0.05, 0.5, 0.97}, {0.02, 0.3, 0.9}, {0.001, 0.01, 0.9}, {0.001, 0.01, 0.5}};
    (void)state;
    for (unsigned seed = 1; seed < 6; seed++) {
        float scores[COUNT];
        double p[COUNT], best = 0, entropy = 0;
        uint8_t alive[COUNT], wanted[COUNT];
        make_scores(scores, seed);
        for (int i = 0; i < COUNT; i++) alive[i] = scores[i] != -INFINITY;
        probabilities(scores, alive, p);
        for (int i = 0; i < COUNT; i++) best = fmax(best, p[i]);
        for (int i = 0; i < COUNT; i++) entropy -= p[i] > 0 ? p[i] * log(p[i]) : 0;
        for (int cut = 0; cut < CUT_COUNT; cut++) {
            for (int v = 0; v < 3; v++) {
                hf2c_generation settings = neutral();
                double value = cut == CUT_TOP_K ? values[cut][v] : (double)(float)values[cut][v];
                float last = INFINITY;
                set(&settings, (Cut)cut, value);
                for (int i = 0; i < COUNT; i++) {
                    int rank;
                    double before = mass_before(scores, alive, p, i, &rank);
                    wanted[i] = alive[i] && survives((Cut)cut, value, p[i], best, before, rank, entropy);
                    if (wanted[i] && scores[i] < last) last = scores[i];
                }
                /* top-k compares with the k-th score, so that its equals stay. */
                for (int i = 0; i < COUNT && cut == CUT_TOP_K; i++) wanted[i] |= scores[i] == last;
                check(&settings, scores, wanted);
            }
        }
    }
}

static void test_order_is_temperature_first(void **state)
{
    const float scores[] = {3, 2, 1, 0};
    hf2c_candidate candidates[8];
    hf2c_generation settings = neutral();
    (void)state;
    settings.top_p = 0.7f;
    assert_int_equal(hf2c_sample_candidates(&settings, scores, 4, 1, candidates), 2);
    settings.temperature = 10; /* nearly even: 0.7 of the mass needs three */
    assert_int_equal(hf2c_sample_candidates(&settings, scores, 4, 1, candidates), 3);
    settings.top_k = 2; /* before top-p, which now sees two */
    assert_int_equal(hf2c_sample_candidates(&settings, scores, 4, 1, candidates), 2);
}

/* Probabilities 0.5, 0.2, 0.2, 0.1: the surprise of 0.2 is nearest to the entropy. */
static void test_typical(void **state)
{
    const float scores[] = {(float)log(0.5), (float)log(0.2), (float)log(0.2), (float)log(0.1)};
    hf2c_candidate candidates[8];
    hf2c_generation settings = neutral();
    (void)state;
    settings.typical_p = 0.3f;
    assert_int_equal(hf2c_sample_candidates(&settings, scores, 4, 1, candidates), 2);
    assert_int_equal(candidates[0].id + candidates[1].id, 3);
}

static void test_keeps_as_many_as_beams_need(void **state)
{
    const float scores[] = {9, 1, 1, 0, -1, -2};
    hf2c_candidate candidates[12];
    (void)state;
    for (int cut = 0; cut < CUT_COUNT; cut++) {
        hf2c_generation settings = neutral();
        set(&settings, (Cut)cut, cut == CUT_TOP_K ? 1 : 0.5);
        assert_true(hf2c_sample_candidates(&settings, scores, 6, 3, candidates) >= 3);
    }
}

static void test_hopeless_scores(void **state)
{
    hf2c_candidate candidates[6];
    const float banned[] = {-INFINITY, -INFINITY, -INFINITY}, broken[] = {0, NAN, 1}, infinite[] = {0, INFINITY, 1},
                good[] = {0, 2, 2};
    hf2c_generation settings = neutral();
    (void)state;
    assert_int_equal(hf2c_sample_candidates(&settings, banned, 3, 1, candidates), 0);
    assert_int_equal(hf2c_sample_candidates(&settings, broken, 3, 1, candidates), 0);
    assert_int_equal(hf2c_sample_candidates(&settings, infinite, 3, 1, candidates), 0);
    assert_int_equal(hf2c_sample_greedy(banned, 3), -1);
    assert_int_equal(hf2c_sample_greedy(broken, 3), -1);
    assert_int_equal(hf2c_sample_greedy(good, 3), 1);
}

/* The published first numbers of SplitMix64 from state 0. */
static void test_random_numbers_are_splitmix64(void **state)
{
    static const uint64_t known[] = {UINT64_C(0xE220A8397B1DCDAF), UINT64_C(0x6E789E6AA1B965F4),
                                     UINT64_C(0x06C45D188009454F)};
    hf2c_random random = {0};
    (void)state;
    for (int i = 0; i < 3; i++) assert_true(hf2c_random_next(&random) == (double)(known[i] >> 11) / 9007199254740992.0);
    assert_true(hf2c_random_begin(1, 0).state != hf2c_random_begin(1, 1).state);
    assert_true(hf2c_random_begin(1, 0).state != hf2c_random_begin(2, 0).state);
}

static void test_draws_follow_the_scores(void **state)
{
    const hf2c_candidate candidates[] = {{5, 0}, {9, (float)log(3)}, {2, (float)log(6)}};
    int counts[10] = {0};
    (void)state;
    hf2c_random random = hf2c_random_begin(7, 0);
    for (int i = 0; i < 100000; i++) counts[hf2c_sample_draw(candidates, 3, &random)]++;
    /* Four standard deviations. */
    assert_true(abs(counts[5] - 10000) < 380 && abs(counts[9] - 30000) < 580 && abs(counts[2] - 60000) < 620);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_cut_off),
        cmocka_unit_test(test_order_is_temperature_first),
        cmocka_unit_test(test_typical),
        cmocka_unit_test(test_keeps_as_many_as_beams_need),
        cmocka_unit_test(test_hopeless_scores),
        cmocka_unit_test(test_random_numbers_are_splitmix64),
        cmocka_unit_test(test_draws_follow_the_scores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
