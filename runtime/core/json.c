#include "runtime/core/json.h"

#include <string.h>

#include "runtime/core/decimal.h"

/* What may come next. */
enum {
    EXPECT_VALUE,        /* at the begin, behind ':' and behind ',' in an array */
    EXPECT_FIRST_ITEM,   /* behind '[' */
    EXPECT_FIRST_KEY,    /* behind '{' */
    EXPECT_KEY,          /* behind ',' in an object */
    EXPECT_COMMA,        /* behind a value inside an array or object */
    EXPECT_END           /* behind the outermost value */
};

enum { NEST_ARRAY, NEST_OBJECT };

static JsonKind fail(JsonScanner *scanner, size_t at, const char *error)
{
    scanner->kind = JSON_ERROR;
    scanner->error = error;
    scanner->error_at = at;
    scanner->length = 0;
    return JSON_ERROR;
}

/* ---- UTF-8 ---- */

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Length of the sequence at bytes, without overlong forms, surrogates and values above U+10FFFF; 0 when it is not valid, and *wrong
 * is then the length of its longest part that begins a valid one (at least 1). */
static size_t utf8_sequence(const uint8_t *bytes, size_t left, size_t *wrong)
{
    uint8_t first = bytes[0];
    *wrong = 1;
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint8_t least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (left < 2 || bytes[1] < least || bytes[1] > most)
        return 0;
    for (*wrong = 2; *wrong < length; ++*wrong)
        if (*wrong >= left || !is_continuation(bytes[*wrong]))
            return 0;
    return length;
}

static size_t utf8_encode(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t heads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = length - 1; i > 0; i--, code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)(heads[length] | code);
    return length;
}

/* ---- tokens ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The four hex digits of a \u escape, -1 when they are not. */
static int32_t hex_unit(const char *text, size_t left)
{
    int32_t unit = 0;
    for (size_t i = 0; i < 4; i++) {
        int digit = i < left ? hex_value(text[i]) : -1;
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* Length of the escape that begins at a backslash, 0 when it is not one of JSON's. */
static size_t escape_length(const char *text, size_t left)
{
    if (left < 2 || text[1] == '\0' || strchr("\"\\/bfnrtu", text[1]) == NULL)
        return 0;
    if (text[1] != 'u')
        return 2;
    return hex_unit(text + 2, left - 2) >= 0 ? 6 : 0;
}

/* Length of the next character or escape in a string, 0 with *error. */
static size_t string_unit(const char *text, size_t left, const char **error)
{
    uint8_t byte = (uint8_t)text[0];
    size_t wrong;
    size_t length = byte == '\\' ? escape_length(text, left) : utf8_sequence((const uint8_t *)text, left, &wrong);
    *error = byte == '\\' ? "not a valid escape" : "not valid UTF-8";
    if (byte < 0x20) {
        *error = "a control character in a string must be escaped";
        return 0;
    }
    return length;
}

static JsonKind scan_string(JsonScanner *scanner, JsonKind kind)
{
    size_t begin = scanner->at + 1, at = begin;
    const char *error;
    for (;;) {
        if (at >= scanner->bytes)
            return fail(scanner, scanner->at, "a string without an end");
        if (scanner->text[at] == '"')
            break;
        size_t length = string_unit(scanner->text + at, scanner->bytes - at, &error);
        if (length == 0)
            return fail(scanner, at, error);
        at += length;
    }
    scanner->start = scanner->text + begin;
    scanner->length = at - begin;
    scanner->at = at + 1;
    return scanner->kind = kind;
}

static size_t skip_digits(const JsonScanner *scanner, size_t at)
{
    while (at < scanner->bytes && is_digit(scanner->text[at]))
        at++;
    return at;
}

static char char_at(const JsonScanner *scanner, size_t at)
{
    return at < scanner->bytes ? scanner->text[at] : '\0';
}

/* Where the number at scanner->at ends, 0 when it is not one. */
static size_t number_end(const JsonScanner *scanner)
{
    size_t at = scanner->at + (char_at(scanner, scanner->at) == '-' ? 1 : 0);
    size_t end = skip_digits(scanner, at);
    if (end == at || (end - at > 1 && scanner->text[at] == '0'))
        return 0;
    if (char_at(scanner, end) == '.') {
        at = end + 1;
        end = skip_digits(scanner, at);
        if (end == at)
            return 0;
    }
    if (char_at(scanner, end) == 'e' || char_at(scanner, end) == 'E') {
        at = end + 1;
        if (char_at(scanner, at) == '+' || char_at(scanner, at) == '-')
            at++;
        end = skip_digits(scanner, at);
        if (end == at)
            return 0;
    }
    return end;
}

static JsonKind scan_number(JsonScanner *scanner)
{
    size_t end = number_end(scanner);
    if (end == 0)
        return fail(scanner, scanner->at, "not a valid number");
    scanner->start = scanner->text + scanner->at;
    scanner->length = end - scanner->at;
    scanner->at = end;
    return scanner->kind = JSON_NUMBER;
}

static JsonKind scan_word(JsonScanner *scanner)
{
    static const struct { const char *word; JsonKind kind; } words[] = {
        {"true", JSON_TRUE}, {"false", JSON_FALSE}, {"null", JSON_NULL}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t length = strlen(words[i].word);
        if (scanner->bytes - scanner->at < length || memcmp(scanner->text + scanner->at, words[i].word, length) != 0)
            continue;
        scanner->start = scanner->text + scanner->at;
        scanner->length = length;
        scanner->at += length;
        return scanner->kind = words[i].kind;
    }
    return fail(scanner, scanner->at, "not a value");
}

/* ---- nesting ---- */

static JsonKind open_nest(JsonScanner *scanner, int nest)
{
    if (scanner->depth == JSON_SCAN_DEPTH)
        return fail(scanner, scanner->at, "nested too deeply");
    scanner->nest[scanner->depth++] = (uint8_t)nest;
    scanner->expect = nest == NEST_OBJECT ? EXPECT_FIRST_KEY : EXPECT_FIRST_ITEM;
    scanner->start = scanner->text + scanner->at++;
    scanner->length = 1;
    return scanner->kind = nest == NEST_OBJECT ? JSON_OBJECT : JSON_ARRAY;
}

static void expect_behind_value(JsonScanner *scanner)
{
    scanner->expect = scanner->depth == 0 ? EXPECT_END : EXPECT_COMMA;
}

static JsonKind close_nest(JsonScanner *scanner)
{
    bool object = scanner->nest[--scanner->depth] == NEST_OBJECT;
    expect_behind_value(scanner);
    scanner->start = scanner->text + scanner->at++;
    scanner->length = 1;
    return scanner->kind = object ? JSON_OBJECT_END : JSON_ARRAY_END;
}

static void skip_space(JsonScanner *scanner)
{
    while (scanner->at < scanner->bytes) {
        char c = scanner->text[scanner->at];
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
            return;
        scanner->at++;
    }
}

static JsonKind scan_value(JsonScanner *scanner)
{
    char c = char_at(scanner, scanner->at);
    JsonKind kind;
    if (c == '{' || c == '[')
        return open_nest(scanner, c == '{' ? NEST_OBJECT : NEST_ARRAY);
    if (c == '"')
        kind = scan_string(scanner, JSON_STRING);
    else if (c == '-' || is_digit(c))
        kind = scan_number(scanner);
    else
        kind = scan_word(scanner);
    if (kind != JSON_ERROR)
        expect_behind_value(scanner);
    return kind;
}

/* The ':' belongs to the key, so that a value always follows. */
static JsonKind scan_key(JsonScanner *scanner)
{
    if (char_at(scanner, scanner->at) != '"')
        return fail(scanner, scanner->at, "a key in quotes was expected");
    if (scan_string(scanner, JSON_KEY) == JSON_ERROR)
        return JSON_ERROR;
    skip_space(scanner);
    if (char_at(scanner, scanner->at) != ':')
        return fail(scanner, scanner->at, "':' was expected");
    scanner->at++;
    scanner->expect = EXPECT_VALUE;
    return JSON_KEY;
}

/* Between two items: a comma, or the end of the object or array. */
static JsonKind scan_separator(JsonScanner *scanner)
{
    bool object = scanner->nest[scanner->depth - 1] == NEST_OBJECT;
    char c = char_at(scanner, scanner->at);
    if (c == (object ? '}' : ']'))
        return close_nest(scanner);
    if (c != ',')
        return fail(scanner, scanner->at, object ? "',' or '}' was expected" : "',' or ']' was expected");
    scanner->at++;
    skip_space(scanner);
    return object ? scan_key(scanner) : scan_value(scanner);
}

void json_scan_begin(JsonScanner *scanner, const char *text, size_t bytes)
{
    memset(scanner, 0, sizeof *scanner);
    scanner->text = scanner->start = text;
    scanner->bytes = bytes;
    scanner->kind = JSON_END;
    scanner->expect = EXPECT_VALUE;
}

JsonKind json_next(JsonScanner *scanner)
{
    if (scanner->kind == JSON_ERROR)
        return JSON_ERROR;
    if (scanner->at == 0 && scanner->bytes >= 3 && memcmp(scanner->text, "\xef\xbb\xbf", 3) == 0)
        return fail(scanner, 0, "a byte-order mark is not allowed");
    skip_space(scanner);
    if (scanner->at >= scanner->bytes) {
        if (scanner->expect != EXPECT_END)
            return fail(scanner, scanner->bytes, "the text ends too early");
        scanner->length = 0;
        return scanner->kind = JSON_END;
    }
    char c = scanner->text[scanner->at];
    switch (scanner->expect) {
    case EXPECT_END:
        return fail(scanner, scanner->at, "something follows the value");
    case EXPECT_COMMA:
        return scan_separator(scanner);
    case EXPECT_FIRST_ITEM:
        return c == ']' ? close_nest(scanner) : scan_value(scanner);
    case EXPECT_FIRST_KEY:
        return c == '}' ? close_nest(scanner) : scan_key(scanner);
    case EXPECT_KEY:
        return scan_key(scanner);
    default:
        return scan_value(scanner);
    }
}

bool json_skip(JsonScanner *scanner)
{
    if (scanner->kind == JSON_OBJECT || scanner->kind == JSON_ARRAY) {
        int outside = scanner->depth - 1;
        while (scanner->depth > outside)
            if (json_next(scanner) == JSON_ERROR)
                return false;
    }
    return scanner->kind != JSON_ERROR;
}

void json_position(const char *text, size_t at, size_t *line, size_t *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < at; i++) {
        ++*column;
        if (text[i] == '\n') {
            ++*line;
            *column = 1;
        }
    }
}

/* ---- strings ---- */

static char escaped_char(char letter)
{
    switch (letter) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return letter;
    }
}

/* A \u escape at text, joined with the one behind it when both are a surrogate pair. Returns the bytes read. */
static size_t unicode_escape(const char *text, size_t left, uint32_t *code)
{
    uint32_t unit = (uint32_t)hex_unit(text + 2, left - 2);
    *code = unit;
    if (unit < 0xd800 || unit > 0xdfff)
        return 6;
    *code = 0xfffd;
    if (unit > 0xdbff || left < 12 || text[6] != '\\' || text[7] != 'u')
        return 6;
    uint32_t low = (uint32_t)hex_unit(text + 8, left - 8);
    if (low < 0xdc00 || low > 0xdfff)
        return 6;
    *code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    return 12;
}

/* Decodes one character or escape of a checked string into out. Returns the bytes read; *length is of what was written. */
static size_t decode_unit(const char *text, size_t left, char out[4], size_t *length)
{
    *length = 1;
    out[0] = text[0];
    if (text[0] != '\\')
        return 1;
    if (text[1] != 'u') {
        out[0] = escaped_char(text[1]);
        return 2;
    }
    uint32_t code;
    size_t bytes = unicode_escape(text, left, &code);
    *length = utf8_encode(code, out);
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
    if (has_nul != NULL)
        *has_nul = nul;
    return written;
}

bool json_is(const JsonScanner *scanner, const char *text)
{
    size_t compared = 0, length, wanted = strlen(text);
    for (size_t at = 0; at < scanner->length; compared += length) {
        char unit[4];
        at += decode_unit(scanner->start + at, scanner->length - at, unit, &length);
        if (length > wanted - compared || memcmp(text + compared, unit, length) != 0)
            return false;
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
    if (*value > (UINT64_MAX - add) / 10)
        return false;
    *value = *value * 10 + add;
    return true;
}

static bool scale_whole(uint64_t *value, int exponent)
{
    for (; exponent > 0 && *value != 0; exponent--)
        if (!times_ten(value, 0))
            return false;
    for (; exponent < 0 && *value != 0; exponent++) {
        if (*value % 10 != 0)
            return false;
        *value /= 10;
    }
    return true;
}

static bool magnitude_of(const JsonScanner *scanner, uint64_t *value, bool *negative)
{
    if (scanner->kind != JSON_NUMBER)
        return false;
    *negative = scanner->start[0] == '-';
    *value = 0;
    for (size_t at = *negative ? 1 : 0; at < scanner->length; at++) {
        char c = scanner->start[at];
        if (c == '.')
            return false;
        if (c == 'e' || c == 'E')
            return scale_whole(value, small_exponent(scanner->start + at + 1, scanner->length - at - 1));
        if (!times_ten(value, (uint64_t)(c - '0')))
            return false;
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
    if (!magnitude_of(scanner, &magnitude, &negative) || (negative && magnitude != 0))
        return false;
    *value = magnitude;
    return true;
}

bool json_double(const JsonScanner *scanner, double *value)
{
    return scanner->kind == JSON_NUMBER && decimal_to_double(scanner->start, scanner->length, value);
}

/* ---- writing ---- */

typedef struct Output {
    char *out;
    size_t capacity, needed;
} Output;

static void put(Output *output, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++, output->needed++)
        if (output->needed < output->capacity)
            output->out[output->needed] = bytes[i];
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
        size_t length = utf8_sequence((const uint8_t *)text + at, bytes - at, &wrong);
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
    for (int i = 0; i < count; i++)
        put(output, "0", 1);
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
    if (bits != magnitude && magnitude <= infinity)
        put(&output, "-", 1);
    if (magnitude > infinity) {
        put(&output, "NaN", 3);
    } else if (magnitude == infinity) {
        put(&output, "Infinity", 8);
    } else if (magnitude == 0) {
        put(&output, "0.0", 3);
    } else {
        char digits[DECIMAL_DIGITS];
        int point, count = decimal_of_double(value, digits, &point);
        if (point > -4 && point <= 16)
            put_fixed(&output, digits, count, point);
        else
            put_scientific(&output, digits, count, point - 1);
    }
    return output.needed;
}
