/* Strict JSON scanning and writing without a tree: used by built programs for --jsonl, and by the compiler as the check before
 * cJSON and as the reader of safetensors headers.
 *
 * Grammar: RFC 8259, UTF-8 only (no surrogates, no overlong forms), no byte-order mark, no NUL byte, depth at most
 * JSON_SCAN_DEPTH, no recursion, no allocation. */
#ifndef HF2C_CORE_JSON_H
#define HF2C_CORE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The symbols carry our prefix: a program that links a built library may have a JSON library of its own (jansson too has a
 * json_string and a json_integer). */
#define json_scan_begin hf2c_json_scan_begin
#define json_next hf2c_json_next
#define json_skip hf2c_json_skip
#define json_position hf2c_json_position
#define json_string hf2c_json_string
#define json_is hf2c_json_is
#define json_integer hf2c_json_integer
#define json_unsigned hf2c_json_unsigned
#define json_double hf2c_json_double
#define json_write_string hf2c_json_write_string
#define json_write_float hf2c_json_write_float

enum { JSON_SCAN_DEPTH = 64 };

typedef enum JsonKind {
    JSON_ERROR, JSON_END, JSON_OBJECT, JSON_OBJECT_END, JSON_ARRAY, JSON_ARRAY_END, JSON_KEY, JSON_STRING, JSON_NUMBER,
    JSON_TRUE, JSON_FALSE, JSON_NULL
} JsonKind;

typedef struct JsonScanner {
    const char *text;
    size_t bytes, at;
    int depth;
    uint8_t nest[JSON_SCAN_DEPTH];
    uint8_t expect;
    /* the current token */
    JsonKind kind;
    const char *start; /* its raw text: strings and keys without the quotes, escapes not yet resolved */
    size_t length;
    const char *error; /* static text, with kind JSON_ERROR */
    size_t error_at;
} JsonScanner;

void json_scan_begin(JsonScanner *scanner, const char *text, size_t bytes);
JsonKind json_next(JsonScanner *scanner);
/* After JSON_OBJECT or JSON_ARRAY: moves behind its end. After other tokens: nothing. False on error. */
bool json_skip(JsonScanner *scanner);
void json_position(const char *text, size_t at, size_t *line, size_t *column); /* from 1 */

/* Resolves escapes of a string or key token into out (UTF-8, not NUL-terminated); returns the length, which is never more than
 * scanner->length. "\u0000" is kept as a NUL byte; *has_nul (may be NULL) says so. Lone surrogate escapes become U+FFFD. */
size_t json_string(const JsonScanner *scanner, char *out, bool *has_nul);
/* Compares the (unescaped) current string or key with a NUL-terminated text. */
bool json_is(const JsonScanner *scanner, const char *text);
/* Exact integers only: false for fractions, exponents that are not whole, and values outside the type. */
bool json_integer(const JsonScanner *scanner, int64_t *value);
bool json_unsigned(const JsonScanner *scanner, uint64_t *value);
/* False when the value is beyond double's range. Independent of the locale. */
bool json_double(const JsonScanner *scanner, double *value);

/* Writes a JSON string with quotes into out as far as capacity reaches; returns the bytes needed. Invalid UTF-8 becomes U+FFFD.
 * Non-ASCII is written as is. */
size_t json_write_string(char *out, size_t capacity, const char *text, size_t bytes);
/* Shortest text that reads back to the same double, spelled as Python's repr ("0.1", "1.0", "1e-05", "1e+16", and for what JSON has no
 * number for "NaN", "Infinity", "-Infinity"); no NUL; at most 32 bytes; returns the bytes needed. */
size_t json_write_float(char *out, size_t capacity, double value);

#endif
