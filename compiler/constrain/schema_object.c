/* schema_object: objects and arrays. */
#include "compiler/constrain/schema.h"

#include <string.h>

/* Values that the schema says nothing of may be anything, nested as deep as a schema that refers to itself. */
static int add_anything(Schema *schema, const char *path, int from)
{
    static const cJSON anything = {.type = cJSON_True};
    int inside = 0;
    for (const SchemaReference *r = schema->references; r; r = r->outer) inside += r->node == &anything;
    if (inside > 1) return nfa_state(schema->nfa);
    SchemaReference here = {&anything, schema->references};
    schema->references = &here;
    int to = schema_value(schema, &anything, path, from);
    schema->references = here.outer;
    return to;
}

/* ',' or ':' and perhaps a space. */
static int add_mark(Schema *schema, const char *mark, int from)
{
    int behind = nfa_text(schema->nfa, from, mark, 1), to = nfa_text(schema->nfa, behind, " ", 1);
    nfa_skip(schema->nfa, behind, to);
    return to;
}

static int add_inner(Schema *schema, const cJSON *inner, const char *path, int from)
{
    return inner && !cJSON_IsTrue(inner) ? schema_value(schema, inner, path, from) : add_anything(schema, path, from);
}

/* ---- objects ---- */

static bool is_required(const cJSON *node, const char *name)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(node, "required"))
    {
        if (cJSON_IsString(one) && strcmp(one->valuestring, name) == 0) return true;
    }
    return false;
}

/* States between two properties: before the first one that is written, and behind one. */
typedef struct Between {
    int first, later;
} Between;

static bool add_property(Schema *schema, const cJSON *value, const char *name, bool required, const char *path, Between *at)
{
    Nfa *nfa = schema->nfa;
    Between behind = {nfa_state(nfa), nfa_state(nfa)};
    int key = nfa_state(nfa);
    nfa_skip(nfa, at->first, key);
    nfa_skip(nfa, add_mark(schema, ",", at->later), key);
    int colon = add_mark(schema, ":", schema_quoted(schema, name, key));
    int end = add_inner(schema, value, path, colon);
    if (end < 0) return false;
    nfa_skip(nfa, end, behind.later);
    if (!required) nfa_skip(nfa, at->first, behind.first);
    if (!required) nfa_skip(nfa, at->later, behind.later);
    *at = behind;
    return true;
}

/* What is required without being described comes behind the others. */
static bool add_undescribed(Schema *schema, const cJSON *node, const char *path, Between *at)
{
    const cJSON *properties = cJSON_GetObjectItemCaseSensitive(node, "properties"), *one;
    const cJSON *others = cJSON_GetObjectItemCaseSensitive(node, "additionalProperties");
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(node, "required"))
    {
        if (!cJSON_IsString(one)) return schema_refuse(schema, path, "required: wanted a list of names") > 0;
        if (cJSON_GetObjectItemCaseSensitive(properties, one->valuestring)) continue;
        if (cJSON_IsFalse(others)) return schema_refuse(schema, path, "required: \"%s\" is no property, and no others are allowed", one->valuestring) > 0;
        if (!add_property(schema, others, one->valuestring, true, path, at)) return false;
    }
    return true;
}

/* Any names, all with values of one schema. */
static int add_map(Schema *schema, const cJSON *value, const char *path, int from)
{
    static const cJSON name = {.type = cJSON_Object};
    Nfa *nfa = schema->nfa;
    int open = nfa_text(nfa, from, "{", 1), key = nfa_state(nfa), to = nfa_text(nfa, open, "}", 1);
    nfa_skip(nfa, open, key);
    int colon = add_mark(schema, ":", schema_string(schema, &name, path, key));
    int end = add_inner(schema, value, arena_printf(schema->arena, "%s/additionalProperties", path), colon);
    if (end < 0) return -1;
    nfa_skip(nfa, add_mark(schema, ",", end), key);
    nfa_skip(nfa, nfa_text(nfa, end, "}", 1), to);
    return to;
}

int schema_object(Schema *schema, const cJSON *node, const char *path, int from)
{
    Nfa *nfa = schema->nfa;
    const cJSON *properties = cJSON_GetObjectItemCaseSensitive(node, "properties"), *one;
    const cJSON *others = cJSON_GetObjectItemCaseSensitive(node, "additionalProperties"), *required = cJSON_GetObjectItemCaseSensitive(node, "required");
    if (properties && !cJSON_IsObject(properties)) return schema_refuse(schema, path, "properties: wanted an object");
    if (required && !cJSON_IsArray(required)) return schema_refuse(schema, path, "required: wanted a list of names");
    bool described = (properties && properties->child) || (required && required->child);
    if (!described && !cJSON_IsFalse(others)) return add_map(schema, others, path, from);
    Between at = {nfa_text(nfa, from, "{", 1), nfa_state(nfa)};
    cJSON_ArrayForEach(one, properties)
    {
        const char *place = arena_printf(schema->arena, "%s/properties/%s", path, one->string);
        if (!add_property(schema, one, one->string, is_required(node, one->string), place, &at)) return -1;
    }
    if (!add_undescribed(schema, node, path, &at)) return -1;
    int end = nfa_state(nfa);
    nfa_skip(nfa, at.first, end);
    nfa_skip(nfa, at.later, end);
    return nfa_text(nfa, end, "}", 1);
}

/* ---- arrays ---- */

/* Elements minimum + 1 ... maximum, or without end, behind `at`, which stands behind the last required one (`any`: is there one?); each
 * may be the last. */
static int add_more(Schema *schema, const cJSON *items, const char *path, int64_t from_count, int64_t maximum, int at, int to)
{
    Nfa *nfa = schema->nfa;
    for (int64_t i = from_count; (maximum < 0 ? i < from_count + 1 : i < maximum) && !nfa->too_large; i++) {
        int begin = i > 0 ? add_mark(schema, ",", at) : nfa_state(nfa), again = nfa_state(nfa);
        if (i == 0) nfa_skip(nfa, at, begin);
        nfa_skip(nfa, begin, again);
        int end = add_inner(schema, items, path, again);
        if (end < 0) return -1;
        nfa_skip(nfa, end, to);
        if (maximum < 0) nfa_skip(nfa, add_mark(schema, ",", end), again);
        at = end;
    }
    return to;
}

int schema_array(Schema *schema, const cJSON *node, const char *path, int from)
{
    Nfa *nfa = schema->nfa;
    const cJSON *items = cJSON_GetObjectItemCaseSensitive(node, "items");
    const char *inner = arena_printf(schema->arena, "%s/items", path);
    int64_t minimum = schema_count(schema, node, path, "minItems", 0), maximum = schema_count(schema, node, path, "maxItems", INT64_MAX);
    int at = nfa_text(nfa, from, "[", 1), to = nfa_state(nfa);
    if (minimum < 0 || maximum < 0) return -1;
    for (int64_t i = 0; i < minimum && !nfa->too_large; i++) {
        at = add_inner(schema, items, inner, i > 0 ? add_mark(schema, ",", at) : at);
        if (at < 0) return -1;
    }
    if (minimum <= maximum) nfa_skip(nfa, at, to);
    if (add_more(schema, items, inner, minimum, maximum == INT64_MAX ? -1 : maximum, at, to) < 0) return -1;
    return nfa_text(nfa, to, "]", 1);
}
