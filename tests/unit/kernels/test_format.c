/* The number formats over all 65536 elements and around every rounding boundary, against arithmetic by ldexp; and the
 * packer. */
#include "kernels_test.h"

#include "templates/format/choose.h"
#include "templates/format/layout.h"

typedef struct Small {
    int exponent_bits, mantissa_bits;
    float (*decode)(uint16_t);
    uint16_t (*encode)(float);
} Small;

static const Small smalls[] = {{5, 10, f16_decode, f16_encode}, {8, 7, bf16_decode, bf16_encode}};
enum { SMALLS = 2 };

/* The value of a finite element, by definition. */
static double value_of(const Small *s, unsigned element)
{
    int exponent = (int)(element >> s->mantissa_bits & ((1u << s->exponent_bits) - 1)),
        bias = (1 << (s->exponent_bits - 1)) - 1;
    double mantissa = element & ((1u << s->mantissa_bits) - 1);
    if (exponent) mantissa += 1 << s->mantissa_bits;
    double value = ldexp(mantissa, (exponent ? exponent : 1) - bias - s->mantissa_bits);
    return element >> 15 ? -value : value;
}

static unsigned infinity_of(const Small *s) { return ((1u << s->exponent_bits) - 1) << s->mantissa_bits; }

static void decode_is_exact(void **state)
{
    (void)state;
    for (int f = 0; f < SMALLS; f++)
        for (unsigned element = 0; element < 65536; element++) {
            const Small *s = &smalls[f];
            float value = s->decode((uint16_t)element);
            unsigned magnitude = element & 0x7fff, infinity = infinity_of(s);
            if (magnitude > infinity)
                assert_true(isnan(value));
            else if (magnitude == infinity)
                assert_true(isinf(value) && (value < 0) == (element >> 15));
            else
                assert_true((double)value == value_of(s, element) && !signbit(value) == !(element >> 15));
        }
}

static void encode_inverts_decode(void **state)
{
    (void)state;
    for (int f = 0; f < SMALLS; f++)
        for (unsigned element = 0; element < 65536; element++) {
            const Small *s = &smalls[f];
            unsigned magnitude = element & 0x7fff,
                     quiet = magnitude > infinity_of(s) ? 1u << (s->mantissa_bits - 1) : 0;
            assert_int_equal(s->encode(s->decode((uint16_t)element)), element | quiet);
        }
}

/* Between two neighbours: the middle goes to the even one, what is next to the middle to the nearer one. */
static void encode_rounds_to_nearest_even(void **state)
{
    (void)state;
    for (int f = 0; f < SMALLS; f++) {
        const Small *s = &smalls[f];
        double greatest = value_of(s, infinity_of(s) - 1), step = greatest - value_of(s, infinity_of(s) - 2);
        for (unsigned low = 0; low < infinity_of(s); low++) {
            double high = low + 1 == infinity_of(s) ? greatest + step : value_of(s, low + 1);
            float middle = (float)((value_of(s, low) + high) / 2);
            assert_int_equal(s->encode(middle), low & 1 ? low + 1 : low);
            assert_int_equal(s->encode(nextafterf(middle, 0)), low);
            assert_int_equal(s->encode(nextafterf(middle, INFINITY)), low + 1);
            assert_int_equal(s->encode(-middle), (low & 1 ? low + 1 : low) | 0x8000u);
        }
        assert_int_equal(s->encode(3.4028234e38f), infinity_of(s));
        assert_int_equal(s->encode(1e-45f), 0);
        assert_int_equal(s->encode(-1e-45f), 0x8000u);
    }
}

static void packed_elements_are_where_the_layout_says(void **state)
{
    (void)state;
    enum { N = 21, K = 5, PANEL = 16 };
    PackLayout layout = {WEIGHT_f32, PANEL, 0, N, K, 0};
    size_t bytes;
    assert_true(pack_bytes(&layout, &bytes));
    assert_int_equal(bytes, 32 * K * sizeof(float));
    float *matrix = test_reals(N * K, 1), *packed = test_alloc(bytes);
    pack_weight(&layout, matrix, packed);
    for (int n = 0; n < 32; n++)
        for (int k = 0; k < K; k++)
            assert_true(packed[n / PANEL * PANEL * K + k * PANEL + n % PANEL] == (n < N ? matrix[n * K + k] : 0));
    free(matrix), free(packed);
}

/* Panels of every width hold the same numbers, whatever the format; those without parameters hold them exactly. */
static void check_unpacked(int format, int panel, int gate, int64_t N, int64_t K)
{
    PackLayout layout = {format, panel, gate, N, K, 0}, plain = {format, 1, 0, N, K, 0};
    size_t bytes, plain_bytes;
    assert_true(pack_bytes(&layout, &bytes) && pack_bytes(&plain, &plain_bytes));
    float *matrix = test_reals(N * K, 1), *back = test_reals(N * K, 1), *wanted = test_reals(N * K, 1);
    for (int64_t i = 0; i < N * K; i++) matrix[i] = bf16_decode(bf16_encode(f16_decode(f16_encode(matrix[i]))));
    void *packed = test_alloc(bytes), *other = test_alloc(plain_bytes);
    pack_weight(&layout, matrix, packed);
    pack_unpack(&layout, packed, back);
    pack_weight(&plain, matrix, other);
    pack_unpack(&plain, other, wanted);
    test_same_bits(wanted, back, N * K, "panels against rows");
    if (pack_block(&layout) == 1 && format != WEIGHT_f16) test_same_bits(matrix, back, N * K, "unpacked");
    for (int64_t i = 0; i < N * K; i++) assert_true(fabsf(back[i] - matrix[i]) < 0.3f);
    free(matrix), free(back), free(wanted), free(packed), free(other);
}

static void unpack_inverts_pack(void **state)
{
    (void)state;
    for (int format = 0; format < WEIGHT_COUNT; format++)
        for (int run = 0; run < 2 * 3 * 3; run++) {
            check_unpacked(format, 1 + run / 2 % 3 * 15, run % 2, 2 + run / 6 * 18, 7);
            check_unpacked(format, 1 + run / 2 % 3 * 15, run % 2, 2 + run / 6 * 18, 140);
        }
}

/* Values that decode exactly are found again, with the parameters that they had; a wrong one is named. */
static void given_parameters_are_kept(void **state)
{
    (void)state;
    enum { N = 5, K = 70 };
    for (int format = WEIGHT_q8; format < WEIGHT_COUNT; format++) {
        if (layout_is_nested(format)) continue; /* see below */
        PackLayout layout = {format, 16, 0, N, K, 0};
        size_t bytes;
        assert_true(pack_bytes(&layout, &bytes));
        float *matrix = test_reals(N * K, 1), scale[N * K], zero[N * K], back[N * K];
        const PackGiven given = {scale, format == WEIGHT_q4z ? zero : NULL, NULL, NULL};
        const int64_t block = pack_block(&layout);
        void *packed = test_alloc(bytes);
        for (int64_t i = 0; i < N * K; i++) {
            int64_t b = i / K * 100 + i % K / block;
            scale[i] = ldexpf(1, (int)(b % 3) - 4);
            zero[i] = (float)(b % 20 - 3);
            uint32_t code = test_random() % (layout_bits(format) == 8 ? 120 : 16);
            float parameters[2];
            assert_true(format_given(format, scale[i], format == WEIGHT_q4z ? zero[i] : format == WEIGHT_q4 ? 8 : format == WEIGHT_q8 || format == WEIGHT_int8 ? 128 : 0, parameters));
            matrix[i] = layout_value(format, code ? code : 1, parameters);
        }
        assert_int_equal(pack_panels(&layout, matrix, NULL, &given, 0, pack_panel_count(&layout), packed), -1);
        pack_unpack(&layout, packed, back);
        for (int i = 0; i < N * K; i++) assert_true(back[i] == matrix[i]);
        matrix[3 * K + 4] *= 1.01f;
        assert_int_equal(pack_panels(&layout, matrix, NULL, &given, 0, pack_panel_count(&layout), packed), 3 * K + 4);
        free(matrix), free(packed);
    }
}

/* A matrix as a checkpoint has it that is cut out of a larger one, whose rows begin anywhere in its blocks' groups: the first half has one offset, the
 * second another. */
typedef struct Nested {
    float *values, *scale, *outer, *offset;
} Nested;

static Nested nested_matrix(int format, int64_t N, int64_t K, int64_t before)
{
    Nested m = {test_reals(N * K, 1), test_reals(N * K, 1), test_reals(N * K, 1), test_reals(N * K, 1)};
    for (int64_t i = 0; i < N * K; i++) {
        int64_t block = before + i / NESTED_FLAT, group = block / NESTED_BLOCKS;
        m.offset[i] = i < N * K / 2 ? 0.0625f : 0.0371f;
        m.outer[i] = 0.02f + 0.001f * (float)(group * 7 % 5);
        m.scale[i] = nested_value((uint32_t)(block * 7919 % NESTED_COUNT), m.outer[i], m.offset[i]);
        m.values[i] = layout_value(format, test_random() % 16, &m.scale[i]);
    }
    return m;
}

static void check_nested(int format, int panel, int gate, int64_t N, int64_t K, int64_t before)
{
    PackLayout layout = {format, panel, gate, N, K, layout_row_block(format, K)};
    size_t bytes;
    assert_true(pack_bytes(&layout, &bytes));
    Nested m = nested_matrix(format, N, K, before);
    const PackGiven given = {m.scale, NULL, m.outer, m.offset};
    float *back = test_reals(N * K, 1);
    void *packed = test_alloc(bytes);
    assert_int_equal(pack_panels(&layout, m.values, NULL, &given, 0, pack_panel_count(&layout), packed), -1);
    pack_unpack(&layout, packed, back);
    for (int64_t i = 0; i < N * K; i++) assert_true(back[i] == m.values[i]);
    const int64_t wrong = (N - 1) * K + K / layout.block / 2 * layout.block;
    for (int64_t i = wrong; i < wrong + layout.block; i++) m.scale[i] += 0.01f * m.outer[i];
    assert_int_equal(pack_panels(&layout, m.values, NULL, &given, 0, pack_panel_count(&layout), packed), wrong);
    free(m.values), free(m.scale), free(m.outer), free(m.offset), free(back), free(packed);
}

/* Scales that 256 blocks share may end anywhere in a row, and not at all. */
static void nested_parameters_are_kept(void **state)
{
    (void)state;
    static const int64_t columns[] = {64, 96, 352, 5632, 16384, 20032, 40000};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        for (int panel = 1; panel <= 16; panel += 15) {
            check_nested(WEIGHT_nf4_double, panel, 0, 40000 / columns[i] * 4 + 4, columns[i], 0);
            check_nested(WEIGHT_fp4_double, panel, 1, 18, columns[i], 77);
        }
}

/* Chosen by the packer: the largest magnitudes are what they were but for a 64th of how far they are from each other. */
static void nested_parameters_are_near(void **state)
{
    (void)state;
    enum { N = 18, K = 17000 };
    float *matrix = test_reals(N * K, 1), *back = test_reals(N * K, 1), *plain = test_reals(N * K, 1);
    double error = 0, plain_error = 0;
    for (int nested = 0; nested < 2; nested++) {
        const int format = nested ? WEIGHT_nf4_double : WEIGHT_nf4;
        PackLayout layout = {format, 16, 0, N, K, layout_row_block(format, K)};
        size_t bytes;
        assert_true(pack_bytes(&layout, &bytes));
        void *packed = test_alloc(bytes);
        pack_weight(&layout, matrix, packed);
        pack_unpack(&layout, packed, nested ? back : plain);
        free(packed);
    }
    for (int64_t i = 0; i < N * K; i++) {
        assert_true(fabsf(back[i] - plain[i]) < 0.32f); /* a code may be the next one */
        error += ((double)back[i] - (double)matrix[i]) * ((double)back[i] - (double)matrix[i]);
        plain_error += ((double)plain[i] - (double)matrix[i]) * ((double)plain[i] - (double)matrix[i]);
    }
    print_message("nested: %.4f of the error\n", error / plain_error);
    assert_true(error < 1.02 * plain_error);
    free(matrix), free(back), free(plain);
}

/* A block's parameters with that scale; 8 for mxfp4. */
static void set_parameters(int format, float scale, void *parameters)
{
    const uint16_t f16 = f16_encode(scale);
    const uint8_t exponent = 130;
    if (format == WEIGHT_mxfp4) memcpy(parameters, &exponent, sizeof exponent);
    else if (layout_is_nested(format) || (layout_parameters(format) == 4 && format != WEIGHT_q4z)) memcpy(parameters, &scale, sizeof scale);
    else memcpy(parameters, &f16, sizeof f16);
}

/* Every code of the narrow formats is what is nearest to its own value. */
static void codes_invert_values(void **state)
{
    (void)state;
    static const float scales[] = {1, 0x1.8p-9f, 0.0371f};
    for (int format = WEIGHT_q8; format < WEIGHT_COUNT; format++)
        for (int s = 0; s < (format == WEIGHT_mxfp4 ? 1 : 3); s++)
            for (uint32_t code = 0; code < 1u << layout_bits(format); code++) {
                float parameters[2] = {0}, value, back;
                uint32_t found;
                set_parameters(format, scales[s], parameters);
                value = layout_value(format, code, parameters);
                format_codes(format, &value, 1, parameters, &found);
                format_values(format, &found, 1, parameters, &back);
                if (isfinite(value) && !(code == 0 && layout_bits(format) == 8 && format <= WEIGHT_int8)) assert_true(back == value);
            }
}

static void impossible_layouts_have_no_size(void **state)
{
    (void)state;
    static const PackLayout layouts[] = {
        {-1, 16, 0, 1, 1, 0},
        {WEIGHT_COUNT, 16, 0, 1, 1, 0},
        {0, 0, 0, 1, 1, 0},
        {0, 16, 0, 0, 1, 0},
        {0, 16, 0, 1, 0, 0},
        {0, 16, 1, 3, 1, 0},
        {0, 16, 0, INT64_MAX, 1, 0},
        {0, 16, 0, 1, INT64_MAX, 0},
        {0, 16, 0, (int64_t)1 << 32, (int64_t)1 << 32, 0},
        {0, 16, 0, 1, 1, 32},
        {WEIGHT_q4, 16, 0, 1, 64, 30},
        {WEIGHT_q4, 1, 0, 1, 64, 31},
        {WEIGHT_q8, 16, 0, 1, 64, -4},
        {WEIGHT_int8, 16, 0, (int64_t)1 << 32, (int64_t)1 << 32, 0},
    };
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
        size_t bytes = 1;
        assert_false(pack_bytes(&layouts[i], &bytes));
        assert_int_equal(bytes, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decode_is_exact),
        cmocka_unit_test(encode_inverts_decode),
        cmocka_unit_test(encode_rounds_to_nearest_even),
        cmocka_unit_test(packed_elements_are_where_the_layout_says),
        cmocka_unit_test(unpack_inverts_pack),
        cmocka_unit_test(given_parameters_are_kept),
        cmocka_unit_test(nested_parameters_are_kept),
        cmocka_unit_test(nested_parameters_are_near),
        cmocka_unit_test(codes_invert_values),
        cmocka_unit_test(impossible_layouts_have_no_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
