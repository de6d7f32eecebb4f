/* The strict scanner and the writer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/core/json.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Scans to the end; returns JSON_END or JSON_ERROR. */
static JsonKind scan_all(const char *text, size_t bytes, JsonScanner *scanner)
{
    char *block = malloc(bytes != 0 ? bytes : 1); /* its own block, so that a read past the end is seen */
    assert_non_null(block);
    memcpy(block, text, bytes);
    json_scan_begin(scanner, block, bytes);
    JsonKind kind;
    size_t tokens = 0;
    do {
        kind = json_next(scanner);
        assert_true(tokens++ <= bytes + 1);
    } while (kind != JSON_END && kind != JSON_ERROR);
    assert_int_equal(json_next(scanner), kind);
    free(block);
    return kind;
}

static void accepts_what_is_json(void **state)
{
    (void)state;
    static const char *const texts[] = {"{}",
                                        "[]",
                                        " [ ] ",
                                        "1",
                                        "-0",
                                        "0.5e-3",
                                        "1E+2",
                                        "\"\"",
                                        "true",
                                        "false",
                                        "null",
                                        "[1,2,[3,{\"a\":[]}]]",
                                        "\r\n\t {\"a\" : null }\n",
                                        "\"\\u00e9\\ud83d\\ude00\\n\\/\"",
                                        "\"\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbf\xf4\x8f\xbf\xbf\x7f\"",
                                        "\"\\ud800\"",
                                        "\"\\u0000\"",
                                        "123456789012345678901234567890",
                                        "1e400"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        JsonScanner scanner;
        if (scan_all(texts[i], strlen(texts[i]), &scanner) != JSON_END) fail_msg("%s: %s", texts[i], scanner.error);
    }
}

static void refuses_what_is_not(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
    } cases[] = {{"", "ends too early"},
                 {"  ", "ends too early"},
                 {"{", "ends too early"},
                 {"[1,", "not a value"},
                 {"[1,]", "not a value"},
                 {"{\"a\"", "':'"},
                 {"{\"a\":", "ends too early"},
                 {"{\"a\":1,}", "a key"},
                 {"{a:1}", "a key"},
                 {"{1:1}", "a key"},
                 {"[1 2]", "','"},
                 {"{\"a\":1 \"b\":2}", "','"},
                 {"[1}", "','"},
                 {"{\"a\":1]", "','"},
                 {"1 2", "follows"},
                 {"{}x", "follows"},
                 {"{},", "follows"},
                 {"]", "not a value"},
                 {"}", "not a value"},
                 {",", "not a value"},
                 {":", "not a value"},
                 {"01", "number"},
                 {"-", "number"},
                 {"-01", "number"},
                 {"1.", "number"},
                 {".5", "not a value"},
                 {"1e", "number"},
                 {"1e+", "number"},
                 {"+1", "not a value"},
                 {"0x1", "follows"},
                 {"NaN", "not a value"},
                 {"Infinity", "not a value"},
                 {"-Infinity", "number"},
                 {"True", "not a value"},
                 {"tru", "not a value"},
                 {"nul", "not a value"},
                 {"truex", "follows"},
                 {"'a'", "not a value"},
                 {"\"", "without an end"},
                 {"\"a", "without an end"},
                 {"\"\\\"", "without an end"},
                 {"\"\\", "escape"},
                 {"\"\\x\"", "escape"},
                 {"\"\\u12\"", "escape"},
                 {"\"\\u12g4\"", "escape"},
                 {"\"\\U1234\"", "escape"},
                 {"\"\t\"", "control"},
                 {"\"\n\"", "control"},
                 {"\xef\xbb\xbf{}", "byte-order"},
                 {"// c\n1", "not a value"},
                 {"[1]/**/", "follows"},
                 {"\"\x80\"", "UTF-8"},
                 {"\"\xc3\"", "UTF-8"},
                 {"\"\xc0\x80\"", "UTF-8"},
                 {"\"\xc1\xbf\"", "UTF-8"},
                 {"\"\xe0\x80\x80\"", "UTF-8"},
                 {"\"\xed\xa0\x80\"", "UTF-8"},
                 {"\"\xed\xbf\xbf\"", "UTF-8"},
                 {"\"\xf0\x80\x80\x80\"", "UTF-8"},
                 {"\"\xf4\x90\x80\x80\"", "UTF-8"},
                 {"\"\xf5\x80\x80\x80\"", "UTF-8"},
                 {"\"\xff\"", "UTF-8"},
                 {"\"\xe2\x82\"", "UTF-8"},
                 {"\"\xf0\x9f\x98\"", "UTF-8"},
                 {"{\"\xff\":1}", "UTF-8"},
                 {"\xc2\xa0"
                  "1",
                  "not a value"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        JsonScanner scanner;
        if (scan_all(cases[i].text, strlen(cases[i].text), &scanner) != JSON_ERROR)
            fail_msg("accepted: %s", cases[i].text);
        if (strstr(scanner.error, cases[i].error) == NULL)
            fail_msg("%s: \"%s\" does not contain \"%s\"", cases[i].text, scanner.error, cases[i].error);
        assert_true(scanner.error_at <= strlen(cases[i].text));
    }
}

static void raw_nul_is_refused_everywhere(void **state)
{
    (void)state;
    static const char *const texts[] = {"\0", "{}\0", "\"a\0\"", "[1\0]", "\"\\\0\"", "tru\0"};
    static const size_t lengths[] = {1, 3, 4, 4, 4, 4};
    JsonScanner scanner;
    for (size_t i = 0; i < COUNT_OF(texts); i++) assert_int_equal(scan_all(texts[i], lengths[i], &scanner), JSON_ERROR);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[1,-2.5e3,true,null,\"\\u00e9\\n\xf0\x9f\x98\x80\"],\"b\":{\"c\":{}}}";
    JsonScanner scanner;
    for (size_t bytes = 0; bytes < sizeof text - 1; bytes++)
        assert_int_equal(scan_all(text, bytes, &scanner), JSON_ERROR);
    assert_int_equal(scan_all(text, sizeof text - 1, &scanner), JSON_END);
}

static void depth_is_limited(void **state)
{
    (void)state;
    enum { DEEP = 100000 };
    JsonScanner scanner;
    char *text = malloc(2 * DEEP);
    assert_non_null(text);
    memset(text, '[', DEEP);
    memset(text + DEEP, ']', DEEP);
    assert_int_equal(scan_all(text, 2 * DEEP, &scanner), JSON_ERROR);
    assert_int_equal(scanner.error_at, JSON_SCAN_DEPTH);
    assert_int_equal(scan_all(text + DEEP - JSON_SCAN_DEPTH, 2 * JSON_SCAN_DEPTH, &scanner), JSON_END);
    assert_int_equal(scan_all(text + DEEP - JSON_SCAN_DEPTH - 1, 2 * JSON_SCAN_DEPTH + 2, &scanner), JSON_ERROR);
    free(text);
}

static void tokens_come_in_order(void **state)
{
    (void)state;
    static const char text[] = "{\"k\": [1, \"s\", {}], \"l\": false}";
    static const struct {
        JsonKind kind;
        const char *raw;
    } wanted[] = {{JSON_OBJECT, "{"}, {JSON_KEY, "k"},       {JSON_ARRAY, "["},      {JSON_NUMBER, "1"},
                  {JSON_STRING, "s"}, {JSON_OBJECT, "{"},    {JSON_OBJECT_END, "}"}, {JSON_ARRAY_END, "]"},
                  {JSON_KEY, "l"},    {JSON_FALSE, "false"}, {JSON_OBJECT_END, "}"}, {JSON_END, ""}};
    JsonScanner scanner;
    json_scan_begin(&scanner, text, sizeof text - 1);
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        assert_int_equal(json_next(&scanner), wanted[i].kind);
        assert_int_equal(scanner.length, strlen(wanted[i].raw));
        assert_memory_equal(scanner.start, wanted[i].raw, scanner.length);
    }
}

static void skip_moves_behind_a_value(void **state)
{
    (void)state;
    static const char text[] = "[[1,[2],{\"a\":[]}], {\"b\":{}}, \"s\", 7]";
    JsonScanner scanner;
    int64_t value = 0;
    json_scan_begin(&scanner, text, sizeof text - 1);
    json_next(&scanner);
    for (int i = 0; i < 3; i++) {
        json_next(&scanner);
        assert_true(json_skip(&scanner));
    }
    assert_int_equal(json_next(&scanner), JSON_NUMBER);
    assert_true(json_integer(&scanner, &value));
    assert_int_equal(value, 7);
    assert_int_equal(json_next(&scanner), JSON_ARRAY_END);
    json_scan_begin(&scanner, "[[1,", 4);
    json_next(&scanner);
    assert_false(json_skip(&scanner));
}

static void strings_are_unescaped(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *wanted;
        size_t length;
    } cases[] = {{"\"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\"", "a\"\\/\b\f\n\r\tz", 10},
                 {"\"\\u0041\\u00e9\\u20ac\\uD83D\\uDE00\"", "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10},
                 {"\"\\ud800\"", "\xef\xbf\xbd", 3},
                 {"\"\\ud800x\"", "\xef\xbf\xbdx", 4},
                 {"\"\\udc00\\ud800\"", "\xef\xbf\xbd\xef\xbf\xbd", 6},
                 {"\"\\ud800\\u0041\"",
                  "\xef\xbf\xbd"
                  "A",
                  4},
                 {"\"\\ud800\\n\"", "\xef\xbf\xbd\n", 4},
                 {"\"x\\u0000y\"", "x\0y", 3},
                 {"\"\"", "", 0}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        JsonScanner scanner;
        char out[64];
        bool has_nul;
        json_scan_begin(&scanner, cases[i].text, strlen(cases[i].text));
        assert_int_equal(json_next(&scanner), JSON_STRING);
        assert_int_equal(json_string(&scanner, out, &has_nul), cases[i].length);
        assert_true(cases[i].length <= scanner.length);
        assert_memory_equal(out, cases[i].wanted, cases[i].length);
        assert_int_equal(has_nul, memchr(cases[i].wanted, 0, cases[i].length) != NULL);
        assert_int_equal(json_is(&scanner, cases[i].wanted), !has_nul);
    }
}

static void keys_are_compared_whole(void **state)
{
    (void)state;
    JsonScanner scanner;
    json_scan_begin(&scanner, "\"dt\\u0079pe\"", 12);
    json_next(&scanner);
    assert_true(json_is(&scanner, "dtype"));
    assert_false(json_is(&scanner, "dtyp"));
    assert_false(json_is(&scanner, "dtypes"));
    assert_false(json_is(&scanner, ""));
    json_scan_begin(&scanner, "\"a\\u0000\"", 9);
    json_next(&scanner);
    assert_false(json_is(&scanner, "a"));
}

static void integers_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_signed, is_unsigned;
        int64_t value;
        uint64_t magnitude;
    } cases[] = {{"0", true, true, 0, 0},
                 {"-0", true, true, 0, 0},
                 {"9007199254740993", true, true, 9007199254740993, 9007199254740993u},
                 {"9223372036854775807", true, true, INT64_MAX, INT64_MAX},
                 {"9223372036854775808", false, true, 0, 9223372036854775808u},
                 {"-9223372036854775808", true, false, INT64_MIN, 0},
                 {"-9223372036854775809", false, false, 0, 0},
                 {"18446744073709551615", false, true, 0, UINT64_MAX},
                 {"18446744073709551616", false, false, 0, 0},
                 {"-1", true, false, -1, 0},
                 {"1.0", false, false, 0, 0},
                 {"0.5", false, false, 0, 0},
                 {"1e3", true, true, 1000, 1000},
                 {"12e-1", false, false, 0, 0},
                 {"1200e-2", true, true, 12, 12},
                 {"1e19", false, true, 0, 10000000000000000000u},
                 {"1e20", false, false, 0, 0},
                 {"0e999999999999", true, true, 0, 0},
                 {"1e999999999999", false, false, 0, 0},
                 {"1e-999999999999", false, false, 0, 0}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        JsonScanner scanner;
        int64_t value = 5;
        uint64_t magnitude = 5;
        json_scan_begin(&scanner, cases[i].text, strlen(cases[i].text));
        assert_int_equal(json_next(&scanner), JSON_NUMBER);
        assert_int_equal(json_integer(&scanner, &value), cases[i].is_signed);
        assert_int_equal(json_unsigned(&scanner, &magnitude), cases[i].is_unsigned);
        assert_true(value == (cases[i].is_signed ? cases[i].value : 5));
        assert_true(magnitude == (cases[i].is_unsigned ? cases[i].magnitude : 5));
    }
}

static bool read_double(const char *text, double *value)
{
    JsonScanner scanner;
    json_scan_begin(&scanner, text, strlen(text));
    assert_int_equal(json_next(&scanner), JSON_NUMBER);
    return json_double(&scanner, value);
}

/* Values at the borders of rounding, as hexadecimal floats. */
static void doubles_are_rounded_correctly(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } cases[] = {{"0", 0.0},
                 {"1.5", 1.5},
                 {"0.1", 0.1},
                 {"-0.1", -0.1},
                 {"1e22", 1e22},
                 {"1e23", 1e23},
                 {"123456789012345678", 123456789012345680.0},
                 {"9007199254740993", 0x1p53},
                 {"9007199254740993.00000000000000000000000000000000001", 0x1.0000000000001p53},
                 {"9007199254740995", 0x1.0000000000002p53},
                 {"2.2250738585072014e-308", 0x1p-1022},
                 {"2.2250738585072011e-308", 0x0.fffffffffffffp-1022},
                 {"4.9406564584124654e-324", 0x1p-1074},
                 {"2.4703282292062327e-324", 0.0},
                 {"2.4703282292062329e-324", 0x1p-1074},
                 {"1e-400", 0.0},
                 {"1.7976931348623157e308", 0x1.fffffffffffffp1023},
                 {"1.7976931348623158e308", 0x1.fffffffffffffp1023},
                 {"0.5000000000000000277555756156289135105907917022705078125", 0.5},
                 {"0.50000000000000002775557561562891351059079170227050781251", 0.5},
                 {"0.50000000000000005551115123125782702118158340454101562501", 0x1.0000000000001p-1}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        double value;
        assert_true(read_double(cases[i].text, &value));
        if (memcmp(&value, &cases[i].value, sizeof value) != 0)
            fail_msg("%s: %a, wanted %a", cases[i].text, value, cases[i].value);
    }
    double value = 7.0;
    static const char *const beyond[] = {"1e309", "-1e400", "1.7976931348623159e308", "1e99999999999999"};
    for (size_t i = 0; i < COUNT_OF(beyond); i++) assert_false(read_double(beyond[i], &value));
    assert_true(read_double("-0.0", &value) && signbit(value));
    assert_true(read_double("0e99999999999999", &value) && value == 0.0);
}

static void long_numbers_count_all_digits(void **state)
{
    (void)state;
    enum { ZEROS = 5000 };
    char *text = malloc(ZEROS + 64);
    assert_non_null(text);
    strcpy(text, "9007199254740993.");
    memset(text + 17, '0', ZEROS);
    strcpy(text + 17 + ZEROS, "1");
    double value;
    assert_true(read_double(text, &value));
    assert_true(value == 0x1.0000000000001p53);
    free(text);
}

static void floats_are_written_as_python_does(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0.0, "0.0"},
                 {-0.0, "-0.0"},
                 {1.0, "1.0"},
                 {-2.5, "-2.5"},
                 {0.1, "0.1"},
                 {100.0, "100.0"},
                 {1e-4, "0.0001"},
                 {1e-5, "1e-05"},
                 {1.5e-7, "1.5e-07"},
                 {1e15, "1000000000000000.0"},
                 {1e16, "1e+16"},
                 {1234567890123456.0, "1234567890123456.0"},
                 {12345678901234567.0, "1.2345678901234568e+16"},
                 {1e22, "1e+22"},
                 {1e23, "1e+23"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {(double)0.1f, "0.10000000149011612"},
                 {0.5768845677375793, "0.5768845677375793"},
                 {5e-324, "5e-324"},
                 {0x1p-1022, "2.2250738585072014e-308"},
                 {0x1.fffffffffffffp1023, "1.7976931348623157e+308"},
                 {9007199254740992.0, "9007199254740992.0"},
                 {1e100, "1e+100"},
                 {(double)INFINITY, "Infinity"},
                 {-(double)INFINITY, "-Infinity"},
                 {(double)NAN, "NaN"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char out[33] = {0};
        size_t length = json_write_float(out, 32, cases[i].value);
        assert_int_equal(length, strlen(cases[i].text));
        assert_string_equal(out, cases[i].text);
        char small[4] = "???";
        assert_int_equal(json_write_float(small, 2, cases[i].value), length);
        assert_memory_equal(small, ((char[]){cases[i].text[0], cases[i].text[1], '?'}), 3);
    }
}

static void random_doubles_round_trip(void **state)
{
    (void)state;
    uint64_t bits = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        double value, again;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) continue;
        char out[33] = {0}, printed[40];
        assert_true(json_write_float(out, 32, value) <= 32);
        assert_true(read_double(out, &again) && again == value);
        snprintf(printed, sizeof printed, "%.17g", value);
        assert_true(read_double(printed, &again) && again == value);
        assert_true(strtod(out, NULL) == value);
    }
}

static void written_strings_are_json(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        const char *wanted;
    } cases[] = {{"", 0, "\"\""},
                 {"plain", 5, "\"plain\""},
                 {"\"\\/\b\f\n\r\t", 8, "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
                 {"\x01\x1f\x7f", 3, "\"\\u0001\\u001f\x7f\""},
                 {"a\0b", 3, "\"a\\u0000b\""},
                 {"\xc3\xa9\xf0\x9f\x98\x80", 6, "\"\xc3\xa9\xf0\x9f\x98\x80\""},
                 {"\xff"
                  "x",
                  2, "\"\xef\xbf\xbdx\""},
                 {"\xe2\x82", 2, "\"\xef\xbf\xbd\""},
                 {"\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
                 {"\xf0\x9f\x98", 3, "\"\xef\xbf\xbd\""}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char out[64] = {0};
        JsonScanner scanner;
        size_t length = json_write_string(out, sizeof out, cases[i].text, cases[i].length);
        assert_int_equal(length, strlen(cases[i].wanted));
        assert_string_equal(out, cases[i].wanted);
        assert_int_equal(scan_all(out, length, &scanner), JSON_END);
        assert_int_equal(json_write_string(NULL, 0, cases[i].text, cases[i].length), length);
    }
}

static void positions_count_from_one(void **state)
{
    (void)state;
    size_t line, column;
    json_position("ab\ncd", 0, &line, &column);
    assert_true(line == 1 && column == 1);
    json_position("ab\ncd", 4, &line, &column);
    assert_true(line == 2 && column == 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_what_is_json),
        cmocka_unit_test(refuses_what_is_not),
        cmocka_unit_test(raw_nul_is_refused_everywhere),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(tokens_come_in_order),
        cmocka_unit_test(skip_moves_behind_a_value),
        cmocka_unit_test(strings_are_unescaped),
        cmocka_unit_test(keys_are_compared_whole),
        cmocka_unit_test(integers_are_exact),
        cmocka_unit_test(doubles_are_rounded_correctly),
        cmocka_unit_test(long_numbers_count_all_digits),
        cmocka_unit_test(floats_are_written_as_python_does),
        cmocka_unit_test(random_doubles_round_trip),
        cmocka_unit_test(written_strings_are_json),
        cmocka_unit_test(positions_count_from_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
