/* JSON from outside: cJSON behind a strict check of our own.
 *
 * cJSON alone accepts invalid UTF-8, raw control characters, "01", 1e400 and loses integers beyond 2^53; so the text first
 * passes runtime/core/json.h's strict scanner (RFC 8259, UTF-8, depth <= 64, no duplicate keys, no NUL, no byte-order
 * mark). Also refused: "\u0000", halves of surrogate pairs, numbers beyond double. Infinity, which Python writes, is read as
 * 1e308. Getters name the file and the path of the key in their errors: "config.json: rope_scaling.factor: found ...". */
#ifndef HF2C_READ_JSON_H
#define HF2C_READ_JSON_H

#include <cjson/cJSON.h>

#include "compiler/base.h"

enum { JSON_MAX_DEPTH = 64 };

/* Parses text of that many bytes. The tree is owned by the arena (freed with it). NULL and *err on refusal, with line
 * and column. */
cJSON *json_parse(Arena *arena, const char *file, const char *text, size_t bytes, Err *err);
/* Reads a file of at most limit bytes and parses it. */
cJSON *json_read(Arena *arena, const char *path, size_t limit, Err *err);
/* Lets the arena own a tree made with cJSON_Create...; fatal() when that failed (NULL). Returns it. */
cJSON *json_own(Arena *arena, cJSON *tree);

#endif
