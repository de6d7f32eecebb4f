/* edit: see edit.h. */
#include "compiler/command/edit.h"

#include <string.h>

#include "runtime/core/json.h"

const char *json_quoted(Arena *arena, const char *text)
{
    size_t length = strlen(text), needed = json_write_string(NULL, 0, text, length);
    char *quoted = ARENA_ARRAY(arena, char, needed + 1);
    json_write_string(quoted, needed, text, length);
    return quoted;
}

const char *json_of_word(Arena *arena, const char *word)
{
    JsonScanner scanner;
    json_scan_begin(&scanner, word, strlen(word));
    bool json = json_next(&scanner) != JSON_ERROR && json_skip(&scanner) && json_next(&scanner) == JSON_END;
    return json ? word : json_quoted(arena, word);
}

/* Where a key's value stands in the text, or where a new one would. */
typedef struct Spot {
    size_t begin, end; /* equal: not there; the key goes here */
    size_t depth;      /* parts of the path that are there already */
    bool empty;        /* the object around has no key yet */
    bool is_object;    /* the value found */
} Spot;

static size_t part_length(const char *path) { return strcspn(path, "."); }

/* The scanner stands on a '{'. Moves it onto the value of the first part of the path; false: the object has no such key. */
static bool find_key(JsonScanner *scanner, const char *part, Spot *spot)
{
    spot->empty = true;
    while (json_next(scanner) == JSON_KEY) {
        bool same = json_is(scanner, part);
        spot->empty = false;
        json_next(scanner);
        if (same) return true;
        json_skip(scanner);
        spot->end = scanner->at;
    }
    return false;
}

/* Goes down as far as the path exists. */
static bool find_spot(Arena *arena, const char *text, const char **path, Spot *spot)
{
    JsonScanner scanner;
    json_scan_begin(&scanner, text, strlen(text));
    if (json_next(&scanner) != JSON_OBJECT) return false;
    for (;;) {
        spot->end = scanner.at;
        if (!find_key(&scanner, arena_copy_text(arena, *path, part_length(*path)), spot)) {
            spot->begin = spot->end;
            return scanner.kind == JSON_OBJECT_END;
        }
        bool last = (*path)[part_length(*path)] == '\0';
        if (!last && scanner.kind != JSON_OBJECT) return false;
        spot->begin = (size_t)(scanner.start - text) - (scanner.kind == JSON_STRING);
        if (last) break;
        *path += part_length(*path) + 1;
        spot->depth++;
    }
    if (!json_skip(&scanner)) return false;
    spot->end = scanner.at;
    return true;
}

/* "a.b" and 1: "a": {"b": 1} */
static const char *nested(Arena *arena, const char *path, const char *value)
{
    size_t length = part_length(path);
    const char *key = json_quoted(arena, arena_copy_text(arena, path, length));
    if (path[length] == '\0') return arena_printf(arena, "%s: %s", key, value);
    return arena_printf(arena, "%s: {%s}", key, nested(arena, path + length + 1, value));
}

const char *json_edit(Arena *arena, const char *text, const char *path, const char *value, bool *added, Err *err)
{
    Spot spot = {0};
    const char *rest = path;
    if (*path == '\0' || !find_spot(arena, text, &rest, &spot)) {
        err_set(err, "cannot set \"%s\": wanted a key of an object, or a path of keys with dots", path);
        return NULL;
    }
    bool absent = spot.begin == spot.end;
    if (added) *added = absent;
    const char *before = spot.empty ? "\n" : ",\n";
    const char *indent = arena_printf(arena, "%*s", (int)(2 * (spot.depth + 1)), "");
    const char *middle = absent ? arena_printf(arena, "%s%s%s%s", before, indent, nested(arena, rest, value), spot.empty ? "\n" : "") : value;
    return arena_printf(arena, "%.*s%s%s", (int)spot.begin, text, middle, text + spot.end);
}
