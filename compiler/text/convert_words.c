/* vocab.txt (BERT and its relatives), vocab.json with merges.txt (GPT-2, RoBERTa, CLIP ...), vocab.json alone (wav2vec2). */
#include <string.h>

#include "compiler/text/convert.h"

enum { FILE_LIMIT = 256 << 20 };

/* Yields the next line without its end; false at the end. */
static bool next_line(const char **at, const char *end, const char **line, size_t *length)
{
    const char *stop;

    if (*at >= end) {
        return false;
    }
    stop = memchr(*at, '\n', (size_t)(end - *at));
    *line = *at;
    *length = (size_t)((stop != NULL ? stop : end) - *at);
    *at = stop != NULL ? stop + 1 : end;
    if (*length > 0 && (*line)[*length - 1] == '\r') {
        (*length)--;
    }
    return true;
}

static bool read_text(Conversion *conversion, const char *path, FileView *view)
{
    if (!file_read(conversion->arena, path, FILE_LIMIT, view, conversion->err)) {
        return false;
    }
    if (hf2c_utf8_valid_bytes(view->data, view->size) != view->size || memchr(view->data, 0, view->size) != NULL) {
        return err_set(conversion->err, "%s: is not UTF-8 text", path);
    }
    return true;
}

/* ---- WordPiece ---- */

static cJSON *read_vocabulary_lines(Conversion *conversion, const char *path)
{
    cJSON *vocabulary = json_own(conversion->arena, cJSON_CreateObject());
    Map *known = map_new(conversion->arena);
    FileView view;
    const char *at, *line;
    size_t length;
    double id = 0;

    if (!read_text(conversion, path, &view)) {
        return NULL;
    }
    at = (const char *)view.data;
    while (next_line(&at, (const char *)view.data + view.size, &line, &length)) {
        const char *text = arena_copy_text(conversion->arena, line, length);
        if (map_get(known, text) == NULL) {
            map_set(known, text, vocabulary);
            cJSON_AddNumberToObject(vocabulary, text, id);
        }
        id++;
    }
    return vocabulary;
}

static void wordpiece_normalizer(Conversion *conversion)
{
    const cJSON *settings = conversion->settings, *strip = json_get(settings, "strip_accents");
    cJSON *item = cJSON_AddObjectToObject(conversion->root, "normalizer");

    cJSON_AddStringToObject(item, "type", "BertNormalizer");
    cJSON_AddBoolToObject(item, "clean_text", true);
    cJSON_AddBoolToObject(item, "handle_chinese_chars", json_flag(settings, "tokenize_chinese_chars", true));
    cJSON_AddBoolToObject(item, "lowercase", json_flag(settings, "do_lower_case", true));
    if (strip != NULL) {
        cJSON_AddBoolToObject(item, "strip_accents", cJSON_IsTrue(strip));
    }
}

bool convert_wordpiece(Conversion *conversion, const char *vocabulary_path)
{
    cJSON *vocabulary = read_vocabulary_lines(conversion, vocabulary_path), *model;
    bool is_mpnet = family_is(conversion, "mpnet");

    if (vocabulary == NULL) {
        return false;
    }
    if (!is_mpnet) { /* electra, distilbert ... are BERT here */
        conversion->family = arena_printf(conversion->arena, "%sbert ", conversion->family);
    }
    wordpiece_normalizer(conversion);
    convert_component(conversion, "pre_tokenizer", "{\"type\":\"BertPreTokenizer\"}");
    convert_component(conversion, "decoder", "{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true}");
    model = cJSON_AddObjectToObject(conversion->root, "model");
    cJSON_AddStringToObject(model, "type", "WordPiece");
    cJSON_AddStringToObject(model, "unk_token", convert_special(conversion, "unk_token", "[UNK]"));
    cJSON_AddItemReferenceToObject(model, "vocab", vocabulary);
    if (!convert_added(conversion)) {
        return false;
    }
    convert_template(conversion, "cAs", is_mpnet ? "cAssBs" : "cAsB1s1");
    return true;
}

/* ---- byte-level BPE ---- */

static cJSON *read_merges(Conversion *conversion, const char *path)
{
    cJSON *merges = json_own(conversion->arena, cJSON_CreateArray());
    FileView view;
    const char *at, *line;
    size_t length;

    if (!read_text(conversion, path, &view)) {
        return NULL;
    }
    at = (const char *)view.data;
    while (next_line(&at, (const char *)view.data + view.size, &line, &length)) {
        bool is_header = length >= 9 && memcmp(line, "#version:", 9) == 0;
        if (length > 0 && !is_header) {
            cJSON_AddItemToArray(merges, cJSON_CreateString(arena_copy_text(conversion->arena, line, length)));
        }
    }
    return merges;
}

static void clip_parts(Conversion *conversion, cJSON *model)
{
    cJSON_AddStringToObject(model, "end_of_word_suffix", "</w>");
    convert_component(conversion, "normalizer",
                      "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFC\"},{\"type\":\"Replace\",\"pattern\":"
                      "{\"Regex\":\"\\\\s+\"},\"content\":\" \"},{\"type\":\"Lowercase\"}]}");
    convert_component(conversion, "pre_tokenizer",
                      "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{\"Regex\":"
                      "\"'s|'t|'re|'ve|'m|'ll|'d|[\\\\p{L}]+|[\\\\p{N}]|[^\\\\s\\\\p{L}\\\\p{N}]+\"},\"behavior\":\"Removed\","
                      "\"invert\":true},{\"type\":\"ByteLevel\",\"add_prefix_space\":false}]}");
    convert_template(conversion, "bAe", "bAeeBe");
}

/* <|startoftranscript|> and, when no language is set, <|notimestamps|>. */
static void whisper_template(Conversion *conversion)
{
    convert_template(conversion, "toAe", "toABe");
}

static void gpt2_parts(Conversion *conversion)
{
    bool prefix = json_flag(conversion->settings, "add_prefix_space", false);
    bool roberta = family_is(conversion, "roberta") || family_is(conversion, "bart") || family_is(conversion, "longformer");

    convert_component(conversion, "pre_tokenizer", prefix ? "{\"type\":\"ByteLevel\",\"add_prefix_space\":true}"
                                                          : "{\"type\":\"ByteLevel\",\"add_prefix_space\":false}");
    if (roberta) {
        const char *begin = convert_special(conversion, "cls_token", "<s>"), *end = convert_special(conversion, "sep_token", "</s>");
        cJSON *processor = cJSON_AddObjectToObject(conversion->root, "post_processor"), *pair;
        cJSON_AddStringToObject(processor, "type", "RobertaProcessing");
        cJSON_AddBoolToObject(processor, "trim_offsets", true);
        cJSON_AddBoolToObject(processor, "add_prefix_space", prefix);
        pair = cJSON_AddArrayToObject(processor, "cls");
        cJSON_AddItemToArray(pair, cJSON_CreateString(begin));
        cJSON_AddItemToArray(pair, cJSON_CreateNumber((double)convert_id(conversion, begin)));
        pair = cJSON_AddArrayToObject(processor, "sep");
        cJSON_AddItemToArray(pair, cJSON_CreateString(end));
        cJSON_AddItemToArray(pair, cJSON_CreateNumber((double)convert_id(conversion, end)));
    } else if (family_is(conversion, "whisper")) {
        whisper_template(conversion);
    } else if (json_flag(conversion->settings, "add_bos_token", family_is(conversion, "opt"))) {
        convert_template(conversion, "bA", "bAbB");
    } else if (family_is(conversion, "deberta")) {
        convert_template(conversion, "cAs", "cAsB1s1");
    } else {
        convert_component(conversion, "post_processor", "{\"type\":\"ByteLevel\",\"trim_offsets\":false}");
    }
}

bool convert_byte_level(Conversion *conversion, const char *vocabulary_path, const char *merges_path)
{
    cJSON *vocabulary = json_read(conversion->arena, vocabulary_path, FILE_LIMIT, conversion->err), *merges, *model;

    merges = vocabulary != NULL ? read_merges(conversion, merges_path) : NULL;
    if (merges == NULL) {
        return false;
    }
    model = cJSON_AddObjectToObject(conversion->root, "model");
    cJSON_AddStringToObject(model, "type", "BPE");
    cJSON_AddItemReferenceToObject(model, "vocab", vocabulary);
    cJSON_AddItemReferenceToObject(model, "merges", merges);
    if (family_is(conversion, "clip")) {
        cJSON_AddStringToObject(model, "unk_token", convert_special(conversion, "unk_token", "<|endoftext|>"));
    }
    convert_component(conversion, "decoder", "{\"type\":\"ByteLevel\"}");
    if (!convert_added(conversion)) {
        return false;
    }
    if (family_is(conversion, "clip")) {
        clip_parts(conversion, model);
    } else if (!family_byte_level(conversion, model)) {
        gpt2_parts(conversion);
    }
    return true;
}

/* ---- characters ---- */

/* A vocabulary of characters, for connectionist temporal classification. */
bool convert_characters(Conversion *conversion, const char *vocabulary_path)
{
    cJSON *vocabulary = json_read(conversion->arena, vocabulary_path, FILE_LIMIT, conversion->err), *model, *item;
    const char *delimiter = convert_special(conversion, "word_delimiter_token", "|");

    if (vocabulary == NULL) {
        return false;
    }
    model = cJSON_AddObjectToObject(conversion->root, "model");
    cJSON_AddStringToObject(model, "type", "WordLevel");
    cJSON_AddStringToObject(model, "unk_token", convert_special(conversion, "unk_token", "<unk>"));
    cJSON_AddItemReferenceToObject(model, "vocab", vocabulary);
    convert_component(conversion, "normalizer", "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\"}");
    item = cJSON_GetObjectItemCaseSensitive(conversion->root, "normalizer");
    cJSON_ReplaceItemInObjectCaseSensitive(item, "content", cJSON_CreateString(delimiter));
    convert_component(conversion, "pre_tokenizer", "{\"type\":\"FixedLength\",\"length\":1}");
    item = cJSON_AddObjectToObject(conversion->root, "decoder");
    cJSON_AddStringToObject(item, "type", "CTC");
    cJSON_AddStringToObject(item, "pad_token", convert_special(conversion, "pad_token", "<pad>"));
    cJSON_AddStringToObject(item, "word_delimiter_token", delimiter);
    cJSON_AddBoolToObject(item, "cleanup", true);
    return convert_added(conversion);
}
