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
    uint32_t *base, *value;
    uint8_t *label, *used; /* used: bit 1 a node lies there, bit 2 some node has this base */
    size_t capacity, count, start;
} Double;

static void reserve(Double *array, size_t wanted)
{
    size_t capacity = array->capacity == 0 ? 1024 : array->capacity;
    uint32_t *base, *value;
    uint8_t *label, *used;

    if (wanted <= array->capacity) {
        return;
    }
    while (capacity < wanted) {
        capacity *= 2;
    }
    base = ARENA_ARRAY(array->arena, uint32_t, capacity);
    value = ARENA_ARRAY(array->arena, uint32_t, capacity);
    label = arena_alloc(array->arena, capacity);
    used = arena_alloc(array->arena, capacity);
    if (array->capacity > 0) {
        memcpy(base, array->base, array->capacity * sizeof *base);
        memcpy(value, array->value, array->capacity * sizeof *value);
        memcpy(label, array->label, array->capacity);
        memcpy(used, array->used, array->capacity);
    }
    array->base = base;
    array->value = value;
    array->label = label;
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

/* Gives the children of a node their places and queues them. */
static size_t place(Double *array, const TrieKey *keys, Pending *queue, size_t tail, const Pending *parent)
{
    uint8_t labels[256];
    size_t count = 0, first = parent->first, base;

    while (first < parent->last && keys[first].length == parent->depth) {
        array->value[parent->node] = keys[first++].value + 1;
    }
    for (size_t i = first; i < parent->last; i++) {
        if (count == 0 || labels[count - 1] != keys[i].text[parent->depth]) {
            labels[count++] = keys[i].text[parent->depth];
        }
    }
    if (count == 0) {
        return tail;
    }
    base = find_base(array, labels, count);
    array->base[parent->node] = (uint32_t)base;
    for (size_t i = 0; i < count; i++) {
        size_t node = base + labels[i], end = first;
        while (end < parent->last && keys[end].text[parent->depth] == labels[i]) {
            end++;
        }
        array->used[node] |= 1;
        array->label[node] = labels[i];
        array->count = node + 1 > array->count ? node + 1 : array->count;
        queue[tail++] = (Pending){first, end, parent->depth + 1, (uint32_t)node};
        first = end;
    }
    return tail;
}

hf2c_trie trie_build(Arena *arena, TrieKey *keys, size_t count)
{
    Double array = {.arena = arena, .start = 1, .count = 1};
    size_t kept = 0, nodes = 2, tail = 1;
    Pending *queue;

    for (size_t i = 0; i < count; i++) {
        if (keys[i].length > 0 && memchr(keys[i].text, 0, keys[i].length) == NULL) {
            nodes += keys[i].length;
            keys[kept++] = keys[i];
        }
    }
    qsort(keys, kept, sizeof *keys, compare);
    queue = ARENA_ARRAY(arena, Pending, nodes);
    queue[0] = (Pending){0, kept, 0, 0};
    reserve(&array, 512);
    array.used[0] = 1;
    for (size_t head = 0; head < tail; head++) {
        Pending parent = queue[head];
        tail = place(&array, keys, queue, tail, &parent);
    }
    return (hf2c_trie){array.base, array.value, array.label, (uint32_t)array.count};
}
