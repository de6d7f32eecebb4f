/* What the current token of the scanner says: strings without escapes, exact numbers. */
#include "runtime/core/json.h"

#include <string.h>

#include "runtime/core/decimal.h"
#include "runtime/core/json_unit.h"

/* ---- strings ---- */

static char escaped_char(char letter)
{
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return letter;
    }
}

/* A \u escape at text, joined with the one behind it when both are a surrogate pair. Returns the bytes read. */
static size_t unicode_escape(const char *text, size_t left, uint32_t *code)
{
    uint32_t unit = (uint32_t)hf2c_json_hex_unit(text + 2, left - 2);
    *code = unit;
    if (unit < 0xd800 || unit > 0xdfff) return 6;
    *code = 0xfffd;
    if (unit > 0xdbff || left < 12 || text[6] != '\\' || text[7] != 'u') return 6;
    uint32_t low = (uint32_t)hf2c_json_hex_unit(text + 8, left - 8);
    if (low < 0xdc00 || low > 0xdfff) return 6;
    *code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    return 12;
}

/* Decodes one character or escape of a checked string into out. Returns the bytes read; *length is of what was written.
 */
static size_t decode_unit(const char *text, size_t left, char out[4], size_t *length)
{
    *length = 1;
    out[0] = text[0];
    if (text[0] != '\\') return 1;
    if (text[1] != 'u') {
        out[0] = escaped_char(text[1]);
        return 2;
    }
    uint32_t code;
    size_t bytes = unicode_escape(text, left, &code);
    *length = hf2c_json_utf8_encode(code, out);
    return bytes;
}

size_t json_string(const JsonScanner *scanner, char *out, bool *has_nul)
{
    size_t written = 0, length;
    bool nul = false;
    for (size_t at = 0; at < scanner->length;) {
        char unit[4];
        at += decode_unit(scanner->start + at, scanner->length - at, unit, &length);
        memcpy(out + written, unit, length);
        written += length;
        nul = nul || unit[0] == '\0';
    }
    if (has_nul != NULL) *has_nul = nul;
    return written;
}

bool json_is(const JsonScanner *scanner, const char *text)
{
    size_t compared = 0, length, wanted = strlen(text);
    for (size_t at = 0; at < scanner->length; compared += length) {
        char unit[4];
        at += decode_unit(scanner->start + at, scanner->length - at, unit, &length);
        if (length > wanted - compared || memcmp(text + compared, unit, length) != 0) return false;
    }
    return compared == wanted;
}

/* ---- numbers ---- */

/* The exponent behind 'e', saturated: whole numbers of 64 bits have 20 digits. */
static int small_exponent(const char *text, size_t length)
{
    bool negative = length != 0 && text[0] == '-';
    int exponent = 0;
    for (size_t i = negative || (length != 0 && text[0] == '+') ? 1 : 0; i < length && exponent < 1000; i++)
        exponent = exponent * 10 + (text[i] - '0');
    return negative ? -exponent : exponent;
}

static bool times_ten(uint64_t *value, uint64_t add)
{
    if (*value > (UINT64_MAX - add) / 10) return false;
    *value = *value * 10 + add;
    return true;
}

static bool scale_whole(uint64_t *value, int exponent)
{
    for (; exponent > 0 && *value != 0; exponent--)
        if (!times_ten(value, 0)) return false;
    for (; exponent < 0 && *value != 0; exponent++) {
        if (*value % 10 != 0) return false;
        *value /= 10;
    }
    return true;
}

static bool magnitude_of(const JsonScanner *scanner, uint64_t *value, bool *negative)
{
    if (scanner->kind != JSON_NUMBER) return false;
    *negative = scanner->start[0] == '-';
    *value = 0;
    for (size_t at = *negative ? 1 : 0; at < scanner->length; at++) {
        char c = scanner->start[at];
        if (c == '.') return false;
        if (c == 'e' || c == 'E')
            return scale_whole(value, small_exponent(scanner->start + at + 1, scanner->length - at - 1));
        if (!times_ten(value, (uint64_t)(c - '0'))) return false;
    }
    return true;
}

bool json_integer(const JsonScanner *scanner, int64_t *value)
{
    uint64_t magnitude;
    bool negative;
    if (!magnitude_of(scanner, &magnitude, &negative) || magnitude > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return false;
    *value = negative && magnitude != 0 ? -(int64_t)(magnitude - 1) - 1 : (int64_t)magnitude;
    return true;
}

bool json_unsigned(const JsonScanner *scanner, uint64_t *value)
{
    uint64_t magnitude;
    bool negative;
    if (!magnitude_of(scanner, &magnitude, &negative) || (negative && magnitude != 0)) return false;
    *value = magnitude;
    return true;
}

bool json_double(const JsonScanner *scanner, double *value)
{
    return scanner->kind == JSON_NUMBER && hf2c_decimal_to_double(scanner->start, scanner->length, value);
}
