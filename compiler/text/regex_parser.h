/* What the two halves of the regular-expression parser share. Private to compiler/text. */
#ifndef HF2C_TEXT_REGEX_PARSER_H
#define HF2C_TEXT_REGEX_PARSER_H

#include "compiler/text/regex.h"

enum { REGEX_DEPTH_MAX = 60 };

typedef struct Parser {
    Arena *arena;
    const char *text;
    size_t length, at;
    bool fold, dot_all, extended, in_class;
    int depth;
    uint32_t folded;   /* the last literal without regard to case ... */
    size_t folded_end; /* ... and where it ends */
    Err *err;
} Parser;

/* Sets the error "CONSTRUCT at byte N cannot be compiled" and returns NULL. */
RegexNode *parser_refuse(Parser *parser, const char *construct);
bool parser_more(const Parser *parser);
bool parser_starts(const Parser *parser, const char *text);
bool parser_accept(Parser *parser, const char *text); /* passes over the text when it is next */
uint32_t parser_take_code(Parser *parser);

/* A letter that stands for a class (s S d D w W h H p P), and the class; at the letter, behind the backslash. */
bool parser_is_class_letter(char letter);
bool parser_take_class_letter(Parser *parser, CharSet *set);
/* The code point of an escape that stands for one; behind the backslash. */
bool parser_take_escaped(Parser *parser, uint32_t *code);
/* [...] behind the opening bracket, up to and with the closing one. */
bool parser_take_class(Parser *parser, CharSet *set);

#endif
