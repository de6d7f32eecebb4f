/* Builds double arrays: first fit from a moving start, nodes breadth first. */
#include <stdlib.h>
#include <string.h>

#include "compiler/text/build.h"

typedef struct Pending {
    size_t first, last, depth; /* keys [first, last) share depth bytes */
    uint32_t node;
} Pending;

typedef struct Double {
    Arena *arena;
    uint32_t *unit;
    uint8_t *used; /* bit 1 a unit lies there, bit 2 some node's children begin here */
    size_t capacity, count, start;
} Double;

static void reserve(Double *array, size_t wanted)
{
    size_t capacity = array->capacity == 0 ? 1024 : array->capacity;
    uint32_t *unit;
    uint8_t *used;

    if (wanted <= array->capacity) {
        return;
    }
    while (capacity < wanted) {
        capacity *= 2;
    }
    unit = ARENA_ARRAY(array->arena, uint32_t, capacity);
    used = arena_alloc(array->arena, capacity);
    if (array->capacity > 0) {
        memcpy(unit, array->unit, array->capacity * sizeof *unit);
        memcpy(used, array->used, array->capacity);
    }
    array->unit = unit;
    array->used = used;
    array->capacity = capacity;
}

static bool fits(const Double *array, size_t base, const uint8_t *labels, size_t count)
{
    if (array->used[base] & 2) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (array->used[base + labels[i]] & 1) {
            return false;
        }
    }
    return true;
}

static size_t find_base(Double *array, const uint8_t *labels, size_t count)
{
    size_t base, tries = 0;

    for (base = array->start;; base++, tries++) {
        reserve(array, base + 512);
        if (fits(array, base, labels, count)) {
            break;
        }
        if (tries > 4096) { /* crowded here: do not look at it again */
            array->start = base;
            tries = 0;
        }
    }
    array->used[base] |= 2;
    return base;
}

static int compare(const void *a, const void *b)
{
    const TrieKey *left = a, *right = b;
    size_t shared = left->length < right->length ? left->length : right->length;
    int order = memcmp(left->text, right->text, shared);

    if (order != 0 || left->length != right->length) {
        return order != 0 ? order : left->length < right->length ? -1 : 1;
    }
    return left->value < right->value ? -1 : left->value > right->value;
}

/* Where the children of a node begin, and the value of a key that ends there. labels: 0 first where there is one. */
static void place_node(Double *array, uint32_t node, const uint8_t *labels, size_t count, uint32_t value)
{
    size_t base;

    if (count == 1 && labels[0] == 0) {
        array->unit[node] |= HF2C_TRIE_LEAF | value << HF2C_TRIE_NUMBER;
        return;
    }
    base = find_base(array, labels, count);
    array->unit[node] |= (uint32_t)base << HF2C_TRIE_NUMBER;
    for (size_t i = 0; i < count; i++) {
        size_t child = base + labels[i];
        array->used[child] |= 1;
        array->unit[child] = labels[i];
        array->count = child + 1 > array->count ? child + 1 : array->count;
    }
    if (labels[0] == 0) {
        array->unit[node] |= HF2C_TRIE_VALUE;
        array->unit[base] = HF2C_TRIE_LEAF | value << HF2C_TRIE_NUMBER;
    }
}

/* Gives the children of a node their places and queues them. */
static size_t place(Double *array, const TrieKey *keys, Pending *queue, size_t tail, const Pending *parent)
{
    uint8_t labels[256];
    size_t count = 0, first = parent->first, base;
    uint32_t value = 0;

    while (first < parent->last && keys[first].length == parent->depth) {
        value = keys[first++].value;
        labels[0] = 0;
        count = 1;
    }
    for (size_t i = first; i < parent->last; i++) {
        if (count == 0 || labels[count - 1] != keys[i].text[parent->depth]) {
            labels[count++] = keys[i].text[parent->depth];
        }
    }
    if (count == 0) {
        return tail;
    }
    place_node(array, parent->node, labels, count, value);
    base = array->unit[parent->node] >> HF2C_TRIE_NUMBER;
    for (size_t i = labels[0] == 0; i < count; i++) {
        size_t end = first;
        while (end < parent->last && keys[end].text[parent->depth] == labels[i]) {
            end++;
        }
        queue[tail++] = (Pending){first, end, parent->depth + 1, (uint32_t)(base + labels[i])};
        first = end;
    }
    return tail;
}

bool trie_build(TokenizerBuild *build, TrieKey *keys, size_t count, hf2c_trie *trie)
{
    Double array = {.arena = build->arena, .start = 1, .count = 1};
    size_t kept = 0, nodes = 2, tail = 1;
    Pending *queue;

    for (size_t i = 0; i < count; i++) {
        if (keys[i].length > 0 && memchr(keys[i].text, 0, keys[i].length) == NULL) {
            nodes += keys[i].length;
            keys[kept++] = keys[i];
        }
    }
    qsort(keys, kept, sizeof *keys, compare);
    queue = ARENA_ARRAY(build->arena, Pending, nodes);
    queue[0] = (Pending){0, kept, 0, 0};
    reserve(&array, 512);
    array.used[0] = 1;
    for (size_t head = 0; head < tail && array.count + 512 < HF2C_TRIE_UNITS_MOST; head++) {
        Pending parent = queue[head];
        tail = place(&array, keys, queue, tail, &parent);
    }
    *trie = (hf2c_trie){array.unit, (uint32_t)array.count};
    return array.count + 512 < HF2C_TRIE_UNITS_MOST ||
           err_set(build->err, "%s: the tokens begin in more ways than a table of %d units holds", build->file, HF2C_TRIE_UNITS_MOST);
}
