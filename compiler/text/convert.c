/* Folders without tokenizer.json: what the files are says which kind of tokenizer they belong to; tokenizer_class and model_type
 * choose among the relatives. */
#include "compiler/text/convert.h"

#include <string.h>

enum { FILE_LIMIT = 256 << 20 };

void convert_component(Conversion *conversion, const char *key, const char *json)
{
    cJSON *item = cJSON_Parse(json);

    if (item == NULL) {
        bug("the component %s is not JSON", key);
    }
    cJSON_AddItemToObject(conversion->root, key, item);
}

const char *convert_special(const Conversion *conversion, const char *key, const char *otherwise)
{
    const cJSON *item = json_get(conversion->settings, key);

    if (item == NULL) {
        item = json_get(conversion->map, key);
    }
    if (item == NULL && json_get(conversion->settings, "added_tokens_decoder") == NULL && family_special(conversion, key) != NULL) {
        return family_special(conversion, key);
    }
    return cJSON_IsString(item) ? item->valuestring : json_text(item, "content", otherwise);
}

static int64_t find_added(const Conversion *conversion, const char *token)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, json_get(conversion->root, "added_tokens")) {
        if (strcmp(json_text(item, "content", ""), token) == 0) {
            return json_whole(json_get(item, "id"), 0, TOKEN_IDS_MAX, -1);
        }
    }
    return -1;
}

int64_t convert_id(const Conversion *conversion, const char *token)
{
    const cJSON *vocabulary = json_get(json_get(conversion->root, "model"), "vocab"), *item;
    int64_t id = 0;

    if (!cJSON_IsArray(vocabulary)) {
        id = json_whole(json_get(vocabulary, token), 0, TOKEN_IDS_MAX, -1);
        return id >= 0 ? id : find_added(conversion, token);
    }
    cJSON_ArrayForEach(item, vocabulary) {
        if (strcmp(cJSON_GetArrayItem(item, 0)->valuestring, token) == 0) {
            return id;
        }
        id++;
    }
    return find_added(conversion, token);
}

void convert_add_token(Conversion *conversion, const char *content, int64_t id, bool special, bool left, bool right)
{
    cJSON *list = cJSON_GetObjectItemCaseSensitive(conversion->root, "added_tokens"), *item;

    if (list == NULL) {
        list = cJSON_AddArrayToObject(conversion->root, "added_tokens");
    }
    if (content == NULL || id < 0 || find_added(conversion, content) >= 0) {
        return;
    }
    item = cJSON_CreateObject();
    cJSON_AddNumberToObject(item, "id", (double)id);
    cJSON_AddStringToObject(item, "content", content);
    cJSON_AddBoolToObject(item, "special", special);
    cJSON_AddBoolToObject(item, "lstrip", left);
    cJSON_AddBoolToObject(item, "rstrip", right);
    cJSON_AddBoolToObject(item, "normalized", false);
    cJSON_AddItemToArray(list, item);
}

/* The id behind the model's tokens and those that were added. */
static int64_t following_id(const Conversion *conversion)
{
    int64_t id = cJSON_GetArraySize(json_get(json_get(conversion->root, "model"), "vocab"));
    const cJSON *item;

    cJSON_ArrayForEach(item, json_get(conversion->root, "added_tokens")) {
        int64_t added = json_whole(json_get(item, "id"), 0, TOKEN_IDS_MAX, -1);
        id = added >= id ? added + 1 : id;
    }
    return id;
}

/* Tokens of added_tokens.json in the order of their ids. */
static bool add_listed(Conversion *conversion)
{
    const char *path = model_file(conversion->model, "added_tokens.json"), *next;
    const cJSON *list = path != NULL ? json_read(conversion->arena, path, FILE_LIMIT, conversion->err) : NULL, *item;
    int64_t last = -1, id;

    if (path != NULL && !cJSON_IsObject(list)) {
        return list == NULL ? false : err_set(conversion->err, "added_tokens.json: found no object, wanted ids by token");
    }
    do {
        next = NULL;
        id = TOKEN_IDS_MAX;
        cJSON_ArrayForEach(item, list) {
            int64_t here = json_whole(item, 0, TOKEN_IDS_MAX - 1, -1);
            if (here > last && here < id) {
                id = here;
                next = item->string;
            }
        }
        last = id;
        if (next != NULL && convert_id(conversion, next) < 0) {
            convert_add_token(conversion, next, id, false, false, false);
        }
    } while (next != NULL);
    return true;
}

bool convert_added(Conversion *conversion)
{
    static const char *const keys[] = {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"};
    const cJSON *item;

    cJSON_ArrayForEach(item, json_get(conversion->settings, "added_tokens_decoder")) {
        int64_t id = 0;
        for (const char *digit = item->string; *digit >= '0' && *digit <= '9' && id < TOKEN_IDS_MAX; digit++) {
            id = id * 10 + (*digit - '0');
        }
        convert_add_token(conversion, json_text(item, "content", NULL), id, json_flag(item, "special", false),
                          json_flag(item, "lstrip", false), json_flag(item, "rstrip", false));
    }
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        const char *content = convert_special(conversion, keys[i], NULL);
        bool is_mask = strcmp(keys[i], "mask_token") == 0 && (family_is(conversion, "albert") || !family_is(conversion, "bert "));
        int64_t id = content != NULL ? convert_id(conversion, content) : -1;
        if (content != NULL) {
            convert_add_token(conversion, content, id >= 0 ? id : following_id(conversion), true, is_mask, false);
        }
    }
    return add_listed(conversion);
}

/* ---- templates ---- */

static const char *letter_token(const Conversion *conversion, char letter)
{
    switch (letter) {
    case 'c':
        return convert_special(conversion, "cls_token", family_is(conversion, "bert ") ? "[CLS]" : "<s>");
    case 's':
        return convert_special(conversion, "sep_token", family_is(conversion, "bert ") ? "[SEP]" : "</s>");
    case 'l':
        return convert_special(conversion, "src_lang", family_is(conversion, "mbart") ? "en_XX" : "eng_Latn");
    case 't':
        return "<|startoftranscript|>";
    case 'o':
        return "<|notimestamps|>";
    case 'b':
        return convert_special(conversion, "bos_token", "<s>");
    default:
        return convert_special(conversion, "eos_token", "</s>");
    }
}

static cJSON *template_list(Conversion *conversion, const char *pattern, cJSON *specials)
{
    cJSON *list = cJSON_CreateArray();

    for (; *pattern != 0; pattern++) {
        bool is_text = *pattern == 'A' || *pattern == 'B';
        const char *name = is_text ? arena_copy_text(conversion->arena, pattern, 1) : letter_token(conversion, *pattern);
        int64_t id = is_text ? 0 : convert_id(conversion, name);
        cJSON *piece = cJSON_CreateObject(), *body = cJSON_AddObjectToObject(piece, is_text ? "Sequence" : "SpecialToken");
        cJSON_AddStringToObject(body, "id", name);
        cJSON_AddNumberToObject(body, "type_id", pattern[1] == '1' ? 1 : 0);
        pattern += pattern[1] == '1';
        if (id < 0) {
            cJSON_Delete(piece);
            continue;
        }
        cJSON_AddItemToArray(list, piece);
        if (!is_text && json_get(specials, name) == NULL) {
            cJSON_AddItemToArray(cJSON_AddArrayToObject(cJSON_AddObjectToObject(specials, name), "ids"),
                                 cJSON_CreateNumber((double)id));
        }
    }
    return list;
}

void convert_template(Conversion *conversion, const char *single, const char *pair)
{
    cJSON *processor = cJSON_CreateObject(), *specials = cJSON_CreateObject();

    cJSON_AddStringToObject(processor, "type", "TemplateProcessing");
    cJSON_AddItemToObject(processor, "single", template_list(conversion, single, specials));
    cJSON_AddItemToObject(processor, "pair", template_list(conversion, pair, specials));
    cJSON_AddItemToObject(processor, "special_tokens", specials);
    cJSON_AddItemToObject(conversion->root, "post_processor", processor);
}

/* ---- which files there are ---- */

static const char *lower_case(Arena *arena, const char *text)
{
    char *copy = arena_copy_text(arena, text, strlen(text));

    for (char *c = copy; *c != 0; c++) {
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
    }
    return copy;
}

static bool convert_kind(Conversion *conversion, const char **file)
{
    static const char *const models[] = {"tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "spm.model"};
    const Model *model = conversion->model;
    const char *words = model_file(model, "vocab.txt"), *vocabulary = model_file(model, "vocab.json");
    const char *merges = model_file(model, "merges.txt"), *source = model_file(model, "source.spm");

    for (size_t i = 0; i < COUNT_OF(models); i++) {
        const char *path = model_file(model, models[i]);
        if (path != NULL) {
            *file = models[i];
            return convert_sentencepiece(conversion, path);
        }
    }
    *file = words != NULL ? "vocab.txt" : "vocab.json";
    if (words != NULL) {
        return convert_wordpiece(conversion, words);
    }
    if (vocabulary != NULL && source != NULL) {
        return convert_marian(conversion, vocabulary, source);
    }
    if (vocabulary != NULL) {
        return merges != NULL ? convert_byte_level(conversion, vocabulary, merges) : convert_characters(conversion, vocabulary);
    }
    return false;
}

static bool convert_files(Conversion *conversion, const char **file)
{
    if (!convert_kind(conversion, file)) {
        return false;
    }
    family_name_specials(conversion);
    return true;
}

const cJSON *convert_folder(Arena *arena, const Model *model, const char **file, Err *err)
{
    Conversion conversion = {.arena = arena, .model = model, .err = err};
    const char *path = model_file(model, "tokenizer_config.json"), *map = model_file(model, "special_tokens_map.json");

    if (map != NULL && (conversion.map = json_read(arena, map, FILE_LIMIT, err)) == NULL) {
        return NULL;
    }
    if (path != NULL && (conversion.settings = json_read(arena, path, FILE_LIMIT, err)) == NULL) {
        return NULL;
    }
    conversion.family = lower_case(arena, arena_printf(arena, "%s %s ", json_text(conversion.settings, "tokenizer_class", ""),
                                                       json_text(model->config.root, "model_type", "")));
    conversion.root = json_own(arena, cJSON_CreateObject());
    return convert_files(&conversion, file) ? conversion.root : NULL;
}
