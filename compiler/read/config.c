#include "compiler/read/config.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* ---- finding ---- */

enum { KEY_LIMIT = 128 };

/* One spelling, from begin to end, whose dots descend. NULL when absent or null. */
static const cJSON *find_path(const cJSON *object, const char *begin, const char *end)
{
    char key[KEY_LIMIT];
    while (cJSON_IsObject(object)) {
        const char *dot = memchr(begin, '.', (size_t)(end - begin));
        size_t length = (size_t)((dot != NULL ? dot : end) - begin);
        if (length >= sizeof key) bug("configuration key %s is too long", begin);
        memcpy(key, begin, length);
        key[length] = '\0';
        object = cJSON_GetObjectItemCaseSensitive(object, key);
        if (dot == NULL) return cJSON_IsNull(object) ? NULL : object;
        begin = dot + 1;
    }
    return NULL;
}

/* The first spelling that is there; *begin and *length then say which. */
static const cJSON *find_first(const Config *config, const char *keys, const char **begin, size_t *length)
{
    for (const char *at = keys;; at++) {
        size_t span = strcspn(at, "|");
        const cJSON *item = find_path(config->root, at, at + span);
        if (item != NULL || at[span] == '\0') {
            *begin = item != NULL ? at : keys;
            *length = item != NULL ? span : strcspn(keys, "|");
            return item;
        }
        at += span;
    }
}

const cJSON *config_item(const Config *config, const char *keys)
{
    const char *begin;
    size_t length;
    return find_first(config, keys, &begin, &length);
}

bool config_has(const Config *config, const char *keys)
{
    return config_item(config, keys) != NULL;
}

/* ---- messages ---- */

/* cJSON holds numbers as double: beyond 2^53 it could not say which integer was written. */
static bool whole_number(const cJSON *item, int64_t minimum, int64_t maximum, int64_t *value)
{
    const double exact = 9007199254740992.0;
    if (!cJSON_IsNumber(item)) return false;
    double number = item->valuedouble;
    if (!(number >= -exact && number <= exact) || number != floor(number)) return false;
    *value = (int64_t)number;
    return *value >= minimum && *value <= maximum;
}

/* A value in one short line, for messages. */
static const char *shown(const Config *config, const cJSON *item)
{
    int64_t whole;
    if (whole_number(item, INT64_MIN, INT64_MAX, &whole)) return arena_printf(config->arena, "%" PRId64, whole);
    if (cJSON_IsNumber(item)) return text_of_double(config->arena, item->valuedouble);
    if (cJSON_IsString(item)) return arena_printf(config->arena, "\"%.60s\"", item->valuestring);
    if (cJSON_IsBool(item)) return cJSON_IsTrue(item) ? "true" : "false";
    return cJSON_IsArray(item) ? "a list" : cJSON_IsObject(item) ? "an object" : "null";
}

static void say_wanted(const Config *config, const char *keys, const cJSON *item, const char *wanted)
{
    const char *begin;
    size_t length;
    find_first(config, keys, &begin, &length);
    err_set(config->err, "%s: %.*s: found %s, wanted %s", config->file, (int)length, begin, shown(config, item),
            wanted);
}

static void say_missing(const Config *config, const char *keys, const char *wanted)
{
    Str names = {0};
    for (const char *at = keys; *at != '\0'; at++) str_add(&names, *at == '|' ? " or " : at, *at == '|' ? 4 : 1);
    err_set(config->err, "%s: %s: missing, wanted %s", config->file, names.data, wanted);
    str_free(&names);
}

void config_refuse(const Config *config, const char *keys, const char *found, const char *known)
{
    const char *begin;
    size_t length;
    find_first(config, keys, &begin, &length);
    err_set(config->err, "%s: %.*s: found %s, which is not implemented; known: %s", config->file, (int)length, begin, found, known);
}

/* ---- numbers ---- */

static const char *range_text(const Config *config, int64_t minimum, int64_t maximum)
{
    return arena_printf(config->arena, "an integer in %" PRId64 "..%" PRId64, minimum, maximum);
}

int64_t config_int(const Config *config, const char *keys, int64_t minimum, int64_t maximum)
{
    if (config_has(config, keys)) return config_int_or(config, keys, minimum, maximum, minimum);
    say_missing(config, keys, range_text(config, minimum, maximum));
    return minimum;
}

int64_t config_int_or(const Config *config, const char *keys, int64_t minimum, int64_t maximum, int64_t otherwise)
{
    const cJSON *item = config_item(config, keys);
    int64_t value;
    if (item == NULL) return otherwise;
    if (whole_number(item, minimum, maximum, &value)) return value;
    say_wanted(config, keys, item, range_text(config, minimum, maximum));
    return otherwise;
}

double config_float_or(const Config *config, const char *keys, double minimum, double maximum, double otherwise)
{
    const cJSON *item = config_item(config, keys);
    if (item == NULL) return otherwise;
    if (cJSON_IsNumber(item) && item->valuedouble >= minimum && item->valuedouble <= maximum) return item->valuedouble;
    const char *low = text_of_double(config->arena, minimum), *high = text_of_double(config->arena, maximum);
    say_wanted(config, keys, item, arena_printf(config->arena, "a number in %s..%s", low, high));
    return otherwise;
}

size_t config_ints(const Config *config, const char *keys, int64_t minimum, int64_t maximum, int64_t *values,
                   size_t capacity)
{
    const cJSON *item = config_item(config, keys);
    if (item == NULL) return 0;
    size_t count = 0;
    const cJSON *one = cJSON_IsArray(item) ? item->child : item;
    for (; one != NULL; one = cJSON_IsArray(item) ? one->next : NULL) {
        if (count == capacity) {
            say_wanted(config, keys, item, arena_printf(config->arena, "at most %zu integers", capacity));
            return 0;
        }
        if (!whole_number(one, minimum, maximum, &values[count++])) {
            say_wanted(config, keys, one, range_text(config, minimum, maximum));
            return 0;
        }
    }
    return count;
}

/* ---- other kinds ---- */

bool config_bool_or(const Config *config, const char *keys, bool otherwise)
{
    const cJSON *item = config_item(config, keys);
    if (item == NULL) return otherwise;
    if (cJSON_IsBool(item)) return cJSON_IsTrue(item);
    say_wanted(config, keys, item, "true or false");
    return otherwise;
}

const char *config_text_or(const Config *config, const char *keys, const char *otherwise)
{
    const cJSON *item = config_item(config, keys);
    if (item == NULL) return otherwise;
    if (cJSON_IsString(item)) return item->valuestring;
    say_wanted(config, keys, item, "a text");
    return otherwise;
}

Config config_object(const Config *config, const char *keys)
{
    Config inside = *config;
    const char *begin;
    size_t length;
    const cJSON *item = find_first(config, keys, &begin, &length);
    inside.file = arena_printf(config->arena, "%s: %.*s", config->file, (int)length, begin);
    if (cJSON_IsObject(item)) {
        inside.root = item;
        return inside;
    }
    if (item != NULL) say_wanted(config, keys, item, "an object");
    inside.root = json_own(config->arena, cJSON_CreateObject());
    return inside;
}
