/* automaton: walks the bytes of every token from every state between tokens, finds which tokens behave alike, how far the end is, and
 * packs what comes out.
 *
 * Tokens are sorted by their bytes, so that what one has in common with the one before is walked once, and all that begin with
 * bytes that lead nowhere are passed over together. */
#include "compiler/constrain/automaton.h"

#include <stdlib.h>
#include <string.h>

enum { STATES_MAX = 60000, CLASSES_MAX = 60000 };
#define TABLE_MAX ((size_t)1 << 28)
#define PAIRS_MASK ((1u << 20) - 1)

typedef struct Pair {
    int32_t old, next, fresh;
    int stamp;
} Pair;

typedef struct Automaton {
    Arena *arena;
    const Dfa *dfa;
    const TokenTexts *texts;
    const TokenText **sorted; /* [tokens] by bytes */
    int *common;              /* [tokens] bytes in common with the token before */
    int tokens;
    int32_t *path;            /* states along the token that is walked */
    int32_t *next;            /* [tokens] where each leads; valid where it was reached last */
    int *alive, alive_count;  /* tokens that lead somewhere, by their places in sorted */

    int *number;              /* [dfa states] number of a state between tokens; -1: not reached */
    int *state;               /* [states] the other way */
    int states;
    int **target, *targets;   /* [states] the states that one token leads to from each, and how many */
    int *seen, *found;        /* [states] */

    int32_t *class_of;        /* [tokens] */
    int classes;
    Pair *pair;               /* hash table of the state in question, by stamp */
    int stamp;
    int *distance;            /* [states] */
} Automaton;

/* ---- tokens in order ---- */

static int compare_texts(const void *a, const void *b)
{
    const TokenText *left = *(const TokenText *const *)a, *right = *(const TokenText *const *)b;
    size_t shorter = left->count < right->count ? left->count : right->count;
    int order = memcmp(left->bytes, right->bytes, shorter);
    if (order) return order;
    if (left->count != right->count) return left->count < right->count ? -1 : 1;
    return left->id < right->id ? -1 : left->id > right->id;
}

static int common_bytes(const TokenText *a, const TokenText *b)
{
    size_t i = 0;
    while (i < a->count && i < b->count && a->bytes[i] == b->bytes[i]) i++;
    return (int)i;
}

static void sort_tokens(Automaton *a)
{
    size_t longest = 0;
    a->sorted = ARENA_ARRAY(a->arena, const TokenText *, (size_t)a->texts->count + 1);
    a->common = ARENA_ARRAY(a->arena, int, (size_t)a->texts->count + 1);
    for (int i = 0; i < a->texts->count; i++) {
        if (a->texts->item[i].count == 0) continue;
        a->sorted[a->tokens++] = &a->texts->item[i];
        longest = a->texts->item[i].count > longest ? a->texts->item[i].count : longest;
    }
    qsort(a->sorted, (size_t)a->tokens, sizeof *a->sorted, compare_texts);
    for (int i = 1; i < a->tokens; i++) a->common[i] = common_bytes(a->sorted[i - 1], a->sorted[i]);
    a->path = ARENA_ARRAY(a->arena, int32_t, longest + 1);
    a->next = ARENA_ARRAY(a->arena, int32_t, (size_t)a->tokens);
    a->alive = ARENA_ARRAY(a->arena, int, (size_t)a->tokens);
    a->class_of = ARENA_ARRAY(a->arena, int32_t, (size_t)a->tokens);
}

/* Finds which tokens lead somewhere from the byte state, and where. */
static void walk_tokens(Automaton *a, int from)
{
    int dead_at = INT32_MAX; /* bytes after which the token before led nowhere */
    a->alive_count = 0;
    a->path[0] = from;
    for (int i = 0; i < a->tokens; i++) {
        const TokenText *token = a->sorted[i];
        int at = a->common[i];
        if (at >= dead_at) continue;
        dead_at = INT32_MAX;
        for (; at < (int)token->count; at++) {
            a->path[at + 1] = dfa_next(a->dfa, a->path[at], token->bytes[at]);
            if (a->path[at + 1] == 0) break;
        }
        if (at < (int)token->count) {
            dead_at = at + 1;
            continue;
        }
        a->next[i] = a->path[at];
        a->alive[a->alive_count++] = i;
    }
}

/* ---- states between tokens ---- */

static int state_number(Automaton *a, int state)
{
    if (a->number[state] < 0) {
        a->number[state] = a->states;
        a->state[a->states++] = state;
    }
    return a->number[state];
}

/* Tokens of one class that lead to different states part: the pair of class and target has a new class. */
static uint32_t pair_slot(const Automaton *a, int32_t old, int32_t next)
{
    uint32_t at = ((uint32_t)old * 0x9e3779b1u ^ (uint32_t)next * 0x85ebca77u) >> 7 & PAIRS_MASK;
    while (a->pair[at].stamp == a->stamp && (a->pair[at].old != old || a->pair[at].next != next)) at = (at + 1) & PAIRS_MASK;
    return at;
}

static void split_classes(Automaton *a)
{
    a->stamp++;
    for (int i = 0; i < a->alive_count; i++) {
        int token = a->alive[i];
        Pair *pair = &a->pair[pair_slot(a, a->class_of[token], a->next[token])];
        if (pair->stamp != a->stamp) *pair = (Pair){a->class_of[token], a->next[token], a->classes++, a->stamp};
        a->class_of[token] = pair->fresh;
    }
}

static void note_targets(Automaton *a, int from)
{
    int count = 0;
    for (int i = 0; i < a->alive_count; i++) {
        int target = state_number(a, a->next[a->alive[i]]);
        if (a->seen[target] == from) continue;
        a->seen[target] = from;
        a->found[count++] = target;
    }
    a->targets[from] = count;
    a->target[from] = ARENA_ARRAY(a->arena, int, (size_t)count + 1);
    memcpy(a->target[from], a->found, (size_t)count * sizeof(int));
}

static bool explore(Automaton *a, Err *err)
{
    size_t states = (size_t)a->dfa->states + 1;
    int **lists[] = {&a->number, &a->state, &a->targets, &a->seen, &a->found, &a->distance};
    for (size_t i = 0; i < COUNT_OF(lists); i++) *lists[i] = ARENA_ARRAY(a->arena, int, states);
    a->target = ARENA_ARRAY(a->arena, int *, states);
    a->pair = ARENA_ARRAY(a->arena, Pair, (size_t)PAIRS_MASK + 1);
    for (size_t i = 0; i < states; i++) a->number[i] = -1;
    a->states = a->classes = 1;
    state_number(a, 1);
    for (int i = 1; i < a->states; i++) {
        walk_tokens(a, a->state[i]);
        if (a->alive_count > (int)(PAIRS_MASK / 2)) return err_set(err, "constrained output: more than %u tokens", PAIRS_MASK / 2);
        note_targets(a, i);
        split_classes(a);
    }
    return true;
}

/* ---- how far the end is ---- */

/* In rounds: in round n those get a distance from which one token leads to a state of distance n - 1. */
static void find_distances(Automaton *a)
{
    bool changed = true;
    for (int i = 0; i < a->states; i++) a->distance[i] = i > 0 && a->dfa->ends[a->state[i]] ? 0 : HF2C_CONSTRAINT_FAR;
    while (changed) {
        changed = false;
        for (int i = a->states; i-- > 1;) {
            for (int k = 0; k < a->targets[i]; k++) {
                int more = a->distance[a->target[i][k]] + 1;
                if (more >= a->distance[i]) continue;
                a->distance[i] = more;
                changed = true;
            }
        }
    }
}

/* States from which no tokens lead to an end are as dead as 0; the others get their final numbers. */
static int drop_dead_states(Automaton *a)
{
    int count = 1;
    for (int i = 1; i < a->states; i++) {
        bool live = a->distance[i] < HF2C_CONSTRAINT_FAR;
        a->number[a->state[i]] = live ? count : 0;
        if (!live) continue;
        a->state[count] = a->state[i];
        a->distance[count++] = a->distance[i];
    }
    return count;
}

/* ---- the table ---- */

typedef struct Column {
    uint16_t *next; /* [states] */
    int states, class;
} Column;

static int compare_columns(const void *a, const void *b)
{
    const Column *left = a, *right = b;
    return memcmp(left->next, right->next, (size_t)left->states * sizeof *left->next);
}

static void fill_column(const Automaton *a, Column *column, const TokenText *token)
{
    for (int i = 1; i < column->states; i++) {
        int state = a->state[i];
        for (size_t k = 0; k < token->count && state != 0; k++) state = dfa_next(a->dfa, state, token->bytes[k]);
        column->next[i] = state && a->number[state] > 0 ? (uint16_t)a->number[state] : 0;
    }
}

/* One column for each class that still has tokens, sorted, so that equal ones stand together and runs become long. */
static int make_columns(Automaton *a, int states, Column **columns, Err *err)
{
    bool *known = ARENA_ARRAY(a->arena, bool, (size_t)a->classes);
    int count = 0;
    for (int i = 0; i < a->tokens; i++) {
        count += !known[a->class_of[i]];
        known[a->class_of[i]] = true;
    }
    if (count > CLASSES_MAX || (size_t)count * (size_t)states > TABLE_MAX) {
        err_set(err, "constrained output: %d states and %d kinds of tokens make too large a table", states, count);
        return -1;
    }
    *columns = ARENA_ARRAY(a->arena, Column, (size_t)count + 1);
    count = 0;
    for (int i = 0; i < a->tokens; i++) {
        if (!known[a->class_of[i]]) continue;
        known[a->class_of[i]] = false;
        Column *column = &(*columns)[count++];
        *column = (Column){ARENA_ARRAY(a->arena, uint16_t, (size_t)states), states, a->class_of[i]};
        fill_column(a, column, a->sorted[i]);
    }
    qsort(*columns, (size_t)count, sizeof **columns, compare_columns);
    return count;
}

static bool is_dead(const Column *column)
{
    for (int i = 1; i < column->states; i++)
        if (column->next[i]) return false;
    return true;
}

/* Equal columns share a class; what leads nowhere is class 0. first: [count], the column of each class but 0. Returns the classes. */
static int number_columns(Automaton *a, const Column *columns, int count, int *first, uint16_t *class_of)
{
    int *class_number = ARENA_ARRAY(a->arena, int, (size_t)a->classes), classes = 1;
    for (int i = 0; i < count; i++) {
        bool same = i > 0 && compare_columns(&columns[i - 1], &columns[i]) == 0;
        if (!same && !is_dead(&columns[i])) first[classes++ - 1] = i;
        class_number[columns[i].class] = classes - 1;
    }
    for (int i = 0; i < a->tokens; i++) class_of[a->sorted[i]->id] = (uint16_t)class_number[a->class_of[i]];
    return classes;
}

static void pack_rows(Arena *arena, const Column *columns, const int *first, hf2c_constraint *c)
{
    uint32_t *row = ARENA_ARRAY(arena, uint32_t, (size_t)c->states + 1), count = 0;
    hf2c_constraint_run *run = NULL;
    for (int pass = 0; pass < 2; pass++) {
        count = 0;
        for (int state = 0; state < c->states; state++) {
            row[state] = count;
            for (int class = 0; class < c->classes; class++) {
                uint16_t next = class && state ? columns[first[class - 1]].next[state] : 0;
                if (class > 0 && next == (class > 1 && state ? columns[first[class - 2]].next[state] : 0)) continue;
                if (run) run[count] = (hf2c_constraint_run){(uint16_t)class, next};
                count++;
            }
        }
        row[c->states] = count;
        if (pass == 0) run = ARENA_ARRAY(arena, hf2c_constraint_run, (size_t)count);
    }
    c->row = row;
    c->run = run;
}

static hf2c_constraint *pack(Arena *arena, Automaton *a, int states, Err *err)
{
    hf2c_constraint *c = ARENA_NEW(arena, hf2c_constraint);
    uint16_t *class_of = ARENA_ARRAY(arena, uint16_t, (size_t)a->texts->count), *distance = ARENA_ARRAY(arena, uint16_t, (size_t)states);
    Column *columns;
    int count = make_columns(a, states, &columns, err);
    if (count < 0) return NULL;
    int *first = ARENA_ARRAY(a->arena, int, (size_t)count + 1);
    distance[0] = HF2C_CONSTRAINT_FAR;
    for (int i = 1; i < states; i++) distance[i] = (uint16_t)a->distance[i];
    *c = (hf2c_constraint){.class_of = class_of, .distance = distance, .vocabulary = a->texts->count, .states = states};
    c->classes = number_columns(a, columns, count, first, class_of);
    pack_rows(arena, columns, first, c);
    return c;
}

const hf2c_constraint *automaton_compile(Arena *arena, const Dfa *dfa, const TokenTexts *texts, Err *err)
{
    Arena *work = arena_new();
    Automaton a = {.arena = work, .dfa = dfa, .texts = texts};
    hf2c_constraint *c = NULL;
    sort_tokens(&a);
    if (explore(&a, err)) {
        find_distances(&a);
        int states = drop_dead_states(&a);
        if (states == 1 || a.number[1] != 1) err_set(err, "constrained output: the tokens of this vocabulary cannot write any of the texts");
        else if (states > STATES_MAX) err_set(err, "constrained output: more than %d states", STATES_MAX);
        else c = pack(arena, &a, states, err);
    }
    arena_free(work);
    return c;
}
