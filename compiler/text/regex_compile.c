/* From the tree of a regular expression to an automaton.
 *
 * The tree becomes a program of a backtracking matcher (SPLIT tries its first target first). A state of the automaton is the ordered
 * list of threads such a matcher would still have to try; a match cuts off the threads of lower order, which keeps leftmost-first
 * semantics. Look-around of one code point is decided by the class that is read next, and by the one before, which is then
 * part of the state. */
#include <stdlib.h>
#include <string.h>

#include "compiler/text/regex.h"
#include "runtime/text/unicode.h"
#include "runtime/text/work.h"

enum { PROGRAM_MAX = 4000, SETS_MAX = 512, CLASSES_MAX = 250, STATES_MAX = 6000, PAGE = 512, BLOCK = 16 };

typedef enum Operation { OP_SET, OP_SPLIT, OP_JUMP, OP_NEXT, OP_PREVIOUS, OP_MATCH } Operation;

typedef struct Instruction {
    Operation operation;
    int set; /* of OP_SET, OP_NEXT, OP_PREVIOUS */
    bool edge;
    int first, second; /* targets of OP_SPLIT, OP_JUMP */
} Instruction;

typedef struct State {
    int *threads;
    int count, before; /* before: class of the code point before; classes: none; -1: it does not matter */
} State;

typedef struct Builder {
    Arena *arena;
    Err *err;
    Instruction *program;
    int length;
    bool looks_back;
    CharSet set[SETS_MAX];
    int sets;
    uint8_t *class_of; /* [CODE_LIMIT] */
    uint8_t *in_set;   /* [classes][sets] */
    int classes;
    State *state;
    int states;
    uint16_t *next;
    Map *known;
    int *stack, *list;
    uint8_t *seen;
} Builder;

/* ---- program ---- */

static int emit(Builder *builder, Operation operation)
{
    if (builder->length >= PROGRAM_MAX) {
        err_set(builder->err, "regular expression: more than %d steps", PROGRAM_MAX);
        return 0;
    }
    builder->program[builder->length].operation = operation;
    return builder->length++;
}

static int set_number(Builder *builder, const CharSet *set)
{
    for (int i = 0; i < builder->sets; i++) {
        if (builder->set[i].count == set->count &&
            (set->count == 0 || memcmp(builder->set[i].range, set->range, set->count * sizeof *set->range) == 0)) {
            return i;
        }
    }
    if (builder->sets == SETS_MAX) {
        err_set(builder->err, "regular expression: more than %d classes", SETS_MAX);
        return 0;
    }
    builder->set[builder->sets] = *set;
    return builder->sets++;
}

static void emit_node(Builder *builder, const RegexNode *node);

/* SPLIT with the body as its first target, or as its second when lazy; the other target is set by patch_split. */
static int emit_split(Builder *builder, bool lazy)
{
    int split = emit(builder, OP_SPLIT);

    builder->program[split].first = lazy ? -1 : builder->length;
    builder->program[split].second = lazy ? builder->length : -1;
    return split;
}

static void patch_split(Builder *builder, int split)
{
    Instruction *instruction = &builder->program[split];

    if (instruction->first < 0) {
        instruction->first = builder->length;
    } else {
        instruction->second = builder->length;
    }
}

static void emit_repeat(Builder *builder, const RegexNode *node)
{
    int split, jump, first = -1;

    for (int i = 0; i < node->minimum && builder->length < PROGRAM_MAX; i++) {
        emit_node(builder, node->left);
    }
    if (node->maximum < 0) {
        split = emit_split(builder, node->lazy);
        emit_node(builder, node->left);
        jump = emit(builder, OP_JUMP);
        builder->program[jump].first = split;
        patch_split(builder, split);
        return;
    }
    for (int i = node->minimum; i < node->maximum && builder->length < PROGRAM_MAX; i++) {
        split = emit_split(builder, node->lazy);
        builder->program[split].set = first; /* a chain of those to patch */
        first = split;
        emit_node(builder, node->left);
    }
    while (first >= 0 && builder->err->text[0] == 0) {
        split = first;
        first = builder->program[split].set;
        patch_split(builder, split);
    }
}

static void emit_alternate(Builder *builder, const RegexNode *node)
{
    int split = emit_split(builder, false), jump;

    emit_node(builder, node->left);
    jump = emit(builder, OP_JUMP);
    patch_split(builder, split);
    emit_node(builder, node->right);
    builder->program[jump].first = builder->length;
}

static void emit_single(Builder *builder, const RegexNode *node, Operation operation)
{
    int at = emit(builder, operation);

    builder->program[at].set = set_number(builder, &node->set);
    builder->program[at].edge = node->edge;
    builder->looks_back |= operation == OP_PREVIOUS;
}

static void emit_node(Builder *builder, const RegexNode *node)
{
    if (builder->err->text[0] != 0) {
        return;
    }
    switch (node->kind) {
    case REGEX_EMPTY:
        break;
    case REGEX_SET:
        emit_single(builder, node, OP_SET);
        break;
    case REGEX_NEXT:
        emit_single(builder, node, OP_NEXT);
        break;
    case REGEX_PREVIOUS:
        emit_single(builder, node, OP_PREVIOUS);
        break;
    case REGEX_CONCAT:
        emit_node(builder, node->left);
        emit_node(builder, node->right);
        break;
    case REGEX_ALTERNATE:
        emit_alternate(builder, node);
        break;
    case REGEX_REPEAT:
        emit_repeat(builder, node);
        break;
    }
}

/* ---- classes: code points that no set tells apart ---- */

static int compare_codes(const void *a, const void *b)
{
    const uint32_t *left = a, *right = b;

    return *left < *right ? -1 : *left > *right;
}

static size_t collect_edges(Builder *builder, uint32_t *edge)
{
    size_t count = 0, kept = 0;

    edge[count++] = 0;
    for (int i = 0; i < builder->sets; i++) {
        for (size_t k = 0; k < builder->set[i].count; k++) {
            edge[count++] = builder->set[i].range[k].first;
            edge[count++] = builder->set[i].range[k].last + 1;
        }
    }
    qsort(edge, count, sizeof *edge, compare_codes);
    for (size_t i = 0; i < count; i++) {
        if (edge[i] < CODE_LIMIT && (kept == 0 || edge[kept - 1] != edge[i])) {
            edge[kept++] = edge[i];
        }
    }
    edge[kept] = CODE_LIMIT;
    return kept;
}

static int class_number(Builder *builder, Map *known, const uint8_t *member)
{
    char *key = arena_alloc(builder->arena, (size_t)builder->sets + 1);
    uint8_t *number;

    for (int i = 0; i < builder->sets; i++) {
        key[i] = member[i] ? 'y' : 'n';
    }
    number = map_get(known, key);
    if (number == NULL) {
        if (builder->classes == CLASSES_MAX) {
            err_set(builder->err, "regular expression: tells more than %d classes apart", CLASSES_MAX);
            return 0;
        }
        number = ARENA_NEW(builder->arena, uint8_t);
        *number = (uint8_t)builder->classes++;
        memcpy(builder->in_set + *number * builder->sets, member, (size_t)builder->sets);
        map_set(known, key, number);
    }
    return *number;
}

static void find_classes(Builder *builder)
{
    Map *known = map_new(builder->arena);
    uint8_t *member = arena_alloc(builder->arena, (size_t)builder->sets + 1);
    size_t ranges = 2, edges;
    uint32_t *edge;

    for (int i = 0; i < builder->sets; i++) {
        ranges += 2 * builder->set[i].count;
    }
    edge = ARENA_ARRAY(builder->arena, uint32_t, ranges);
    edges = collect_edges(builder, edge);
    builder->in_set = arena_alloc(builder->arena, (size_t)CLASSES_MAX * (size_t)(builder->sets + 1));
    builder->class_of = arena_alloc(builder->arena, CODE_LIMIT);
    for (size_t i = 0; i < edges; i++) {
        for (int k = 0; k < builder->sets; k++) {
            member[k] = charset_has(&builder->set[k], edge[i]);
        }
        memset(builder->class_of + edge[i], class_number(builder, known, member), edge[i + 1] - edge[i]);
    }
}

/* ---- states ---- */

static bool holds(const Builder *builder, const Instruction *instruction, int class)
{
    if (class == builder->classes) {
        return instruction->edge;
    }
    return builder->in_set[class * builder->sets + instruction->set] != 0;
}

/* Follows what needs no input, in order, knowing the class that comes next; appends the threads that read it to list. True: a match. */
static bool close_thread(Builder *builder, int thread, int before, int class, int *count)
{
    int depth = 0;

    builder->stack[depth++] = thread;
    while (depth > 0) {
        int at = builder->stack[--depth];
        const Instruction *instruction = &builder->program[at];
        if (builder->seen[at]) {
            continue;
        }
        builder->seen[at] = 1;
        switch (instruction->operation) {
        case OP_SPLIT:
            builder->stack[depth++] = instruction->second;
            builder->stack[depth++] = instruction->first;
            break;
        case OP_JUMP:
            builder->stack[depth++] = instruction->first;
            break;
        case OP_NEXT:
        case OP_PREVIOUS:
            if (holds(builder, instruction, instruction->operation == OP_NEXT ? class : before)) {
                builder->stack[depth++] = at + 1;
            }
            break;
        case OP_SET:
            builder->list[(*count)++] = at;
            break;
        case OP_MATCH:
            return true;
        }
    }
    return false;
}

/* Number of the state with these threads; 0 is the dead one. */
static int state_number(Builder *builder, const int *threads, int count, int before)
{
    Str key = {0};
    int *number;

    if (count == 0) {
        return 0;
    }
    for (int i = 0; i < count; i++) {
        str_printf(&key, "%d ", threads[i]);
    }
    str_printf(&key, "|%d", before);
    number = map_get(builder->known, key.data);
    if (number == NULL && builder->states < STATES_MAX) {
        State *state = &builder->state[builder->states];
        state->threads = ARENA_ARRAY(builder->arena, int, (size_t)count);
        memcpy(state->threads, threads, (size_t)count * sizeof *threads);
        state->count = count;
        state->before = before;
        number = ARENA_NEW(builder->arena, int);
        *number = builder->states++;
        map_set(builder->known, key.data, number);
    }
    str_free(&key);
    if (number == NULL) {
        err_set(builder->err, "regular expression: its automaton has more than %d states", STATES_MAX);
        return 0;
    }
    return *number;
}

static uint16_t transition(Builder *builder, const State *state, int class)
{
    int reading = 0, kept = 0;
    bool match = false;
    int *targets = builder->stack;

    memset(builder->seen, 0, (size_t)builder->length);
    for (int i = 0; i < state->count && !match; i++) {
        match = close_thread(builder, state->threads[i], state->before, class, &reading);
    }
    if (class == builder->classes) {
        return match ? HF2C_MATCH : 0;
    }
    for (int i = 0; i < reading; i++) {
        if (holds(builder, &builder->program[builder->list[i]], class)) {
            targets[kept++] = builder->list[i] + 1;
        }
    }
    return (uint16_t)(state_number(builder, targets, kept, builder->looks_back ? class : -1) | (match ? HF2C_MATCH : 0));
}

static void find_states(Builder *builder, hf2c_scanner *scanner)
{
    int start = 0;
    size_t width = (size_t)builder->classes + 1, capacity = 0;
    uint16_t *after = NULL;

    scanner->start = (uint32_t)state_number(builder, &start, 1, builder->looks_back ? builder->classes : -1);
    if (builder->looks_back) {
        after = ARENA_ARRAY(builder->arena, uint16_t, (size_t)builder->classes);
        for (int i = 0; i < builder->classes; i++) {
            after[i] = (uint16_t)state_number(builder, &start, 1, i);
        }
    }
    scanner->after = after;
    for (int i = 1; i < builder->states && builder->err->text[0] == 0; i++) {
        if ((size_t)i + 1 > capacity) {
            uint16_t *grown;
            capacity = 2 * (size_t)i + 16;
            grown = ARENA_ARRAY(builder->arena, uint16_t, capacity * width);
            if (builder->next != NULL) {
                memcpy(grown, builder->next, (size_t)i * width * sizeof *grown);
            }
            builder->next = grown;
        }
        for (int class = 0; class <= builder->classes; class++) {
            State state = builder->state[i];
            builder->next[(size_t)i * width + (size_t)class] = transition(builder, &state, class);
        }
    }
    scanner->next = builder->next;
    scanner->states = (uint32_t)builder->states;
    scanner->classes = (uint32_t)builder->classes;
}

/* ---- tables of classes ---- */

/* Keeps the block of so many bytes if no equal one is kept already; its number. */
static uint32_t keep_block(uint8_t *kept, uint32_t *count, const void *wanted, size_t bytes)
{
    uint32_t k = *count;

    while (k > 0 && memcmp(kept + (k - 1) * bytes, wanted, bytes) != 0) {
        k--;
    }
    if (k == 0) {
        memcpy(kept + *count * bytes, wanted, bytes);
        k = ++*count;
    }
    return k - 1;
}

static void fill_pages(Builder *builder, hf2c_scanner *scanner)
{
    uint16_t *page = ARENA_ARRAY(builder->arena, uint16_t, CODE_LIMIT / PAGE), *row = ARENA_ARRAY(builder->arena, uint16_t, CODE_LIMIT / BLOCK);
    uint8_t *block = arena_alloc(builder->arena, CODE_LIMIT);
    uint32_t blocks = 0, rows = 0, pages = CODE_LIMIT / PAGE;

    for (uint32_t i = 0; i < pages; i++) {
        uint16_t wanted[PAGE / BLOCK];
        for (uint32_t k = 0; k < PAGE / BLOCK; k++) {
            wanted[k] = (uint16_t)keep_block(block, &blocks, builder->class_of + (size_t)i * PAGE + (size_t)k * BLOCK, BLOCK);
        }
        page[i] = (uint16_t)keep_block((uint8_t *)row, &rows, wanted, sizeof wanted);
    }
    while (pages > 1 && page[pages - 1] == page[pages - 2]) {
        pages--;
    }
    scanner->page = page;
    scanner->row = row;
    scanner->block = block;
    scanner->page_count = pages;
}

const hf2c_scanner *regex_compile(Arena *arena, const RegexNode *node, bool byte_alphabet, Err *err)
{
    Builder *builder = ARENA_NEW(arena, Builder);
    hf2c_scanner *scanner = ARENA_NEW(arena, hf2c_scanner);
    uint8_t *narrow = arena_alloc(arena, 256);

    builder->arena = arena;
    builder->err = err;
    builder->program = ARENA_ARRAY(arena, Instruction, PROGRAM_MAX);
    builder->known = map_new(arena);
    builder->stack = ARENA_ARRAY(arena, int, 3 * PROGRAM_MAX);
    builder->list = ARENA_ARRAY(arena, int, PROGRAM_MAX);
    builder->seen = arena_alloc(arena, PROGRAM_MAX);
    builder->state = ARENA_ARRAY(arena, State, STATES_MAX);
    builder->states = 1;
    emit_node(builder, node);
    emit(builder, OP_MATCH);
    if (err->text[0] == 0) {
        find_classes(builder);
    }
    if (err->text[0] != 0) {
        return NULL;
    }
    find_states(builder, scanner);
    for (int i = 0; i < 256; i++) {
        uint32_t code = byte_alphabet ? hf2c_byte_code((uint8_t)i) : (uint32_t)i;
        narrow[i] = byte_alphabet || i < 128 ? builder->class_of[code] : (uint8_t)builder->classes;
    }
    scanner->narrow = narrow;
    if (!byte_alphabet) {
        fill_pages(builder, scanner);
    }
    return err->text[0] == 0 ? scanner : NULL;
}
