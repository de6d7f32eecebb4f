/* The functions of firmware's own library, against the host's in double. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "runtime/core/freestanding.h"

enum { STEP = 9973 }; /* of the bits of a float: every function is tried 430,000 times */

static double ulps(float found, double wanted)
{
    float near = (float)wanted;
    if (found == near || (found != found && wanted != wanted)) return 0;
    float next = nextafterf(near, INFINITY);
    double unit = isinf(next) ? 0x1p104 : (double)next - near;
    return fabs(found - wanted) / unit;
}

/* The worst error over floats of both signs; absolute: not in ulps. */
static double worst(float (*function)(float), double (*wanted)(double), int absolute)
{
    double most = 0;
    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += STEP) {
        float x = hf2c_of_bits((uint32_t)bits);
        if (!isfinite(x)) continue;
        double right = wanted(x);
        float found = function(x);
        if (isinf((float)right) || right != right) {
            assert_true(found == (float)right || found != found || fabs(found) > 3.4e38);
            continue;
        }
        double error = absolute ? fabs(found - right) : ulps(found, right);
        if (!(error <= most)) most = error;
    }
    return most;
}

static void functions_are_accurate(void **state)
{
    (void)state;
    double exponential = worst(hf2c_expf, exp, 0), logarithm = worst(hf2c_logf, log, 0), behind_one = worst(hf2c_log1pf, log1p, 0);
    double sine = worst(hf2c_sinf, sin, 1), cosine = worst(hf2c_cosf, cos, 1), root = worst(hf2c_sqrtf, sqrt, 0);
    print_message("expf %.3f logf %.3f log1pf %.3f sqrtf %.3f ulp, sinf %.2e cosf %.2e\n", exponential, logarithm, behind_one, root, sine, cosine);
    assert_true(exponential <= 1 && logarithm <= 2 && behind_one <= 2 && root <= 0.5);
    assert_true(sine <= 1.2e-7 && cosine <= 1.2e-7);
}

static void special_values_are_right(void **state)
{
    (void)state;
    assert_true(hf2c_expf(INFINITY) == INFINITY && hf2c_expf(-INFINITY) == 0 && isnan(hf2c_expf(NAN)));
    assert_true(hf2c_logf(0) == -INFINITY && isnan(hf2c_logf(-1)) && hf2c_logf(INFINITY) == INFINITY);
    assert_true(isnan(hf2c_sinf(INFINITY)) && isnan(hf2c_cosf(NAN)) && hf2c_sinf(0) == 0 && hf2c_cosf(0) == 1);
    assert_true(hf2c_sqrtf(0) == 0 && isnan(hf2c_sqrtf(-1)) && hf2c_sqrtf(INFINITY) == INFINITY);
    assert_true(hf2c_log1pf(0) == 0 && hf2c_log1pf(-1) == -INFINITY);
}

static void memory_moves_both_ways(void **state)
{
    (void)state;
    char text[] = "abcdef";
    hf2c_memmove(text + 1, text, 4);
    assert_string_equal(text, "aabcdf");
    hf2c_memmove(text, text + 2, 4);
    assert_string_equal(text, "bcdfdf");
    assert_true(hf2c_memcmp("ab", "ac", 2) < 0 && hf2c_memcmp("\xff", "a", 1) > 0 && hf2c_memcmp("x", "y", 0) == 0);
    assert_true(hf2c_strcmp("a", "ab") < 0 && hf2c_strcmp("b", "ab") > 0 && hf2c_strcmp("", "") == 0 && hf2c_strlen("four") == 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(functions_are_accurate), cmocka_unit_test(special_values_are_right),
                                       cmocka_unit_test(memory_moves_both_ways)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
