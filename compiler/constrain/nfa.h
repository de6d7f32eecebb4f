/* Automata over bytes. Building: every function that adds something begins at a state and returns the state behind it, which is new.
 * Private to compiler/constrain. */
#ifndef HF2C_CONSTRAIN_NFA_H
#define HF2C_CONSTRAIN_NFA_H

#include "compiler/text/charset.h"

typedef struct NfaEdge {
    int from, to;
    uint8_t first, last;
    bool free; /* taken without a byte */
} NfaEdge;

typedef struct Nfa {
    Arena *arena;
    NfaEdge *edge;
    size_t edges, capacity;
    int states;
    bool too_large; /* nothing more is added */
} Nfa;

int nfa_state(Nfa *nfa);
void nfa_edge(Nfa *nfa, int from, int to, uint8_t first, uint8_t last);
void nfa_skip(Nfa *nfa, int from, int to);
int nfa_text(Nfa *nfa, int from, const char *text, size_t bytes);
/* Code points of the set in UTF-8; halves of surrogate pairs are left out. */
void nfa_codes(Nfa *nfa, int from, int to, const CharSet *set);

/* A deterministic automaton. State 0 is dead, 1 the start; from every other state an end can be reached. */
typedef struct Dfa {
    int states, classes;
    uint8_t class_of[256];
    int32_t *next; /* [states, classes] */
    bool *ends;    /* [states] */
} Dfa;

/* The smallest automaton of what leads from start to end. NULL and *err: it is too large; no err: it accepts nothing. */
Dfa *dfa_make(Arena *arena, const Nfa *nfa, int start, int end, Err *err);
/* minimize.c: merges states that accept the same; keeps 0 and 1. */
void dfa_minimize(Arena *arena, Dfa *dfa);

static inline int dfa_next(const Dfa *dfa, int state, uint8_t byte)
{
    return dfa->next[(size_t)state * (size_t)dfa->classes + dfa->class_of[byte]];
}

#endif
