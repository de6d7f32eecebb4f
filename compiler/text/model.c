/* Reads the model of tokenizer.json and builds the tables of WordPiece, Unigram and WordLevel. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/text/build.h"

static const char *model_type(const cJSON *model)
{
    const char *type = json_text(model, "type", NULL);

    if (type != NULL) {
        return type;
    }
    if (json_get(model, "merges") != NULL) { /* old files do not name it */
        return "BPE";
    }
    return cJSON_IsArray(json_get(model, "vocab")) ? "Unigram" : json_get(model, "continuing_subword_prefix") != NULL
                                                                    ? "WordPiece" : "WordLevel";
}

static bool read_list(TokenizerBuild *build, const cJSON *vocabulary)
{
    const cJSON *item;
    int64_t id = 0;

    cJSON_ArrayForEach(item, vocabulary) {
        const cJSON *text = cJSON_GetArrayItem(item, 0), *score = cJSON_GetArrayItem(item, 1);
        if (!cJSON_IsString(text) || !cJSON_IsNumber(score) || !isfinite(score->valuedouble)) {
            return build_refuse(build, "model.vocab", "another item", "[token, score]");
        }
        if (!vocabulary_add(build, text->valuestring, strlen(text->valuestring), id++, HF2C_TOKEN_OF_MODEL)) {
            return false;
        }
    }
    return true;
}

static bool refuse_id(TokenizerBuild *build, const cJSON *item)
{
    if (!cJSON_IsNumber(item)) {
        return build_refuse(build, "model.vocab", "an id that is no number", "0 to 4194302");
    }
    return build_refuse(build, "model.vocab", arena_printf(build->arena, "the id %.17g", item->valuedouble), "0 to 4194302");
}

bool model_build(TokenizerBuild *build)
{
    const cJSON *model = json_get(build->root, "model"), *vocabulary = json_get(model, "vocab"), *item;
    const char *type = model_type(model);

#define MODEL(name, function, table, file)                                                                              \
    if (strcmp(type, #name) == 0) {                                                                                     \
        build->tokenizer->model = function;                                                                             \
    }
#include "runtime/text/tokenizers.def"
    if (build->tokenizer->model == NULL) {
        return build_refuse(build, "model.type", type, "BPE, WordPiece, Unigram or WordLevel");
    }
    build->model_tokens = vocabulary != NULL ? cJSON_GetArraySize(vocabulary) : 0;
    if (build->tokenizer->model == hf2c_unigram) {
        return cJSON_IsArray(vocabulary) ? read_list(build, vocabulary)
                                         : build_refuse(build, "model.vocab", "no list", "a list of [token, score]");
    }
    if (!cJSON_IsObject(vocabulary)) {
        return build_refuse(build, "model.vocab", "no object", "an object of ids");
    }
    cJSON_ArrayForEach(item, vocabulary) {
        int64_t id = json_whole(item, 0, TOKEN_IDS_MAX - 1, -1);
        if (id < 0) {
            return refuse_id(build, item);
        }
        if (!vocabulary_add(build, item->string, strlen(item->string), id, HF2C_TOKEN_OF_MODEL)) {
            return false;
        }
    }
    return true;
}

/* All tokens of the model as keys of a trie. */
static TrieKey *model_keys(TokenizerBuild *build, size_t *count)
{
    TrieKey *keys = ARENA_ARRAY(build->arena, TrieKey, build->count + 1);

    *count = 0;
    for (size_t i = 0; i < build->count; i++) {
        TrieKey *key = &keys[*count];
        if ((build->entry[i].flags & HF2C_TOKEN_OF_MODEL) && token_raw(build, (int32_t)i, &key->text, &key->length)) {
            key->value = (uint32_t)i;
            (*count)++;
        }
    }
    return keys;
}

static void wordpiece_finish(TokenizerBuild *build, const cJSON *model)
{
    hf2c_wordpiece_table *table = ARENA_NEW(build->arena, hf2c_wordpiece_table);
    const char *prefix = json_text(model, "continuing_subword_prefix", "##"), *unk = json_text(model, "unk_token", "[UNK]");

    table->prefix = (const uint8_t *)prefix;
    table->prefix_bytes = (uint32_t)strlen(prefix);
    table->longest = (uint32_t)json_whole(json_get(model, "max_input_chars_per_word"), 0, 1 << 20, 100);
    table->unk = model_token(build, unk, strlen(unk));
    build->tokenizer->model_table = table;
}

/* The digits of a number, written as short as it can be read again, and the power of ten they are to be multiplied by. */
static uint64_t shortest_digits(double value, int *exponent)
{
    char text[40];
    uint64_t digits = 0;
    int precision = 0;

    do {
        snprintf(text, sizeof text, "%.*e", precision, value);
    } while (strtod(text, NULL) != value && ++precision < 17);
    for (const char *at = text; *at != 'e' && *at != 0; at++) {
        digits = *at >= '0' && *at <= '9' ? digits * 10 + (uint64_t)(*at - '0') : digits;
    }
    *exponent = atoi(strchr(text, 'e') + 1) - precision;
    return digits;
}

/* HF tokenizers reads a number as a whole one, then divides by a power of ten, which can be one unit off. That decides between
 * segmentations that weigh the same. */
static double as_rust_reads(double value)
{
    int exponent;
    double digits = (double)shortest_digits(value, &exponent), power = 1;

    if (exponent < -22 || exponent > 22) { /* further powers of ten are not exact */
        return value;
    }
    for (int i = abs(exponent); i > 0; i--) {
        power *= 10;
    }
    digits = exponent < 0 ? digits / power : digits * power;
    return value < 0 ? -digits : digits;
}

static bool unigram_finish(TokenizerBuild *build, const cJSON *model)
{
    hf2c_unigram_table *table = ARENA_NEW(build->arena, hf2c_unigram_table);
    double *score = ARENA_ARRAY(build->arena, double, build->count), lowest = 0;
    const cJSON *vocabulary = json_get(model, "vocab"), *item, *unk = json_get(model, "unk_id");
    bool converted = json_get(build->root, "family_special_tokens") != NULL;
    size_t count, at = 0;
    TrieKey *keys = model_keys(build, &count);

    cJSON_ArrayForEach(item, vocabulary) {
        score[at] = cJSON_GetArrayItem(item, 1)->valuedouble;
        score[at] = converted ? score[at] : as_rust_reads(score[at]);
        lowest = at == 0 || score[at] < lowest ? score[at] : lowest;
        at++;
    }
    table->unk = (int32_t)json_whole(unk, 0, (int64_t)at - 1, -1);
    if (unk != NULL && table->unk < 0) {
        return build_refuse(build, "model.unk_id", "another value", "an id of the vocabulary");
    }
    if (!trie_build(build, keys, count, &table->trie)) {
        return false;
    }
    table->score = score;
    table->unk_score = lowest - 10;
    table->fuse_unk = 1;
    if (json_flag(model, "byte_fallback", false)) {
        table->fallback = build_fallback(build);
    }
    build->tokenizer->model_table = table;
    build->tokenizer->model_bytes = 24;
    return true;
}

const int32_t *build_fallback(TokenizerBuild *build)
{
    int32_t *fallback = ARENA_ARRAY(build->arena, int32_t, 256);

    for (unsigned i = 0; i < 256; i++) {
        const char *text = arena_printf(build->arena, "<0x%02X>", i);
        fallback[i] = model_token(build, text, strlen(text));
    }
    return fallback;
}

enum { WHOLE_MOST = 512 };

/* Marks the tokens whose own text encodes to just that token, from its first to its last byte. */
static void mark_whole(TokenizerBuild *build)
{
    uint32_t *origin = ARENA_ARRAY(build->arena, uint32_t, 2 * WHOLE_MOST);
    size_t bytes = 4096 + (size_t)WHOLE_MOST * (sizeof(hf2c_token) + build->tokenizer->model_bytes);
    uint8_t *scratch = arena_alloc(build->arena, bytes), *flags = arena_alloc(build->arena, build->count);
    hf2c_work work;

    for (uint32_t i = 0; i < 2 * WHOLE_MOST; i++) { /* byte i / 2 stands for itself */
        origin[i] = (i + 1) / 2;
    }
    for (size_t i = 0; i < build->count; i++) {
        const uint8_t *text;
        size_t length;
        flags[i] = build->entry[i].flags;
        if (!(flags[i] & HF2C_TOKEN_OF_MODEL) || build->entry[i].length == 0 || build->entry[i].length > WHOLE_MOST ||
            !token_raw(build, (int32_t)i, &text, &length)) {
            continue;
        }
        memset(&work, 0, sizeof work);
        work.tokenizer = build->tokenizer;
        work.tracked = 1;
        work.scratch = (hf2c_text_scratch){scratch, scratch + bytes};
        work.tokens = (hf2c_token *)(void *)(scratch + bytes) - 1;
        work.piece = (hf2c_view){text, origin, length};
        if (build->tokenizer->model(build->tokenizer, &work, text, length) == HF2C_OK && work.count == 1 &&
            hf2c_work_token(&work, 0)->id == (int32_t)i && hf2c_work_token(&work, 0)->start == 0 &&
            hf2c_work_token(&work, 0)->end == length) {
            flags[i] |= HF2C_TOKEN_WHOLE;
        }
    }
    for (size_t i = 0; i < build->count; i++) {
        build->entry[i].flags = flags[i];
    }
    build->vocabulary->flags = build->flags = flags;
}

bool model_finish(TokenizerBuild *build)
{
    const cJSON *model = json_get(build->root, "model");

    build->tokenizer->model_bytes = 16;
    if (build->tokenizer->byte_alphabet && json_flag(model, "byte_fallback", false)) { /* a token for each byte of a byte's spelling */
        build->tokenizer->growth = (uint16_t)(build->tokenizer->growth < 2048 ? 2 * (build->tokenizer->growth > 3 ? build->tokenizer->growth : 3) : 4096);
    }
    if (build->tokenizer->model == hf2c_bpe || build->tokenizer->model == hf2c_unigram) {
        if (!(build->tokenizer->model == hf2c_bpe ? model_bpe_finish(build, model) : unigram_finish(build, model))) {
            return false;
        }
        mark_whole(build);
        return true;
    }
    if (build->tokenizer->model == hf2c_wordpiece) {
        wordpiece_finish(build, model);
    } else {
        hf2c_wordlevel_table *table = ARENA_NEW(build->arena, hf2c_wordlevel_table);
        const char *unk = json_text(model, "unk_token", "<unk>");
        table->unk = model_token(build, unk, strlen(unk));
        build->tokenizer->model_table = table;
    }
    return true;
}
