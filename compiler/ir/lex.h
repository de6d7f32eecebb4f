/* Words, numbers and strings of the text form. */
#ifndef HF2C_IR_LEX_H
#define HF2C_IR_LEX_H

#include "compiler/base.h"

typedef struct Lexer {
    Arena *arena;
    const char *file; /* for messages */
    const char *at;   /* NUL-terminated text */
    int line;
    Err *err;
} Lexer;

enum { LEX_WORD = 64 };

/* All return false, with an error that names file and line, when something else is there; all skip spaces first. */
bool lex_error(Lexer *lexer, const char *format, ...) PRINTF_LIKE(2, 3);
bool lex_at(Lexer *lexer, char c);      /* is it next? no error, nothing consumed */
bool lex_accept(Lexer *lexer, char c);  /* consumes it when it is next; no error */
bool lex_expect(Lexer *lexer, char c);
bool lex_word(Lexer *lexer, char word[LEX_WORD]); /* letters, digits and _ , first a letter or _ */
bool lex_integer(Lexer *lexer, int64_t least, int64_t most, int64_t *value);
bool lex_real(Lexer *lexer, double *value);       /* also INFINITY, -INFINITY, NAN */
bool lex_string(Lexer *lexer, const char **text); /* "..." with \" \\ \xHH */
/* The rest of the line must be empty or a comment. At the end of the text: true. */
bool lex_line_end(Lexer *lexer);
bool lex_skip_empty_lines(Lexer *lexer); /* false: the text is over */

#endif
