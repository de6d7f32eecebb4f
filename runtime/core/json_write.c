#include "runtime/core/json.h"

#include <string.h>

#include "runtime/core/decimal.h"
#include "runtime/core/json_unit.h"

typedef struct Output {
    char *out;
    size_t capacity, needed;
} Output;

static void put(Output *output, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++, output->needed++)
        if (output->needed < output->capacity) output->out[output->needed] = bytes[i];
}

static void put_ascii(Output *output, char c)
{
    static const char specials[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt", hex[] = "0123456789abcdef";
    const char *special = c != '\0' ? strchr(specials, c) : NULL;
    if (special != NULL) {
        char escape[2] = {'\\', letters[special - specials]};
        put(output, escape, sizeof escape);
    } else if ((uint8_t)c < 0x20) {
        char escape[6] = {'\\', 'u', '0', '0', hex[(uint8_t)c >> 4], hex[(uint8_t)c & 15]};
        put(output, escape, sizeof escape);
    } else {
        put(output, &c, 1);
    }
}

size_t json_write_string(char *out, size_t capacity, const char *text, size_t bytes)
{
    Output output = {out, capacity, 0};
    put(&output, "\"", 1);
    for (size_t at = 0; at < bytes;) {
        size_t wrong;
        size_t length = hf2c_json_utf8_sequence((const uint8_t *)text + at, bytes - at, &wrong);
        if (length == 0)
            put(&output, "\xef\xbf\xbd", 3);
        else if (length == 1)
            put_ascii(&output, text[at]);
        else
            put(&output, text + at, length);
        at += length != 0 ? length : wrong;
    }
    put(&output, "\"", 1);
    return output.needed;
}

static void put_zeros(Output *output, int count)
{
    for (int i = 0; i < count; i++) put(output, "0", 1);
}

/* digits stand for 0.d1d2d3... * 10^point. */
static void put_fixed(Output *output, const char *digits, int count, int point)
{
    if (point <= 0) {
        put(output, "0.", 2);
        put_zeros(output, -point);
        put(output, digits, (size_t)count);
        return;
    }
    int whole = count < point ? count : point;
    put(output, digits, (size_t)whole);
    put_zeros(output, point - whole);
    put(output, ".", 1);
    if (count > point)
        put(output, digits + point, (size_t)(count - point));
    else
        put(output, "0", 1);
}

static void put_scientific(Output *output, const char *digits, int count, int exponent)
{
    put(output, digits, 1);
    if (count > 1) {
        put(output, ".", 1);
        put(output, digits + 1, (size_t)count - 1);
    }
    put(output, exponent < 0 ? "e-" : "e+", 2);
    int magnitude = exponent < 0 ? -exponent : exponent;
    char text[3] = {(char)('0' + magnitude / 100), (char)('0' + magnitude / 10 % 10), (char)('0' + magnitude % 10)};
    put(output, magnitude >= 100 ? text : text + 1, magnitude >= 100 ? 3 : 2);
}

size_t json_write_float(char *out, size_t capacity, double value)
{
    Output output = {out, capacity, 0};
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint64_t magnitude = bits & (UINT64_MAX >> 1);
    const uint64_t infinity = (uint64_t)0x7ff << 52;
    if (bits != magnitude && magnitude <= infinity) put(&output, "-", 1);
    if (magnitude > infinity) {
        put(&output, "NaN", 3);
    } else if (magnitude == infinity) {
        put(&output, "Infinity", 8);
    } else if (magnitude == 0) {
        put(&output, "0.0", 3);
    } else {
        char digits[DECIMAL_DIGITS];
        int point, count = hf2c_decimal_of_double(value, digits, &point);
        if (point > -4 && point <= 16)
            put_fixed(&output, digits, count, point);
        else
            put_scientific(&output, digits, count, point - 1);
    }
    return output.needed;
}
