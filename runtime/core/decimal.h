/* Decimal text to double and back, correctly rounded, whatever the locale, without allocation: for JSON numbers. */
#ifndef HF2C_CORE_DECIMAL_H
#define HF2C_CORE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>

enum { DECIMAL_DIGITS = 17 };

/* Text in the grammar of JSON numbers ("-12.5e3"), already checked. Rounds to nearest, ties to even; underflow gives a
 * zero of that sign. False when the value is beyond double's range. */
bool hf2c_decimal_to_double(const char *text, size_t length, double *value);

/* The fewest digits that read back to the same value, of these the closest: value = 0.d1d2d3... * 10^*exponent. The
 * value is finite and positive. Returns the count of digits ('0'..'9', no NUL, no trailing zeros). */
int hf2c_decimal_of_double(double value, char digits[DECIMAL_DIGITS], int *exponent);

#endif
