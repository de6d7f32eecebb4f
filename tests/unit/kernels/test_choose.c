/* The parameters of blocks: searched ones against rounding to the largest and against a much finer search, the others against their
 * specifications. */
#include "kernels_test.h"

#include <float.h>

#include "templates/format/choose.h"
#include "templates/format/f16.h"

enum { BLOCK = 32 };

static const struct Info {
    const char *name;
    int bits, parameters;
} infos[] = {
#define FORMAT(name, bits, block, parameters, group, cut, text) {#name, bits, parameters},
#include "templates/format/formats.def"
};

static float normal(void)
{
    float sum = 0;
    for (int i = 0; i < 12; i++) sum += test_real();
    return sum / 2;
}

static double error_of(int format, const float *values, const float *importance, int64_t count, const void *parameters)
{
    uint32_t codes[256];
    float back[256];
    double error = 0;
    format_codes(format, values, count, parameters, codes);
    format_values(format, codes, count, parameters, back);
    for (int64_t i = 0; i < count; i++) {
        assert_true(infos[format].bits == 32 || codes[i] >> infos[format].bits == 0);
        error += (double)(importance ? importance[i] : 1) * ((double)values[i] - back[i]) * ((double)values[i] - back[i]);
    }
    return error;
}

static double chosen_error(int format, const float *values, const float *importance, int64_t count)
{
    unsigned char parameters[4];
    format_choose(format, values, importance, count, parameters);
    return error_of(format, values, importance, count, parameters);
}

/* The scale at which the largest magnitude is the largest code. */
static double rounded_error(int format, const float *values, const float *importance, int64_t count)
{
    unsigned char parameters[4] = {0};
    float low = 0, high = 0;
    for (int64_t i = 0; i < count; i++) {
        low = fminf(low, values[i]);
        high = fmaxf(high, values[i]);
    }
    float largest = fmaxf(high, -low), zero = format == WEIGHT_q8 ? 128 : 8, scale = largest / (format == WEIGHT_q8 ? 127 : 7);
    if (format == WEIGHT_q4z) {
        scale = (high - low) / 15;
        zero = rintf(-low / f16_decode(f16_encode(scale)));
    }
    assert_true(format_given(format, f16_decode(f16_encode(scale)), zero, parameters));
    return error_of(format, values, importance, count, parameters);
}

static double finest_error(int format, const float *values, const float *importance, int64_t count)
{
    double least = INFINITY;
    unsigned char parameters[4];
    float largest = 0;
    for (int64_t i = 0; i < count; i++) largest = fmaxf(largest, fabsf(values[i]));
    for (float codes = -20; codes < 20; codes += 0.01f) {
        float scale = f16_decode(f16_encode(largest / codes));
        if (isinf(scale) || !format_given(format, scale, 8, parameters)) continue;
        double error = error_of(format, values, importance, count, parameters);
        if (error < least) least = error;
    }
    return least;
}

static void fill(float *values, float *importance, int64_t count, float scale)
{
    for (int64_t i = 0; i < count; i++) {
        values[i] = scale * normal();
        importance[i] = expf(normal());
    }
}

static void search_beats_rounding(void **state)
{
    (void)state;
    static const int formats[] = {WEIGHT_q8, WEIGHT_q4, WEIGHT_q4z};
    static const double gain[][2] = {{0.97, 0.90}, {0.75, 0.72}, {0.90, 0.85}}; /* plain, weighted: a blind choice would miss them */
    for (int f = 0; f < 3; f++)
        for (int weighted = 0; weighted < 2; weighted++) {
            double chosen = 0, rounded = 0;
            for (int round = 0; round < 500; round++) {
                float values[BLOCK], importance[BLOCK];
                fill(values, importance, BLOCK, 0.02f);
                chosen += chosen_error(formats[f], values, weighted ? importance : NULL, BLOCK);
                rounded += rounded_error(formats[f], values, weighted ? importance : NULL, BLOCK);
            }
            print_message("%s%s: %.3f of the error of rounding\n", infos[formats[f]].name, weighted ? ", weighted" : "", chosen / rounded);
            assert_true(chosen < gain[f][weighted] * rounded);
        }
}

static void search_comes_near_the_best(void **state)
{
    (void)state;
    for (int weighted = 0; weighted < 2; weighted++) {
        double chosen = 0, finest = 0;
        for (int round = 0; round < 50; round++) {
            float values[BLOCK], importance[BLOCK];
            fill(values, importance, BLOCK, 1);
            chosen += chosen_error(WEIGHT_q4, values, weighted ? importance : NULL, BLOCK);
            finest += finest_error(WEIGHT_q4, values, weighted ? importance : NULL, BLOCK);
        }
        print_message("q4: %.3f of the least error\n", chosen / finest);
        assert_true(chosen < 1.04 * finest);
    }
}

/* Where one column counts a thousand times as much as the others, it is what is held well. */
static void importance_counts(void **state)
{
    (void)state;
    double with = 0, without = 0;
    for (int round = 0; round < 200; round++) {
        float values[BLOCK], importance[BLOCK];
        unsigned char parameters[4];
        fill(values, importance, BLOCK, 1);
        for (int i = 0; i < BLOCK; i++) importance[i] = i == 5 ? 1000 : 1;
        with += chosen_error(WEIGHT_q4, values, importance, BLOCK);
        format_choose(WEIGHT_q4, values, NULL, BLOCK, parameters);
        without += error_of(WEIGHT_q4, values, importance, BLOCK, parameters);
    }
    assert_true(with < 0.5 * without);
}

/* Every format over any magnitudes, counts and signs: codes in range, finite values, errors no larger than a step of the format. */
static void extremes_stay_finite(void **state)
{
    (void)state;
    static const float magnitudes[] = {0, 1e-45f, 1e-38f, 1e-12f, 1e-6f, 1, 60000, 1e9f, 3e38f};
    for (int format = 0; format < WEIGHT_COUNT; format++)
        for (size_t m = 0; m < sizeof(magnitudes) / sizeof(magnitudes[0]); m++)
            for (int64_t count = 1; count <= 130; count += 43) {
                float values[256], back[256];
                uint32_t codes[256];
                unsigned char parameters[4] = {0};
                for (int64_t i = 0; i < count; i++) values[i] = magnitudes[m] * test_real();
                format_choose(format, values, NULL, count, parameters);
                format_codes(format, values, count, parameters, codes);
                format_values(format, codes, count, parameters, back);
                for (int64_t i = 0; i < count; i++)
                    assert_true(isfinite(back[i]) || (format == WEIGHT_f16 && fabsf(values[i]) >= 65520));
            }
}

static void equal_values_are_held(void **state)
{
    (void)state;
    static const int formats[] = {WEIGHT_q8, WEIGHT_q4, WEIGHT_q4z};
    for (int f = 0; f < 3; f++)
        for (int sign = -1; sign <= 1; sign++) {
            float values[BLOCK];
            for (int i = 0; i < BLOCK; i++) values[i] = 0.3f * (float)sign;
            double error = sqrt(chosen_error(formats[f], values, NULL, BLOCK) / BLOCK);
            assert_true(error <= 0.3 / 2048);
        }
}

/* Whole numbers that the grid holds come back as they are. */
static void grids_are_found(void **state)
{
    (void)state;
    float values[BLOCK];
    for (int i = 0; i < BLOCK; i++) values[i] = 0.25f * (float)(i % 16 - 8);
    assert_true(chosen_error(WEIGHT_q4, values, NULL, BLOCK) == 0);
    for (int i = 0; i < BLOCK; i++) values[i] = -0.25f * (float)(i % 16 - 8);
    assert_true(chosen_error(WEIGHT_q4, values, NULL, BLOCK) == 0);
    for (int i = 0; i < BLOCK; i++) values[i] = 0.125f * (float)(i % 16 + 30);
    assert_true(chosen_error(WEIGHT_q4z, values, NULL, BLOCK) == 0);
    for (int i = 0; i < BLOCK; i++) values[i] = 0.5f * (float)(i * 8 - 127);
    assert_true(chosen_error(WEIGHT_q8, values, NULL, BLOCK) == 0);
}

static void specifications_hold(void **state)
{
    (void)state;
    unsigned char byte;
    float scale, values[4] = {0.1f, -6.5f, 2, 0};
    format_choose(WEIGHT_mxfp4, values, NULL, 4, &byte); /* 6.5: 2^2 less 2^2 */
    assert_int_equal(byte, 127);
    values[1] = 8;
    format_choose(WEIGHT_mxfp4, values, NULL, 4, &byte);
    assert_int_equal(byte, 128);
    values[1] = -448;
    format_choose(WEIGHT_e4m3, values, NULL, 4, &scale);
    assert_true(scale == 1);
    values[1] = 2 * 57344.0f;
    format_choose(WEIGHT_e5m2, values, NULL, 4, &scale);
    assert_true(scale == 2);
    format_choose(WEIGHT_nf4, values, NULL, 4, &scale);
    assert_true(scale == values[1]);
    format_choose(WEIGHT_int8, values, NULL, 4, &scale);
    assert_true(scale == values[1] / 127);
}

/* Given parameters are taken exactly or refused. */
static void given_is_exact(void **state)
{
    (void)state;
    unsigned char parameters[4];
    static const struct {
        int format;
        float scale, zero;
        int good;
    } cases[] = {
        {WEIGHT_q4, 0.5f, 8, 1},        {WEIGHT_q4, 0.5f, 7, 0},     {WEIGHT_q4, 0.1f, 8, 0},          {WEIGHT_q4, 1e6f, 8, 0},
        {WEIGHT_q8, -0.25f, 128, 1},    {WEIGHT_q8, 0.25f, 0, 0},    {WEIGHT_q4z, 0.5f, -300, 1},      {WEIGHT_q4z, 0.5f, 0.5f, 0},
        {WEIGHT_q4z, 0.5f, 40000, 0},   {WEIGHT_int8, 0.1f, 128, 1}, {WEIGHT_nf4, 0.1f, 0, 1},         {WEIGHT_nf4, INFINITY, 0, 0},
        {WEIGHT_mxfp4, 0x1p-127f, 0, 1}, {WEIGHT_mxfp4, 3, 0, 0},    {WEIGHT_mxfp4, 0x1p127f, 0, 1},   {WEIGHT_e4m3, NAN, 0, 0},
        {WEIGHT_bf16, 1, 0, 1},         {WEIGHT_bf16, 2, 0, 0},      {WEIGHT_q4, NAN, 8, 0},           {WEIGHT_q4z, 0.5f, NAN, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(format_given(cases[i].format, cases[i].scale, cases[i].zero, parameters), cases[i].good);
        if (!cases[i].good || !infos[cases[i].format].parameters) continue;
        uint32_t codes[2] = {1, 2};
        float values[2];
        format_values(cases[i].format, codes, 2, parameters, values);
        int whole = cases[i].zero != 0;
        if (whole) assert_true(values[0] == (1 - cases[i].zero) * cases[i].scale);
        uint32_t again[2];
        format_codes(cases[i].format, values, 2, parameters, again);
        if (cases[i].zero > -20) assert_true(again[0] == 1 && again[1] == 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(search_beats_rounding), cmocka_unit_test(search_comes_near_the_best), cmocka_unit_test(importance_counts),
        cmocka_unit_test(extremes_stay_finite),  cmocka_unit_test(equal_values_are_held),      cmocka_unit_test(grids_are_found),
        cmocka_unit_test(specifications_hold),   cmocka_unit_test(given_is_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
