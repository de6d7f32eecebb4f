#include "runtime/core/json.h"

#include <string.h>

#include "runtime/core/json_unit.h"

/* What may come next. */
enum {
    EXPECT_VALUE,      /* at the begin, behind ':' and behind ',' in an array */
    EXPECT_FIRST_ITEM, /* behind '[' */
    EXPECT_FIRST_KEY,  /* behind '{' */
    EXPECT_KEY,        /* behind ',' in an object */
    EXPECT_COMMA,      /* behind a value inside an array or object */
    EXPECT_END         /* behind the outermost value */
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

/* ---- tokens ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Length of the escape that begins at a backslash, 0 when it is not one of JSON's. */
static size_t escape_length(const char *text, size_t left)
{
    if (left < 2 || text[1] == '\0' || strchr("\"\\/bfnrtu", text[1]) == NULL) return 0;
    if (text[1] != 'u') return 2;
    return hf2c_json_hex_unit(text + 2, left - 2) >= 0 ? 6 : 0;
}

/* Length of the next character or escape in a string, 0 with *error. */
static size_t string_unit(const char *text, size_t left, const char **error)
{
    uint8_t byte = (uint8_t)text[0];
    size_t wrong;
    size_t length =
        byte == '\\' ? escape_length(text, left) : hf2c_json_utf8_sequence((const uint8_t *)text, left, &wrong);
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
        if (at >= scanner->bytes) return fail(scanner, scanner->at, "a string without an end");
        if (scanner->text[at] == '"') break;
        size_t length = string_unit(scanner->text + at, scanner->bytes - at, &error);
        if (length == 0) return fail(scanner, at, error);
        at += length;
    }
    scanner->start = scanner->text + begin;
    scanner->length = at - begin;
    scanner->at = at + 1;
    return scanner->kind = kind;
}

static size_t skip_digits(const JsonScanner *scanner, size_t at)
{
    while (at < scanner->bytes && is_digit(scanner->text[at])) at++;
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
    if (end == at || (end - at > 1 && scanner->text[at] == '0')) return 0;
    if (char_at(scanner, end) == '.') {
        at = end + 1;
        end = skip_digits(scanner, at);
        if (end == at) return 0;
    }
    if (char_at(scanner, end) == 'e' || char_at(scanner, end) == 'E') {
        at = end + 1;
        if (char_at(scanner, at) == '+' || char_at(scanner, at) == '-') at++;
        end = skip_digits(scanner, at);
        if (end == at) return 0;
    }
    return end;
}

static JsonKind scan_number(JsonScanner *scanner)
{
    size_t end = number_end(scanner);
    if (end == 0) return fail(scanner, scanner->at, "not a valid number");
    scanner->start = scanner->text + scanner->at;
    scanner->length = end - scanner->at;
    scanner->at = end;
    return scanner->kind = JSON_NUMBER;
}

static JsonKind scan_word(JsonScanner *scanner)
{
    static const struct {
        const char *word;
        JsonKind kind;
    } words[] = {{"true", JSON_TRUE}, {"false", JSON_FALSE}, {"null", JSON_NULL}};
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
    if (scanner->depth == JSON_SCAN_DEPTH) return fail(scanner, scanner->at, "nested too deeply");
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
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r') return;
        scanner->at++;
    }
}

static JsonKind scan_value(JsonScanner *scanner)
{
    char c = char_at(scanner, scanner->at);
    JsonKind kind;
    if (c == '{' || c == '[') return open_nest(scanner, c == '{' ? NEST_OBJECT : NEST_ARRAY);
    if (c == '"')
        kind = scan_string(scanner, JSON_STRING);
    else if (c == '-' || is_digit(c))
        kind = scan_number(scanner);
    else
        kind = scan_word(scanner);
    if (kind != JSON_ERROR) expect_behind_value(scanner);
    return kind;
}

/* The ':' belongs to the key, so that a value always follows. */
static JsonKind scan_key(JsonScanner *scanner)
{
    if (char_at(scanner, scanner->at) != '"') return fail(scanner, scanner->at, "a key in quotes was expected");
    if (scan_string(scanner, JSON_KEY) == JSON_ERROR) return JSON_ERROR;
    skip_space(scanner);
    if (char_at(scanner, scanner->at) != ':') return fail(scanner, scanner->at, "':' was expected");
    scanner->at++;
    scanner->expect = EXPECT_VALUE;
    return JSON_KEY;
}

/* Between two items: a comma, or the end of the object or array. */
static JsonKind scan_separator(JsonScanner *scanner)
{
    bool object = scanner->nest[scanner->depth - 1] == NEST_OBJECT;
    char c = char_at(scanner, scanner->at);
    if (c == (object ? '}' : ']')) return close_nest(scanner);
    if (c != ',') return fail(scanner, scanner->at, object ? "',' or '}' was expected" : "',' or ']' was expected");
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
    if (scanner->kind == JSON_ERROR) return JSON_ERROR;
    if (scanner->at == 0 && scanner->bytes >= 3 && memcmp(scanner->text, "\xef\xbb\xbf", 3) == 0)
        return fail(scanner, 0, "a byte-order mark is not allowed");
    skip_space(scanner);
    if (scanner->at >= scanner->bytes) {
        if (scanner->expect != EXPECT_END) return fail(scanner, scanner->bytes, "the text ends too early");
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
            if (json_next(scanner) == JSON_ERROR) return false;
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
