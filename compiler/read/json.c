#include "compiler/read/json.h"

#include <string.h>

#include "runtime/core/json.h"
#include "runtime/core/json_unit.h"

_Static_assert((int)JSON_MAX_DEPTH == (int)JSON_SCAN_DEPTH, "one depth for all JSON");

enum { CJSON_NUMBER_CHARACTERS = 63 }; /* cJSON copies a number into a buffer of that size */

typedef struct Source {
    const char *file, *text;
    size_t bytes;
    Err *err;
} Source;

static bool refuse(const Source *source, size_t at, const char *why)
{
    size_t line, column;
    json_position(source->text, at, &line, &column);
    return err_set(source->err, "%s: line %zu, column %zu: %s", source->file, line, column, why);
}

/* Whether text outside strings has "Infinity" at that place, where a value may begin. */
static bool is_infinity(const char *text, size_t bytes, size_t at)
{
    static const char word[] = "Infinity";
    if (bytes - at < sizeof word - 1 || memcmp(text + at, word, sizeof word - 1) != 0) return false;
    return at == 0 || strchr(" \t\r\n,:[-", text[at - 1]) != NULL;
}

/* Python's json writes Infinity, and published configs contain it ("time_step_limit": [0.0, Infinity]): a limit that is
 * never reached, so the largest power of ten serves. Same length, so positions in messages stay right. */
static const char *replace_infinity(Arena *arena, const char *text, size_t bytes)
{
    static const char word[] = "Infinity", number[] = "1e308   ";
    bool inside = false;
    char *copy = NULL;
    for (size_t at = 0; at < bytes; at++) {
        if (text[at] == '"')
            inside = !inside;
        else if (inside && text[at] == '\\')
            at++;
        else if (!inside && text[at] == word[0] && is_infinity(text, bytes, at)) {
            if (copy == NULL) copy = arena_copy_text(arena, text, bytes);
            memcpy(copy + at, number, sizeof number - 1);
        }
    }
    return copy != NULL ? copy : text;
}

/* ---- what the scanner lets through and cJSON would change ---- */

/* In the raw text of a string whose escapes are known to be well formed. */
static const char *bad_unicode_escape(const char *text, size_t length)
{
    for (size_t at = 0; at < length; at++) {
        if (text[at] != '\\') continue;
        at++;
        if (text[at] != 'u') continue;
        int32_t unit = hf2c_json_hex_unit(text + at + 1, length - at - 1);
        at += 4;
        if (unit == 0) return "a NUL character in a string";
        if (unit < 0xd800 || unit > 0xdfff) continue;
        bool pair = unit <= 0xdbff && length - at > 6 && text[at + 1] == '\\' && text[at + 2] == 'u';
        int32_t low = pair ? hf2c_json_hex_unit(text + at + 3, length - at - 3) : 0;
        if (low < 0xdc00 || low > 0xdfff) return "half of a surrogate pair in a string";
        at += 6;
    }
    return NULL;
}

static const char *bad_number(const JsonScanner *scanner)
{
    double value;
    if (scanner->length > CJSON_NUMBER_CHARACTERS) return "a number of more than 63 characters";
    bool scaled =
        memchr(scanner->start, 'e', scanner->length) != NULL || memchr(scanner->start, 'E', scanner->length) != NULL;
    return scaled && !json_double(scanner, &value) ? "a number beyond the range of double" : NULL;
}

static bool check_text(const Source *source)
{
    JsonScanner scanner;
    json_scan_begin(&scanner, source->text, source->bytes);
    for (;;) {
        const char *why = NULL;
        switch (json_next(&scanner)) {
        case JSON_ERROR:
            return refuse(source, scanner.error_at, scanner.error);
        case JSON_END:
            return true;
        case JSON_KEY:
        case JSON_STRING:
            why = bad_unicode_escape(scanner.start, scanner.length);
            break;
        case JSON_NUMBER:
            why = bad_number(&scanner);
            break;
        default:
            break;
        }
        if (why != NULL) return refuse(source, (size_t)(scanner.start - source->text), why);
    }
}

/* ---- duplicate keys ---- */

static bool check_object_keys(const Source *source, const cJSON *object)
{
    if (object->child == NULL || object->child->next == NULL) return true;
    Arena *scratch = arena_new();
    Map *seen = map_new(scratch);
    const cJSON *item = object->child;
    for (; item != NULL && map_get(seen, item->string) == NULL; item = item->next)
        map_set(seen, item->string, item->string);
    if (item != NULL)
        err_set(source->err, "%s: the key \"%.100s\" appears twice in one object", source->file, item->string);
    arena_free(scratch);
    return item == NULL;
}

/* Recursion is bounded: the scanner has refused what is deeper than JSON_MAX_DEPTH. */
static bool check_keys(const Source *source, const cJSON *value)
{
    if (cJSON_IsObject(value) && !check_object_keys(source, value)) return false;
    for (const cJSON *item = value->child; item != NULL; item = item->next)
        if (item->child != NULL && !check_keys(source, item)) return false;
    return true;
}

/* ---- reading ---- */

static void delete_tree(void *tree)
{
    cJSON_Delete(tree);
}

cJSON *json_own(Arena *arena, cJSON *tree)
{
    if (tree == NULL) fatal("out of memory: a JSON value");
    arena_on_free(arena, delete_tree, tree);
    return tree;
}

cJSON *json_parse(Arena *arena, const char *file, const char *text, size_t bytes, Err *err)
{
    Source source = {file, replace_infinity(arena, text, bytes), bytes, err};
    if (!check_text(&source)) return NULL;
    const char *end = NULL;
    cJSON *tree = cJSON_ParseWithLengthOpts(source.text, bytes, &end, 0);
    if (tree == NULL) {
        refuse(&source, end != NULL && end >= source.text ? (size_t)(end - source.text) : 0, "cannot be read");
        return NULL;
    }
    json_own(arena, tree);
    return check_keys(&source, tree) ? tree : NULL;
}

cJSON *json_read(Arena *arena, const char *path, size_t limit, Err *err)
{
    FileView view;
    if (!file_read(arena, path, limit, &view, err)) return NULL;
    return json_parse(arena, path, (const char *)view.data, view.size, err);
}
