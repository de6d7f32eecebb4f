/* Penalties and bans, one by one, on scores that can be followed by hand. */
#include "runtime/generate/processors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

enum { COUNT = 6 };

static float scores[COUNT];

static hf2c_ids source, rivals; /* of the histories */

static void process(const hf2c_generation *change, const int32_t *ids, int count, int prompt, int padding)
{
    const float begin[COUNT] = {1, -1, 2, -2, 3, 0};
    uint8_t seen[COUNT] = {0};
    hf2c_generation settings = *change;
    hf2c_history history = {ids, count, prompt, padding, 20, COUNT, seen, source, rivals, NULL, NULL, 0};
    if (settings.repetition_penalty == 0) settings.repetition_penalty = 1;
    if (settings.encoder_repetition_penalty == 0) settings.encoder_repetition_penalty = 1;
    settings.forced_bos--; /* the cases count from 1, so that 0 is none */
    settings.forced_eos--;
    memcpy(scores, begin, sizeof scores);
    hf2c_process_scores(&settings, &history, scores);
    for (int i = 0; i < COUNT; i++) assert_int_equal(seen[i], 0);
}

static void expect(float a, float b, float c, float d, float e, float f)
{
    const float wanted[COUNT] = {a, b, c, d, e, f};
    for (int i = 0; i < COUNT; i++) assert_true(scores[i] == wanted[i]);
}

static void test_nothing_by_default(void **state)
{
    const int32_t ids[] = {0, 1, 0, 1};
    (void)state;
    process(&(hf2c_generation){0}, ids, 4, 2, 0);
    expect(1, -1, 2, -2, 3, 0);
}

static void test_repetition_counts_once(void **state)
{
    const int32_t ids[] = {0, 1, 0, 1, 0};
    (void)state;
    process(&(hf2c_generation){.repetition_penalty = 2}, ids, 5, 2, 0);
    expect(0.5f, -2, 2, -2, 3, 0);
}

static void test_no_repeat_ngram(void **state)
{
    const int32_t ids[] = {0, 1, 2, 0, 1, 3, 0, 1};
    (void)state;
    process(&(hf2c_generation){.no_repeat_ngram_size = 3}, ids, 8, 2, 0);
    expect(1, -1, -INFINITY, -INFINITY, 3, 0);
    process(&(hf2c_generation){.no_repeat_ngram_size = 1}, ids, 8, 2, 0);
    expect(-INFINITY, -INFINITY, -INFINITY, -INFINITY, 3, 0);
    process(&(hf2c_generation){.no_repeat_ngram_size = 9}, ids, 8, 2, 0);
    expect(1, -1, 2, -2, 3, 0);
    process(&(hf2c_generation){.no_repeat_ngram_size = 100}, ids, 8, 2, 0);
    expect(1, -1, 2, -2, 3, 0);
}

static void test_source_penalties(void **state)
{
    const int32_t ids[] = {3, 1}, read[] = {0, 1, 2, 1, 4, 0}, once[] = {1, 1};
    (void)state;
    source = (hf2c_ids){read, 4};
    process(&(hf2c_generation){.encoder_repetition_penalty = 2}, ids, 2, 1, 0); /* likelier, each once */
    expect(2, -0.5f, 4, -2, 3, 0);
    process(&(hf2c_generation){.encoder_repetition_penalty = 2, .repetition_penalty = 4}, ids, 2, 1, 0);
    expect(2, -2, 4, -8, 3, 0);
    source = (hf2c_ids){read, 6};
    process(&(hf2c_generation){.encoder_no_repeat_ngram_size = 2}, ids, 2, 1, 0); /* 1 2 and 1 4 are in the source */
    expect(1, -1, -INFINITY, -2, -INFINITY, 0);
    process(&(hf2c_generation){.encoder_no_repeat_ngram_size = 3}, ids, 2, 1, 0);
    expect(1, -1, 2, -2, 3, 0);
    source = (hf2c_ids){once, 2};
    process(&(hf2c_generation){.encoder_no_repeat_ngram_size = 1}, ids, 2, 1, 0);
    expect(1, -INFINITY, 2, -2, 3, 0);
    source = (hf2c_ids){0};
}

static void test_diversity_counts_every_rival(void **state)
{
    const int32_t ids[] = {0}, chosen[] = {2, 4, 2, 99};
    (void)state;
    rivals = (hf2c_ids){chosen, 4};
    process(&(hf2c_generation){.diversity_penalty = 0.5f}, ids, 1, 1, 0);
    expect(1, -1, 1, -2, 2.5f, 0);
    rivals = (hf2c_ids){0};
}

static void test_bad_words(void **state)
{
    const int32_t ids[] = {0, 1}, one[] = {2}, two[] = {1, 3}, other[] = {2, 4}, end[] = {5}, longer[] = {5, 0, 1, 4};
    const hf2c_ids words[] = {{one, 1}, {two, 2}, {other, 2}, {end, 1}, {longer, 4}};
    (void)state;
    process(&(hf2c_generation){.bad_words_ids = {words, 5}, .eos = {end, 1}}, ids, 2, 1, 0);
    expect(1, -1, -INFINITY, -INFINITY, 3, 0); /* the end token stays */
}

static void test_sequence_bias(void **state)
{
    const int32_t ids[] = {0, 1}, one[] = {2}, two[] = {1, 3}, other[] = {2, 4};
    const hf2c_ids sequences[] = {{one, 1}, {two, 2}, {other, 2}};
    const float biases[] = {10, 20, 30};
    (void)state;
    process(&(hf2c_generation){.sequence_bias = {{sequences, 3}, biases}}, ids, 2, 1, 0);
    expect(1, -1, 12, 18, 3, 0);
}

static void test_least_lengths(void **state)
{
    const int32_t ids[] = {0, 1, 2}, end[] = {4, 5};
    (void)state;
    process(&(hf2c_generation){.min_new_tokens = 2, .eos = {end, 2}}, ids, 3, 2, 0);
    expect(1, -1, 2, -2, -INFINITY, -INFINITY);
    process(&(hf2c_generation){.min_new_tokens = 1, .eos = {end, 2}}, ids, 3, 2, 0);
    expect(1, -1, 2, -2, 3, 0);
    process(&(hf2c_generation){.min_length = 5, .eos = {end, 2}}, ids, 3, 2, 1);
    expect(1, -1, 2, -2, -INFINITY, -INFINITY);
    process(&(hf2c_generation){.min_length = 5, .eos = {end, 2}}, ids, 3, 2, 2); /* transformers counts the padding */
    expect(1, -1, 2, -2, 3, 0);
}

static void test_forced_tokens(void **state)
{
    const int32_t ids[19] = {0};
    const float no = -INFINITY;
    (void)state;
    process(&(hf2c_generation){.forced_bos = 3 + 1}, ids, 1, 1, 0);
    expect(no, no, no, 0, no, no);
    process(&(hf2c_generation){.forced_bos = 3 + 1}, ids, 2, 1, 0);
    expect(1, -1, 2, -2, 3, 0);
    process(&(hf2c_generation){.forced_eos = 2 + 1}, ids, 19, 1, 0); /* the limit is 20 */
    expect(no, no, 0, no, no, no);
    process(&(hf2c_generation){.forced_eos = 2 + 1}, ids, 18, 1, 0);
    expect(1, -1, 2, -2, 3, 0);
}

static void test_suppressed_tokens(void **state)
{
    const int32_t ids[] = {0, 1, 2}, always[] = {0, 5}, first[] = {4};
    (void)state;
    hf2c_generation settings = {.suppress_tokens = {always, 2}, .begin_suppress_tokens = {first, 1}};
    process(&settings, ids, 2, 2, 0);
    expect(-INFINITY, -1, 2, -2, -INFINITY, -INFINITY);
    process(&settings, ids, 3, 2, 0);
    expect(-INFINITY, -1, 2, -2, 3, -INFINITY);
}

static void test_length_decay(void **state)
{
    const int32_t ids[] = {0, 1, 2, 3}, end[] = {3, 4};
    (void)state;
    hf2c_generation settings = {.decay = {1, 2}, .eos = {end, 2}};
    process(&settings, ids, 3, 2, 0);
    expect(1, -1, 2, -2, 3, 0);
    process(&settings, ids, 4, 2, 0); /* one behind the start: |score| * (2^1 - 1) is added */
    expect(1, -1, 2, 0, 6, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_by_default), cmocka_unit_test(test_repetition_counts_once),
        cmocka_unit_test(test_no_repeat_ngram),    cmocka_unit_test(test_bad_words),
        cmocka_unit_test(test_sequence_bias),      cmocka_unit_test(test_least_lengths),
        cmocka_unit_test(test_forced_tokens),      cmocka_unit_test(test_suppressed_tokens),
        cmocka_unit_test(test_length_decay),       cmocka_unit_test(test_source_penalties),
        cmocka_unit_test(test_diversity_counts_every_rival),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
