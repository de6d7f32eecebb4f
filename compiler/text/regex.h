/* Regular expressions as tokenizers write them (Oniguruma, Ruby syntax) compiled to automata.
 *
 * What can be compiled: literals, classes (nested, negated, &&), \p{..} \s \d \w \h and their negations, groups, (?i: ), alternation in
 * leftmost-first order, greedy and lazy repeats, possessive ones of a single class, atomic groups of fixed parts and one such repeat,
 * ^ $ \A \z \b \B \R, and look-around of a single code point. Everything else is refused, named. */
#ifndef HF2C_TEXT_REGEX_H
#define HF2C_TEXT_REGEX_H

#include "compiler/text/charset.h"
#include "runtime/text/tables.h"

typedef enum RegexKind { REGEX_EMPTY, REGEX_SET, REGEX_CONCAT, REGEX_ALTERNATE, REGEX_REPEAT, REGEX_NEXT, REGEX_PREVIOUS } RegexKind;

/* NEXT and PREVIOUS hold when the neighbouring code point is in the set, or with `edge` when there is none. */
typedef struct RegexNode RegexNode;
struct RegexNode {
    RegexKind kind;
    CharSet set;
    bool edge, lazy;
    int minimum, maximum; /* of REPEAT; maximum -1: any number */
    RegexNode *left, *right;
};

RegexNode *regex_parse(Arena *arena, const char *pattern, size_t length, Err *err);
RegexNode *regex_literal(Arena *arena, const char *text, size_t length);
RegexNode *regex_set(Arena *arena, CharSet set);
RegexNode *regex_pair(Arena *arena, RegexKind kind, RegexNode *left, RegexNode *right); /* either may be NULL */
RegexNode *regex_repeat(Arena *arena, RegexNode *node, int minimum, int maximum);

/* byte_alphabet: the text is bytes that stand for the characters of hf2c_byte_code. NULL and *err: too large. */
const hf2c_scanner *regex_compile(Arena *arena, const RegexNode *node, bool byte_alphabet, Err *err);

#endif
