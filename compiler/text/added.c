/* Added tokens: into the vocabulary, and into the two tries that find them before and after normalization. */
#include <string.h>

#include "compiler/text/build.h"
#include "runtime/text/unicode.h"

/* Id that the model gives to a text, before the vocabulary is laid out; -1: none. */
static int64_t find_in_model(const Map *known, const char *text)
{
    const int64_t *id = map_get(known, text);

    return id != NULL ? *id : -1;
}

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

bool added_read(TokenizerBuild *build)
{
    const cJSON *list = json_get(build->root, "added_tokens"), *item;
    Map *known = list != NULL ? known_tokens(build) : NULL;

    cJSON_ArrayForEach(item, list) {
        const char *text = json_text(item, "content", "");
        int64_t id = find_in_model(known, text);
        if (*text == 0) {
            continue;
        }
        if (id < 0) { /* the model's own id counts */
            id = json_whole(json_get(item, "id"), 0, TOKEN_IDS_MAX - 1, -1);
        }
        if (!vocabulary_add(build, text, strlen(text), id, json_flag(item, "special", false) ? HF2C_TOKEN_SPECIAL : 0)) {
            return false;
        }
    }
    return true;
}

static hf2c_added_table *build_table(TokenizerBuild *build, bool normalized)
{
    const cJSON *list = json_get(build->root, "added_tokens"), *item;
    hf2c_added_table *table = ARENA_NEW(build->arena, hf2c_added_table);
    TrieKey *keys = ARENA_ARRAY(build->arena, TrieKey, (size_t)cJSON_GetArraySize(list) + 1);
    uint8_t *flags = arena_alloc(build->arena, build->count), *first = arena_alloc(build->arena, 32);
    size_t count = 0;

    cJSON_ArrayForEach(item, list) {
        const char *text = json_text(item, "content", "");
        int32_t id = hf2c_vocabulary_find(build->vocabulary, (const uint8_t *)text, strlen(text), 0);
        TrieKey *key = &keys[count];
        if (id < 0 || json_flag(item, "normalized", !json_flag(item, "special", false)) != normalized) {
            continue;
        }
        *key = (TrieKey){(const uint8_t *)text, strlen(text), (uint32_t)id};
        if (normalized) {
            key->text = build_normalize(build, text, strlen(text), &key->length);
        }
        if (key->length == 0) {
            continue;
        }
        if (key->length < build->tokenizer->shortest_added) {
            build->tokenizer->shortest_added = (uint32_t)key->length;
        }
        first[key->text[0] >> 3] |= (uint8_t)(1 << (key->text[0] & 7));
        flags[id] = (uint8_t)((json_flag(item, "single_word", false) ? HF2C_ADDED_SINGLE_WORD : 0) |
                              (json_flag(item, "lstrip", false) ? HF2C_ADDED_LEFT : 0) |
                              (json_flag(item, "rstrip", false) ? HF2C_ADDED_RIGHT : 0));
        if (flags[id] & HF2C_ADDED_SINGLE_WORD) {
            table->is_word = hf2c_is_word;
        }
        count++;
    }
    table->trie = trie_build(build->arena, keys, count);
    table->first = first;
    table->flags = flags;
    return count > 0 ? table : NULL;
}

bool added_build(TokenizerBuild *build)
{
    build->tokenizer->shortest_added = INT32_MAX;
    build->tokenizer->added = build_table(build, false);
    build->tokenizer->added_normalized = build_table(build, true);
    return true;
}
