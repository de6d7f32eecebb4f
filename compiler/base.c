/* base, first part: errors, checked sizes and hashes. Memory is in base_memory.c, numbers in base_number.c, files in
 * base_file.c and base_temporary.c. */
#include "compiler/base.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* ---- errors ---- */

/* Names come from outside: a message stays one line and cannot carry terminal control sequences. */
static void blank_controls(char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < 0x20 || byte == 0x7f) *text = '?';
    }
}

bool err_set(Err *err, const char *format, ...)
{
    if (err == NULL || err->text[0] != '\0') return false;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(err->text, sizeof err->text, format, arguments);
    va_end(arguments);
    if (length <= 0) snprintf(err->text, sizeof err->text, "unknown error");
    blank_controls(err->text);
    return false;
}

bool err_prefix(Err *err, const char *format, ...)
{
    if (err == NULL || err->text[0] == '\0') return false;
    char rest[sizeof err->text];
    memcpy(rest, err->text, sizeof rest);
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(err->text, sizeof err->text, format, arguments);
    va_end(arguments);
    size_t at = length < 0 ? 0 : (size_t)length, room = sizeof err->text;
    if (at + 3 < room) { /* what does not fit of the message behind is cut */
        size_t kept = strlen(rest) < room - at - 3 ? strlen(rest) : room - at - 3;
        memcpy(err->text + at, ": ", 2);
        memcpy(err->text + at + 2, rest, kept);
        err->text[at + 2 + kept] = '\0';
    }
    blank_controls(err->text);
    return false;
}

static void print_line(const char *label, const char *format, va_list arguments)
{
    char text[2048];
    vsnprintf(text, sizeof text, format, arguments);
    blank_controls(text);
    fflush(stdout);
    fprintf(stderr, "hf2c: %s%s\n", label, text);
}

void fatal(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line("", format, arguments);
    va_end(arguments);
    files_sweep();
    exit(1);
}

void bug(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line("internal error: ", format, arguments);
    va_end(arguments);
    files_sweep();
    abort();
}

void warn(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line("warning: ", format, arguments);
    va_end(arguments);
}

/* ---- sizes from outside ---- */

bool size_mul(size_t a, size_t b, size_t *product)
{
    if (b != 0 && a > SIZE_MAX / b) return false;
    *product = a * b;
    return true;
}

bool size_add(size_t a, size_t b, size_t *sum)
{
    if (a > SIZE_MAX - b) return false;
    *sum = a + b;
    return true;
}

size_t align_up(size_t value, size_t alignment)
{
    size_t sum;
    if (alignment == 0 || (alignment & (alignment - 1)) != 0) bug("alignment %zu is not a power of two", alignment);
    if (!size_add(value, alignment - 1, &sum)) bug("size %zu is too large to align", value);
    return sum & ~(alignment - 1);
}

/* ---- lists of words ---- */

bool text_has_word(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; *at;) {
        size_t n = strcspn(at, " ");
        if (n == length && memcmp(at, word, n) == 0) return true;
        at += n + (at[n] == ' ');
    }
    return false;
}

/* ---- hashes ---- */

void hash_hex(const void *data, size_t bytes, char hex[17])
{
    uint64_t hash = XXH3_64bits(bytes != 0 ? data : "", bytes);
    snprintf(hex, 17, "%016" PRIx64, hash);
}
