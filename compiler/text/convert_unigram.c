/* sentencepiece models of the Unigram kind, with what the transformers tokenizer of the family adds. */
#include <string.h>

#include "compiler/text/convert.h"

enum { FILE_LIMIT = 256 << 20 };

#define METASPACE "{\"type\":\"Metaspace\",\"replacement\":\"\xe2\x96\x81\",\"prepend_scheme\":\"always\"}"
static const char metaspace[] = METASPACE;
static const char split_metaspace[] = "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"WhitespaceSplit\"}," METASPACE "]}";

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

/* Right after the vocabulary's own normalizer: runs of spaces become one, at the end they vanish. */
static const char strip_right[] =
    "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Strip\",\"strip_left\":false,\"strip_right\":true},"
    "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\" {2,}\"},\"content\":\"\xe2\x96\x81\"}]}";

/* Families whose words are cut at spaces before the pieces are looked for. */
static bool splits_words(const Conversion *conversion)
{
    static const char *const names[] = {"albert", "xlm", "t5", "mbart", "camembert"};

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (family_is(conversion, names[i])) {
            return true;
        }
    }
    return false;
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
                               "{\"type\":\"Replace\",\"pattern\":{\"String\":\"''\"},\"content\":\"\\\"\"}]", "");
    } else if (family_is(conversion, "deberta")) {
        add_normalizer(conversion, sentence, lower ? "[{\"type\":\"Lowercase\"},{\"type\":\"Strip\"}]" : "[{\"type\":\"Strip\"}]", spaces);
    } else if (splits_words(conversion)) {
        add_normalizer(conversion, sentence, "[]", "");
    } else {
        add_normalizer(conversion, sentence, "[]", family_is(conversion, "pegasus") ? spaces : strip_right);
    }
}

/* ---- vocabularies that begin or end with tokens the sentencepiece model does not have ---- */

typedef struct PieceFamily {
    const char *name, *first[6]; /* what comes first; NULL ends it */
    size_t from;                 /* the piece of the model that follows */
    const char *const *last;     /* what comes behind the pieces; NULL ends it; may be NULL */
    int unk;
} PieceFamily;

static const char *const masks[] = {"<mask>", NULL};
static const char *const mbart_languages[] = {
    "ar_AR", "cs_CZ", "de_DE", "en_XX", "es_XX", "et_EE", "fi_FI", "fr_XX", "gu_IN", "hi_IN", "it_IT", "ja_XX", "kk_KZ", "ko_KR",
    "lt_LT", "lv_LV", "my_MM", "ne_NP", "nl_XX", "ro_RO", "ru_RU", "si_LK", "tr_TR", "vi_VN", "zh_CN", "<mask>", NULL};

static const PieceFamily piece_families[] = {
    {"xlm", {"<s>", "<pad>", "</s>", "<unk>"}, 3, masks, 3},
    {"mbart", {"<s>", "<pad>", "</s>", "<unk>"}, 3, mbart_languages, 3},
    {"camembert", {"<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED"}, 1, masks, 3}};

static const PieceFamily *piece_family(const Conversion *conversion)
{
    for (size_t i = 0; i < COUNT_OF(piece_families); i++) {
        if (family_is(conversion, piece_families[i].name)) {
            return &piece_families[i];
        }
    }
    return NULL;
}

static void put_pieces(const SentenceModel *sentence, size_t from, cJSON *list)
{
    for (size_t at = from; at < sentence->count; at++) {
        vocabulary_put(list, sentence->piece[at].text, (double)sentence->piece[at].score);
    }
}

static int family_vocabulary(Conversion *conversion, const SentenceModel *sentence, const PieceFamily *family, cJSON *list)
{
    for (size_t i = 0; i < COUNT_OF(family->first) && family->first[i] != NULL; i++) {
        vocabulary_put(list, family->first[i], 0);
    }
    put_pieces(sentence, family->from, list);
    for (size_t i = 0; family->last[i] != NULL; i++) {
        vocabulary_put(list, family->last[i], 0);
        convert_add_token(conversion, family->last[i], cJSON_GetArraySize(list) - 1, true, family->last[i + 1] == NULL, false);
    }
    return family->unk;
}

enum { PEGASUS_OFFSET = 103, EXTRA_IDS = 100, EXTRA_IDS_MOST = 10000 };

/* <pad> </s> <mask_1> <mask_2> <unk_2> ... <unk_102>, then the pieces from the third on. */
static int pegasus_vocabulary(Conversion *conversion, const SentenceModel *sentence, cJSON *list)
{
    static const char *const first[] = {"<pad>", "</s>", "<mask_1>", "<mask_2>"};

    for (size_t i = 0; i < PEGASUS_OFFSET + 2; i++) {
        const char *text = i < COUNT_OF(first) ? first[i] : arena_printf(conversion->arena, "<unk_%zu>", i - 2);
        vocabulary_put(list, text, i < COUNT_OF(first) ? 0 : -100);
        convert_add_token(conversion, text, (int64_t)i, true, false, false);
    }
    put_pieces(sentence, 2, list);
    return sentence->unk + PEGASUS_OFFSET;
}

/* The pieces as they are; T5 has tokens for what is masked out behind them, in falling order. */
static int plain_vocabulary(Conversion *conversion, const SentenceModel *sentence, cJSON *list)
{
    int64_t extra = family_is(conversion, "t5") ? json_whole(json_get(conversion->settings, "extra_ids"), 0, EXTRA_IDS_MOST, EXTRA_IDS) : 0;
    const char *mask = convert_special(conversion, "mask_token", "");

    put_pieces(sentence, 0, list);
    for (size_t i = 0; i < sentence->count; i++) {
        if (sentence->piece[i].kind >= 2 && sentence->piece[i].kind <= 4) {
            bool is_mask = family_is(conversion, "albert") && strcmp(sentence->piece[i].text, mask) == 0;
            convert_add_token(conversion, sentence->piece[i].text, (int64_t)i, true, is_mask, false);
        }
    }
    for (int64_t i = extra - 1; i >= 0; i--) {
        const char *text = arena_printf(conversion->arena, "<extra_id_%lld>", (long long)i);
        if (convert_id(conversion, text) < 0) {
            vocabulary_put(list, text, 0);
            convert_add_token(conversion, text, cJSON_GetArraySize(list) - 1, true, false, false);
        }
    }
    return sentence->unk >= 0 && (size_t)sentence->unk < sentence->count ? sentence->unk : -1;
}

static int named_vocabulary(Conversion *conversion, const SentenceModel *sentence, cJSON *list)
{
    const PieceFamily *family = piece_family(conversion);

    if (family != NULL) {
        return family_vocabulary(conversion, sentence, family, list);
    }
    return family_is(conversion, "pegasus") ? pegasus_vocabulary(conversion, sentence, list)
                                            : plain_vocabulary(conversion, sentence, list);
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

bool convert_unigram(Conversion *conversion, const SentenceModel *sentence)
{
    bool fairseq = piece_family(conversion) != NULL;
    cJSON *model = cJSON_AddObjectToObject(conversion->root, "model"), *list;
    int64_t unk;

    cJSON_AddStringToObject(model, "type", "Unigram");
    cJSON_AddBoolToObject(model, "byte_fallback", sentence->byte_fallback);
    list = cJSON_AddArrayToObject(model, "vocab");
    if (json_get(conversion->settings, "added_tokens_decoder") != NULL) {
        settled_vocabulary(conversion, sentence, list);
        unk = convert_id(conversion, convert_special(conversion, "unk_token", "<unk>"));
    } else {
        unk = named_vocabulary(conversion, sentence, list);
    }
    if (unk >= 0) {
        cJSON_AddNumberToObject(model, "unk_id", (double)unk);
    }
    if (!convert_added(conversion)) {
        return false;
    }
    unigram_normalizer(conversion, sentence);
    convert_component(conversion, "pre_tokenizer", splits_words(conversion) ? split_metaspace : metaspace);
    convert_component(conversion, "decoder", metaspace);
    unigram_template(conversion, fairseq);
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
    if (!convert_added(conversion)) {
        return false;
    }
    add_normalizer(conversion, &sentence, "[]", "");
    convert_component(conversion, "pre_tokenizer", metaspace);
    convert_component(conversion, "decoder", metaspace);
    convert_template(conversion, "Ae", "ABe");
    return true;
}
