/* Sets of code points as sorted ranges. */
#ifndef HF2C_TEXT_CHARSET_H
#define HF2C_TEXT_CHARSET_H

#include "compiler/base.h"

enum { CODE_LIMIT = 0x110000 };

typedef struct CharRange {
    uint32_t first, last;
} CharRange;

typedef struct CharSet {
    CharRange *range; /* sorted, apart from each other, once charset_finish has been called */
    size_t count, capacity;
} CharSet;

void charset_add(Arena *arena, CharSet *set, uint32_t first, uint32_t last);
void charset_add_set(Arena *arena, CharSet *set, const CharSet *other);
void charset_finish(CharSet *set);
bool charset_has(const CharSet *set, uint32_t code);
CharSet charset_not(Arena *arena, const CharSet *set);
CharSet charset_and(Arena *arena, const CharSet *a, const CharSet *b);
/* All code points that differ from one in the set by case only; adds them. */
void charset_fold(Arena *arena, CharSet *set);
uint32_t charset_fold_code(uint32_t code);
/* Whether, case aside, one character may match these two (ss: the sharp s), and whether one may match several. */
bool charset_folds_to_one(uint32_t first, uint32_t second); /* folded */
bool charset_folds_to_several(uint32_t code);
CharSet charset_of(Arena *arena, bool (*is_member)(uint32_t code, const void *user), const void *user);
/* A property as regular expressions name it: L, Lu, Letter, Han, Punct, Space, Script=Thai ... False: unknown. */
bool charset_property(Arena *arena, const char *name, size_t length, CharSet *set);
/* alpha, alnum, upper, lower, blank, xdigit, ascii; part of charset_property. */
bool charset_named(Arena *arena, const char *name, size_t length, CharSet *set);
/* \s, \d, \w as Oniguruma reads them. */
CharSet charset_space(Arena *arena);
CharSet charset_digit(Arena *arena);
CharSet charset_word(Arena *arena);
CharSet charset_word_in_class(Arena *arena); /* \w between brackets */

#endif
