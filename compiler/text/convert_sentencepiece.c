/* sentencepiece models, with what the transformers tokenizer of the family adds. */
#include <stdlib.h>
#include <string.h>

#include "compiler/text/convert.h"

/* ---- merges of a BPE model follow from its scores ---- */

typedef struct Merge {
    size_t split, piece; /* bytes of the left part */
    int32_t left, right;
    size_t left_codes, right_codes;
    float score;
    size_t order;
} Merge;

typedef struct Merges {
    Arena *arena;
    Merge *item;
    size_t count, capacity;
} Merges;

static void merges_add(Merges *merges, Merge merge)
{
    merges->item = arena_grow(merges->arena, merges->item, merges->count, &merges->capacity, sizeof *merges->item);
    merges->item[merges->count++] = merge;
}

static int compare_ids(const void *a, const void *b)
{
    const Merge *x = a, *y = b;

    return x->left != y->left ? (x->left < y->left ? -1 : 1) : x->right < y->right ? -1 : x->right > y->right;
}

/* Best score first; of equals the longer left part, then the longer right part, then the order they were found in. */
static int compare_scores(const void *a, const void *b)
{
    const Merge *x = a, *y = b;

    if (x->score != y->score) {
        return x->score > y->score ? -1 : 1;
    }
    if (x->left_codes != y->left_codes) {
        return x->left_codes > y->left_codes ? -1 : 1;
    }
    if (x->right_codes != y->right_codes) {
        return x->right_codes > y->right_codes ? -1 : 1;
    }
    return x->order < y->order ? -1 : 1;
}

static size_t count_codes(const char *text, size_t bytes)
{
    size_t count = 0;

    for (size_t i = 0; i < bytes; i++) {
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    }
    return count;
}

static void add_splits(Merges *merges, const SentenceModel *model, const Map *known, size_t at)
{
    const SentencePiece *piece = &model->piece[at];
    size_t first = merges->count;

    for (size_t split = 1; split < piece->length; split++) {
        const int32_t *left, *right;
        if (((unsigned char)piece->text[split] & 0xc0) == 0x80) {
            continue;
        }
        left = map_get_n(known, piece->text, split);
        right = left != NULL ? map_get_n(known, piece->text + split, piece->length - split) : NULL;
        if (right != NULL) {
            merges_add(merges, (Merge){split, at, *left, *right, count_codes(piece->text, split),
                                       count_codes(piece->text + split, piece->length - split), piece->score, 0});
        }
    }
    if (merges->count > first) {
        qsort(merges->item + first, merges->count - first, sizeof *merges->item, compare_ids);
    }
}

static cJSON *make_merges(Conversion *conversion, const SentenceModel *model)
{
    Merges merges = {.arena = conversion->arena};
    Map *known = map_new(conversion->arena);
    cJSON *list = cJSON_CreateArray();
    int32_t *ids = ARENA_ARRAY(conversion->arena, int32_t, model->count);

    for (size_t i = 0; i < model->count; i++) {
        ids[i] = (int32_t)i;
        map_set(known, model->piece[i].text, &ids[i]);
    }
    for (size_t i = 0; i < model->count; i++) {
        add_splits(&merges, model, known, i);
    }
    for (size_t i = 0; i < merges.count; i++) {
        merges.item[i].order = i;
    }
    if (merges.count > 0) {
        qsort(merges.item, merges.count, sizeof *merges.item, compare_scores);
    }
    for (size_t i = 0; i < merges.count; i++) {
        const Merge *merge = &merges.item[i];
        cJSON *pair = cJSON_CreateArray();
        cJSON_AddItemToArray(pair, cJSON_CreateString(model->piece[merge->left].text));
        cJSON_AddItemToArray(pair, cJSON_CreateString(model->piece[merge->right].text));
        cJSON_AddItemToArray(list, pair);
    }
    return list;
}

/* ---- Llama, Mistral, Gemma, NLLB ---- */

static const char join_spaces[] = "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\xe2\x96\x81\"}";
static const char prepend_space[] =
    "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\",\"prepend\":\"\xe2\x96\x81\"},"
    "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\xe2\x96\x81\"}]}";
static const char first_space[] = "{\"type\":\"Metaspace\",\"replacement\":\"\xe2\x96\x81\",\"prepend_scheme\":\"first\",\"split\":false}";
#define DECODE_BYTES                                                                                                     \
    "{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":{\"String\":\"\xe2\x96\x81\"},\"content\":\" \"},"     \
    "{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"}"
static const char plain_decoder[] = DECODE_BYTES "]}";
static const char strip_decoder[] = DECODE_BYTES ",{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}]}";

/* Models whose tokens for languages stand behind the pieces. */
static bool has_languages(const Conversion *conversion)
{
    return family_is(conversion, "nllb") || family_is(conversion, "m2m_100");
}

static void llama_parts(Conversion *conversion)
{
    bool begin = json_flag(conversion->settings, "add_bos_token", true), end = json_flag(conversion->settings, "add_eos_token", false);
    bool languages = has_languages(conversion), gemma = family_is(conversion, "gemma");
    bool legacy = json_flag(conversion->settings, "legacy", !languages && !family_is(conversion, "mistral"));

    convert_component(conversion, "decoder", gemma ? plain_decoder : strip_decoder);
    if (gemma || legacy) {
        convert_component(conversion, "normalizer", gemma ? join_spaces : prepend_space);
    } else {
        convert_component(conversion, "pre_tokenizer", first_space);
    }
    if (languages) {
        convert_template(conversion, "lAe", "lABe");
        return;
    }
    convert_template(conversion, begin ? (end ? "bAe" : "bA") : end ? "Ae" : "A",
                     begin ? (end ? "bAeb1B1e1" : "bAb1B1") : end ? "AeB1e1" : "AB1");
}

static bool convert_bpe(Conversion *conversion, const SentenceModel *sentence)
{
    cJSON *model = cJSON_AddObjectToObject(conversion->root, "model"), *vocabulary;
    Map *known = map_new(conversion->arena);

    cJSON_AddStringToObject(model, "type", "BPE");
    cJSON_AddBoolToObject(model, "fuse_unk", true);
    cJSON_AddBoolToObject(model, "byte_fallback", sentence->byte_fallback);
    if (sentence->unk >= 0 && (size_t)sentence->unk < sentence->count) {
        cJSON_AddStringToObject(model, "unk_token", sentence->piece[sentence->unk].text);
    }
    vocabulary = cJSON_AddObjectToObject(model, "vocab");
    for (size_t i = 0; i < sentence->count; i++) {
        if (map_get(known, sentence->piece[i].text) == NULL) {
            map_set(known, sentence->piece[i].text, vocabulary);
            cJSON_AddNumberToObject(vocabulary, sentence->piece[i].text, (double)i);
        }
    }
    cJSON_AddItemToObject(model, "merges", make_merges(conversion, sentence));
    for (size_t i = 0; i < sentence->count; i++) {
        if (sentence->piece[i].kind >= 2 && sentence->piece[i].kind <= 4) {
            convert_add_token(conversion, sentence->piece[i].text, (int64_t)i, sentence->piece[i].kind != 4, false, false);
        }
    }
    if (!convert_added(conversion)) {
        return false;
    }
    llama_parts(conversion);
    return true;
}

bool convert_sentencepiece(Conversion *conversion, const char *path)
{
    SentenceModel sentence;

    if (has_languages(conversion) && json_get(conversion->settings, "added_tokens_decoder") == NULL) {
        return err_set(conversion->err, "%s: the ids of the languages are not known: found no added_tokens_decoder in tokenizer_config.json, "
                                        "wanted that or tokenizer.json", path);
    }
    if (!sentencepiece_read(conversion->arena, path, &sentence, conversion->err)) {
        return false;
    }
    return sentence.is_bpe ? convert_bpe(conversion, &sentence) : convert_unigram(conversion, &sentence);
}
