/* Lays out the vocabulary: one pool of spellings, where they begin by id, a hash. */
#include <stdlib.h>
#include <string.h>

#include "compiler/text/build.h"

static bool grow(TokenizerBuild *build, size_t count)
{
    size_t capacity = build->capacity == 0 ? 1024 : build->capacity;
    TokenEntry *entry;

    while (capacity < count) {
        capacity *= 2;
    }
    if (capacity > build->capacity) {
        entry = ARENA_ARRAY(build->arena, TokenEntry, capacity);
        if (build->count > 0) {
            memcpy(entry, build->entry, build->count * sizeof *entry);
        }
        build->entry = entry;
        build->capacity = capacity;
    }
    build->count = count > build->count ? count : build->count;
    return true;
}

bool vocabulary_add(TokenizerBuild *build, const char *text, size_t length, int64_t id, int flags)
{
    TokenEntry *entry;

    if (id < 0 || id >= TOKEN_IDS_MAX) {
        return err_set(build->err, "%s: a token's id: found %lld, wanted 0 to %d", build->file, (long long)id, TOKEN_IDS_MAX - 1);
    }
    grow(build, (size_t)id + 1);
    entry = &build->entry[id];
    if (entry->text != NULL && (entry->length != length || memcmp(entry->text, text, length) != 0)) {
        return err_set(build->err, "%s: id %lld is given to two tokens", build->file, (long long)id);
    }
    entry->text = text;
    entry->length = (uint32_t)length;
    entry->flags = (uint8_t)(entry->flags | flags);
    return true;
}

static uint64_t hash_entry(const TokenEntry *entry)
{
    return hf2c_hash_end(hf2c_hash_text(hf2c_hash_start(), (const uint8_t *)entry->text, entry->length, 0));
}

typedef struct Place {
    uint64_t hash;
    uint32_t id;
} Place;

static int compare_places(const void *a, const void *b)
{
    const Place *left = a, *right = b;

    return left->hash != right->hash ? (left->hash < right->hash ? -1 : 1) : left->id < right->id ? -1 : left->id > right->id;
}

/* Whether the token has its spelling for itself. Of several with one spelling the last of the model counts, else the last one. */
static bool is_found(const TokenizerBuild *build, const Place *places, size_t count, size_t at)
{
    const TokenEntry *entry = &build->entry[places[at].id];

    for (size_t i = at + 1; i < count && places[i].hash == places[at].hash; i++) {
        const TokenEntry *other = &build->entry[places[i].id];
        if (other->length == entry->length && memcmp(other->text, entry->text, entry->length) == 0 &&
            ((other->flags & HF2C_TOKEN_OF_MODEL) || !(entry->flags & HF2C_TOKEN_OF_MODEL))) {
            return false;
        }
    }
    for (size_t i = at; i > 0 && places[i - 1].hash == places[at].hash; i--) {
        const TokenEntry *other = &build->entry[places[i - 1].id];
        if (other->length == entry->length && memcmp(other->text, entry->text, entry->length) == 0 &&
            (other->flags & HF2C_TOKEN_OF_MODEL) && !(entry->flags & HF2C_TOKEN_OF_MODEL)) {
            return false;
        }
    }
    return true;
}

static bool fill_slots(TokenizerBuild *build, hf2c_vocabulary_table *table)
{
    Place *places = ARENA_ARRAY(build->arena, Place, build->count + 1);
    uint64_t *keys = ARENA_ARRAY(build->arena, uint64_t, build->count + 1);
    uint32_t *slot;
    size_t count = 0, kept = 0;

    for (uint32_t i = 0; i < table->count; i++) {
        if (build->entry[i].length > 0) {
            places[count++] = (Place){hash_entry(&build->entry[i]), i};
        }
    }
    qsort(places, count, sizeof *places, compare_places);
    for (size_t i = 0; i < count; i++) {
        if (is_found(build, places, count, i)) {
            keys[kept] = places[i].hash;
            places[kept++] = places[i];
        }
    }
    if (!perfect_build(build->arena, keys, kept, &table->perfect)) {
        return err_set(build->err, "%s: the tokens' hashes are not distinct", build->file);
    }
    slot = ARENA_ARRAY(build->arena, uint32_t, table->perfect.slots);
    for (size_t i = 0; i < kept; i++) {
        slot[hf2c_perfect_place(&table->perfect, places[i].hash)] = hf2c_slot_rest(places[i].hash) | (places[i].id + 1);
    }
    table->slot = slot;
    return true;
}

/* Of each block the longest spellings go apart until the others begin at most 255 bytes behind its first; keys receives them. */
static size_t choose_apart(const TokenizerBuild *build, TrieKey *keys, bool *apart)
{
    size_t count = 0;

    for (size_t first = 0; first < build->count; first += HF2C_START_BLOCK) {
        size_t last = first + HF2C_START_BLOCK - 1 < build->count ? first + HF2C_START_BLOCK - 1 : build->count, bytes = 0;
        for (size_t id = first; id < last; id++) {
            bytes += build->entry[id].length;
        }
        while (bytes > UINT8_MAX) {
            size_t longest = last;
            for (size_t id = first; id < last; id++) {
                if (!apart[id] && (longest == last || build->entry[id].length > build->entry[longest].length)) {
                    longest = id;
                }
            }
            apart[longest] = true;
            bytes -= build->entry[longest].length;
        }
    }
    for (size_t id = 0; id < build->count; id++) {
        if (apart[id]) {
            keys[count++] = (TrieKey){(const uint8_t *)build->entry[id].text, build->entry[id].length, (uint32_t)id};
        }
    }
    return count;
}

static void fill_pool(TokenizerBuild *build, hf2c_vocabulary_table *table, size_t total)
{
    TrieKey *keys = ARENA_ARRAY(build->arena, TrieKey, build->count);
    bool *apart = ARENA_ARRAY(build->arena, bool, build->count);
    size_t kept = choose_apart(build, keys, apart);
    uint8_t *pool = arena_alloc(build->arena, total + HF2C_POOL_PADDING), *start = arena_alloc(build->arena, build->count + 1);
    uint32_t *block = ARENA_ARRAY(build->arena, uint32_t, build->count / HF2C_START_BLOCK + 1), offset = 0;

    for (size_t id = 0; id <= build->count; id++) {
        const TokenEntry *entry = id < build->count && !apart[id] ? &build->entry[id] : NULL;
        if (id % HF2C_START_BLOCK == 0) {
            block[id / HF2C_START_BLOCK] = offset;
        }
        start[id] = (uint8_t)(offset - block[id / HF2C_START_BLOCK]);
        if (entry != NULL && entry->length > 0) {
            memcpy(pool + offset, entry->text, entry->length);
            offset += entry->length;
        }
    }
    table->pool = pool;
    table->start = start;
    table->block = block;
    table->apart = kept > 0 ? vocabulary_spellings(build, keys, kept) : NULL;
}

const hf2c_spellings *vocabulary_spellings(TokenizerBuild *build, const TrieKey *keys, size_t count)
{
    hf2c_spellings *spellings = ARENA_NEW(build->arena, hf2c_spellings);
    int32_t *id = ARENA_ARRAY(build->arena, int32_t, count);
    uint32_t *offset = ARENA_ARRAY(build->arena, uint32_t, count + 1);
    uint8_t *pool;

    for (size_t i = 0; i < count; i++) {
        id[i] = (int32_t)keys[i].value;
        offset[i + 1] = offset[i] + (uint32_t)keys[i].length;
    }
    pool = arena_alloc(build->arena, offset[count] + (size_t)HF2C_POOL_PADDING);
    for (size_t i = 0; i < count; i++) {
        memcpy(pool + offset[i], keys[i].text, keys[i].length);
    }
    *spellings = (hf2c_spellings){id, offset, pool, (uint32_t)count};
    return spellings;
}

bool vocabulary_finish(TokenizerBuild *build)
{
    hf2c_vocabulary_table *table = ARENA_NEW(build->arena, hf2c_vocabulary_table);
    size_t total = 0;
    uint8_t *flags;

    for (size_t i = 0; i < build->count; i++) {
        total += build->entry[i].length;
        if (build->entry[i].length > build->tokenizer->longest_token) {
            build->tokenizer->longest_token = build->entry[i].length;
        }
    }
    if (build->count == 0 || total > UINT32_MAX / 2) {
        return err_set(build->err, "%s: the vocabulary is empty or too large", build->file);
    }
    flags = arena_alloc(build->arena, build->count);
    for (size_t i = 0; i < build->count; i++) {
        flags[i] = build->entry[i].flags;
    }
    table->count = (uint32_t)build->count;
    table->flags = build->flags = flags;
    fill_pool(build, table, total);
    build->vocabulary = table;
    build->tokenizer->vocabulary = table;
    return fill_slots(build, table);
}

int32_t model_token(const TokenizerBuild *build, const char *text, size_t length)
{
    const hf2c_vocabulary_table *table = build->tokenizer->vocabulary;
    int32_t id = hf2c_vocabulary_find(table, (const uint8_t *)text, length, 0);

    return id >= 0 && (table->flags[id] & HF2C_TOKEN_OF_MODEL) ? id : -1;
}

bool token_raw(const TokenizerBuild *build, int32_t id, const uint8_t **text, size_t *length)
{
    const TokenEntry *entry = &build->entry[id];
    uint8_t *raw;
    size_t size;

    *text = (const uint8_t *)entry->text;
    *length = entry->length;
    if (!build->tokenizer->byte_alphabet) {
        return true;
    }
    raw = arena_alloc(build->arena, entry->length + 1);
    *length = 0;
    for (size_t at = 0; at < entry->length; at += size) {
        int byte = hf2c_byte_of_code(hf2c_utf8_get((const uint8_t *)entry->text + at, &size));
        if (byte < 0) {
            return false;
        }
        raw[(*length)++] = (uint8_t)byte;
    }
    *text = raw;
    return true;
}
