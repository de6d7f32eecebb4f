/* lex: see lex.h. Numbers are read in JSON's grammar, independent of the locale. */
#include "compiler/ir/lex.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "runtime/core/decimal.h"

bool lex_error(Lexer *lexer, const char *format, ...)
{
    Str s = {0};
    va_list arguments;
    va_start(arguments, format);
    str_vprintf(&s, format, arguments);
    va_end(arguments);
    err_set(lexer->err, "%s:%d: %s", lexer->file, lexer->line, s.data);
    str_free(&s);
    return false;
}

/* What is next, for messages. */
static const char *found(Lexer *lexer)
{
    size_t length = strcspn(lexer->at, " \t\r\n,");
    if (length == 0)
        return *lexer->at == ',' ? "," : "the end of the line";
    return arena_copy_text(lexer->arena, lexer->at, length < 32 ? length : 32);
}

static void skip_spaces(Lexer *lexer)
{
    while (*lexer->at == ' ' || *lexer->at == '\t' || *lexer->at == '\r') lexer->at++;
}

bool lex_at(Lexer *lexer, char c)
{
    skip_spaces(lexer);
    return *lexer->at == c;
}

bool lex_accept(Lexer *lexer, char c)
{
    bool there = lex_at(lexer, c);
    lexer->at += there;
    return there;
}

bool lex_expect(Lexer *lexer, char c)
{
    return lex_accept(lexer, c) || lex_error(lexer, "found %s, wanted %c", found(lexer), c);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool lex_word(Lexer *lexer, char word[LEX_WORD])
{
    skip_spaces(lexer);
    size_t length = 0;
    while (is_letter(lexer->at[length]) || (length > 0 && is_digit(lexer->at[length]))) length++;
    if (length == 0 || length >= LEX_WORD)
        return lex_error(lexer, "found %s, wanted a name", found(lexer));
    memcpy(word, lexer->at, length);
    word[length] = '\0';
    lexer->at += length;
    return true;
}

bool lex_integer(Lexer *lexer, int64_t least, int64_t most, int64_t *value)
{
    skip_spaces(lexer);
    const char *at = lexer->at;
    bool negative = *at == '-';
    at += negative;
    int64_t magnitude = 0;
    const char *digits = at;
    for (; is_digit(*at); at++) {
        if (magnitude > (INT64_MAX - 9) / 10)
            return lex_error(lexer, "%s is too large", found(lexer));
        magnitude = 10 * magnitude + (*at - '0');
    }
    int64_t result = negative ? -magnitude : magnitude;
    if (at == digits || result < least || result > most)
        return lex_error(lexer, "found %s, wanted an integer %" PRId64 " .. %" PRId64, found(lexer), least, most);
    lexer->at = at;
    *value = result;
    return true;
}

/* Length of a number in JSON's grammar; 0: none. */
static size_t number_length(const char *text)
{
    const char *at = text + (*text == '-');
    if (!is_digit(*at))
        return 0;
    at += *at == '0' ? 1 : strspn(at, "0123456789");
    if (*at == '.') {
        if (!is_digit(at[1]))
            return 0;
        at += 1 + strspn(at + 1, "0123456789");
    }
    if (*at == 'e' || *at == 'E') {
        const char *digits = at + 1 + (at[1] == '+' || at[1] == '-');
        if (!is_digit(*digits))
            return 0;
        at = digits + strspn(digits, "0123456789");
    }
    return (size_t)(at - text);
}

bool lex_real(Lexer *lexer, double *value)
{
    static const struct {
        const char *name;
        double value;
    } special[] = {{"INFINITY", INFINITY}, {"-INFINITY", -INFINITY}, {"NAN", NAN}};
    skip_spaces(lexer);
    for (size_t i = 0; i < COUNT_OF(special); i++) {
        size_t length = strlen(special[i].name);
        if (strncmp(lexer->at, special[i].name, length) == 0) {
            lexer->at += length;
            *value = special[i].value;
            return true;
        }
    }
    size_t length = number_length(lexer->at);
    if (length == 0 || !hf2c_decimal_to_double(lexer->at, length, value))
        return lex_error(lexer, "found %s, wanted a number", found(lexer));
    lexer->at += length;
    return true;
}

static int hex_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One character of a string, escapes resolved; -1: not a legal one. */
static int string_character(const char **at)
{
    const char *c = *at;
    if (*c != '\\') {
        *at = c + 1;
        return (unsigned char)*c < 0x20 ? -1 : (unsigned char)*c;
    }
    if (c[1] == '"' || c[1] == '\\') {
        *at = c + 2;
        return c[1];
    }
    if (c[1] != 'x' || hex_digit(c[2]) < 0 || hex_digit(c[3]) < 0)
        return -1;
    *at = c + 4;
    int byte = 16 * hex_digit(c[2]) + hex_digit(c[3]);
    return byte == 0 ? -1 : byte;
}

bool lex_string(Lexer *lexer, const char **text)
{
    if (!lex_expect(lexer, '"'))
        return false;
    Str s = {0};
    int byte = 0;
    while (byte >= 0 && *lexer->at != '"') {
        byte = string_character(&lexer->at);
        if (byte >= 0)
            str_add(&s, &(char){(char)byte}, 1);
    }
    if (byte >= 0) {
        lexer->at++;
        *text = arena_copy_text(lexer->arena, s.data != NULL ? s.data : "", s.length);
    }
    str_free(&s);
    return byte >= 0 || lex_error(lexer, "a string ends too early, or has an unknown escape");
}

bool lex_line_end(Lexer *lexer)
{
    skip_spaces(lexer);
    if (*lexer->at == '#')
        lexer->at += strcspn(lexer->at, "\n");
    if (*lexer->at == '\0')
        return true;
    if (*lexer->at != '\n')
        return lex_error(lexer, "found %s, wanted the end of the line", found(lexer));
    lexer->at++;
    lexer->line++;
    return true;
}

bool lex_skip_empty_lines(Lexer *lexer)
{
    while (lex_at(lexer, '\n') || *lexer->at == '#') lex_line_end(lexer);
    return *lexer->at != '\0';
}
