/* Reads what stands for characters in a regular expression: escapes and classes. */
#include <string.h>

#include "compiler/text/regex_parser.h"
#include "runtime/text/utf8.h"

/* ---- reading ---- */

RegexNode *parser_refuse(Parser *parser, const char *construct)
{
    err_set(parser->err, "regular expression: %s at byte %zu cannot be compiled", construct, parser->at);
    return NULL;
}

bool parser_more(const Parser *parser)
{
    return parser->at < parser->length;
}

bool parser_starts(const Parser *parser, const char *text)
{
    size_t length = strlen(text);

    return parser->length - parser->at >= length && memcmp(parser->text + parser->at, text, length) == 0;
}

bool parser_accept(Parser *parser, const char *text)
{
    if (!parser_starts(parser, text)) {
        return false;
    }
    parser->at += strlen(text);
    return true;
}

uint32_t parser_take_code(Parser *parser)
{
    size_t size;
    uint32_t code = hf2c_utf8_get((const uint8_t *)parser->text + parser->at, &size);

    parser->at += size;
    return code;
}

static bool take_hex(Parser *parser, int most, uint32_t *code)
{
    int digits = 0;

    *code = 0;
    for (; digits < most && parser_more(parser); digits++) {
        char c = parser->text[parser->at];
        int value = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
        if (value < 0) {
            break;
        }
        *code = *code << 4 | (uint32_t)value;
        parser->at++;
    }
    return digits > 0 && *code < CODE_LIMIT;
}

/* \x41, \x{1F600}, \u0041: after the letter. */
static bool take_numeric(Parser *parser, bool is_u, uint32_t *code)
{
    bool braces = parser_accept(parser, "{");

    if (!take_hex(parser, braces ? 8 : is_u ? 4 : 2, code) || (braces && !parser_accept(parser, "}"))) {
        parser_refuse(parser, "a bad hexadecimal escape");
        return false;
    }
    return true;
}

static bool take_property(Parser *parser, bool negated, CharSet *set)
{
    const char *start, *end;

    if (!parser_accept(parser, "{")) {
        parser_refuse(parser, "\\p without {name}");
        return false;
    }
    negated ^= parser_accept(parser, "^");
    start = parser->text + parser->at;
    end = memchr(start, '}', parser->length - parser->at);
    if (end == NULL || !charset_property(parser->arena, start, (size_t)(end - start), set)) {
        parser_refuse(parser, "an unknown property in \\p{}");
        return false;
    }
    parser->at += (size_t)(end - start) + 1;
    if (negated) {
        *set = charset_not(parser->arena, set);
    }
    return true;
}

bool parser_is_class_letter(char letter)
{
    return letter != 0 && strchr("sSdDwWhHpP", letter) != NULL;
}

bool parser_take_class_letter(Parser *parser, CharSet *set)
{
    char letter = parser->text[parser->at++];

    switch (letter | 32) {
    case 's':
        *set = charset_space(parser->arena);
        break;
    case 'd':
        *set = charset_digit(parser->arena);
        break;
    case 'w':
        *set = parser->in_class ? charset_word_in_class(parser->arena) : charset_word(parser->arena);
        break;
    case 'h':
        charset_add(parser->arena, set, '0', '9');
        charset_add(parser->arena, set, 'A', 'F');
        charset_add(parser->arena, set, 'a', 'f');
        break;
    default:
        return take_property(parser, letter == 'P', set);
    }
    if (letter < 'a') {
        *set = charset_not(parser->arena, set);
    }
    return true;
}

/* The code point of an escape that stands for one; after the backslash. */
bool parser_take_escaped(Parser *parser, uint32_t *code)
{
    static const char letters[] = "tnrfvae0", values[] = "\t\n\r\f\v\a\x1b";
    const char *found;

    if (!parser_more(parser)) {
        parser_refuse(parser, "a backslash at the end");
        return false;
    }
    *code = parser_take_code(parser);
    if (*code == 'x' || *code == 'u') {
        return take_numeric(parser, *code == 'u', code);
    }
    found = *code < 0x80 ? strchr(letters, (int)*code) : NULL;
    if (found != NULL && *code != 0) {
        *code = (uint32_t)(unsigned char)values[found - letters];
    } else if ((*code >= '0' && *code <= '9') || (*code | 32) == 'k' || (*code | 32) == 'g') {
        parser_refuse(parser, "a back-reference or octal escape");
        return false;
    } else if (*code < 0x80 && ((*code | 32) >= 'a' && (*code | 32) <= 'z')) {
        parser_refuse(parser, "an unknown escape");
        return false;
    }
    return true;
}

/* ---- classes ---- */

static bool parse_posix(Parser *parser, CharSet *set)
{
    const char *start, *end;
    bool negated;

    parser->at += 2;
    negated = parser_accept(parser, "^");
    start = parser->text + parser->at;
    end = memchr(start, ':', parser->length - parser->at);
    if (end == NULL || !charset_property(parser->arena, start, (size_t)(end - start), set)) {
        parser_refuse(parser, "an unknown [:class:]");
        return false;
    }
    if (end - start == 5 && memcmp(start, "punct", 5) == 0) { /* symbols count here, in \p{Punct} they do not */
        CharSet symbols = {0};
        charset_property(parser->arena, "S", 1, &symbols);
        charset_add_set(parser->arena, set, &symbols);
        charset_finish(set);
    }
    parser->at += (size_t)(end - start);
    if (!parser_accept(parser, ":]")) {
        parser_refuse(parser, "an unfinished [:class:]");
        return false;
    }
    if (negated) {
        *set = charset_not(parser->arena, set);
    }
    return true;
}

/* One member of a class: a set, or a code point that may begin a range. */
static bool parse_member(Parser *parser, CharSet *set)
{
    uint32_t first, last;

    if (parser_starts(parser, "[:")) {
        return parse_posix(parser, set);
    }
    if (parser_accept(parser, "[")) {
        return parser_take_class(parser, set);
    }
    if (parser_accept(parser, "\\")) {
        if (parser_more(parser) && parser_is_class_letter(parser->text[parser->at])) {
            parser->in_class = true;
            bool taken = parser_take_class_letter(parser, set);
            parser->in_class = false;
            return taken;
        }
        if (!parser_take_escaped(parser, &first)) {
            return false;
        }
    } else {
        first = parser_take_code(parser);
    }
    last = first;
    if (parser->length - parser->at >= 2 && parser_starts(parser, "-") && parser->text[parser->at + 1] != ']') {
        parser->at++;
        if (parser_starts(parser, "[")) {
            charset_add(parser->arena, set, '-', '-');
        } else if (parser_accept(parser, "\\")) {
            if (!parser_take_escaped(parser, &last)) {
                return false;
            }
        } else {
            last = parser_take_code(parser);
        }
    }
    if (last < first) {
        parser_refuse(parser, "an empty range");
        return false;
    }
    charset_add(parser->arena, set, first, last);
    return true;
}

/* After the opening bracket, up to and with the closing one. */
bool parser_take_class(Parser *parser, CharSet *set)
{
    bool negated = parser_accept(parser, "^"), first = true, limited = false;
    CharSet whole = {0}, part = {0};

    if (++parser->depth > REGEX_DEPTH_MAX) {
        parser_refuse(parser, "nesting this deep");
        return false;
    }
    for (; parser_more(parser) && (first || !parser_starts(parser, "]")); first = false) {
        CharSet member = {0};
        if (parser_accept(parser, "&&")) {
            charset_finish(&part);
            whole = limited ? charset_and(parser->arena, &whole, &part) : part;
            limited = true;
            part = member;
        } else if (!parse_member(parser, &member)) {
            return false;
        }
        charset_add_set(parser->arena, &part, &member);
    }
    parser->depth--;
    if (!parser_accept(parser, "]")) {
        parser_refuse(parser, "an unfinished class");
        return false;
    }
    charset_finish(&part);
    if (parser->fold) {
        charset_fold(parser->arena, &part);
    }
    if (limited) {
        part = charset_and(parser->arena, &whole, &part);
    }
    *set = negated ? charset_not(parser->arena, &part) : part;
    return true;
}
