/* The numbers of new weights: known values, moments, independence of streams. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "compiler/command/random.h"

enum { SAMPLES = 200000 };

/* The first outputs of SplitMix64 seeded with 1234567, as published with its reference code. */
static void is_splitmix(void **state)
{
    (void)state;
    RandomStream stream = {1234567};
    assert_true(random_uniform(stream, 0) == (double)(UINT64_C(6457827717110365317) >> 11) * 0x1p-53);
    assert_true(random_uniform(stream, 1) == (double)(UINT64_C(3203168211198807973) >> 11) * 0x1p-53);
    assert_true(random_uniform(stream, 2) == (double)(UINT64_C(9817491932198370423) >> 11) * 0x1p-53);
}

/* Within five standard errors of what they should be; the seed is fixed, so this either always passes or never. */
static void has_the_moments_of_a_normal(void **state)
{
    (void)state;
    RandomStream stream = random_stream(7, "h.0.attn.c_attn.weight");
    double sum = 0, square = 0, fourth = 0, neighbours = 0;
    for (uint64_t i = 0; i < SAMPLES; i++) {
        double x = random_normal(stream, i);
        sum += x;
        square += x * x;
        fourth += x * x * x * x;
        neighbours += x * random_normal(stream, i + 1);
    }
    double error = 5 / sqrt(SAMPLES);
    assert_true(fabs(sum / SAMPLES) < error);
    assert_true(fabs(square / SAMPLES - 1) < error * sqrt(2));
    assert_true(fabs(fourth / SAMPLES - 3) < error * sqrt(96));
    assert_true(fabs(neighbours / SAMPLES) < error);
}

static void depends_on_seed_and_name(void **state)
{
    (void)state;
    double a = 0, b = 0;
    for (uint64_t i = 0; i < SAMPLES; i++) {
        double x = random_normal(random_stream(0, "wte.weight"), i);
        a += x * random_normal(random_stream(1, "wte.weight"), i);
        b += x * random_normal(random_stream(0, "wpe.weight"), i);
    }
    assert_true(fabs(a / SAMPLES) < 5 / sqrt(SAMPLES));
    assert_true(fabs(b / SAMPLES) < 5 / sqrt(SAMPLES));
    assert_true(random_normal(random_stream(3, "x"), 9) == random_normal(random_stream(3, "x"), 9));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_splitmix),
        cmocka_unit_test(has_the_moments_of_a_normal),
        cmocka_unit_test(depends_on_seed_and_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
