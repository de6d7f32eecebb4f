/* From the text of a regular expression to its tree. */
#include <string.h>

#include "compiler/text/regex.h"
#include "runtime/text/utf8.h"

enum { DEPTH_MAX = 60, REPEAT_MAX = 1000 };

typedef struct Parser {
    Arena *arena;
    const char *text;
    size_t length, at;
    bool fold, dot_all, extended;
    int depth;
    Err *err;
} Parser;

static RegexNode *parse_alternatives(Parser *parser);

/* ---- building ---- */

RegexNode *regex_set(Arena *arena, CharSet set)
{
    RegexNode *node = ARENA_NEW(arena, RegexNode);

    node->kind = REGEX_SET;
    node->set = set;
    return node;
}

RegexNode *regex_pair(Arena *arena, RegexKind kind, RegexNode *left, RegexNode *right)
{
    RegexNode *node = ARENA_NEW(arena, RegexNode);

    node->kind = left != NULL && right != NULL ? kind : REGEX_EMPTY;
    node->left = left;
    node->right = right;
    if (node->kind == REGEX_EMPTY && (left != NULL || right != NULL)) {
        return left != NULL ? left : right;
    }
    return node;
}

RegexNode *regex_repeat(Arena *arena, RegexNode *child, int minimum, int maximum)
{
    RegexNode *node = ARENA_NEW(arena, RegexNode);

    node->kind = REGEX_REPEAT;
    node->left = child;
    node->minimum = minimum;
    node->maximum = maximum;
    return node;
}

RegexNode *regex_literal(Arena *arena, const char *text, size_t length)
{
    RegexNode *node = NULL;
    size_t size;

    for (size_t at = 0; at < length; at += size) {
        uint32_t code = hf2c_utf8_get((const uint8_t *)text + at, &size);
        CharSet set = {0};
        charset_add(arena, &set, code, code);
        node = regex_pair(arena, REGEX_CONCAT, node, regex_set(arena, set));
    }
    return node != NULL ? node : regex_pair(arena, REGEX_CONCAT, NULL, NULL);
}

static RegexNode *look(Arena *arena, RegexKind kind, CharSet set, bool edge)
{
    RegexNode *node = regex_set(arena, set);

    node->kind = kind;
    node->edge = edge;
    return node;
}

/* ---- reading ---- */

static RegexNode *refuse(Parser *parser, const char *construct)
{
    err_set(parser->err, "regular expression: %s at byte %zu cannot be compiled", construct, parser->at);
    return NULL;
}

static bool more(const Parser *parser)
{
    return parser->at < parser->length;
}

static bool starts(const Parser *parser, const char *text)
{
    size_t length = strlen(text);

    return parser->length - parser->at >= length && memcmp(parser->text + parser->at, text, length) == 0;
}

static bool accept(Parser *parser, const char *text)
{
    if (!starts(parser, text)) {
        return false;
    }
    parser->at += strlen(text);
    return true;
}

static uint32_t take_code(Parser *parser)
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
    for (; digits < most && more(parser); digits++) {
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
    bool braces = accept(parser, "{");

    if (!take_hex(parser, braces ? 8 : is_u ? 4 : 2, code) || (braces && !accept(parser, "}"))) {
        refuse(parser, "a bad hexadecimal escape");
        return false;
    }
    return true;
}

static bool take_property(Parser *parser, bool negated, CharSet *set)
{
    const char *start, *end;

    if (!accept(parser, "{")) {
        refuse(parser, "\\p without {name}");
        return false;
    }
    negated ^= accept(parser, "^");
    start = parser->text + parser->at;
    end = memchr(start, '}', parser->length - parser->at);
    if (end == NULL || !charset_property(parser->arena, start, (size_t)(end - start), set)) {
        refuse(parser, "an unknown property in \\p{}");
        return false;
    }
    parser->at += (size_t)(end - start) + 1;
    if (negated) {
        *set = charset_not(parser->arena, set);
    }
    return true;
}

static bool is_class_letter(char letter)
{
    return letter != 0 && strchr("sSdDwWhHpP", letter) != NULL;
}

static bool take_class_letter(Parser *parser, CharSet *set)
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
        *set = charset_word(parser->arena);
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
static bool take_escaped(Parser *parser, uint32_t *code)
{
    static const char letters[] = "tnrfvae0", values[] = "\t\n\r\f\v\a\x1b";
    const char *found;

    if (!more(parser)) {
        refuse(parser, "a backslash at the end");
        return false;
    }
    *code = take_code(parser);
    if (*code == 'x' || *code == 'u') {
        return take_numeric(parser, *code == 'u', code);
    }
    found = *code < 0x80 ? strchr(letters, (int)*code) : NULL;
    if (found != NULL && *code != 0) {
        *code = (uint32_t)(unsigned char)values[found - letters];
    } else if ((*code >= '0' && *code <= '9') || (*code | 32) == 'k' || (*code | 32) == 'g') {
        refuse(parser, "a back-reference or octal escape");
        return false;
    } else if (*code < 0x80 && ((*code | 32) >= 'a' && (*code | 32) <= 'z')) {
        refuse(parser, "an unknown escape");
        return false;
    }
    return true;
}

/* ---- classes ---- */

static bool parse_class(Parser *parser, CharSet *set);

static bool parse_posix(Parser *parser, CharSet *set)
{
    const char *start, *end;
    bool negated;

    parser->at += 2;
    negated = accept(parser, "^");
    start = parser->text + parser->at;
    end = memchr(start, ':', parser->length - parser->at);
    if (end == NULL || !charset_property(parser->arena, start, (size_t)(end - start), set)) {
        refuse(parser, "an unknown [:class:]");
        return false;
    }
    if (end - start == 5 && memcmp(start, "punct", 5) == 0) { /* symbols count here, in \p{Punct} they do not */
        CharSet symbols = {0};
        charset_property(parser->arena, "S", 1, &symbols);
        charset_add_set(parser->arena, set, &symbols);
        charset_finish(set);
    }
    parser->at += (size_t)(end - start);
    if (!accept(parser, ":]")) {
        refuse(parser, "an unfinished [:class:]");
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

    if (starts(parser, "[:")) {
        return parse_posix(parser, set);
    }
    if (accept(parser, "[")) {
        return parse_class(parser, set);
    }
    if (accept(parser, "\\")) {
        if (more(parser) && is_class_letter(parser->text[parser->at])) {
            return take_class_letter(parser, set);
        }
        if (!take_escaped(parser, &first)) {
            return false;
        }
    } else {
        first = take_code(parser);
    }
    last = first;
    if (parser->length - parser->at >= 2 && starts(parser, "-") && parser->text[parser->at + 1] != ']') {
        parser->at++;
        if (starts(parser, "[")) {
            charset_add(parser->arena, set, '-', '-');
        } else if (accept(parser, "\\")) {
            if (!take_escaped(parser, &last)) {
                return false;
            }
        } else {
            last = take_code(parser);
        }
    }
    if (last < first) {
        refuse(parser, "an empty range");
        return false;
    }
    charset_add(parser->arena, set, first, last);
    return true;
}

/* After the opening bracket, up to and with the closing one. */
static bool parse_class(Parser *parser, CharSet *set)
{
    bool negated = accept(parser, "^"), first = true, limited = false;
    CharSet whole = {0}, part = {0};

    if (++parser->depth > DEPTH_MAX) {
        refuse(parser, "nesting this deep");
        return false;
    }
    for (; more(parser) && (first || !starts(parser, "]")); first = false) {
        CharSet member = {0};
        if (accept(parser, "&&")) {
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
    if (!accept(parser, "]")) {
        refuse(parser, "an unfinished class");
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

/* ---- groups and look-around ---- */

/* Reduces what stands in a look-around to one set. */
static bool as_single(const RegexNode *node, Arena *arena, CharSet *set, bool *edge)
{
    switch (node->kind) {
    case REGEX_SET:
        charset_add_set(arena, set, &node->set);
        return true;
    case REGEX_NEXT:
    case REGEX_PREVIOUS:
        charset_add_set(arena, set, &node->set);
        *edge = *edge || node->edge;
        return true;
    case REGEX_ALTERNATE:
        return as_single(node->left, arena, set, edge) && as_single(node->right, arena, set, edge);
    case REGEX_REPEAT: /* one of them says as much as several */
        return node->minimum == 1 && node->left->kind == REGEX_SET && as_single(node->left, arena, set, edge);
    default:
        return false;
    }
}

static RegexNode *parse_look(Parser *parser, RegexKind kind, bool negated)
{
    RegexNode *inside = parse_alternatives(parser);
    CharSet set = {0};
    bool edge = false;

    if (inside == NULL || !accept(parser, ")")) {
        return refuse(parser, "an unfinished group");
    }
    if (inside->kind == REGEX_EMPTY || !as_single(inside, parser->arena, &set, &edge)) {
        return refuse(parser, "a look-around of more than one character");
    }
    charset_finish(&set);
    return look(parser->arena, kind, negated ? charset_not(parser->arena, &set) : set, negated ? !edge : edge);
}

/* (?i) (?i: (?-i: : after the question mark. The options hold to the end of the enclosing group. */
static bool parse_options(Parser *parser, bool *is_group)
{
    bool on = true;

    while (more(parser) && !starts(parser, ":") && !starts(parser, ")")) {
        char option = parser->text[parser->at++];
        if (option == '-') {
            on = false;
        } else if (option == 'i') {
            parser->fold = on;
        } else if (option == 'm') { /* Ruby's name of "dot matches all" */
            parser->dot_all = on;
        } else if (option == 'x') {
            parser->extended = on;
        } else {
            refuse(parser, "an option of a group");
            return false;
        }
    }
    *is_group = accept(parser, ":");
    if (!*is_group && !accept(parser, ")")) {
        refuse(parser, "an unfinished group");
        return false;
    }
    return true;
}

static RegexNode *parse_group(Parser *parser)
{
    bool fold = parser->fold, dot_all = parser->dot_all, extended = parser->extended, is_group = true;
    RegexNode *node;

    if (accept(parser, "?=")) {
        return parse_look(parser, REGEX_NEXT, false);
    }
    if (accept(parser, "?!")) {
        return parse_look(parser, REGEX_NEXT, true);
    }
    if (accept(parser, "?<=")) {
        return parse_look(parser, REGEX_PREVIOUS, false);
    }
    if (accept(parser, "?<!")) {
        return parse_look(parser, REGEX_PREVIOUS, true);
    }
    if (starts(parser, "?>") || starts(parser, "?(") || starts(parser, "?~")) {
        return refuse(parser, "an atomic, conditional or absent group");
    }
    if (accept(parser, "?<") || accept(parser, "?P<")) {
        while (more(parser) && !starts(parser, ">")) {
            parser->at++;
        }
        accept(parser, ">");
    } else if (accept(parser, "?") && !parse_options(parser, &is_group)) {
        return NULL;
    }
    node = parse_alternatives(parser);
    if (node == NULL) {
        return NULL;
    }
    if (is_group) { /* otherwise the options hold for what follows, which was parsed as part of this */
        parser->fold = fold;
        parser->dot_all = dot_all;
        parser->extended = extended;
        return accept(parser, ")") ? node : refuse(parser, "an unfinished group");
    }
    return node;
}

/* ---- atoms and repeats ---- */

/* \b: a word on exactly one side. */
static RegexNode *word_boundary(Arena *arena, bool negated)
{
    CharSet word = charset_word(arena), other = charset_not(arena, &word);
    RegexNode *in = regex_pair(arena, REGEX_CONCAT, look(arena, REGEX_PREVIOUS, other, true), look(arena, REGEX_NEXT, word, false));
    RegexNode *out = regex_pair(arena, REGEX_CONCAT, look(arena, REGEX_PREVIOUS, word, false), look(arena, REGEX_NEXT, other, true));

    if (negated) {
        in = regex_pair(arena, REGEX_CONCAT, look(arena, REGEX_PREVIOUS, word, false), look(arena, REGEX_NEXT, word, false));
        out = regex_pair(arena, REGEX_CONCAT, look(arena, REGEX_PREVIOUS, other, true), look(arena, REGEX_NEXT, other, true));
    }
    return regex_pair(arena, REGEX_ALTERNATE, in, out);
}

static RegexNode *parse_escape(Parser *parser)
{
    CharSet set = {0};
    uint32_t code;
    char letter = more(parser) ? parser->text[parser->at] : 0;

    if (is_class_letter(letter)) {
        return take_class_letter(parser, &set) ? regex_set(parser->arena, set) : NULL;
    }
    if (accept(parser, "A")) {
        return look(parser->arena, REGEX_PREVIOUS, set, true);
    }
    if (accept(parser, "z")) {
        return look(parser->arena, REGEX_NEXT, set, true);
    }
    if (letter == 'b' || letter == 'B') {
        parser->at++;
        return word_boundary(parser->arena, letter == 'B');
    }
    if (!take_escaped(parser, &code)) {
        return NULL;
    }
    charset_add(parser->arena, &set, code, code);
    if (parser->fold) {
        charset_fold(parser->arena, &set);
    }
    return regex_set(parser->arena, set);
}

static RegexNode *parse_atom(Parser *parser)
{
    CharSet set = {0};
    uint32_t code;

    if (accept(parser, "(")) {
        return parse_group(parser);
    }
    if (accept(parser, "[")) {
        return parse_class(parser, &set) ? regex_set(parser->arena, set) : NULL;
    }
    if (accept(parser, "\\")) {
        return parse_escape(parser);
    }
    if (accept(parser, "^") || accept(parser, "$")) {
        charset_add(parser->arena, &set, '\n', '\n');
        return look(parser->arena, parser->text[parser->at - 1] == '^' ? REGEX_PREVIOUS : REGEX_NEXT, set, true);
    }
    if (accept(parser, ".")) {
        charset_add(parser->arena, &set, '\n', '\n');
        set = charset_not(parser->arena, &set);
        if (parser->dot_all) {
            charset_add(parser->arena, &set, '\n', '\n');
            charset_finish(&set);
        }
        return regex_set(parser->arena, set);
    }
    if (starts(parser, "*") || starts(parser, "+") || starts(parser, "?")) {
        return refuse(parser, "a repeat of nothing");
    }
    code = take_code(parser);
    charset_add(parser->arena, &set, code, code);
    if (parser->fold) {
        charset_fold(parser->arena, &set);
    }
    return regex_set(parser->arena, set);
}

static bool take_count(Parser *parser, int *count)
{
    size_t start = parser->at;

    *count = 0;
    while (more(parser) && parser->text[parser->at] >= '0' && parser->text[parser->at] <= '9' && *count <= REPEAT_MAX) {
        *count = *count * 10 + (parser->text[parser->at++] - '0');
    }
    return parser->at > start;
}

/* {n} {n,} {n,m} {,m}; what is none of them is literal text. */
static bool take_interval(Parser *parser, int *minimum, int *maximum)
{
    size_t start = parser->at;
    bool has_minimum, has_maximum, comma;

    if (!accept(parser, "{")) {
        return false;
    }
    has_minimum = take_count(parser, minimum);
    comma = accept(parser, ",");
    has_maximum = comma && take_count(parser, maximum);
    if ((!has_minimum && !has_maximum) || !accept(parser, "}")) {
        parser->at = start;
        return false;
    }
    if (!comma) {
        *maximum = *minimum;
    } else if (!has_maximum) {
        *maximum = -1;
    }
    return true;
}

/* A possessive repeat of one class takes all it can: what follows is not of the class, unless the count is full. */
static RegexNode *possessive(Parser *parser, RegexNode *atom, int minimum, int maximum)
{
    RegexNode *end;

    if (atom->kind != REGEX_SET) {
        return refuse(parser, "a possessive repeat of more than one class");
    }
    end = look(parser->arena, REGEX_NEXT, charset_not(parser->arena, &atom->set), true);
    if (maximum < 0) {
        return regex_pair(parser->arena, REGEX_CONCAT, regex_repeat(parser->arena, atom, minimum, maximum), end);
    }
    return regex_pair(parser->arena, REGEX_ALTERNATE, atom, end); /* only ?+ has a maximum */
}

static RegexNode *parse_repeat(Parser *parser, RegexNode *atom)
{
    int minimum = 0, maximum = -1;
    bool interval = false;
    RegexNode *node;

    if (accept(parser, "?")) {
        maximum = 1;
    } else if (accept(parser, "+")) {
        minimum = 1;
    } else if (!accept(parser, "*")) {
        interval = take_interval(parser, &minimum, &maximum);
        if (!interval) {
            return atom;
        }
    }
    if (minimum > REPEAT_MAX || maximum > REPEAT_MAX || (maximum >= 0 && maximum < minimum)) {
        return refuse(parser, "a repeat of so many");
    }
    if (!interval && accept(parser, "+")) {
        return possessive(parser, atom, minimum, maximum);
    }
    node = regex_repeat(parser->arena, atom, minimum, maximum);
    node->lazy = !(interval && minimum == maximum) && accept(parser, "?");
    return node;
}

static bool at_repeat(const Parser *parser)
{
    return starts(parser, "?") || starts(parser, "+") || starts(parser, "*") || starts(parser, "{");
}

static RegexNode *parse_concat(Parser *parser)
{
    RegexNode *node = NULL, *atom, *before;
    bool any = false;

    while (more(parser) && !starts(parser, "|") && !starts(parser, ")")) {
        if (parser->extended && strchr(" \t\r\n", parser->text[parser->at]) != NULL) {
            parser->at++;
            continue;
        }
        atom = parse_atom(parser);
        do {
            before = atom;
            atom = atom != NULL && at_repeat(parser) ? parse_repeat(parser, atom) : atom;
        } while (atom != before);
        if (atom == NULL) {
            return NULL;
        }
        node = regex_pair(parser->arena, REGEX_CONCAT, node, atom);
        any = true;
    }
    return any ? node : regex_pair(parser->arena, REGEX_CONCAT, NULL, NULL);
}

static RegexNode *parse_alternatives(Parser *parser)
{
    RegexNode *node;

    if (++parser->depth > DEPTH_MAX) {
        return refuse(parser, "nesting this deep");
    }
    node = parse_concat(parser);
    while (node != NULL && accept(parser, "|")) {
        RegexNode *right = parse_concat(parser);
        node = right != NULL ? regex_pair(parser->arena, REGEX_ALTERNATE, node, right) : NULL;
    }
    parser->depth--;
    return node;
}

RegexNode *regex_parse(Arena *arena, const char *pattern, size_t length, Err *err)
{
    Parser parser = {.arena = arena, .text = pattern, .length = length, .err = err};
    RegexNode *node = parse_alternatives(&parser);

    if (node != NULL && parser.at < length) {
        return refuse(&parser, "an unmatched parenthesis");
    }
    return node;
}
