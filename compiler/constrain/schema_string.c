/* schema_string: strings, by length, pattern or format. */
#include "compiler/constrain/schema.h"

#include <stdio.h>
#include <string.h>

#include "runtime/core/json.h"

CharSet schema_any_code(Arena *arena)
{
    CharSet set = {0};
    charset_add(arena, &set, 1, CODE_LIMIT - 1);
    charset_finish(&set);
    return set;
}

/* One way to write each character: as it is, or with the shortest escape. */
void schema_codes(Nfa *nfa, int from, int to, const CharSet *set)
{
    CharSet plain = {0};
    charset_add(nfa->arena, &plain, 0x20, '"' - 1);
    charset_add(nfa->arena, &plain, '"' + 1, '\\' - 1);
    charset_add(nfa->arena, &plain, '\\' + 1, CODE_LIMIT - 1);
    charset_finish(&plain);
    plain = charset_and(nfa->arena, &plain, set);
    nfa_codes(nfa, from, to, &plain);
    for (uint32_t code = 1; code <= '\\'; code++) {
        char escaped[16], text[1] = {(char)code};
        if ((code >= 0x20 && code != '"' && code != '\\') || !charset_has(set, code)) continue;
        size_t length = json_write_string(escaped, sizeof escaped, text, 1);
        nfa_skip(nfa, nfa_text(nfa, from, escaped + 1, length - 2), to);
    }
}

int schema_quoted(Schema *schema, const char *text, int from)
{
    size_t bytes = strlen(text), capacity = 6 * bytes + 2;
    char *quoted = arena_alloc(schema->arena, capacity);
    return nfa_text(schema->nfa, from, quoted, json_write_string(quoted, capacity, text, bytes));
}

static int add_by_length(Schema *schema, const cJSON *node, const char *path, int from)
{
    Nfa *nfa = schema->nfa;
    CharSet any = schema_any_code(schema->arena);
    int64_t minimum = schema_count(schema, node, path, "minLength", 0), maximum = schema_count(schema, node, path, "maxLength", INT64_MAX);
    int to = nfa_state(nfa), at = from;
    if (minimum < 0 || maximum < 0) return -1;
    for (int64_t i = 0; i < (maximum == INT64_MAX ? minimum : maximum) && !nfa->too_large; i++) {
        if (i >= minimum) nfa_skip(nfa, at, to);
        int next = nfa_state(nfa);
        schema_codes(nfa, at, next, &any);
        at = next;
    }
    if (maximum == INT64_MAX) {
        int again = nfa_state(nfa);
        nfa_skip(nfa, at, again);
        schema_codes(nfa, again, again, &any);
        at = again;
    }
    if (minimum <= maximum) nfa_skip(nfa, at, to);
    return to;
}

/* Formats as patterns; each gives some of the valid values. */
static const char *pattern_of_format(const char *format)
{
#define DATE "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
#define TIME "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    static const struct {
        const char *format, *pattern;
    } known[] = {{"date", "^" DATE "$"}, {"time", "^" TIME "Z$"}, {"date-time", "^" DATE "T" TIME "Z$"},
                 {"uuid", "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"}};
#undef DATE
#undef TIME
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strcmp(known[i].format, format) == 0) return known[i].pattern;
    return NULL;
}

int schema_string(Schema *schema, const cJSON *node, const char *path, int from)
{
    const cJSON *pattern = cJSON_GetObjectItemCaseSensitive(node, "pattern"), *format = cJSON_GetObjectItemCaseSensitive(node, "format");
    bool length = cJSON_HasObjectItem(node, "minLength") || cJSON_HasObjectItem(node, "maxLength");
    const char *text = cJSON_IsString(pattern) ? pattern->valuestring : cJSON_IsString(format) ? pattern_of_format(format->valuestring) : NULL;
    int begin = nfa_text(schema->nfa, from, "\"", 1);
    if (pattern && !text) return schema_refuse(schema, path, "pattern: wanted a text");
    if (format && !text) return schema_refuse(schema, path, "format: supported are date, time, date-time, uuid");
    if (text && (length || (pattern && format))) return schema_refuse(schema, path, "only one of pattern, format and a length is supported");
    int end = text ? schema_pattern(schema, text, path, begin) : add_by_length(schema, node, path, begin);
    return end < 0 ? -1 : nfa_text(schema->nfa, end, "\"", 1);
}
