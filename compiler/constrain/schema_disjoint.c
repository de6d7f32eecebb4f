/* schema_disjoint: whether a value of one schema can be valid for another: by types, listed values, or a property that tells them apart. */
#include "compiler/constrain/schema.h"

#include <string.h>

enum { DEPTH_MAX = 8 };

static const cJSON *get(const cJSON *node, const char *key) { return cJSON_GetObjectItemCaseSensitive(node, key); }

static bool disjoint(Schema *schema, const cJSON *a, const cJSON *b, int depth);

/* The values that a schema lists; NULL: it does not. *one: only the first counts. */
static const cJSON *listed(const cJSON *node, bool *one)
{
    *one = get(node, "const") != NULL;
    return *one ? get(node, "const") : cJSON_IsArray(get(node, "enum")) ? get(node, "enum")->child : NULL;
}

static bool values_differ(const cJSON *a, const cJSON *b)
{
    bool one_a, one_b;
    for (const cJSON *x = listed(a, &one_a); x; x = one_a ? NULL : x->next)
        for (const cJSON *y = listed(b, &one_b); y; y = one_b ? NULL : y->next)
            if (cJSON_Compare(x, y, true)) return false;
    return true;
}

static int type_bit(const cJSON *value)
{
    return cJSON_IsNull(value) ? TYPE_NULL : cJSON_IsBool(value) ? TYPE_BOOLEAN : cJSON_IsObject(value) ? TYPE_OBJECT
           : cJSON_IsArray(value) ? TYPE_ARRAY : cJSON_IsString(value) ? TYPE_STRING : TYPE_NUMBER;
}

/* Types of what the schema accepts, integers as numbers; written: of the texts that are made for it. */
static int types_of(Schema *schema, const cJSON *node, bool written)
{
    bool one;
    const cJSON *value = listed(node, &one);
    int types = 0;
    if (!value) types = written ? schema_written_types(schema, node, "oneOf") : schema_types(schema, node, "oneOf", TYPE_ANY);
    for (; value; value = one ? NULL : value->next) types |= type_bit(value);
    return types & TYPE_INTEGER ? (types & ~TYPE_INTEGER) | TYPE_NUMBER : types;
}

static bool requires(const cJSON *node, const char *name)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, get(node, "required"))
    {
        if (cJSON_IsString(item) && strcmp(item->valuestring, name) == 0) return true;
    }
    return false;
}

/* No object that is written for a is valid for b: a property that a always has is of another kind in b or not allowed there, or b
 * wants one that a never has. */
static bool objects_differ(Schema *schema, const cJSON *a, const cJSON *b, int depth)
{
    const cJSON *name, *of_a = get(a, "properties"), *of_b = get(b, "properties");
    cJSON_ArrayForEach(name, get(a, "required"))
    {
        const cJSON *in_a = cJSON_IsString(name) ? get(of_a, name->valuestring) : NULL, *in_b = in_a ? get(of_b, name->valuestring) : NULL;
        if (in_a && in_b && disjoint(schema, in_a, in_b, depth + 1)) return true;
        if (in_a && !in_b && cJSON_IsFalse(get(b, "additionalProperties"))) return true;
    }
    cJSON_ArrayForEach(name, get(b, "required"))
    {
        bool described = of_a && of_a->child && cJSON_IsString(name);
        if (described && !get(of_a, name->valuestring) && !requires(a, name->valuestring)) return true;
    }
    return false;
}

/* The one alternative or target that a schema stands for; itself when it stands for none. */
static const cJSON *resolve(Schema *schema, const cJSON *node)
{
    for (int i = 0; i < DEPTH_MAX && node; i++) {
        const cJSON *all = get(node, "allOf");
        if (get(node, "$ref")) node = schema_find(schema, get(node, "$ref"), "oneOf");
        else if (cJSON_IsArray(all) && all->child && !all->child->next) node = all->child;
        else return node;
    }
    return NULL;
}

static const cJSON *alternatives(const cJSON *node)
{
    const cJSON *list = get(node, "anyOf") ? get(node, "anyOf") : get(node, "oneOf");
    return cJSON_IsArray(list) ? list->child : NULL;
}

static bool all_disjoint(Schema *schema, const cJSON *several, const cJSON *other, int depth)
{
    for (; several; several = several->next)
        if (!disjoint(schema, several, other, depth + 1)) return false;
    return true;
}

static bool disjoint(Schema *schema, const cJSON *a, const cJSON *b, int depth)
{
    bool one;
    if (cJSON_IsFalse(a) || cJSON_IsFalse(b)) return true;
    a = resolve(schema, a);
    b = resolve(schema, b);
    if (depth > DEPTH_MAX || !cJSON_IsObject(a) || !cJSON_IsObject(b)) return false;
    if (alternatives(a)) return all_disjoint(schema, alternatives(a), b, depth);
    if (alternatives(b)) return all_disjoint(schema, alternatives(b), a, depth);
    int common = (types_of(schema, a, true) & types_of(schema, b, false)) | (types_of(schema, a, false) & types_of(schema, b, true));
    if (common == 0) return true;
    if (listed(a, &one) && listed(b, &one)) return values_differ(a, b);
    return common == TYPE_OBJECT && !listed(a, &one) && !listed(b, &one) && objects_differ(schema, a, b, depth) &&
           objects_differ(schema, b, a, depth);
}

bool schema_disjoint(Schema *schema, const cJSON *a, const cJSON *b, int depth) { return disjoint(schema, a, b, depth); }
