/* Perfect hashing: keys in buckets by one half of their hash, and for each bucket a seed with which the other half finds a free place
 * for every key of it. Full buckets choose first. */
#include <stdlib.h>
#include <string.h>

#include "compiler/text/build.h"

enum { KEYS_PER_BUCKET = 5, SPARE = 512 }; /* a free place for so many keys, so that the last ones find theirs soon */

typedef struct Bucket {
    uint32_t number, first, count; /* keys [first, first + count) */
} Bucket;

typedef struct Perfect {
    const uint64_t *keys; /* sorted */
    hf2c_perfect table;
    uint16_t *seed;
    uint8_t *used; /* [slots] */
} Perfect;

static int compare_keys(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return left < right ? -1 : left > right;
}

static int compare_buckets(const void *a, const void *b)
{
    const Bucket *left = a, *right = b;

    return left->count != right->count ? (left->count > right->count ? -1 : 1) : left->number < right->number ? -1 : 1;
}

/* Takes the places that the bucket's keys have with this seed, or none. */
static bool take(Perfect *perfect, const Bucket *bucket, uint16_t seed)
{
    uint32_t taken = 0, place;

    for (; taken < bucket->count; taken++) {
        place = hf2c_perfect_seeded(&perfect->table, perfect->keys[bucket->first + taken], seed);
        if (perfect->used[place]) {
            break;
        }
        perfect->used[place] = 1;
    }
    if (taken == bucket->count) {
        perfect->seed[bucket->number] = seed;
        return true;
    }
    while (taken-- > 0) {
        perfect->used[hf2c_perfect_seeded(&perfect->table, perfect->keys[bucket->first + taken], seed)] = 0;
    }
    return false;
}

static bool place_all(Perfect *perfect, const Bucket *buckets)
{
    memset(perfect->used, 0, perfect->table.slots);
    for (uint32_t i = 0; i < perfect->table.buckets && buckets[i].count > 0; i++) {
        uint32_t seed = 0;
        while (seed <= UINT16_MAX && !take(perfect, &buckets[i], (uint16_t)seed)) {
            seed++;
        }
        if (seed > UINT16_MAX) {
            return false;
        }
    }
    return true;
}

static Bucket *fill_buckets(Arena *arena, const Perfect *perfect, size_t count)
{
    Bucket *buckets = ARENA_ARRAY(arena, Bucket, perfect->table.buckets);
    size_t at = 0;

    for (uint32_t i = 0; i < perfect->table.buckets; i++) {
        buckets[i] = (Bucket){i, (uint32_t)at, 0};
        while (at < count && hf2c_perfect_bucket(&perfect->table, perfect->keys[at]) == i) {
            buckets[i].count++;
            at++;
        }
    }
    qsort(buckets, perfect->table.buckets, sizeof *buckets, compare_buckets);
    return buckets;
}

bool perfect_build(Arena *arena, uint64_t *keys, size_t count, hf2c_perfect *table)
{
    Perfect perfect = {.keys = keys, .table = {.buckets = (uint32_t)(count / KEYS_PER_BUCKET + 1)}};
    size_t slots = count + count / SPARE + 1;
    Bucket *buckets;

    qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 0; i + 1 < count; i++) {
        if (keys[i] == keys[i + 1]) {
            return false;
        }
    }
    perfect.seed = ARENA_ARRAY(arena, uint16_t, perfect.table.buckets);
    perfect.used = arena_alloc(arena, 2 * slots);
    buckets = fill_buckets(arena, &perfect, count);
    for (perfect.table.slots = (uint32_t)slots; perfect.table.slots < 2 * slots; perfect.table.slots += (uint32_t)(slots / SPARE + 1)) {
        if (place_all(&perfect, buckets)) {
            *table = perfect.table;
            table->seed = perfect.seed;
            return true;
        }
    }
    return false;
}
