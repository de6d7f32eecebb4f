/* dfa: from an automaton with choices to one without: its states are the sets of states that the other could be in. */
#include "compiler/constrain/nfa.h"

#include <stdlib.h>
#include <string.h>

enum { STATES_MAX = 40000 };

typedef struct Set {
    int *member; /* sorted */
    int count;
    uint32_t hash;
} Set;

typedef struct Subsets {
    Arena *arena;
    const Nfa *nfa;
    size_t *first;       /* [nfa states + 1] where a state's edges begin in `edge` */
    NfaEdge *edge;       /* by state */
    Dfa *dfa;
    uint8_t byte[256];   /* one of each class */
    Set *set;            /* [STATES_MAX] */
    int32_t *slot;       /* hash table of sets: number + 1 */
    uint32_t mask;
    int *work;           /* [nfa states] */
    int *mark, stamp;    /* [nfa states] */
} Subsets;

static void sort_edges(Subsets *s)
{
    size_t states = (size_t)s->nfa->states;
    s->first = ARENA_ARRAY(s->arena, size_t, states + 2);
    s->edge = ARENA_ARRAY(s->arena, NfaEdge, s->nfa->edges + 1);
    for (size_t i = 0; i < s->nfa->edges; i++) s->first[s->nfa->edge[i].from + 2]++;
    for (size_t i = 2; i < states + 2; i++) s->first[i] += s->first[i - 1];
    for (size_t i = 0; i < s->nfa->edges; i++) s->edge[s->first[s->nfa->edge[i].from + 1]++] = s->nfa->edge[i];
}

/* Bytes that no edge tells apart. */
static void find_classes(Subsets *s)
{
    bool begins[257] = {true};
    for (size_t i = 0; i < s->nfa->edges; i++) {
        if (s->nfa->edge[i].free) continue;
        begins[s->nfa->edge[i].first] = true;
        begins[s->nfa->edge[i].last + 1] = true;
    }
    s->dfa->classes = 0;
    for (int byte = 0; byte < 256; byte++) {
        if (begins[byte]) s->byte[s->dfa->classes++] = (uint8_t)byte;
        s->dfa->class_of[byte] = (uint8_t)(s->dfa->classes - 1);
    }
}

static int compare_states(const void *a, const void *b)
{
    int left = *(const int *)a, right = *(const int *)b;
    return left < right ? -1 : left > right;
}

static void reach(Subsets *s, int state, int *count)
{
    if (s->mark[state] == s->stamp) return;
    s->mark[state] = s->stamp;
    s->work[(*count)++] = state;
}

/* What the first count states of work lead to without a byte joins them; then they are sorted. */
static void close_set(Subsets *s, int *count)
{
    for (int i = 0; i < *count; i++) {
        int state = s->work[i];
        for (size_t k = s->first[state]; k < s->first[state + 1]; k++)
            if (s->edge[k].free) reach(s, s->edge[k].to, count);
    }
    qsort(s->work, (size_t)*count, sizeof *s->work, compare_states);
}

static uint32_t hash_set(const int *member, int count)
{
    uint32_t hash = 2166136261u;
    for (int i = 0; i < count; i++) hash = (hash ^ (uint32_t)member[i]) * 16777619u;
    return hash ^ hash >> 15;
}

/* Number of the set in work; 0: the empty one; -1: there are too many. */
static int set_number(Subsets *s, int count)
{
    if (count == 0) return 0;
    uint32_t hash = hash_set(s->work, count), at = hash & s->mask;
    for (; s->slot[at]; at = (at + 1) & s->mask) {
        const Set *known = &s->set[s->slot[at] - 1];
        if (known->hash == hash && known->count == count && memcmp(known->member, s->work, (size_t)count * sizeof(int)) == 0) return s->slot[at] - 1;
    }
    if (s->dfa->states == STATES_MAX) return -1;
    Set *set = &s->set[s->dfa->states];
    *set = (Set){ARENA_ARRAY(s->arena, int, (size_t)count), count, hash};
    memcpy(set->member, s->work, (size_t)count * sizeof(int));
    s->slot[at] = ++s->dfa->states;
    return s->dfa->states - 1;
}

static int step(Subsets *s, const Set *set, uint8_t byte)
{
    int count = 0;
    s->stamp++;
    for (int i = 0; i < set->count; i++) {
        for (size_t k = s->first[set->member[i]]; k < s->first[set->member[i] + 1]; k++) {
            const NfaEdge *edge = &s->edge[k];
            if (!edge->free && edge->first <= byte && byte <= edge->last) reach(s, edge->to, &count);
        }
    }
    close_set(s, &count);
    return set_number(s, count);
}

static bool explore(Subsets *s, int start)
{
    int count = 0;
    s->dfa->states = 1;
    s->stamp++;
    reach(s, start, &count);
    close_set(s, &count);
    set_number(s, count);
    for (int state = 1; state < s->dfa->states; state++) {
        for (int class = 0; class < s->dfa->classes; class++) {
            int next = step(s, &s->set[state], s->byte[class]);
            if (next < 0) return false;
            s->dfa->next[(size_t)state * (size_t)s->dfa->classes + (size_t)class] = next;
        }
    }
    return true;
}

static void find_ends(Subsets *s, int end)
{
    s->dfa->ends = ARENA_ARRAY(s->arena, bool, (size_t)s->dfa->states);
    for (int state = 1; state < s->dfa->states; state++)
        for (int i = 0; i < s->set[state].count; i++) s->dfa->ends[state] |= s->set[state].member[i] == end;
}

static Subsets *subsets_new(Arena *arena, const Nfa *nfa)
{
    Subsets *s = ARENA_NEW(arena, Subsets);
    size_t states = (size_t)nfa->states + 1;
    *s = (Subsets){.arena = arena, .nfa = nfa, .dfa = ARENA_NEW(arena, Dfa), .mask = (1u << 17) - 1};
    sort_edges(s);
    find_classes(s);
    s->dfa->next = ARENA_ARRAY(arena, int32_t, (size_t)STATES_MAX * (size_t)s->dfa->classes);
    s->set = ARENA_ARRAY(arena, Set, STATES_MAX);
    s->slot = ARENA_ARRAY(arena, int32_t, (size_t)s->mask + 1);
    s->work = ARENA_ARRAY(arena, int, states);
    s->mark = ARENA_ARRAY(arena, int, states);
    return s;
}

/* Whether from each state an end can be reached: against the edges, until nothing changes. */
static bool *find_live(Arena *arena, const Dfa *dfa)
{
    size_t states = (size_t)dfa->states, classes = (size_t)dfa->classes;
    bool *live = ARENA_ARRAY(arena, bool, states), changed = true;
    memcpy(live, dfa->ends, states * sizeof *live);
    while (changed) {
        changed = false;
        for (size_t state = states; state-- > 1;) {
            if (live[state]) continue;
            for (size_t class = 0; class < classes && !live[state]; class++) live[state] = live[dfa->next[state * classes + class]];
            changed |= live[state];
        }
    }
    return live;
}

Dfa *dfa_make(Arena *arena, const Nfa *nfa, int start, int end, Err *err)
{
    Subsets *s = subsets_new(arena, nfa);
    if (nfa->too_large || !explore(s, start)) {
        err_set(err, "its automaton has more than %d states", STATES_MAX);
        return NULL;
    }
    find_ends(s, end);
    bool *live = find_live(arena, s->dfa);
    if (!live[1]) return NULL;
    size_t numbers = (size_t)s->dfa->states * (size_t)s->dfa->classes;
    for (size_t i = 0; i < numbers; i++)
        if (!live[s->dfa->next[i]]) s->dfa->next[i] = 0;
    dfa_minimize(arena, s->dfa);
    return s->dfa;
}
