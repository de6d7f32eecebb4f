/* sentencepiece models, with what the transformers tokenizer of the family adds. */
#include <stdlib.h>
#include <string.h>

#include "compiler/text/convert.h"

enum { FILE_LIMIT = 256 << 20 };

static const char metaspace[] = "{\"type\":\"Metaspace\",\"replacement\":\"\xe2\x96\x81\",\"prepend_scheme\":\"always\"}";

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
    if (merges->count == merges->capacity) {
        size_t capacity = merges->capacity == 0 ? 1024 : 2 * merges->capacity;
        Merge *grown = ARENA_ARRAY(merges->arena, Merge, capacity);
        if (merges->count > 0) {
            memcpy(grown, merges->item, merges->count * sizeof *grown);
        }
        merges->item = grown;
        merges->capacity = capacity;
    }
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

/* ---- Llama, Mistral, Gemma ---- */

static void llama_parts(Conversion *conversion)
{
    bool begin = json_flag(conversion->settings, "add_bos_token", true), end = json_flag(conversion->settings, "add_eos_token", false);

    if (family_is(conversion, "gemma")) {
        convert_component(conversion, "normalizer",
                          "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\xe2\x96\x81\"}");
        convert_component(conversion, "decoder",
                          "{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":{\"String\":\"\xe2\x96\x81\"},"
                          "\"content\":\" \"},{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"}]}");
    } else {
        convert_component(conversion, "normalizer",
                          "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\",\"prepend\":\"\xe2\x96\x81\"},"
                          "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\xe2\x96\x81\"}]}");
        convert_component(conversion, "decoder",
                          "{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":{\"String\":\"\xe2\x96\x81\"},"
                          "\"content\":\" \"},{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"},"
                          "{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}]}");
    }
    convert_template(conversion, begin ? (end ? "bAe" : "bA") : end ? "Ae" : "A",
                     begin ? (end ? "bAeb1B1e1" : "bAb1B1") : end ? "AeB1e1" : "AB1");
}

static void convert_bpe(Conversion *conversion, const SentenceModel *sentence)
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
    convert_added(conversion);
    llama_parts(conversion);
}

/* ---- Unigram ---- */

static void vocabulary_put(cJSON *list, const char *text, double score)
{
    cJSON *item = cJSON_CreateArray();

    cJSON_AddItemToArray(item, cJSON_CreateString(text));
    cJSON_AddItemToArray(item, cJSON_CreateNumber(score));
    cJSON_AddItemToArray(list, item);
}

static const char *base64(Arena *arena, const uint8_t *bytes, size_t count)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = arena_alloc(arena, count / 3 * 4 + 8), *at = text;

    for (size_t i = 0; i < count; i += 3) {
        uint32_t bits = (uint32_t)bytes[i] << 16 | (i + 1 < count ? (uint32_t)bytes[i + 1] << 8 : 0) | (i + 2 < count ? bytes[i + 2] : 0u);
        for (size_t k = 0; k < 4; k++) {
            *at++ = i + k < count + 1 ? digits[bits >> (18 - 6 * k) & 63] : '=';
        }
    }
    return text;
}

static void add_normalizer(Conversion *conversion, const SentenceModel *sentence, const char *before, const char *after)
{
    cJSON *list, *item;

    convert_component(conversion, "normalizer", "{\"type\":\"Sequence\"}");
    item = cJSON_GetObjectItemCaseSensitive(conversion->root, "normalizer");
    list = cJSON_Parse(before);
    cJSON_AddItemToObject(item, "normalizers", list);
    if (sentence->charsmap_bytes > 0) {
        item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "type", "Precompiled");
        cJSON_AddStringToObject(item, "precompiled_charsmap",
                                base64(conversion->arena, sentence->charsmap, sentence->charsmap_bytes));
        cJSON_AddItemToArray(list, item);
    }
    if (*after != 0) {
        cJSON_AddItemToArray(list, cJSON_Parse(after));
    }
}

static void unigram_normalizer(Conversion *conversion, const SentenceModel *sentence)
{
    static const char spaces[] = "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\" {2,}\"},\"content\":\" \"}";
    bool albert = family_is(conversion, "albert"), lower = json_flag(conversion->settings, "do_lower_case", albert);

    if (albert) {
        add_normalizer(conversion, sentence,
                       lower ? "[{\"type\":\"Replace\",\"pattern\":{\"String\":\"``\"},\"content\":\"\\\"\"},"
                               "{\"type\":\"Replace\",\"pattern\":{\"String\":\"''\"},\"content\":\"\\\"\"},{\"type\":\"NFKD\"},"
                               "{\"type\":\"StripAccents\"},{\"type\":\"Lowercase\"}]"
                             : "[{\"type\":\"Replace\",\"pattern\":{\"String\":\"``\"},\"content\":\"\\\"\"},"
                               "{\"type\":\"Replace\",\"pattern\":{\"String\":\"''\"},\"content\":\"\\\"\"}]",
                       spaces);
    } else if (family_is(conversion, "deberta")) {
        add_normalizer(conversion, sentence, lower ? "[{\"type\":\"Lowercase\"},{\"type\":\"Strip\"}]" : "[{\"type\":\"Strip\"}]", spaces);
    } else {
        add_normalizer(conversion, sentence, "[]",
                       "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Strip\",\"strip_left\":false,\"strip_right\":true},"
                       "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\" {2,}\"},\"content\":\"\xe2\x96\x81\"}]}");
    }
}

/* The first pieces in fairseq's order, then the model's from the fourth on. */
static size_t fairseq_vocabulary(cJSON *list)
{
    static const char *const first[] = {"<s>", "<pad>", "</s>", "<unk>"};

    for (size_t i = 0; i < COUNT_OF(first); i++) {
        vocabulary_put(list, first[i], 0);
    }
    return 3;
}

static void unigram_template(Conversion *conversion, bool fairseq)
{
    if (family_is(conversion, "albert") || family_is(conversion, "deberta")) {
        conversion->family = arena_printf(conversion->arena, "%sbert ", conversion->family); /* [CLS], [SEP] */
        convert_template(conversion, "cAs", "cAsB1s1");
    } else if (family_is(conversion, "mbart")) {
        convert_template(conversion, "Ael", "ABel");
    } else if (fairseq) {
        convert_template(conversion, "cAs", "cAssBs");
    } else if (family_is(conversion, "pegasus")) {
        convert_template(conversion, "Ae", "ABe");
    } else {
        convert_template(conversion, "Ae", "AeBe");
    }
}

/* Token that the settings put at an id, or NULL. */
static const char *settled_token(const Conversion *conversion, size_t id)
{
    const cJSON *tokens = json_get(conversion->settings, "added_tokens_decoder");

    return json_text(json_get(tokens, arena_printf(conversion->arena, "%zu", id)), "content", NULL);
}

/* Where the settings number the special tokens, those have their places and the ordinary pieces fill the rest in order: that is how
 * models whose special tokens are not the first pieces are numbered. */
static void settled_vocabulary(Conversion *conversion, const SentenceModel *sentence, cJSON *list)
{
    size_t at = 0, id = 0;

    for (;; id++) {
        const char *token = settled_token(conversion, id);
        while (at < sentence->count && (sentence->piece[at].kind == 2 || sentence->piece[at].kind == 3)) {
            at++;
        }
        if (token != NULL) {
            vocabulary_put(list, token, 0);
        } else if (at < sentence->count) {
            vocabulary_put(list, sentence->piece[at].text, (double)sentence->piece[at].score);
            at++;
        } else {
            return;
        }
    }
}

static void plain_vocabulary(Conversion *conversion, const SentenceModel *sentence, bool fairseq, cJSON *list)
{
    size_t at = fairseq ? fairseq_vocabulary(list) : 0;

    for (; at < sentence->count; at++) {
        vocabulary_put(list, sentence->piece[at].text, (double)sentence->piece[at].score);
    }
    for (size_t i = 0; i < sentence->count && !fairseq; i++) {
        if (sentence->piece[i].kind >= 2 && sentence->piece[i].kind <= 4) {
            convert_add_token(conversion, sentence->piece[i].text, (int64_t)i, true, false, false);
        }
    }
}

static void convert_unigram(Conversion *conversion, const SentenceModel *sentence)
{
    bool fairseq = family_is(conversion, "xlm") || family_is(conversion, "mbart") || family_is(conversion, "camembert");
    bool known_unk = sentence->unk >= 0 && (size_t)sentence->unk < sentence->count;
    cJSON *model = cJSON_AddObjectToObject(conversion->root, "model"), *list;
    int64_t unk = fairseq ? 3 : known_unk ? sentence->unk : -1;

    cJSON_AddStringToObject(model, "type", "Unigram");
    cJSON_AddBoolToObject(model, "byte_fallback", sentence->byte_fallback);
    list = cJSON_AddArrayToObject(model, "vocab");
    if (json_get(conversion->settings, "added_tokens_decoder") != NULL) {
        settled_vocabulary(conversion, sentence, list);
        unk = convert_id(conversion, convert_special(conversion, "unk_token", "<unk>"));
    } else {
        plain_vocabulary(conversion, sentence, fairseq, list);
    }
    if (unk >= 0) {
        cJSON_AddNumberToObject(model, "unk_id", (double)unk);
    }
    convert_added(conversion);
    unigram_normalizer(conversion, sentence);
    convert_component(conversion, "pre_tokenizer", metaspace);
    convert_component(conversion, "decoder", metaspace);
    unigram_template(conversion, fairseq);
}

bool convert_sentencepiece(Conversion *conversion, const char *path)
{
    SentenceModel sentence;

    if (!sentencepiece_read(conversion->arena, path, &sentence, conversion->err)) {
        return false;
    }
    if (sentence.is_bpe) {
        convert_bpe(conversion, &sentence);
    } else {
        convert_unigram(conversion, &sentence);
    }
    return true;
}

/* ---- Marian: sentencepiece cuts the text, vocab.json numbers the pieces ---- */

static bool marian_vocabulary(Conversion *conversion, const cJSON *numbers, const SentenceModel *sentence, cJSON *list)
{
    size_t count = (size_t)cJSON_GetArraySize(numbers);
    const char **text = ARENA_ARRAY(conversion->arena, const char *, count + 1);
    Map *known = map_new(conversion->arena);
    const cJSON *item;

    for (size_t i = 0; i < sentence->count; i++) {
        map_set(known, sentence->piece[i].text, &sentence->piece[i]);
    }
    cJSON_ArrayForEach(item, numbers) {
        int64_t id = json_whole(item, 0, (int64_t)count - 1, -1);
        if (id < 0 || text[id] != NULL) {
            return err_set(conversion->err, "vocab.json: the ids are not 0 to %zu", count - 1);
        }
        text[id] = item->string;
    }
    for (size_t i = 0; i < count; i++) {
        const SentencePiece *piece = map_get(known, text[i]);
        vocabulary_put(list, text[i], piece != NULL ? (double)piece->score : -1e6); /* what only the other language has */
    }
    return true;
}

bool convert_marian(Conversion *conversion, const char *vocabulary_path, const char *path)
{
    const cJSON *numbers = json_read(conversion->arena, vocabulary_path, FILE_LIMIT, conversion->err), *item;
    cJSON *model = cJSON_AddObjectToObject(conversion->root, "model"), *list;
    SentenceModel sentence;

    if (numbers == NULL || !sentencepiece_read(conversion->arena, path, &sentence, conversion->err)) {
        return false;
    }
    cJSON_AddStringToObject(model, "type", "Unigram");
    list = cJSON_AddArrayToObject(model, "vocab");
    if (!marian_vocabulary(conversion, numbers, &sentence, list)) {
        return false;
    }
    cJSON_AddNumberToObject(model, "unk_id", (double)json_whole(json_get(numbers, convert_special(conversion, "unk_token", "<unk>")),
                                                                0, TOKEN_IDS_MAX, 0));
    cJSON_ArrayForEach(item, numbers) {
        size_t length = strlen(item->string);
        if (length > 4 && strncmp(item->string, ">>", 2) == 0 && strcmp(item->string + length - 2, "<<") == 0) {
            convert_add_token(conversion, item->string, item->valueint, false, false, false);
        }
    }
    convert_added(conversion);
    add_normalizer(conversion, &sentence, "[]", "");
    convert_component(conversion, "pre_tokenizer", metaspace);
    convert_component(conversion, "decoder", metaspace);
    convert_template(conversion, "Ae", "ABe");
    return true;
}
