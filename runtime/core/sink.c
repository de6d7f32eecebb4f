#include "runtime/core/sink.h"
#include "runtime/core/json.h"

#include <math.h>
#include <string.h>

void hf2c_sink_bytes(hf2c_sink *sink, const char *bytes, size_t count)
{
    if (count == 0 || sink->failed) return;
    if (sink->write(sink->to, bytes, count) != 0) sink->failed = 1;
}

void hf2c_sink_text(hf2c_sink *sink, const char *text)
{
    hf2c_sink_bytes(sink, text, strlen(text));
}

/* Bytes of the next piece of at most limit bytes that ends at a whole character. */
static size_t piece_length(const char *text, size_t bytes, size_t limit)
{
    if (bytes <= limit) return bytes;
    size_t length = limit;
    while (length > limit - 4 && ((unsigned char)text[length] & 0xC0) == 0x80) length--;
    return length;
}

/* In pieces, because an escaped text can be six times as long and there is no memory to hold it whole. */
void hf2c_sink_string(hf2c_sink *sink, const char *text, size_t bytes)
{
    char quoted[6 * 64 + 2];
    hf2c_sink_bytes(sink, "\"", 1);
    while (bytes > 0) {
        size_t piece = piece_length(text, bytes, 64);
        size_t length = json_write_string(quoted, sizeof quoted, text, piece);
        hf2c_sink_bytes(sink, quoted + 1, length - 2);
        text += piece;
        bytes -= piece;
    }
    hf2c_sink_bytes(sink, "\"", 1);
}

void hf2c_sink_integer(hf2c_sink *sink, int64_t value)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0) digits[--at] = '-';
    hf2c_sink_bytes(sink, digits + at, sizeof digits - at);
}

void hf2c_sink_number(hf2c_sink *sink, float value) { hf2c_sink_double(sink, value); }

void hf2c_sink_double(hf2c_sink *sink, double value)
{
    char number[40];
    if (isnan(value)) {
        hf2c_sink_text(sink, "NaN");
    } else if (isinf(value)) {
        hf2c_sink_text(sink, value > 0 ? "Infinity" : "-Infinity");
    } else {
        hf2c_sink_bytes(sink, number, json_write_float(number, sizeof number, value));
    }
}

void hf2c_sink_key(hf2c_sink *sink, const char *key, int first)
{
    if (!first) hf2c_sink_text(sink, ", ");
    hf2c_sink_string(sink, key, strlen(key));
    hf2c_sink_text(sink, ": ");
}
