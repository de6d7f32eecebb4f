/* What json_parse() accepts is what the strict scanner reads; what it refuses beyond that has one of the named reasons.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/read/json.h"
#include "runtime/core/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool condition, const char *what)
{
    if (condition) return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

static bool same_text(const JsonScanner *scanner, const char *text)
{
    return text != NULL && json_is(scanner, text);
}

/* Compares the value that begins at the scanner's current token with the tree; depth is limited by the scanner. */
static void compare(JsonScanner *scanner, const cJSON *item)
{
    double value;
    demand(item != NULL, "the tree has as many values");
    switch (scanner->kind) {
    case JSON_OBJECT:
    case JSON_ARRAY: {
        bool object = scanner->kind == JSON_OBJECT;
        demand(object ? cJSON_IsObject(item) : cJSON_IsArray(item), "same kind of nest");
        const cJSON *child = item->child;
        while (json_next(scanner) != (object ? JSON_OBJECT_END : JSON_ARRAY_END)) {
            demand(child != NULL, "the tree has as many children");
            if (object) {
                demand(scanner->kind == JSON_KEY && same_text(scanner, child->string), "same key");
                json_next(scanner);
            }
            compare(scanner, child);
            child = child->next;
        }
        demand(child == NULL, "the tree has no more children");
        break;
    }
    case JSON_STRING:
        demand(cJSON_IsString(item) && same_text(scanner, item->valuestring), "same string");
        break;
    case JSON_NUMBER:
        demand(cJSON_IsNumber(item) && json_double(scanner, &value) && value == item->valuedouble, "same number");
        break;
    case JSON_TRUE:
        demand(cJSON_IsTrue(item), "same true");
        break;
    case JSON_FALSE:
        demand(cJSON_IsFalse(item), "same false");
        break;
    case JSON_NULL:
        demand(cJSON_IsNull(item), "same null");
        break;
    default:
        demand(false, "a token that begins a value");
    }
}

static bool is_strict(const uint8_t *data, size_t size)
{
    JsonScanner scanner;
    JsonKind kind;
    json_scan_begin(&scanner, (const char *)data, size);
    do kind = json_next(&scanner);
    while (kind != JSON_END && kind != JSON_ERROR);
    return kind == JSON_END;
}

static bool has_infinity(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i + 8 <= size; i++)
        if (memcmp(data + i, "Infinity", 8) == 0) return true;
    return false;
}

static bool is_named_reason(const char *text)
{
    static const char *const reasons[] = {"NUL", "surrogate", "twice", "63 characters", "beyond"};
    for (size_t i = 0; i < COUNT_OF(reasons); i++)
        if (strstr(text, reasons[i]) != NULL) return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Err err = {{0}};
    Arena *arena = arena_new();
    bool strict = is_strict(data, size);
    const cJSON *root = json_parse(arena, "input", (const char *)data, size, &err);
    demand((root == NULL) == (err.text[0] != '\0'), "an error exactly on refusal");
    if (root != NULL && !strict) demand(has_infinity(data, size), "only Infinity is accepted beyond the grammar");
    if (root == NULL && strict) demand(is_named_reason(err.text) || has_infinity(data, size), "a named reason");
    if (root != NULL && strict) {
        JsonScanner scanner;
        json_scan_begin(&scanner, (const char *)data, size);
        json_next(&scanner);
        compare(&scanner, root);
    }
    arena_free(arena);
    return 0;
}
