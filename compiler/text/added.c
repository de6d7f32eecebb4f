/* Added tokens: into the vocabulary, and into the two tries that find them before and after normalization. */
#include <stdlib.h>
#include <string.h>

#include "compiler/text/build.h"
#include "runtime/text/unicode.h"

static Map *known_tokens(TokenizerBuild *build)
{
    Map *known = map_new(build->arena);

    for (size_t i = 0; i < build->count; i++) {
        if (build->entry[i].text != NULL) {
            int64_t *id = ARENA_NEW(build->arena, int64_t);
            *id = (int64_t)i;
            map_set(known, arena_copy_text(build->arena, build->entry[i].text, build->entry[i].length), id);
        }
    }
    return known;
}

/* Ids are given out as HF tokenizers does when it reads the file: what the file says counts for nothing. A token of the model keeps
 * its id, the others follow the model's tokens. */
bool added_read(TokenizerBuild *build)
{
    const cJSON *list = json_get(build->root, "added_tokens"), *item;
    Map *known = list != NULL ? known_tokens(build) : NULL;
    int64_t following = build->model_tokens;

    cJSON_ArrayForEach(item, list) {
        const char *text = json_text(item, "content", "");
        int64_t *id = map_get(known, text);
        if (*text == 0) {
            continue;
        }
        if (id == NULL) {
            id = ARENA_NEW(build->arena, int64_t);
            *id = following;
            map_set(known, text, id);
        }
        following = *id >= following ? *id + 1 : following;
        if (!vocabulary_add(build, text, strlen(text), *id, json_flag(item, "special", false) ? HF2C_TOKEN_SPECIAL : 0)) {
            return false;
        }
    }
    return true;
}

/* What a normalized token is called. In the byte alphabet of a normalizer, its spelling. */
static const uint8_t *called(TokenizerBuild *build, const char *text, size_t *length)
{
    const uint8_t *normalized = build_normalize(build, text, strlen(text), length);
    uint8_t *spelling;
    size_t bytes = 0;

    if (!build->spelled_early) {
        return normalized;
    }
    spelling = arena_alloc(build->arena, 2 * *length + 1);
    for (size_t i = 0; i < *length; i++) {
        bytes += hf2c_byte_spelling(normalized[i], spelling + bytes);
    }
    *length = bytes;
    return spelling;
}

static Map *special_texts(TokenizerBuild *build)
{
    Map *specials = map_new(build->arena);
    const cJSON *item;

    cJSON_ArrayForEach(item, json_get(build->root, "added_tokens")) {
        if (json_flag(item, "special", false)) {
            map_set(specials, json_text(item, "content", ""), specials);
        }
    }
    return specials;
}

static int compare_respelled(const void *a, const void *b)
{
    const TrieKey *left = a, *right = b;

    return left->value < right->value ? -1 : left->value > right->value;
}

static void respelled_finish(TokenizerBuild *build, TrieKey *keys, size_t count)
{
    qsort(keys, count, sizeof *keys, compare_respelled);
    for (size_t i = 0; i < count; i++) {
        if (keys[i].length > build->tokenizer->longest_token) {
            build->tokenizer->longest_token = (uint32_t)keys[i].length;
        }
    }
    build->vocabulary->respelled = vocabulary_spellings(build, keys, count);
}

static void respell(TokenizerBuild *build)
{
    const cJSON *list = json_get(build->root, "added_tokens"), *item;
    TrieKey *keys = ARENA_ARRAY(build->arena, TrieKey, (size_t)cJSON_GetArraySize(list) + 1);
    Map *specials = special_texts(build);
    size_t count = 0;

    cJSON_ArrayForEach(item, list) {
        const char *text = json_text(item, "content", "");
        int32_t id = hf2c_vocabulary_find(build->vocabulary, (const uint8_t *)text, strlen(text), 0);
        TrieKey *key = &keys[count];
        TokenEntry *entry = id >= 0 ? &build->entry[id] : NULL;
        if (id < 0 || !json_flag(item, "normalized", !json_flag(item, "special", false)) || (entry->flags & HF2C_TOKEN_RESPELLED)) {
            continue;
        }
        key->text = called(build, text, &key->length);
        key->value = (uint32_t)id;
        if (key->length != strlen(text) || memcmp(key->text, text, key->length) != 0) {
            bool special = map_get_n(specials, (const char *)key->text, key->length) != NULL;
            entry->flags |= (uint8_t)(HF2C_TOKEN_RESPELLED | (special ? HF2C_TOKEN_SPECIAL : HF2C_TOKEN_SHOWN));
            build->flags[id] = entry->flags;
            count++;
        }
    }
    if (count > 0) {
        respelled_finish(build, keys, count);
    }
}

typedef struct AddedBuild {
    TokenizerBuild *build;
    bool normalized;
    hf2c_added_table *table;
    TrieKey *keys;
    size_t count;
    int32_t *id; /* [count] */
    uint8_t *flags, *first;
    Map *known; /* texts that have a key */
} AddedBuild;

static uint8_t added_flags(const cJSON *item)
{
    return (uint8_t)((json_flag(item, "single_word", false) ? HF2C_ADDED_SINGLE_WORD : 0) |
                     (json_flag(item, "lstrip", false) ? HF2C_ADDED_LEFT : 0) |
                     (json_flag(item, "rstrip", false) ? HF2C_ADDED_RIGHT : 0));
}

static void add_key(AddedBuild *added, const cJSON *item)
{
    TokenizerBuild *build = added->build;
    const char *text = json_text(item, "content", "");
    int32_t id = hf2c_vocabulary_find(build->vocabulary, (const uint8_t *)text, strlen(text), 0);
    TrieKey *key = &added->keys[added->count];

    if (id < 0 || json_flag(item, "normalized", !json_flag(item, "special", false)) != added->normalized) {
        return;
    }
    *key = (TrieKey){(const uint8_t *)text, strlen(text), (uint32_t)added->count};
    if (added->normalized) {
        key->text = build_normalize(build, text, strlen(text), &key->length);
    }
    if (key->length == 0 || map_get_n(added->known, (const char *)key->text, key->length) != NULL) {
        return;
    }
    map_set(added->known, arena_copy_text(build->arena, (const char *)key->text, key->length), added);
    if (key->length < build->tokenizer->shortest_added) {
        build->tokenizer->shortest_added = (uint32_t)key->length;
    }
    added->first[key->text[0] >> 3] |= (uint8_t)(1 << (key->text[0] & 7));
    added->id[added->count] = id;
    added->flags[added->count] = added_flags(item);
    if (added->flags[added->count] & HF2C_ADDED_SINGLE_WORD) {
        added->table->is_word = hf2c_is_word;
    }
    added->count++;
}

/* Of tokens with the same text the first one counts, special tokens before others. */
static bool build_table(TokenizerBuild *build, bool normalized, const hf2c_added_table **table)
{
    const cJSON *list = json_get(build->root, "added_tokens"), *item;
    AddedBuild added = {.build = build, .normalized = normalized, .table = ARENA_NEW(build->arena, hf2c_added_table),
                        .keys = ARENA_ARRAY(build->arena, TrieKey, (size_t)cJSON_GetArraySize(list) + 1),
                        .id = ARENA_ARRAY(build->arena, int32_t, (size_t)cJSON_GetArraySize(list) + 1),
                        .flags = arena_alloc(build->arena, (size_t)cJSON_GetArraySize(list) + 1), .first = arena_alloc(build->arena, 32),
                        .known = map_new(build->arena)};

    for (int special = 1; special >= 0; special--) {
        cJSON_ArrayForEach(item, list) {
            if (json_flag(item, "special", false) == (special != 0)) {
                add_key(&added, item);
            }
        }
    }
    added.table->first = added.first;
    added.table->id = added.id;
    added.table->flags = added.flags;
    added.table->count = (uint32_t)added.count;
    *table = added.count > 0 ? added.table : NULL;
    return added.count == 0 || trie_build(build, added.keys, added.count, &added.table->trie);
}

bool added_build(TokenizerBuild *build)
{
    build->tokenizer->shortest_added = INT32_MAX;
    if (!build_table(build, false, &build->tokenizer->added) || !build_table(build, true, &build->tokenizer->added_normalized)) {
        return false;
    }
    respell(build);
    return true;
}
