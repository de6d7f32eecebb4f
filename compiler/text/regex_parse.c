/* From the text of a regular expression to its tree. */
#include <string.h>

#include "compiler/text/regex_parser.h"
#include "runtime/text/utf8.h"

enum { REPEAT_MAX = 1000 };

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

/* ---- what never gives back ---- */

/* A repeat of one class that takes all it can: the full count, or fewer where what follows is not of the class. */
static RegexNode *take_all(Arena *arena, const RegexNode *repeat)
{
    RegexNode *end = look(arena, REGEX_NEXT, charset_not(arena, &repeat->left->set), true), *few;

    if (repeat->minimum == repeat->maximum) {
        return regex_repeat(arena, repeat->left, repeat->minimum, repeat->maximum);
    }
    if (repeat->maximum < 0) {
        return regex_pair(arena, REGEX_CONCAT, regex_repeat(arena, repeat->left, repeat->minimum, -1), end);
    }
    few = regex_pair(arena, REGEX_CONCAT, regex_repeat(arena, repeat->left, repeat->minimum, repeat->maximum - 1), end);
    return regex_pair(arena, REGEX_ALTERNATE, regex_repeat(arena, repeat->left, repeat->maximum, repeat->maximum), few);
}

/* Whether there is one way to match at most. */
static bool is_fixed(const RegexNode *node)
{
    switch (node->kind) {
    case REGEX_CONCAT:
        return is_fixed(node->left) && is_fixed(node->right);
    case REGEX_REPEAT:
        return node->minimum == node->maximum && is_fixed(node->left);
    default:
        return node->kind != REGEX_ALTERNATE;
    }
}

/* What never gives back what it has taken: fixed parts, and behind them one repeat of a class. NULL: not of that form. */
static RegexNode *atomic(Arena *arena, RegexNode *node)
{
    RegexNode *rest;

    if (is_fixed(node)) {
        return node;
    }
    if (node->kind == REGEX_REPEAT && !node->lazy && node->left->kind == REGEX_SET) {
        return take_all(arena, node);
    }
    if (node->kind == REGEX_CONCAT && is_fixed(node->left) && (rest = atomic(arena, node->right)) != NULL) {
        return regex_pair(arena, REGEX_CONCAT, node->left, rest);
    }
    return NULL;
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

    if (inside == NULL || !parser_accept(parser, ")")) {
        return parser_refuse(parser, "an unfinished group");
    }
    if (inside->kind == REGEX_EMPTY || !as_single(inside, parser->arena, &set, &edge)) {
        return parser_refuse(parser, "a look-around of more than one character");
    }
    charset_finish(&set);
    return look(parser->arena, kind, negated ? charset_not(parser->arena, &set) : set, negated ? !edge : edge);
}

static RegexNode *parse_atomic(Parser *parser)
{
    bool fold = parser->fold, dot_all = parser->dot_all, extended = parser->extended;
    RegexNode *inside = parse_alternatives(parser);

    if (inside == NULL || !parser_accept(parser, ")")) {
        return parser_refuse(parser, "an unfinished group");
    }
    parser->fold = fold;
    parser->dot_all = dot_all;
    parser->extended = extended;
    inside = atomic(parser->arena, inside);
    return inside != NULL ? inside : parser_refuse(parser, "an atomic group that could give back in several ways");
}

/* (?i) (?i: (?-i: : after the question mark. The options hold to the end of the enclosing group. */
static bool parse_options(Parser *parser, bool *is_group)
{
    bool on = true;

    while (parser_more(parser) && !parser_starts(parser, ":") && !parser_starts(parser, ")")) {
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
            parser_refuse(parser, "an option of a group");
            return false;
        }
    }
    *is_group = parser_accept(parser, ":");
    if (!*is_group && !parser_accept(parser, ")")) {
        parser_refuse(parser, "an unfinished group");
        return false;
    }
    return true;
}

static RegexNode *parse_group(Parser *parser)
{
    bool fold = parser->fold, dot_all = parser->dot_all, extended = parser->extended, is_group = true;
    RegexNode *node;

    if (parser_accept(parser, "?=")) {
        return parse_look(parser, REGEX_NEXT, false);
    }
    if (parser_accept(parser, "?!")) {
        return parse_look(parser, REGEX_NEXT, true);
    }
    if (parser_accept(parser, "?<=")) {
        return parse_look(parser, REGEX_PREVIOUS, false);
    }
    if (parser_accept(parser, "?<!")) {
        return parse_look(parser, REGEX_PREVIOUS, true);
    }
    if (parser_accept(parser, "?>")) {
        return parse_atomic(parser);
    }
    if (parser_starts(parser, "?(") || parser_starts(parser, "?~")) {
        return parser_refuse(parser, "a conditional or absent group");
    }
    if (parser_accept(parser, "?<") || parser_accept(parser, "?P<")) {
        while (parser_more(parser) && !parser_starts(parser, ">")) {
            parser->at++;
        }
        parser_accept(parser, ">");
    } else if (parser_accept(parser, "?") && !parse_options(parser, &is_group)) {
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
        return parser_accept(parser, ")") ? node : parser_refuse(parser, "an unfinished group");
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

/* One character. Without regard to case, several may be one, and one several: those are not compiled. */
static RegexNode *literal(Parser *parser, size_t start, uint32_t code)
{
    CharSet set = {0};
    uint32_t folded = charset_fold_code(code);

    charset_add(parser->arena, &set, code, code);
    if (!parser->fold) {
        return regex_set(parser->arena, set);
    }
    if (charset_folds_to_several(code) || (parser->folded_end == start && charset_folds_to_one(parser->folded, folded))) {
        return parser_refuse(parser, "(?i) where one character matches several (as the sharp s does ss)");
    }
    parser->folded = folded;
    parser->folded_end = parser->at;
    charset_fold(parser->arena, &set);
    return regex_set(parser->arena, set);
}

/* \R: the end of a line; CR LF is one and is not split. */
static RegexNode *line_end(Arena *arena)
{
    CharSet set = {0}, carriage = {0}, feed = {0};
    RegexNode *alone;

    charset_add(arena, &carriage, '\r', '\r');
    charset_add(arena, &feed, '\n', '\n');
    charset_add(arena, &set, '\n', '\f');
    charset_add(arena, &set, 0x85, 0x85);
    charset_add(arena, &set, 0x2028, 0x2029);
    charset_finish(&set);
    alone = regex_pair(arena, REGEX_CONCAT, regex_set(arena, carriage), look(arena, REGEX_NEXT, charset_not(arena, &feed), true));
    alone = regex_pair(arena, REGEX_ALTERNATE, regex_set(arena, set), alone);
    return regex_pair(arena, REGEX_ALTERNATE, regex_pair(arena, REGEX_CONCAT, regex_set(arena, carriage), regex_set(arena, feed)), alone);
}

static RegexNode *parse_escape(Parser *parser)
{
    size_t start = parser->at - 1;
    CharSet set = {0};
    uint32_t code;
    char letter = parser_more(parser) ? parser->text[parser->at] : 0;

    if (parser_is_class_letter(letter)) {
        return parser_take_class_letter(parser, &set) ? regex_set(parser->arena, set) : NULL;
    }
    if (parser_accept(parser, "A")) {
        return look(parser->arena, REGEX_PREVIOUS, set, true);
    }
    if (parser_accept(parser, "z")) {
        return look(parser->arena, REGEX_NEXT, set, true);
    }
    if (parser_accept(parser, "R")) {
        return line_end(parser->arena);
    }
    if (letter == 'b' || letter == 'B') {
        parser->at++;
        return word_boundary(parser->arena, letter == 'B');
    }
    if (!parser_take_escaped(parser, &code)) {
        return NULL;
    }
    return literal(parser, start, code);
}

static RegexNode *parse_atom(Parser *parser)
{
    size_t start = parser->at;
    CharSet set = {0};
    uint32_t code;

    if (parser_accept(parser, "(")) {
        return parse_group(parser);
    }
    if (parser_accept(parser, "[")) {
        return parser_take_class(parser, &set) ? regex_set(parser->arena, set) : NULL;
    }
    if (parser_accept(parser, "\\")) {
        return parse_escape(parser);
    }
    if (parser_accept(parser, "^") || parser_accept(parser, "$")) {
        charset_add(parser->arena, &set, '\n', '\n');
        return look(parser->arena, parser->text[parser->at - 1] == '^' ? REGEX_PREVIOUS : REGEX_NEXT, set, true);
    }
    if (parser_accept(parser, ".")) {
        charset_add(parser->arena, &set, '\n', '\n');
        set = charset_not(parser->arena, &set);
        if (parser->dot_all) {
            charset_add(parser->arena, &set, '\n', '\n');
            charset_finish(&set);
        }
        return regex_set(parser->arena, set);
    }
    if (parser_starts(parser, "*") || parser_starts(parser, "+") || parser_starts(parser, "?")) {
        return parser_refuse(parser, "a repeat of nothing");
    }
    code = parser_take_code(parser);
    return literal(parser, start, code);
}

static bool take_count(Parser *parser, int *count)
{
    size_t start = parser->at;

    *count = 0;
    while (parser_more(parser) && parser->text[parser->at] >= '0' && parser->text[parser->at] <= '9' && *count <= REPEAT_MAX) {
        *count = *count * 10 + (parser->text[parser->at++] - '0');
    }
    return parser->at > start;
}

/* {n} {n,} {n,m} {,m}; what is none of them is literal text. */
static bool take_interval(Parser *parser, int *minimum, int *maximum)
{
    size_t start = parser->at;
    bool has_minimum, has_maximum, comma;

    if (!parser_accept(parser, "{")) {
        return false;
    }
    has_minimum = take_count(parser, minimum);
    comma = parser_accept(parser, ",");
    has_maximum = comma && take_count(parser, maximum);
    if ((!has_minimum && !has_maximum) || !parser_accept(parser, "}")) {
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

static RegexNode *parse_repeat(Parser *parser, RegexNode *atom)
{
    int minimum = 0, maximum = -1;
    bool interval = false;
    RegexNode *node;

    if (parser_accept(parser, "?")) {
        maximum = 1;
    } else if (parser_accept(parser, "+")) {
        minimum = 1;
    } else if (!parser_accept(parser, "*")) {
        interval = take_interval(parser, &minimum, &maximum);
        if (!interval) {
            return atom;
        }
    }
    if (minimum > REPEAT_MAX || maximum > REPEAT_MAX || (maximum >= 0 && maximum < minimum)) {
        return parser_refuse(parser, "a repeat of so many");
    }
    if (!interval && parser_accept(parser, "+")) {
        node = regex_repeat(parser->arena, atom, minimum, maximum);
        return atom->kind == REGEX_SET ? take_all(parser->arena, node) : parser_refuse(parser, "a possessive repeat of more than one class");
    }
    node = regex_repeat(parser->arena, atom, minimum, maximum);
    node->lazy = !(interval && minimum == maximum) && parser_accept(parser, "?");
    return node;
}

static bool at_repeat(const Parser *parser)
{
    return parser_starts(parser, "?") || parser_starts(parser, "+") || parser_starts(parser, "*") || parser_starts(parser, "{");
}

static RegexNode *parse_concat(Parser *parser)
{
    RegexNode *node = NULL, *atom, *before;
    bool any = false;

    while (parser_more(parser) && !parser_starts(parser, "|") && !parser_starts(parser, ")")) {
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

    if (++parser->depth > REGEX_DEPTH_MAX) {
        return parser_refuse(parser, "nesting this deep");
    }
    node = parse_concat(parser);
    while (node != NULL && parser_accept(parser, "|")) {
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
        return parser_refuse(&parser, "an unmatched parenthesis");
    }
    return node;
}
