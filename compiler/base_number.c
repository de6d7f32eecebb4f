/* base, third part: numbers as text, whatever the locale. */
#include "compiler/base.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_TEXT = 48, FLOAT_DIGITS = 9, DOUBLE_DIGITS = 17, WHOLE_DIGITS = 16 };

/* printf and strtod agree about the decimal point of the locale, so round trips are tried in it; afterwards whatever
 * stands between the digits becomes '.', and a whole number gets ".0". */
static const char *finish(Arena *arena, const char *text)
{
    Str s = {0};
    bool real = false;
    for (size_t i = 0; text[i] != '\0';) {
        size_t plain = strspn(text + i, "0123456789e+-");
        real = real || memchr(text + i, 'e', plain) != NULL;
        str_add(&s, text + i, plain);
        i += plain;
        size_t point = strcspn(text + i, "0123456789e+-");
        if (point != 0) {
            str_add(&s, ".", 1);
            real = true;
        }
        i += point;
    }
    if (!real) str_add(&s, ".0", 2);
    const char *copy = arena_copy_text(arena, s.data, s.length);
    str_free(&s);
    return copy;
}

/* "10000" instead of "1e+04": up to 16 digits before the point, as Python does. A whole number of so many digits is
 * printed exactly, so it still reads back. */
static void avoid_exponent(char text[NUMBER_TEXT], double value)
{
    const char *exponent = strstr(text, "e+");
    int power = exponent != NULL ? atoi(exponent + 2) : WHOLE_DIGITS;
    if (power < WHOLE_DIGITS) snprintf(text, NUMBER_TEXT, "%.*g", power + 1, value);
}

static const char *text_of_special(double value)
{
    if (isnan(value)) return "NAN";
    return value > 0 ? "INFINITY" : "-INFINITY";
}

const char *text_of_float(Arena *arena, float value)
{
    if (!isfinite(value)) return text_of_special((double)value);
    char text[NUMBER_TEXT];
    for (int digits = 1; digits <= FLOAT_DIGITS; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value) break;
    }
    avoid_exponent(text, (double)value);
    return finish(arena, text);
}

const char *text_of_double(Arena *arena, double value)
{
    if (!isfinite(value)) return text_of_special(value);
    char text[NUMBER_TEXT];
    for (int digits = 1; digits <= DOUBLE_DIGITS; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    avoid_exponent(text, value);
    return finish(arena, text);
}
