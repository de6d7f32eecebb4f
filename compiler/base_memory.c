/* base, second part: the arena, growing strings and maps. */
#include "compiler/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ADDRESS_SANITIZER 1
#endif
#endif
#ifdef HAS_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#endif

/* ---- arena: a chain of blocks, the newest first ---- */

enum { ARENA_ALIGNMENT = 64, ARENA_BLOCK = 1 << 18, ARENA_REDZONE = ARENA_ALIGNMENT };

typedef struct Block {
    struct Block *next;
    size_t used, size; /* of the bytes behind this header */
} Block;

typedef struct Cleanup {
    struct Cleanup *next;
    void (*call)(void *);
    void *value;
} Cleanup;

struct Arena {
    Block *blocks;
    Cleanup *cleanups;
};

enum { BLOCK_HEADER = (sizeof(Block) + ARENA_ALIGNMENT - 1) / ARENA_ALIGNMENT * ARENA_ALIGNMENT };

static void *allocate_or_die(size_t bytes)
{
    void *memory = aligned_alloc(ARENA_ALIGNMENT, align_up(bytes, ARENA_ALIGNMENT));
    if (memory == NULL) fatal("out of memory: %zu bytes wanted", bytes);
    return memory;
}

static uint8_t *block_data(Block *block)
{
    return (uint8_t *)block + BLOCK_HEADER;
}

Arena *arena_new(void)
{
    Arena *arena = allocate_or_die(sizeof *arena);
    *arena = (Arena){NULL, NULL};
    return arena;
}

void arena_free(Arena *arena)
{
    if (arena == NULL) return;
    for (Cleanup *cleanup = arena->cleanups; cleanup != NULL; cleanup = cleanup->next) cleanup->call(cleanup->value);
    for (Block *block = arena->blocks, *next; block != NULL; block = next) {
        next = block->next;
        ASAN_UNPOISON_MEMORY_REGION(block_data(block), block->size);
        free(block);
    }
    free(arena);
}

void arena_on_free(Arena *arena, void (*call)(void *), void *value)
{
    Cleanup *cleanup = ARENA_NEW(arena, Cleanup);
    *cleanup = (Cleanup){arena->cleanups, call, value};
    arena->cleanups = cleanup;
}

/* A large request gets a block of its own behind the current one, so that the current one's rest is not lost. */
static Block *block_add(Arena *arena, size_t bytes)
{
    bool large = bytes > ARENA_BLOCK / 4;
    size_t size = large ? bytes : ARENA_BLOCK, total;
    if (!size_add(size, BLOCK_HEADER, &total)) fatal("out of memory: %zu bytes wanted", bytes);
    Block *block = allocate_or_die(total);
    bool behind = large && arena->blocks != NULL;
    *block = (Block){behind ? arena->blocks->next : arena->blocks, 0, size};
    if (behind)
        arena->blocks->next = block;
    else
        arena->blocks = block;
    ASAN_POISON_MEMORY_REGION(block_data(block), block->size);
    return block;
}

void *arena_alloc(Arena *arena, size_t bytes)
{
    if (bytes > SIZE_MAX / 2) fatal("out of memory: %zu bytes wanted", bytes);
    size_t room = align_up(bytes != 0 ? bytes : 1, ARENA_ALIGNMENT);
#ifdef HAS_ADDRESS_SANITIZER
    room += ARENA_REDZONE;
#endif
    Block *block = arena->blocks;
    if (block == NULL || room > block->size - block->used) block = block_add(arena, room);
    uint8_t *memory = block_data(block) + block->used;
    block->used += room;
    ASAN_UNPOISON_MEMORY_REGION(memory, bytes);
    if (bytes != 0) memset(memory, 0, bytes);
    return memory;
}

void *arena_alloc_array(Arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (!size_mul(count, size, &bytes)) fatal("out of memory: %zu items of %zu bytes wanted", count, size);
    return arena_alloc(arena, bytes);
}

void *arena_grow(Arena *arena, void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) return items;
    *capacity = *capacity != 0 ? 2 * *capacity : 16;
    char *more = arena_alloc_array(arena, *capacity, size);
    if (count != 0) memcpy(more, items, count * size);
    return more;
}

char *arena_copy_text(Arena *arena, const char *text, size_t length)
{
    size_t bytes;
    if (!size_add(length, 1, &bytes)) fatal("out of memory: text of %zu bytes", length);
    char *copy = arena_alloc(arena, bytes);
    if (length != 0) memcpy(copy, text, length);
    return copy;
}

char *arena_printf(Arena *arena, const char *format, ...)
{
    Str s = {0};
    va_list arguments;
    va_start(arguments, format);
    str_vprintf(&s, format, arguments);
    va_end(arguments);
    char *copy = arena_copy_text(arena, s.data, s.length);
    str_free(&s);
    return copy;
}

/* ---- growing string ---- */

static void str_reserve(Str *s, size_t more)
{
    size_t needed;
    if (!size_add(s->length, more, &needed) || !size_add(needed, 1, &needed) || needed > SIZE_MAX / 4)
        fatal("out of memory: text of %zu bytes", more);
    if (needed <= s->capacity) return;
    size_t capacity = s->capacity < 64 ? 64 : s->capacity;
    while (capacity < needed) capacity += capacity / 2;
    char *data = realloc(s->data, capacity);
    if (data == NULL) fatal("out of memory: %zu bytes wanted", capacity);
    s->data = data;
    s->capacity = capacity;
}

void str_add(Str *s, const char *bytes, size_t length)
{
    str_reserve(s, length);
    if (length != 0) memcpy(s->data + s->length, bytes, length);
    s->length += length;
    s->data[s->length] = '\0';
}

void str_vprintf(Str *s, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0) bug("text cannot be formatted: %s", format);
    str_reserve(s, (size_t)length);
    vsnprintf(s->data + s->length, (size_t)length + 1, format, arguments);
    s->length += (size_t)length;
}

void str_printf(Str *s, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    str_vprintf(s, format, arguments);
    va_end(arguments);
}

void str_free(Str *s)
{
    free(s->data);
    *s = (Str){0};
}

/* ---- map: open addressing, linear probing, at most 3/4 full; no removal, hence no tombstones ---- */

typedef struct MapSlot {
    const char *key; /* NULL: free */
    size_t length;
    uint64_t hash;
    void *value;
} MapSlot;

struct Map {
    Arena *arena;
    MapSlot *slots;
    size_t capacity, count; /* capacity a power of two */
};

enum { MAP_FIRST_CAPACITY = 16 };

/* FNV-1a, then mixed, since the low bits choose the slot. */
static uint64_t hash_text(const char *text, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < length; i++) hash = (hash ^ (uint8_t)text[i]) * 0x100000001b3u;
    hash ^= hash >> 32;
    hash *= 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

Map *map_new(Arena *arena)
{
    Map *map = ARENA_NEW(arena, Map);
    map->arena = arena;
    map->capacity = MAP_FIRST_CAPACITY;
    map->slots = ARENA_ARRAY(arena, MapSlot, map->capacity);
    return map;
}

/* The slot that holds the key, or the free one where it belongs. */
static MapSlot *map_slot(const Map *map, const char *key, size_t length, uint64_t hash)
{
    size_t mask = map->capacity - 1;
    for (size_t at = hash & mask;; at = (at + 1) & mask) {
        MapSlot *slot = &map->slots[at];
        if (slot->key == NULL) return slot;
        if (slot->hash == hash && slot->length == length && memcmp(slot->key, key, length) == 0) return slot;
    }
}

static void map_grow(Map *map)
{
    Map grown = *map;
    if (!size_mul(map->capacity, 2, &grown.capacity)) fatal("out of memory: a map of %zu keys", map->count);
    grown.slots = ARENA_ARRAY(map->arena, MapSlot, grown.capacity);
    for (size_t i = 0; i < map->capacity; i++) {
        const MapSlot *slot = &map->slots[i];
        if (slot->key != NULL) *map_slot(&grown, slot->key, slot->length, slot->hash) = *slot;
    }
    *map = grown;
}

void map_set(Map *map, const char *key, void *value)
{
    size_t length = strlen(key);
    uint64_t hash = hash_text(key, length);
    MapSlot *slot = map_slot(map, key, length, hash);
    if (slot->key == NULL) {
        if (map->count + 1 > map->capacity / 4 * 3) {
            map_grow(map);
            slot = map_slot(map, key, length, hash);
        }
        *slot = (MapSlot){arena_copy_text(map->arena, key, length), length, hash, NULL};
        map->count++;
    }
    slot->value = value;
}

void *map_get_n(const Map *map, const char *key, size_t length)
{
    return map_slot(map, key, length, hash_text(key, length))->value;
}

void *map_get(const Map *map, const char *key)
{
    return map_get_n(map, key, strlen(key));
}
