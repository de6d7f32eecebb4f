/* Results in pieces, messages that fit, scratch memory. */
#include "runtime/core/message.h"
#include "runtime/core/scratch.h"
#include "runtime/core/sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

static char written[4096];
static size_t length;

static int collect(void *to, const char *bytes, size_t count)
{
    const size_t *limit = to;
    if (limit && length + count > *limit) return 1;
    memcpy(written + length, bytes, count);
    length += count;
    written[length] = '\0';
    return 0;
}

static hf2c_sink begin(void)
{
    length = 0;
    written[0] = '\0';
    return (hf2c_sink){.write = collect};
}

static void test_numbers(void **state)
{
    hf2c_sink sink = begin();
    (void)state;
    hf2c_sink_integer(&sink, INT64_MIN);
    hf2c_sink_text(&sink, " ");
    hf2c_sink_integer(&sink, 0);
    hf2c_sink_text(&sink, " ");
    hf2c_sink_number(&sink, 0.57688457f);
    hf2c_sink_text(&sink, " ");
    hf2c_sink_number(&sink, -INFINITY);
    hf2c_sink_text(&sink, " ");
    hf2c_sink_number(&sink, NAN);
    assert_string_equal(written, "-9223372036854775808 0 0.5768845677375793 -Infinity NaN");
}

static void test_long_strings_keep_their_characters(void **state)
{
    char text[301];
    (void)state;
    for (int shift = 0; shift < 4; shift++) {
        hf2c_sink sink = begin();
        size_t bytes = (size_t)shift;
        memset(text, 'a', bytes);
        while (bytes + 4 < sizeof text) {
            memcpy(text + bytes, "\xF0\x9F\x90\xB6", 4); /* four bytes, so that pieces of 64 would cut one */
            bytes += 4;
        }
        hf2c_sink_string(&sink, text, bytes);
        assert_int_equal(length, bytes + 2);
        assert_memory_equal(written + 1, text, bytes);
    }
    hf2c_sink sink = begin();
    hf2c_sink_string(&sink, "a\"\\\n\x01\xFF", 6);
    assert_string_equal(written, "\"a\\\"\\\\\\n\\u0001\xEF\xBF\xBD\"");
}

static void test_a_failed_sink_is_left_alone(void **state)
{
    size_t limit = 3;
    hf2c_sink sink = begin();
    (void)state;
    sink.to = &limit;
    hf2c_sink_text(&sink, "abc");
    assert_int_equal(sink.failed, 0);
    hf2c_sink_text(&sink, "d");
    assert_int_equal(sink.failed, 1);
    hf2c_sink_text(&sink, "");
    sink.to = NULL;
    hf2c_sink_text(&sink, "e");
    assert_string_equal(written, "abc");
}

static void test_messages(void **state)
{
    hf2c_message message = {""};
    char text[600];
    (void)state;
    hf2c_message_set(&message, "one ", "two");
    hf2c_message_set(&message, "three");
    hf2c_message_add_number(&message, -12);
    hf2c_message_add(&message, "\n\x1b", 2);
    assert_string_equal(message.text, "one two-12??");
    for (size_t i = 0; i + 2 < sizeof text; i += 2) memcpy(text + i, "\xC3\xA4", 2);
    hf2c_message_add(&message, text, 598);
    assert_true(strlen(message.text) < sizeof message.text);
    assert_int_equal((unsigned char)message.text[strlen(message.text) - 1], 0xA4); /* no half character */
}

static void test_scratch(void **state)
{
    static uint8_t memory[512];
    hf2c_scratch scratch = {memory, sizeof memory, 0};
    (void)state;
    for (int i = 0; i < 3; i++) {
        uint8_t *taken = HF2C_TAKE(&scratch, uint8_t, 65);
        assert_non_null(taken);
        assert_int_equal((uintptr_t)taken % 64, 0);
        assert_true(taken >= memory && taken + 65 <= memory + sizeof memory);
    }
    size_t used = scratch.used;
    assert_null(hf2c_scratch_take(&scratch, SIZE_MAX, 2));
    assert_null(hf2c_scratch_take(&scratch, SIZE_MAX / 2 + 2, 2));
    assert_null(hf2c_scratch_take(&scratch, 400, 1));
    assert_int_equal(scratch.used, used);
    hf2c_scratch none = {NULL, 0, 0};
    assert_null(hf2c_scratch_take(&none, 1, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_long_strings_keep_their_characters),
        cmocka_unit_test(test_a_failed_sink_is_left_alone),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_scratch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
