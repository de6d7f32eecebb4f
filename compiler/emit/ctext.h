/* ctext: C text that is our own, as the files read it that write it anew: whatever a file declares begins in column 0, comments are in the
 * older style, bodies are indented by four. */
#ifndef HF2C_EMIT_CTEXT_H
#define HF2C_EMIT_CTEXT_H

#include <ctype.h>
#include <string.h>

#include "compiler/base.h"

static inline bool ctext_is_letter(char c) { return isalnum((unsigned char)c) || c == '_'; }

static inline size_t ctext_word(const char *text)
{
    size_t n = 0;
    while (ctext_is_letter(text[n])) n++;
    return n;
}

/* Does this very word begin here? */
static inline bool ctext_is_word(const char *text, const char *word, size_t length)
{
    return ctext_word(text) == length && memcmp(text, word, length) == 0;
}

/* Bytes of a comment, a string or a character that begins here; 0: none does. */
static inline size_t ctext_quoted(const char *text)
{
    if (text[0] == '/' && text[1] == '*') return (size_t)(strstr(text + 2, "*/") + 2 - text);
    if (text[0] != '"' && text[0] != '\'') return 0;
    size_t n = 1;
    while (text[n] && text[n] != text[0]) n += text[n] == '\\' ? 2 : 1;
    return n + 1;
}

/* Bytes of the line with its end; what a comment or a backslash continues is one line. */
static inline size_t ctext_line(const char *text)
{
    size_t n = 0;
    while (text[n] && text[n] != '\n') {
        size_t quoted = ctext_quoted(text + n);
        n += quoted ? quoted : text[n] == '\\' && text[n + 1] == '\n' ? 2 : 1;
    }
    return n + (text[n] == '\n');
}

static inline bool ctext_starts(const char *line, const char *word) { return strncmp(line, word, strlen(word)) == 0; }

/* Opening less closing braces of n bytes. */
static inline int ctext_depth(const char *text, size_t n)
{
    int depth = 0;
    for (size_t i = 0; i < n;) {
        size_t quoted = ctext_quoted(text + i);
        depth += text[i] == '{' ? 1 : text[i] == '}' ? -1 : 0;
        i += quoted ? quoted : 1;
    }
    return depth;
}

/* Does the word stand in n bytes, outside of comments and strings? */
static inline bool ctext_mentions(const char *text, size_t n, const char *word, size_t length)
{
    for (size_t i = 0; i < n;) {
        size_t quoted = ctext_quoted(text + i), letters = quoted ? 0 : ctext_word(text + i);
        if (letters == length && memcmp(text + i, word, length) == 0) return true;
        i += quoted ? quoted : letters ? letters : 1;
    }
    return false;
}

#endif
