/* What the parts of the schema compiler share. Private to compiler/constrain. */
#ifndef HF2C_CONSTRAIN_SCHEMA_H
#define HF2C_CONSTRAIN_SCHEMA_H

#include <cjson/cJSON.h>

#include "compiler/constrain/nfa.h"
#include "compiler/text/regex.h"

typedef enum SchemaTypes {
    TYPE_NULL = 1, TYPE_BOOLEAN = 2, TYPE_OBJECT = 4, TYPE_ARRAY = 8, TYPE_NUMBER = 16, TYPE_STRING = 32, TYPE_INTEGER = 64, TYPE_ANY = 127
} SchemaTypes;

/* References that are being followed, innermost first. */
typedef struct SchemaReference {
    const cJSON *node;
    const struct SchemaReference *outer;
} SchemaReference;

typedef struct Schema {
    Arena *arena;
    Nfa *nfa;
    const cJSON *root;
    const char *name;  /* of the file, for messages */
    int nesting;       /* a schema that refers to itself is written so many times inside itself, at most */
    const SchemaReference *references;
    Err *err;
} Schema;

/* The functions below add the texts of a schema (or a part of it) behind the state `from` and return the state behind them; -1 and
 * *err on what is not known. path names the place in the schema: "#/properties/x". */
int schema_value(Schema *schema, const cJSON *node, const char *path, int from);
int schema_refuse(Schema *schema, const char *path, const char *format, ...) PRINTF_LIKE(3, 4);
/* A whole number of the keyword; `otherwise` when it is absent; -1 and *err when it is none or out of range. */
int64_t schema_count(Schema *schema, const cJSON *node, const char *path, const char *keyword, int64_t otherwise);
/* The schema that a reference leads to; NULL and *err: there is none. */
const cJSON *schema_find(Schema *schema, const cJSON *reference, const char *path);
/* Types that the schema names; `otherwise` when it names none; 0 and *err for an unknown one. */
int schema_types(Schema *schema, const cJSON *node, const char *path, int otherwise);
/* The types that texts of this schema have: what it names, or what its other keywords are about. */
int schema_written_types(Schema *schema, const cJSON *node, const char *path);

int schema_object(Schema *schema, const cJSON *node, const char *path, int from);
int schema_array(Schema *schema, const cJSON *node, const char *path, int from);
int schema_string(Schema *schema, const cJSON *node, const char *path, int from);
int schema_integer(Schema *schema, const cJSON *node, const char *path, int from);
int schema_number(Schema *schema, const cJSON *node, const char *path, int from);

/* Is no value that is written for one of them also valid for the other? False where that cannot be seen. */
bool schema_disjoint(Schema *schema, const cJSON *a, const cJSON *b, int depth);

/* A JSON string with just this text. */
int schema_quoted(Schema *schema, const char *text, int from);
/* Code points of the set as they are written inside of a JSON string, from -> to. */
void schema_codes(Nfa *nfa, int from, int to, const CharSet *set);
CharSet schema_any_code(Arena *arena);
/* Texts that a pattern of a schema (ECMA 262) finds itself in, inside of a JSON string. */
int schema_pattern(Schema *schema, const char *pattern, const char *path, int from);

#endif
