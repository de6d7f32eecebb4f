/* Builds the tables of byte-pair encoding. */
#include <stdlib.h>
#include <string.h>

#include "compiler/text/build.h"

enum { AFFIX_MOST = 32 };

/* "a b" or ["a", "b"]. */
static bool read_merge(const cJSON *item, const char **left, size_t *left_length, const char **right, size_t *right_length)
{
    const cJSON *first = cJSON_GetArrayItem(item, 0), *second = cJSON_GetArrayItem(item, 1);
    const char *space;

    if (cJSON_IsArray(item) && cJSON_IsString(first) && cJSON_IsString(second)) {
        *left = first->valuestring;
        *right = second->valuestring;
        *left_length = strlen(*left);
    } else {
        if (!cJSON_IsString(item) || (space = strchr(item->valuestring, ' ')) == NULL || strchr(space + 1, ' ') != NULL) {
            return false;
        }
        *left = item->valuestring;
        *left_length = (size_t)(space - *left);
        *right = space + 1;
    }
    *right_length = strlen(*right);
    return true;
}

typedef struct Merge {
    uint32_t left, right, rank;
} Merge;

static int compare_merges(const void *a, const void *b)
{
    const Merge *x = a, *y = b;

    if (x->left != y->left || x->right != y->right) {
        return x->left != y->left ? (x->left < y->left ? -1 : 1) : x->right < y->right ? -1 : 1;
    }
    return x->rank < y->rank ? -1 : x->rank > y->rank;
}

/* Of equal pairs the last counts. */
static bool fill_pairs(TokenizerBuild *build, hf2c_bpe_table *table, Merge *merges, size_t count)
{
    uint64_t *keys = ARENA_ARRAY(build->arena, uint64_t, count + 1);
    uint32_t *pair;
    size_t kept = 0;

    qsort(merges, count, sizeof *merges, compare_merges);
    for (size_t i = 0; i < count; i++) {
        if (i + 1 == count || merges[i].left != merges[i + 1].left || merges[i].right != merges[i + 1].right) {
            keys[kept] = hf2c_pair_hash(merges[i].left, merges[i].right);
            merges[kept++] = merges[i];
        }
    }
    if (!perfect_build(build->arena, keys, kept, &table->perfect)) {
        return err_set(build->err, "%s: the merges' hashes are not distinct", build->file);
    }
    pair = ARENA_ARRAY(build->arena, uint32_t, 2 * (size_t)table->perfect.slots);
    for (size_t i = 0; i < kept; i++) {
        uint32_t *place = pair + 2 * (size_t)hf2c_perfect_place(&table->perfect, hf2c_pair_hash(merges[i].left, merges[i].right));
        place[0] = merges[i].left | merges[i].right << 22;
        place[1] = merges[i].right >> 10 | (merges[i].rank + 1) << 12;
    }
    table->pair = pair;
    return true;
}

static int32_t find_result(const TokenizerBuild *build, const char *left, size_t left_length, const char *right,
                           size_t right_length, size_t prefix)
{
    char *joined = arena_alloc(build->arena, left_length + right_length + 1);
    size_t skip = prefix < right_length ? prefix : right_length;

    memcpy(joined, left, left_length);
    memcpy(joined + left_length, right + skip, right_length - skip);
    return model_token(build, joined, left_length + right_length - skip);
}

/* One merge and the token it makes. */
static bool read_rule(TokenizerBuild *build, const hf2c_bpe_table *table, const cJSON *item, Merge *merge, uint32_t *made)
{
    const char *left, *right;
    size_t left_length, right_length;
    int32_t first, second, result;

    if (!read_merge(item, &left, &left_length, &right, &right_length)) {
        return err_set(build->err, "%s: model.merges: item %u is not a pair of tokens", build->file, (unsigned)merge->rank);
    }
    first = model_token(build, left, left_length);
    second = model_token(build, right, right_length);
    result = find_result(build, left, left_length, right, right_length, table->prefix_bytes);
    if (first < 0 || second < 0 || result < 0) {
        return err_set(build->err, "%s: model.merges: item %u names a token that is not in the vocabulary", build->file,
                       (unsigned)merge->rank);
    }
    merge->left = (uint32_t)first;
    merge->right = (uint32_t)second;
    *made = (uint32_t)result;
    return true;
}

/* Whether every merge comes after those that make its parts. merges: by rank. */
static bool is_orderly(TokenizerBuild *build, const Merge *merges, const uint32_t *results, uint32_t count)
{
    uint32_t *last = ARENA_ARRAY(build->arena, uint32_t, build->count + 1); /* rank + 1 of the last merge that makes a token */

    for (uint32_t i = 0; i < count; i++) {
        last[results[i]] = i + 1;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (last[merges[i].left] > i || last[merges[i].right] > i) {
            return false;
        }
    }
    return true;
}

static bool read_merges(TokenizerBuild *build, hf2c_bpe_table *table, const cJSON *list)
{
    size_t count = (size_t)(cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0);
    Merge *merges = ARENA_ARRAY(build->arena, Merge, count + 1);
    uint32_t *results = ARENA_ARRAY(build->arena, uint32_t, count + 1), rank = 0;
    bool in_order = true;
    const cJSON *item;

    if (count > HF2C_MERGES_MOST) {
        return build_refuse(build, "model.merges", "more merges", "at most 1048574");
    }
    cJSON_ArrayForEach(item, list) {
        merges[rank].rank = rank;
        if (!read_rule(build, table, item, &merges[rank], &results[rank])) {
            return false;
        }
        in_order = in_order && results[rank] == results[0] + rank;
        rank++;
    }
    table->merges = rank;
    table->result = in_order ? NULL : results;
    table->first_result = results[0];
    table->orderly = is_orderly(build, merges, results, rank);
    return fill_pairs(build, table, merges, rank);
}

static const int32_t *single_symbols(TokenizerBuild *build)
{
    int32_t *symbol = ARENA_ARRAY(build->arena, int32_t, 256);

    for (int i = 0; i < 256; i++) {
        uint8_t byte = (uint8_t)i;
        int32_t id = -1;
        if (build->tokenizer->byte_alphabet || i < 128) {
            id = hf2c_vocabulary_find(build->tokenizer->vocabulary, &byte, 1, build->tokenizer->byte_alphabet);
        }
        symbol[i] = id >= 0 && (build->tokenizer->vocabulary->flags[id] & HF2C_TOKEN_OF_MODEL) ? id : -1;
    }
    return symbol;
}

bool model_bpe_finish(TokenizerBuild *build, const cJSON *model)
{
    hf2c_bpe_table *table = ARENA_NEW(build->arena, hf2c_bpe_table);
    const char *prefix = json_text(model, "continuing_subword_prefix", ""), *suffix = json_text(model, "end_of_word_suffix", "");
    const char *unk = json_text(model, "unk_token", NULL);
    const cJSON *dropout = json_get(model, "dropout");

    if (dropout != NULL && dropout->valuedouble != 0) {
        warn("%s: model.dropout is left out: it is for training", build->file);
    }
    if (strlen(prefix) > AFFIX_MOST || strlen(suffix) > AFFIX_MOST) {
        return build_refuse(build, "model", "a long prefix or suffix", "at most 32 bytes");
    }
    table->prefix = (const uint8_t *)prefix;
    table->prefix_bytes = (uint32_t)strlen(prefix);
    table->suffix = (const uint8_t *)suffix;
    table->suffix_bytes = (uint32_t)strlen(suffix);
    table->unk = unk != NULL ? model_token(build, unk, strlen(unk)) : -1;
    table->fuse_unk = json_flag(model, "fuse_unk", false);
    table->ignore_merges = json_flag(model, "ignore_merges", false);
    table->symbol = single_symbols(build);
    if (json_flag(model, "byte_fallback", false)) {
        table->fallback = build_fallback(build);
    }
    if (!read_merges(build, table, json_get(model, "merges"))) {
        return false;
    }
    build->tokenizer->model_table = table;
    build->tokenizer->model_bytes = (uint16_t)(32 * (table->fallback != NULL ? 2 : 1) * (1 + table->prefix_bytes + table->suffix_bytes) + 1);
    return true;
}
