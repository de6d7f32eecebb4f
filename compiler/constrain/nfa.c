/* nfa: building automata over bytes. */
#include "compiler/constrain/nfa.h"

#include <string.h>

enum { STATES_MAX = 400000, EDGES_MAX = 3000000 };

int nfa_state(Nfa *nfa)
{
    if (nfa->states == STATES_MAX) nfa->too_large = true;
    return nfa->too_large ? nfa->states - 1 : nfa->states++;
}

static void add_edge(Nfa *nfa, NfaEdge edge)
{
    if (nfa->edges == EDGES_MAX) nfa->too_large = true;
    if (nfa->too_large) return;
    nfa->edge = arena_grow(nfa->arena, nfa->edge, nfa->edges, &nfa->capacity, sizeof *nfa->edge);
    nfa->edge[nfa->edges++] = edge;
}

void nfa_edge(Nfa *nfa, int from, int to, uint8_t first, uint8_t last) { add_edge(nfa, (NfaEdge){from, to, first, last, false}); }

void nfa_skip(Nfa *nfa, int from, int to) { add_edge(nfa, (NfaEdge){.from = from, .to = to, .free = true}); }

int nfa_text(Nfa *nfa, int from, const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        int to = nfa_state(nfa);
        nfa_edge(nfa, from, to, (uint8_t)text[i], (uint8_t)text[i]);
        from = to;
    }
    return from;
}

/* ---- UTF-8 ---- */

typedef struct Utf8 {
    uint8_t byte[4];
    int bytes;
} Utf8;

static Utf8 utf8_of(uint32_t code)
{
    if (code < 0x80) return (Utf8){{(uint8_t)code}, 1};
    if (code < 0x800) return (Utf8){{(uint8_t)(0xc0 | code >> 6), (uint8_t)(0x80 | (code & 63))}, 2};
    if (code < 0x10000) return (Utf8){{(uint8_t)(0xe0 | code >> 12), (uint8_t)(0x80 | (code >> 6 & 63)), (uint8_t)(0x80 | (code & 63))}, 3};
    return (Utf8){{(uint8_t)(0xf0 | code >> 18), (uint8_t)(0x80 | (code >> 12 & 63)), (uint8_t)(0x80 | (code >> 6 & 63)),
                   (uint8_t)(0x80 | (code & 63))}, 4};
}

/* States from which 1, 2, 3 bytes that continue a character lead to the end, made when they are needed. */
typedef struct Tails {
    int state[4]; /* [0]: the end */
} Tails;

static int tail(Nfa *nfa, Tails *tails, int bytes)
{
    if (bytes > 0 && tails->state[bytes] < 0) {
        int next = tail(nfa, tails, bytes - 1);
        tails->state[bytes] = nfa_state(nfa);
        nfa_edge(nfa, tails->state[bytes], next, 0x80, 0xbf);
    }
    return tails->state[bytes];
}

/* Texts of equal length from `first` to `last`, byte by byte; those whose remaining bytes are free share their tails. */
static void add_between(Nfa *nfa, int from, Tails *tails, const uint8_t *first, const uint8_t *last, int bytes)
{
    static const uint8_t lowest[3] = {0x80, 0x80, 0x80}, highest[3] = {0xbf, 0xbf, 0xbf};
    size_t rest = (size_t)bytes - 1;
    bool from_lowest = memcmp(first + 1, lowest, rest) == 0, to_highest = memcmp(last + 1, highest, rest) == 0;
    if (first[0] == last[0] && !(from_lowest && to_highest)) {
        int middle = nfa_state(nfa);
        nfa_edge(nfa, from, middle, first[0], first[0]);
        add_between(nfa, middle, tails, first + 1, last + 1, bytes - 1);
        return;
    }
    if (!from_lowest) {
        int middle = nfa_state(nfa);
        nfa_edge(nfa, from, middle, first[0], first[0]);
        add_between(nfa, middle, tails, first + 1, highest, bytes - 1);
    }
    if (!to_highest) {
        int middle = nfa_state(nfa);
        nfa_edge(nfa, from, middle, last[0], last[0]);
        add_between(nfa, middle, tails, lowest, last + 1, bytes - 1);
    }
    int low = first[0] + !from_lowest, high = last[0] - !to_highest;
    if (low <= high) nfa_edge(nfa, from, tail(nfa, tails, bytes - 1), (uint8_t)low, (uint8_t)high);
}

/* A range is cut where the length of the encoding changes and around the surrogates. */
static void add_range(Nfa *nfa, int from, Tails *tails, CharRange range)
{
    static const CharRange part[] = {{0, 0x7f}, {0x80, 0x7ff}, {0x800, 0xd7ff}, {0xe000, 0xffff}, {0x10000, CODE_LIMIT - 1}};
    for (size_t i = 0; i < COUNT_OF(part); i++) {
        uint32_t first = range.first > part[i].first ? range.first : part[i].first;
        uint32_t last = range.last < part[i].last ? range.last : part[i].last;
        if (first > last) continue;
        Utf8 low = utf8_of(first), high = utf8_of(last);
        add_between(nfa, from, tails, low.byte, high.byte, low.bytes);
    }
}

void nfa_codes(Nfa *nfa, int from, int to, const CharSet *set)
{
    Tails tails = {{to, -1, -1, -1}};
    for (size_t i = 0; i < set->count; i++) add_range(nfa, from, &tails, set->range[i]);
}
