/* From an automaton over bytes to one over tokens. Private to compiler/constrain. */
#ifndef HF2C_CONSTRAIN_AUTOMATON_H
#define HF2C_CONSTRAIN_AUTOMATON_H

#include "compiler/constrain/constrain.h"
#include "compiler/constrain/nfa.h"

/* What a token adds to a text, wherever it stands. */
typedef struct TokenText {
    const uint8_t *bytes;
    size_t count; /* 0: the token is never part of a text */
    int32_t id;
} TokenText;

typedef struct TokenTexts {
    TokenText *item; /* [count] by id */
    int count;
    bool drops_space; /* of a space at the beginning of the text nothing is seen */
} TokenTexts;

/* False and *err: texts of this tokenizer are not just its tokens' texts one after another. */
bool token_texts(Arena *arena, const hf2c_tokenizer *tokenizer, int vocabulary, TokenTexts *texts, Err *err);

/* NULL and *err: no tokens make a text that the automaton accepts, or the tables become too large. */
const hf2c_constraint *automaton_compile(Arena *arena, const Dfa *dfa, const TokenTexts *texts, Err *err);

#endif
