/* schema: from a JSON schema to an automaton over the texts of its values. */
#include "compiler/constrain/schema.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int schema_refuse(Schema *schema, const char *path, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    err_set(schema->err, "%s: %s: %s", schema->name, path, text);
    return -1;
}

int64_t schema_count(Schema *schema, const cJSON *node, const char *path, const char *keyword, int64_t otherwise)
{
    enum { MOST = 10000 };
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(node, keyword);
    if (!item) return otherwise;
    bool good = cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble <= MOST && floor(item->valuedouble) == item->valuedouble;
    return good ? (int64_t)item->valuedouble : schema_refuse(schema, path, "%s: wanted a whole number from 0 to %d", keyword, MOST);
}

/* ---- keywords ---- */

/* What says nothing about values is passed over. */
static bool is_annotation(const char *keyword)
{
    static const char *const names[] = {"title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly",
                                        "$schema", "$id", "$comment", "$anchor", "$defs", "definitions"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(names[i], keyword) == 0) return true;
    return false;
}

/* Keywords and the type that each is about; 0: about all. */
static const struct Keyword {
    const char *name;
    int type;
} keywords[] = {
    {"type", 0}, {"enum", 0}, {"const", 0}, {"anyOf", 0}, {"oneOf", 0}, {"allOf", 0}, {"$ref", 0},
    {"properties", TYPE_OBJECT}, {"required", TYPE_OBJECT}, {"additionalProperties", TYPE_OBJECT},
    {"items", TYPE_ARRAY}, {"minItems", TYPE_ARRAY}, {"maxItems", TYPE_ARRAY},
    {"pattern", TYPE_STRING}, {"format", TYPE_STRING}, {"minLength", TYPE_STRING}, {"maxLength", TYPE_STRING},
    {"minimum", TYPE_NUMBER}, {"maximum", TYPE_NUMBER}, {"exclusiveMinimum", TYPE_NUMBER}, {"exclusiveMaximum", TYPE_NUMBER},
};

static const struct Keyword *keyword_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(keywords); i++)
        if (strcmp(keywords[i].name, name) == 0) return &keywords[i];
    return NULL;
}

static bool check_keywords(Schema *schema, const cJSON *node, const char *path)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, node)
    {
        if (is_annotation(item->string) || keyword_find(item->string)) continue;
        schema_refuse(schema, path, "the keyword \"%s\" is not supported", item->string);
        return false;
    }
    return true;
}

/* The keyword decides alone: another one beside it would have to hold too. */
static bool stands_alone(Schema *schema, const cJSON *node, const char *keyword, const char *allowed, const char *path)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, node)
    {
        if (is_annotation(item->string) || strcmp(item->string, keyword) == 0 || strcmp(item->string, allowed) == 0) continue;
        schema_refuse(schema, path, "the keyword \"%s\" beside \"%s\" is not supported", item->string, keyword);
        return false;
    }
    return true;
}

/* ---- types ---- */

static int type_of_name(const char *name)
{
    static const struct {
        const char *name;
        int type;
    } types[] = {{"null", TYPE_NULL}, {"boolean", TYPE_BOOLEAN}, {"object", TYPE_OBJECT}, {"array", TYPE_ARRAY},
                 {"number", TYPE_NUMBER}, {"string", TYPE_STRING}, {"integer", TYPE_INTEGER}};
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (strcmp(types[i].name, name) == 0) return types[i].type;
    return 0;
}

int schema_types(Schema *schema, const cJSON *node, const char *path, int otherwise)
{
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(node, "type"), *one;
    int types = 0;
    if (!type) return otherwise;
    if (cJSON_IsString(type)) types = type_of_name(type->valuestring);
    for (one = cJSON_IsArray(type) ? type->child : NULL; one; one = one->next) {
        int found = cJSON_IsString(one) ? type_of_name(one->valuestring) : 0;
        types = found && (one == type->child || types) ? types | found : 0;
    }
    if (!types) schema_refuse(schema, path, "type: wanted null, boolean, object, array, number, string, integer, or a list of these");
    return types;
}

static int type_of_value(const cJSON *value)
{
    if (cJSON_IsNull(value)) return TYPE_NULL;
    if (cJSON_IsBool(value)) return TYPE_BOOLEAN;
    if (cJSON_IsObject(value)) return TYPE_OBJECT;
    if (cJSON_IsArray(value)) return TYPE_ARRAY;
    if (cJSON_IsString(value)) return TYPE_STRING;
    return floor(value->valuedouble) == value->valuedouble ? TYPE_NUMBER | TYPE_INTEGER : TYPE_NUMBER;
}

int schema_written_types(Schema *schema, const cJSON *node, const char *path)
{
    const cJSON *item;
    int about = 0;
    cJSON_ArrayForEach(item, node)
    {
        const struct Keyword *keyword = keyword_find(item->string);
        if (keyword) about |= keyword->type;
    }
    return schema_types(schema, node, path, about ? about : TYPE_ANY);
}

/* ---- values that are listed ---- */

/* A value as text. Numbers must be ones that a double holds exactly. */
static int add_constant(Schema *schema, const cJSON *value, const char *path, int from)
{
    if (cJSON_IsNumber(value) && fabs(value->valuedouble) > 9007199254740992.0)
        return schema_refuse(schema, path, "a number beyond 2^53 is not supported");
    char *text = cJSON_PrintUnformatted(value);
    if (!text) fatal("out of memory");
    int to = nfa_text(schema->nfa, from, text, strlen(text));
    free(text);
    return to;
}

static int add_listed(Schema *schema, const cJSON *node, const char *path, int from)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(node, "enum"), *one = cJSON_GetObjectItemCaseSensitive(node, "const");
    const char *keyword = list ? "enum" : "const";
    int types = schema_types(schema, node, path, TYPE_ANY), to = nfa_state(schema->nfa);
    if (!types || !stands_alone(schema, node, keyword, "type", path)) return -1;
    if (list && !cJSON_IsArray(list)) return schema_refuse(schema, path, "enum: wanted a list");
    for (const cJSON *value = list ? list->child : one; value; value = list ? value->next : NULL) {
        if (!(type_of_value(value) & types)) continue;
        int end = add_constant(schema, value, path, from);
        if (end < 0) return -1;
        nfa_skip(schema->nfa, end, to);
    }
    return to;
}

/* ---- one of several ---- */

static bool check_disjoint(Schema *schema, const cJSON *list, const char *path)
{
    int i = 0;
    for (const cJSON *a = list->child; a; a = a->next, i++) {
        int k = i + 1;
        for (const cJSON *b = a->next; b; b = b->next, k++) {
            if (schema_disjoint(schema, a, b, 0)) continue;
            schema_refuse(schema, path, "oneOf: a value may be valid for alternatives %d and %d both; say anyOf if that does no harm", i, k);
            return false;
        }
    }
    return true;
}

static int add_alternatives(Schema *schema, const cJSON *node, const char *keyword, const char *path, int from)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(node, keyword);
    int to = nfa_state(schema->nfa), number = 0;
    if (!cJSON_IsArray(list) || !list->child) return schema_refuse(schema, path, "%s: wanted a list of schemas", keyword);
    if (!stands_alone(schema, node, keyword, keyword, path)) return -1;
    if (strcmp(keyword, "allOf") == 0 && list->child->next) return schema_refuse(schema, path, "allOf of several schemas is not supported");
    if (strcmp(keyword, "oneOf") == 0 && !check_disjoint(schema, list, path)) return -1;
    for (const cJSON *one = list->child; one; one = one->next, number++) {
        int begin = nfa_state(schema->nfa);
        nfa_skip(schema->nfa, from, begin);
        int end = schema_value(schema, one, arena_printf(schema->arena, "%s/%s/%d", path, keyword, number), begin);
        if (end < 0) return -1;
        nfa_skip(schema->nfa, end, to);
    }
    return to;
}

/* ---- references ---- */

/* The next word of a JSON pointer ("~1" is '/', "~0" is '~') into name; returns what follows it. */
static const char *take_word(const char *pointer, char *name, size_t capacity)
{
    size_t length = 0;
    for (; *pointer && *pointer != '/'; pointer++) {
        char c = *pointer;
        if (c == '~' && (pointer[1] == '0' || pointer[1] == '1')) c = *++pointer == '0' ? '~' : '/';
        if (length + 1 < capacity) name[length++] = c;
    }
    name[length] = '\0';
    return pointer;
}

const cJSON *schema_find(Schema *schema, const cJSON *reference, const char *path)
{
    const char *at = cJSON_IsString(reference) ? reference->valuestring : "";
    const cJSON *node = schema->root;
    char name[256];
    if (*at != '#') {
        schema_refuse(schema, path, "$ref: only references into this schema are supported (#/$defs/...)");
        return NULL;
    }
    for (at++; *at == '/' && node;) {
        at = take_word(at + 1, name, sizeof name);
        node = cJSON_IsArray(node) ? cJSON_GetArrayItem(node, atoi(name)) : cJSON_GetObjectItemCaseSensitive(node, name);
    }
    if (!node || *at) schema_refuse(schema, path, "$ref: there is no \"%s\"", reference->valuestring);
    return *at ? NULL : node;
}

/* Beyond the limit of nesting there is no text; another alternative, an absent property or an empty list must do. */
static int add_reference(Schema *schema, const cJSON *node, const char *path, int from)
{
    const cJSON *reference = cJSON_GetObjectItemCaseSensitive(node, "$ref"), *target = schema_find(schema, reference, path);
    int inside = 0;
    if (!target || !stands_alone(schema, node, "$ref", "$ref", path)) return -1;
    for (const SchemaReference *r = schema->references; r; r = r->outer) inside += r->node == target;
    if (inside > schema->nesting) return nfa_state(schema->nfa);
    SchemaReference here = {target, schema->references};
    schema->references = &here;
    int to = schema_value(schema, target, reference->valuestring, from);
    schema->references = here.outer;
    return to;
}

/* ---- a schema ---- */

static int add_words(Schema *schema, const char *const *words, int count, int from)
{
    int to = nfa_state(schema->nfa);
    for (int i = 0; i < count; i++) nfa_skip(schema->nfa, nfa_text(schema->nfa, from, words[i], strlen(words[i])), to);
    return to;
}

static int schema_null(Schema *schema, const cJSON *node, const char *path, int from)
{
    (void)node;
    (void)path;
    return add_words(schema, (const char *const[]){"null"}, 1, from);
}

static int schema_boolean(Schema *schema, const cJSON *node, const char *path, int from)
{
    (void)node;
    (void)path;
    return add_words(schema, (const char *const[]){"true", "false"}, 2, from);
}

static int add_types(Schema *schema, const cJSON *node, const char *path, int from)
{
    static const struct {
        int type;
        int (*add)(Schema *schema, const cJSON *node, const char *path, int from);
    } parts[] = {{TYPE_NULL, schema_null}, {TYPE_BOOLEAN, schema_boolean}, {TYPE_OBJECT, schema_object}, {TYPE_ARRAY, schema_array},
                 {TYPE_STRING, schema_string}, {TYPE_NUMBER, schema_number}, {TYPE_INTEGER, schema_integer}};
    int types = schema_written_types(schema, node, path), to = nfa_state(schema->nfa);
    if (types & TYPE_NUMBER) types &= ~TYPE_INTEGER; /* every integer is a number */
    if (!types) return -1;
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        if (!(types & parts[i].type)) continue;
        int begin = nfa_state(schema->nfa);
        nfa_skip(schema->nfa, from, begin);
        int end = parts[i].add(schema, node, path, begin);
        if (end < 0) return -1;
        nfa_skip(schema->nfa, end, to);
    }
    return to;
}

int schema_value(Schema *schema, const cJSON *node, const char *path, int from)
{
    static const char *const several[] = {"anyOf", "oneOf", "allOf"};
    if (schema->nfa->too_large) return from;
    if (cJSON_IsFalse(node)) return nfa_state(schema->nfa);
    if (!cJSON_IsObject(node) && !cJSON_IsTrue(node)) return schema_refuse(schema, path, "wanted a schema: an object, true or false");
    if (!check_keywords(schema, node, path)) return -1;
    if (cJSON_HasObjectItem(node, "$ref")) return add_reference(schema, node, path, from);
    if (cJSON_HasObjectItem(node, "enum") || cJSON_HasObjectItem(node, "const")) return add_listed(schema, node, path, from);
    for (size_t i = 0; i < COUNT_OF(several); i++)
        if (cJSON_HasObjectItem(node, several[i])) return add_alternatives(schema, node, several[i], path, from);
    return add_types(schema, node, path, from);
}
