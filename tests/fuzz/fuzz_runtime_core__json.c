/* The scanner on any bytes: ends, stays inside, and what it accepts means the same to strtod and to our own writer. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/core/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int condition, const char *what)
{
    if (condition) return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

static void check_number(const JsonScanner *scanner)
{
    double value, again;
    int64_t integer;
    uint64_t magnitude;
    char *text = malloc(scanner->length + 1);
    demand(text != NULL, "memory");
    memcpy(text, scanner->start, scanner->length);
    text[scanner->length] = '\0';
    double wanted = strtod(text, NULL);
    free(text);
    if (!json_double(scanner, &value)) {
        demand(wanted > 1.7976931348623157e308 || wanted < -1.7976931348623157e308,
               "a refused number is beyond double");
        return;
    }
    demand(memcmp(&value, &wanted, sizeof value) == 0, "json_double agrees with strtod");
    if (json_integer(scanner, &integer)) demand((double)integer == value, "json_integer agrees with json_double");
    if (json_unsigned(scanner, &magnitude)) demand((double)magnitude == value, "json_unsigned agrees with json_double");
    char out[32];
    JsonScanner written;
    size_t length = json_write_float(out, sizeof out, value);
    demand(length <= sizeof out, "32 bytes hold any number");
    json_scan_begin(&written, out, length);
    demand(json_next(&written) == JSON_NUMBER && json_double(&written, &again), "a written number is a number");
    demand(memcmp(&value, &again, sizeof value) == 0, "a written number reads back");
}

static void check_string(const JsonScanner *scanner)
{
    char *text = malloc(scanner->length + 1), *again = malloc(6 * scanner->length + 3);
    demand(text != NULL && again != NULL, "memory");
    bool has_nul;
    size_t length = json_string(scanner, text, &has_nul);
    demand(length <= scanner->length, "unescaping does not grow");
    text[length] = '\0';
    demand(json_is(scanner, text) == !has_nul, "json_is agrees with json_string");
    size_t needed = json_write_string(again, 6 * scanner->length + 3, text, length);
    demand(needed <= 6 * scanner->length + 3, "escaping grows at most sixfold");
    JsonScanner written;
    json_scan_begin(&written, again, needed);
    demand(json_next(&written) == JSON_STRING, "a written string is a string");
    char *back = malloc(needed);
    demand(back != NULL && json_string(&written, back, NULL) == length && memcmp(back, text, length) == 0,
           "a written string reads back");
    free(back);
    free(again);
    free(text);
}

static void check_any_bytes_can_be_written(const uint8_t *data, size_t size)
{
    size_t needed = json_write_string(NULL, 0, (const char *)data, size);
    char *out = malloc(needed);
    demand(out != NULL && json_write_string(out, needed, (const char *)data, size) == needed,
           "the length is the length");
    JsonScanner scanner;
    json_scan_begin(&scanner, out, needed);
    demand(json_next(&scanner) == JSON_STRING && json_next(&scanner) == JSON_END, "any bytes become one string");
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    JsonScanner scanner;
    JsonKind kind;
    json_scan_begin(&scanner, (const char *)data, size);
    do {
        kind = json_next(&scanner);
        demand(scanner.at <= size && scanner.depth >= 0 && scanner.depth <= JSON_SCAN_DEPTH,
               "the scanner stays inside");
        if (kind == JSON_NUMBER) check_number(&scanner);
        if (kind == JSON_STRING || kind == JSON_KEY) check_string(&scanner);
    } while (kind != JSON_END && kind != JSON_ERROR);
    json_scan_begin(&scanner, (const char *)data, size);
    json_next(&scanner);
    bool skipped = json_skip(&scanner);
    demand(skipped || kind == JSON_ERROR, "what can be scanned can be skipped");
    if (skipped) demand(json_next(&scanner) == kind, "skipping ends where scanning ends");
    check_any_bytes_can_be_written(data, size);
    return 0;
}
