/* Stored elements as floats: exact wherever a float can be, at any alignment. */
#include "tests/unit/scratch.h"

#include <math.h>

#include "compiler/read/safetensors.h"

/* Converts one element, from an odd address. */
static float convert(StoredType type, uint64_t bits)
{
    uint8_t bytes[9] = {0};
    for (int i = 0; i < 8; i++) bytes[1 + i] = (uint8_t)(bits >> 8 * i);
    Tensor tensor = {.name = "t", .type = type, .elements = 1, .bytes = stored_bytes(type), .data = bytes + 1};
    float value = -99.0f;
    tensor_to_float(&tensor, 0, 1, &value);
    return value;
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void types_have_names_and_sizes(void **state)
{
    (void)state;
    assert_string_equal(stored_name(STORED_BF16), "BF16");
    assert_string_equal(stored_name(STORED_F8_E5M2), "F8_E5M2");
    assert_int_equal(stored_bytes(STORED_F64), 8);
    assert_int_equal(stored_bytes(STORED_F16), 2);
    assert_int_equal(stored_bytes(STORED_BOOL), 1);
}

static void values_convert(void **state)
{
    (void)state;
    static const struct {
        StoredType type;
        uint64_t bits;
        float wanted;
    } cases[] = {{STORED_F32, 0x3fc00000, 1.5f},
                 {STORED_F32, 0x80000000, -0.0f},
                 {STORED_F32, 1, 0x1p-149f},
                 {STORED_F32, 0xff800000, -INFINITY},
                 {STORED_F64, 0x3fb999999999999a, 0.1f},
                 {STORED_F64, 0x7fefffffffffffff, INFINITY},
                 {STORED_F64, 1, 0.0f},
                 {STORED_F16, 0x3c00, 1.0f},
                 {STORED_F16, 0x0001, 0x1p-24f},
                 {STORED_F16, 0x83ff, -0x1.ff8p-15f},
                 {STORED_F16, 0x7bff, 65504.0f},
                 {STORED_F16, 0x7c00, INFINITY},
                 {STORED_F16, 0xfc00, -INFINITY},
                 {STORED_F16, 0x8000, -0.0f},
                 {STORED_BF16, 0x3f80, 1.0f},
                 {STORED_BF16, 0x0001, 0x1p-133f},
                 {STORED_BF16, 0x7f80, INFINITY},
                 {STORED_BF16, 0xc049, -3.140625f},
                 {STORED_F8_E4M3, 0x38, 1.0f},
                 {STORED_F8_E4M3, 0x7e, 448.0f},
                 {STORED_F8_E4M3, 0x01, 0x1p-9f},
                 {STORED_F8_E4M3, 0xb8, -1.0f},
                 {STORED_F8_E4M3, 0x78, 256.0f},
                 {STORED_F8_E5M2, 0x3c, 1.0f},
                 {STORED_F8_E5M2, 0x7b, 57344.0f},
                 {STORED_F8_E5M2, 0x01, 0x1p-16f},
                 {STORED_F8_E5M2, 0x7c, INFINITY},
                 {STORED_F8_E5M2, 0xfc, -INFINITY},
                 {STORED_I64, UINT64_MAX, -1.0f},
                 {STORED_I64, (uint64_t)1 << 63, -0x1p63f},
                 {STORED_I64, INT64_MAX, 0x1p63f},
                 {STORED_U64, UINT64_MAX, 0x1p64f},
                 {STORED_I32, 0xfffffffe, -2.0f},
                 {STORED_I32, 0x80000000, -0x1p31f},
                 {STORED_U32, 0xffffffff, 0x1p32f},
                 {STORED_I16, 0x8000, -32768.0f},
                 {STORED_U16, 0xffff, 65535.0f},
                 {STORED_I8, 0x80, -128.0f},
                 {STORED_I8, 0x7f, 127.0f},
                 {STORED_U8, 0xff, 255.0f},
                 {STORED_BOOL, 0, 0.0f},
                 {STORED_BOOL, 1, 1.0f},
                 {STORED_BOOL, 7, 1.0f}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        float found = convert(cases[i].type, cases[i].bits);
        if (bits_of(found) != bits_of(cases[i].wanted))
            fail_msg("%s %llx: %a, wanted %a", stored_name(cases[i].type), (unsigned long long)cases[i].bits,
                     (double)found, (double)cases[i].wanted);
    }
}

static void nan_stays_nan(void **state)
{
    (void)state;
    assert_true(isnan(convert(STORED_F64, 0x7ff8000000000000)));
    assert_true(isnan(convert(STORED_F32, 0x7fc00000)));
    assert_true(isnan(convert(STORED_F16, 0x7c01)));
    assert_true(isnan(convert(STORED_BF16, 0xffc0)));
    assert_true(isnan(convert(STORED_F8_E4M3, 0x7f)));
    assert_true(isnan(convert(STORED_F8_E4M3, 0xff)));
    assert_true(isnan(convert(STORED_F8_E5M2, 0x7d)));
}

/* Every value of the small formats against its definition, (-1)^s * 2^(e-bias) * 1.m, computed in double. */
static void small_formats_are_exact(void **state)
{
    (void)state;
    static const struct {
        StoredType type;
        int bits, exponent_bits, mantissa_bits;
    } formats[] = {
        {STORED_F16, 16, 5, 10}, {STORED_BF16, 16, 8, 7}, {STORED_F8_E4M3, 8, 4, 3}, {STORED_F8_E5M2, 8, 5, 2}};
    for (size_t f = 0; f < COUNT_OF(formats); f++) {
        int mantissa_bits = formats[f].mantissa_bits, bias = (1 << (formats[f].exponent_bits - 1)) - 1;
        for (uint32_t bits = 0; bits < (uint32_t)1 << formats[f].bits; bits++) {
            int exponent = (int)(bits >> mantissa_bits) & ((1 << formats[f].exponent_bits) - 1);
            double mantissa = (double)(bits & ((1u << mantissa_bits) - 1)) / (double)(1 << mantissa_bits);
            float found = convert(formats[f].type, bits);
            bool top = exponent == (1 << formats[f].exponent_bits) - 1;
            if (!isfinite(found)) {
                assert_true(top);
                continue;
            }
            assert_true(!top || formats[f].type == STORED_F8_E4M3);
            double wanted = exponent != 0 ? ldexp(1.0 + mantissa, exponent - bias) : ldexp(mantissa, 1 - bias);
            assert_true((double)fabsf(found) == wanted);
            assert_int_equal(signbit(found) != 0, bits >> (formats[f].bits - 1));
        }
    }
}

static void ranges_are_taken(void **state)
{
    (void)state;
    static const uint8_t data[] = {10, 20, 30, 40, 50};
    Tensor tensor = {.name = "t", .type = STORED_U8, .elements = 5, .bytes = 5, .data = data};
    float out[3] = {-1.0f, -1.0f, -1.0f};
    tensor_to_float(&tensor, 3, 2, out);
    assert_true(out[0] == 40.0f && out[1] == 50.0f && out[2] == -1.0f);
    tensor_to_float(&tensor, 5, 0, out);
    assert_true(out[0] == 40.0f);
}

static void shapes_are_shown(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    assert_string_equal(shape_text(arena, 0, NULL), "[]");
    assert_string_equal(shape_text(arena, 2, (int64_t[]){2, 30000000000}), "[2, 30000000000]");
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_have_names_and_sizes),
        cmocka_unit_test(values_convert),
        cmocka_unit_test(nan_stays_nan),
        cmocka_unit_test(small_formats_are_exact),
        cmocka_unit_test(ranges_are_taken),
        cmocka_unit_test(shapes_are_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
