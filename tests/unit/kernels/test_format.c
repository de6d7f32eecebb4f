/* The number formats over all 65536 elements and around every rounding boundary, against arithmetic by ldexp; and the
 * packer. */
#include "kernels_test.h"

#include "templates/format/bf16.h"
#include "templates/format/f16.h"

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
    PackLayout layout = {WEIGHT_f32, PANEL, 0, N, K};
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

static void unpack_inverts_pack(void **state)
{
    (void)state;
    for (int gate = 0; gate < 2; gate++)
        for (int panel = 1; panel < 40; panel += 15)
            for (int64_t N = 2; N < 80; N += 18) {
                PackLayout layout = {WEIGHT_f32, panel, gate, N, 7};
                size_t bytes;
                assert_true(pack_bytes(&layout, &bytes));
                float *matrix = test_reals(N * 7, 1), *back = test_reals(N * 7, 1);
                void *packed = test_alloc(bytes);
                pack_weight(&layout, matrix, packed);
                pack_unpack(&layout, packed, back);
                test_same_bits(matrix, back, N * 7, "unpacked");
                free(matrix), free(back), free(packed);
            }
}

static void impossible_layouts_have_no_size(void **state)
{
    (void)state;
    static const PackLayout layouts[] = {
        {-1, 16, 0, 1, 1},
        {WEIGHT_COUNT, 16, 0, 1, 1},
        {0, 0, 0, 1, 1},
        {0, 16, 0, 0, 1},
        {0, 16, 0, 1, 0},
        {0, 16, 1, 3, 1},
        {0, 16, 0, INT64_MAX, 1},
        {0, 16, 0, 1, INT64_MAX},
        {0, 16, 0, (int64_t)1 << 32, (int64_t)1 << 32},
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
        cmocka_unit_test(impossible_layouts_have_no_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
