/* Rounding with compensation changes what a linear makes of inputs that go together less than rounding each weight by itself. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/emit/compensate.h"
#include "templates/cpu/pack.h"
#include "templates/format/choose.h"

enum { COLUMNS = 96, ROWS = 24, INPUTS = 400, CHUNK = 64, BLOCK = 32 };

static uint32_t state = 1;

static float real(void)
{
    state = state * 1664525u + 1013904223u;
    return (float)(state >> 8) * 0x1p-23f - 1;
}

/* Neighbouring columns are alike. */
static void fill_inputs(float *x)
{
    for (int r = 0; r < INPUTS; r++) {
        float last = 0;
        for (int i = 0; i < COLUMNS; i++) x[r * COLUMNS + i] = last = 0.9f * last + real();
    }
}

static InputMoments moments_of(Arena *arena, const float *x)
{
    InputMoments m = {.columns = COLUMNS, .chunk = CHUNK, .rows = INPUTS};
    m.sum = ARENA_ARRAY(arena, float, COLUMNS * CHUNK);
    for (int r = 0; r < INPUTS; r++)
        for (int i = 0; i < COLUMNS; i++)
            for (int j = i / CHUNK * CHUNK; j < COLUMNS && j < i / CHUNK * CHUNK + CHUNK; j++)
                m.sum[i * CHUNK + j % CHUNK] += x[r * COLUMNS + i] * x[r * COLUMNS + j];
    return m;
}

static double output_error(const float *weights, const float *rounded, const float *x)
{
    double error = 0;
    for (int r = 0; r < INPUTS; r++)
        for (int n = 0; n < ROWS; n++) {
            double y = 0;
            for (int k = 0; k < COLUMNS; k++) y += ((double)weights[n * COLUMNS + k] - rounded[n * COLUMNS + k]) * x[r * COLUMNS + k];
            error += y * y;
        }
    return error;
}

static void round_alone(int format, const float *weights, float *rounded)
{
    for (int at = 0; at < ROWS * COLUMNS; at += BLOCK) {
        unsigned char parameters[8];
        uint32_t codes[BLOCK];
        format_choose(format, weights + at, NULL, BLOCK, parameters);
        format_codes(format, weights + at, BLOCK, parameters, codes);
        format_values(format, codes, BLOCK, parameters, rounded + at);
    }
}

/* The results are numbers of the format with the parameters that are given. */
static void check_given(int format, const float *rounded, const Compensated *given)
{
    const float *scale = given->scale, *zero = given->zero;
    PackLayout layout = {format, 16, 0, ROWS, COLUMNS, format_block((Format)format, COLUMNS)};
    Arena *arena = arena_new();
    size_t bytes;
    assert_true(pack_bytes(&layout, &bytes));
    void *packed = arena_alloc(arena, bytes);
    assert_int_equal(pack_panels(&layout, rounded, NULL, &(PackGiven){scale, zero, given->outer, given->offset}, 0, pack_panel_count(&layout), packed), -1);
    arena_free(arena);
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        unsigned char parameters[8];
        uint32_t code;
        float value;
        assert_true(format_given(format, scale[i], zero[i], parameters));
        format_codes(format, rounded + i, 1, parameters, &code);
        format_values(format, &code, 1, parameters, &value);
        assert_true(value == rounded[i]);
    }
}

static void errors_are_made_up_for(void **unused)
{
    (void)unused;
    static const int formats[] = {WEIGHT_q4, WEIGHT_q4z, WEIGHT_mxfp4, WEIGHT_nf4, WEIGHT_nf4_double};
    Arena *arena = arena_new();
    float *x = ARENA_ARRAY(arena, float, INPUTS * COLUMNS), *weights = ARENA_ARRAY(arena, float, ROWS * COLUMNS);
    float *rounded = ARENA_ARRAY(arena, float, ROWS * COLUMNS), *given = ARENA_ARRAY(arena, float, 4 * ROWS * COLUMNS);
    Compensated parameters = {given, given + ROWS * COLUMNS, given + 2 * ROWS * COLUMNS, given + 3 * ROWS * COLUMNS};
    fill_inputs(x);
    InputMoments moments = moments_of(arena, x);
    for (size_t f = 0; f < COUNT_OF(formats); f++) {
        for (int i = 0; i < ROWS * COLUMNS; i++) weights[i] = real();
        round_alone(formats[f], weights, rounded);
        double alone = output_error(weights, rounded, x);
        Compensation *c = compensation_new(arena, &moments, COLUMNS, formats[f], format_block((Format)formats[f], COLUMNS));
        assert_non_null(c);
        memcpy(rounded, weights, ROWS * COLUMNS * sizeof *rounded);
        compensate(c, rounded, ROWS, &parameters);
        double together = output_error(weights, rounded, x);
        print_message("%s: %.3f of the error\n", format_name((Format)formats[f]), together / alone);
        assert_true(together < 0.6 * alone);
        check_given(formats[f], rounded, &parameters);
    }
    arena_free(arena);
}

static void what_cannot_help_is_left_alone(void **unused)
{
    (void)unused;
    Arena *arena = arena_new();
    float *x = ARENA_ARRAY(arena, float, INPUTS * COLUMNS);
    fill_inputs(x);
    InputMoments moments = moments_of(arena, x), nothing = moments;
    nothing.rows = 0;
    assert_null(compensation_new(arena, NULL, COLUMNS, WEIGHT_q4, BLOCK));
    assert_null(compensation_new(arena, &nothing, COLUMNS, WEIGHT_q4, BLOCK));
    assert_null(compensation_new(arena, &moments, COLUMNS + 1, WEIGHT_q4, BLOCK));
    assert_null(compensation_new(arena, &moments, COLUMNS, WEIGHT_q8, BLOCK));
    assert_null(compensation_new(arena, &moments, COLUMNS, WEIGHT_q4, 48));
    memset(moments.sum, 0, COLUMNS * CHUNK * sizeof *moments.sum); /* inputs that are always zero */
    assert_non_null(compensation_new(arena, &moments, COLUMNS, WEIGHT_q4, BLOCK));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(errors_are_made_up_for), cmocka_unit_test(what_cannot_help_is_left_alone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
