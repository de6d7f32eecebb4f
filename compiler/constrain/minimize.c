/* minimize: states that accept the same become one. Hopcroft's refinement: a block of states is split by where its members lead, and
 * of two halves only the smaller one is looked at again. */
#include "compiler/constrain/nfa.h"

#include <string.h>

typedef struct Partition {
    int states, blocks;
    int *member, *place, *block; /* [states] states by block; where each stands; its block */
    int *first, *size, *marked;  /* [states] of a block: its first member, how many, how many of them are marked (they come first) */
    int *touched, touched_count;
    int *waiting, waiting_count; /* blocks still to split by */
    bool *waits;                 /* [states] */
} Partition;

static void move_to(Partition *p, int state, int place)
{
    int other = p->member[place], old = p->place[state];
    p->member[place] = state;
    p->place[state] = place;
    p->member[old] = other;
    p->place[other] = old;
}

static void mark(Partition *p, int state)
{
    int block = p->block[state], place = p->first[block] + p->marked[block];
    if (p->place[state] < place) return;
    move_to(p, state, place);
    if (p->marked[block]++ == 0) p->touched[p->touched_count++] = block;
}

static void wait_for(Partition *p, int block)
{
    if (p->waits[block]) return;
    p->waits[block] = true;
    p->waiting[p->waiting_count++] = block;
}

/* The marked members become a block of their own. */
static void split(Partition *p, int block)
{
    int marked = p->marked[block];
    p->marked[block] = 0;
    if (marked == p->size[block]) return;
    int fresh = p->blocks++;
    p->first[fresh] = p->first[block];
    p->size[fresh] = marked;
    p->first[block] += marked;
    p->size[block] -= marked;
    for (int i = 0; i < marked; i++) p->block[p->member[p->first[fresh] + i]] = fresh;
    if (p->waits[block]) wait_for(p, fresh);
    else wait_for(p, p->size[fresh] < p->size[block] ? fresh : block);
}

static void split_touched(Partition *p)
{
    for (int i = 0; i < p->touched_count; i++) split(p, p->touched[i]);
    p->touched_count = 0;
}

static Partition *partition_new(Arena *arena, const Dfa *dfa)
{
    Partition *p = ARENA_NEW(arena, Partition);
    size_t n = (size_t)dfa->states + 2;
    int **lists[] = {&p->member, &p->place, &p->block, &p->first, &p->size, &p->marked, &p->touched, &p->waiting};
    for (size_t i = 0; i < COUNT_OF(lists); i++) *lists[i] = ARENA_ARRAY(arena, int, n);
    p->waits = ARENA_ARRAY(arena, bool, n);
    p->states = p->size[0] = dfa->states;
    p->blocks = 1;
    for (int i = 0; i < dfa->states; i++) p->member[i] = p->place[i] = i;
    for (int i = 0; i < dfa->states; i++)
        if (dfa->ends[i]) mark(p, i);
    return p;
}

/* Who leads to each state by one class, as lists. */
typedef struct Inverse {
    int *first, *source; /* [states + 2], [states] */
} Inverse;

static Inverse inverse_of(Arena *arena, const Dfa *dfa, size_t class)
{
    size_t states = (size_t)dfa->states, classes = (size_t)dfa->classes;
    Inverse inverse = {ARENA_ARRAY(arena, int, states + 2), ARENA_ARRAY(arena, int, states)};
    for (size_t i = 0; i < states; i++) inverse.first[dfa->next[i * classes + class] + 2]++;
    for (size_t i = 2; i < states + 2; i++) inverse.first[i] += inverse.first[i - 1];
    for (size_t i = 0; i < states; i++) inverse.source[inverse.first[dfa->next[i * classes + class] + 1]++] = (int)i;
    return inverse;
}

/* Splits every block by whether its states lead into this one; members: room for [states]. */
static void split_by(Partition *p, const Inverse *inverse, int classes, int block, int *members)
{
    int count = p->size[block];
    memcpy(members, p->member + p->first[block], (size_t)count * sizeof *members);
    for (int class = 0; class < classes; class++) {
        const Inverse *by = &inverse[class];
        for (int i = 0; i < count; i++)
            for (int k = by->first[members[i]]; k < by->first[members[i] + 1]; k++) mark(p, by->source[k]);
        split_touched(p);
    }
}

/* New numbers in the order of the states, so that 0 stays dead and 1 the start. */
static void renumber(Arena *arena, Dfa *dfa, const Partition *p)
{
    int *number = ARENA_ARRAY(arena, int, (size_t)p->blocks), count = 0;
    size_t classes = (size_t)dfa->classes;
    for (int i = 0; i < p->blocks; i++) number[i] = -1;
    for (int state = 0; state < dfa->states; state++)
        if (number[p->block[state]] < 0) number[p->block[state]] = count++;
    int32_t *next = ARENA_ARRAY(arena, int32_t, (size_t)count * classes);
    bool *ends = ARENA_ARRAY(arena, bool, (size_t)count);
    for (int state = 0; state < dfa->states; state++) {
        int to = number[p->block[state]];
        ends[to] = dfa->ends[state];
        for (size_t class = 0; class < classes; class++) next[(size_t)to * classes + class] = number[p->block[dfa->next[(size_t)state * classes + class]]];
    }
    dfa->next = next;
    dfa->ends = ends;
    dfa->states = count;
}

void dfa_minimize(Arena *arena, Dfa *dfa)
{
    Partition *p = partition_new(arena, dfa);
    Inverse *inverse = ARENA_ARRAY(arena, Inverse, (size_t)dfa->classes);
    for (size_t class = 0; class < (size_t)dfa->classes; class++) inverse[class] = inverse_of(arena, dfa, class);
    int *members = ARENA_ARRAY(arena, int, (size_t)dfa->states);
    wait_for(p, 0);
    split_touched(p);
    while (p->waiting_count > 0) {
        int block = p->waiting[--p->waiting_count];
        p->waits[block] = false;
        split_by(p, inverse, dfa->classes, block, members);
    }
    renumber(arena, dfa, p);
}
