/* Other rates: against the definition written out, and against waves that are known at every rate. */
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "runtime/audio/sound.h"

static const double pi = 3.14159265358979323846;
static _Alignas(64) uint8_t memory[1 << 22];

/* torchaudio's definition, sample by sample: sinc_interp_hann, lowpass_filter_width 6, rolloff 0.99. */
static double defined(const float *x, int count, double from, double to, int i)
{
    double band = 0.99 * (from < to ? from : to), sum = 0;
    for (int j = 0; j < count; j++) {
        double t = (j / from - i / to) * band, window = cos(t * pi / 12);
        if (fabs(t) >= 6) continue;
        sum += (double)x[j] * (t == 0 ? 1 : sin(pi * t) / (pi * t)) * window * window * band / from;
    }
    return sum;
}

static void check_definition(int from, int to, int count)
{
    hf2c_scratch scratch = {memory, sizeof memory, 0};
    float *x = malloc((size_t)count * sizeof *x);
    hf2c_sound sound = {x, count, from}, result;
    for (int i = 0; i < count; i++) x[i] = (float)((i * 7919 + 13) % 1009) / 1009 - 0.5f;
    assert_int_equal(hf2c_resample(&sound, to, &scratch, &result), HF2C_OK);
    assert_int_equal(result.rate, to);
    assert_int_equal(result.count, (int)ceil((double)count * to / from));
    for (int i = 0; i < result.count; i++)
        assert_true(fabs((double)result.samples[i] - defined(x, count, from, to, i)) < 2e-6);
    free(x);
}

static void rates_follow_the_definition(void **state)
{
    (void)state;
    check_definition(44100, 16000, 900);
    check_definition(8000, 16000, 100);
    check_definition(48000, 16000, 301);
    check_definition(22050, 16000, 500);
    check_definition(11025, 16000, 77);
    check_definition(16000, 8000, 64);
    check_definition(16000, 44100, 33);
    check_definition(44100, 16000, 1);
    check_definition(7, 5, 40);
}

static void waves_stay_waves(void **state)
{
    (void)state;
    enum { COUNT = 4410 };
    hf2c_scratch scratch = {memory, sizeof memory, 0};
    static float x[COUNT];
    hf2c_sound sound = {x, COUNT, 44100}, result;
    for (int i = 0; i < COUNT; i++) x[i] = (float)sin(2 * pi * 440 * i / 44100);
    assert_int_equal(hf2c_resample(&sound, 16000, &scratch, &result), HF2C_OK);
    for (int i = 50; i < result.count - 50; i++)
        assert_true(fabs((double)result.samples[i] - sin(2 * pi * 440 * i / 16000)) < 5e-3);
}

static void the_same_rate_changes_nothing(void **state)
{
    (void)state;
    hf2c_scratch scratch = {memory, 64, 0};
    const float x[2] = {1, 2};
    hf2c_sound sound = {x, 2, 16000}, result;
    assert_int_equal(hf2c_resample(&sound, 16000, &scratch, &result), HF2C_OK);
    assert_ptr_equal(result.samples, x);
    assert_int_equal(scratch.used, 0);
}

static void what_does_not_fit_is_said(void **state)
{
    (void)state;
    hf2c_scratch scratch = {memory, 64, 0};
    const float x[2] = {1, 2};
    hf2c_sound sound = {x, 2, 16001}, long_sound = {x, INT_MAX, 1}, result;
    assert_int_equal(hf2c_resample(&sound, 16000, &scratch, &result), HF2C_TOO_SMALL);
    assert_int_equal(hf2c_resample(&long_sound, 16000, &scratch, &result), HF2C_TOO_LONG);
    assert_int_equal(hf2c_resampled_count(INT_MAX, 1, 2), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_follow_the_definition),
        cmocka_unit_test(waves_stay_waves),
        cmocka_unit_test(the_same_rate_changes_nothing),
        cmocka_unit_test(what_does_not_fit_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
