/* Both directions work on exact big integers of fixed size: reading divides with 53 quotient bits and looks at the
 * remainder; writing generates digits until the rest is within half the distance to a neighbouring double (Steele and
 * White, "How to print floating-point numbers accurately", 1990). */
#include "runtime/core/decimal.h"

#include <float.h>
#include <stdint.h>
#include <string.h>

enum {
    MANTISSA_BITS = 53,
    LEAST_EXPONENT = -1074,  /* of the unit in the last place of subnormal numbers */
    GREATEST_EXPONENT = 971, /* of the unit in the last place of the largest numbers */
    KEPT_DIGITS = 800, /* a halfway point between doubles has at most 767 digits; the rest only says "more than" */
    EXPONENT_LIMIT = 1000000, /* where a written exponent saturates */
    BIG_WORDS = 136           /* 10^1130 * 2^54 and some room: see hf2c_decimal_to_double */
};

typedef struct Big {
    int count;                /* of words in use; the highest is not 0 */
    uint32_t word[BIG_WORDS]; /* least significant first */
} Big;

/* ---- big integers ---- */

static void big_set(Big *big, uint64_t value)
{
    big->count = 0;
    for (; value != 0; value >>= 32) big->word[big->count++] = (uint32_t)value;
}

static void big_push(Big *big, uint32_t word)
{
    if (word != 0 && big->count < BIG_WORDS) big->word[big->count++] = word;
}

static void big_multiply_add(Big *big, uint32_t factor, uint32_t add)
{
    uint64_t carry = add;
    for (int i = 0; i < big->count; i++) {
        carry += (uint64_t)big->word[i] * factor;
        big->word[i] = (uint32_t)carry;
        carry >>= 32;
    }
    big_push(big, (uint32_t)carry);
}

static void big_multiply_power_of_ten(Big *big, int power)
{
    for (; power >= 9; power -= 9) big_multiply_add(big, 1000000000u, 0);
    for (; power > 0; power--) big_multiply_add(big, 10, 0);
}

static void big_shift_left(Big *big, int bits)
{
    int words = bits / 32;
    uint32_t factor = (uint32_t)1 << bits % 32;
    big_multiply_add(big, factor, 0);
    if (words == 0 || big->count == 0 || big->count + words > BIG_WORDS) return;
    memmove(big->word + words, big->word, (size_t)big->count * sizeof big->word[0]);
    memset(big->word, 0, (size_t)words * sizeof big->word[0]);
    big->count += words;
}

static int big_compare(const Big *a, const Big *b)
{
    if (a->count != b->count) return a->count < b->count ? -1 : 1;
    for (int i = a->count - 1; i >= 0; i--)
        if (a->word[i] != b->word[i]) return a->word[i] < b->word[i] ? -1 : 1;
    return 0;
}

/* a -= b, for a >= b. */
static void big_subtract(Big *a, const Big *b)
{
    uint64_t borrow = 0;
    for (int i = 0; i < a->count; i++) {
        uint64_t take = borrow + (i < b->count ? b->word[i] : 0);
        borrow = take > a->word[i];
        a->word[i] = (uint32_t)(a->word[i] - take);
    }
    while (a->count > 0 && a->word[a->count - 1] == 0) a->count--;
}

/* The sign of a + b - c. */
static int big_compare_sum(const Big *a, const Big *b, const Big *c)
{
    Big sum = a->count >= b->count ? *a : *b;
    const Big *other = a->count >= b->count ? b : a;
    uint64_t carry = 0;
    for (int i = 0; i < sum.count; i++) {
        carry += (uint64_t)sum.word[i] + (i < other->count ? other->word[i] : 0);
        sum.word[i] = (uint32_t)carry;
        carry >>= 32;
    }
    big_push(&sum, (uint32_t)carry);
    return big_compare(&sum, c);
}

static int word_bits(uint64_t word)
{
    int bits = 0;
    for (; word != 0; word >>= 1) bits++;
    return bits;
}

static int big_bits(const Big *big)
{
    return big->count == 0 ? 0 : (big->count - 1) * 32 + word_bits(big->word[big->count - 1]);
}

/* ---- reading ---- */

typedef struct Decimal {
    bool negative, more; /* more: digits that are not all zero were left out behind the kept ones */
    int count;           /* of kept digits, without leading zeros */
    int exponent;        /* value = digits * 10^exponent */
    uint8_t digit[KEPT_DIGITS];
} Decimal;

static void decimal_add_digit(Decimal *decimal, int digit, bool behind_point)
{
    if (decimal->count == KEPT_DIGITS) {
        decimal->more = decimal->more || digit != 0;
        if (!behind_point && decimal->exponent < EXPONENT_LIMIT) decimal->exponent++;
        return;
    }
    if (decimal->count != 0 || digit != 0) decimal->digit[decimal->count++] = (uint8_t)digit;
    if (behind_point && decimal->exponent > -EXPONENT_LIMIT) decimal->exponent--;
}

static int read_exponent(const char *text, size_t length)
{
    size_t at = 0;
    int exponent = 0;
    bool negative = length != 0 && text[0] == '-';
    if (length != 0 && (text[0] == '-' || text[0] == '+')) at++;
    for (; at < length; at++)
        if (exponent < 2 * EXPONENT_LIMIT) exponent = exponent * 10 + (text[at] - '0');
    return negative ? -exponent : exponent;
}

static void decimal_read(Decimal *decimal, const char *text, size_t length)
{
    bool behind_point = false;
    decimal->negative = length != 0 && text[0] == '-';
    decimal->more = false;
    decimal->count = decimal->exponent = 0;
    for (size_t at = decimal->negative ? 1 : 0; at < length; at++) {
        if (text[at] == '.') {
            behind_point = true;
        } else if (text[at] == 'e' || text[at] == 'E') {
            decimal->exponent += read_exponent(text + at + 1, length - at - 1);
            break;
        } else {
            decimal_add_digit(decimal, text[at] - '0', behind_point);
        }
    }
    while (!decimal->more && decimal->count > 0 && decimal->digit[decimal->count - 1] == 0) {
        decimal->count--;
        decimal->exponent++;
    }
}

static double double_of_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Up to 15 digits and powers of ten up to 10^22 are exact doubles: one rounding then is the right one. */
static bool read_exactly(const Decimal *decimal, double *value)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (FLT_EVAL_METHOD != 0 || decimal->more || decimal->count > 15 || decimal->exponent < -22 ||
        decimal->exponent > 22)
        return false;
    uint64_t mantissa = 0;
    for (int i = 0; i < decimal->count; i++) mantissa = mantissa * 10 + decimal->digit[i];
    double power = powers[decimal->exponent < 0 ? -decimal->exponent : decimal->exponent];
    *value = decimal->exponent < 0 ? (double)mantissa / power : (double)mantissa * power;
    return true;
}

/* floor(log2(a / b)) for positive numbers. */
static int quotient_exponent(const Big *a, const Big *b)
{
    int exponent = big_bits(a) - big_bits(b);
    Big shifted = exponent >= 0 ? *b : *a;
    big_shift_left(&shifted, exponent >= 0 ? exponent : -exponent);
    bool reaches = exponent >= 0 ? big_compare(a, &shifted) >= 0 : big_compare(&shifted, b) >= 0;
    return reaches ? exponent : exponent - 1;
}

/* numerator / denominator, whose quotient is below 2^53, rounded to nearest, ties to even. Both are destroyed. */
static uint64_t divide_rounded(Big *numerator, Big *denominator)
{
    uint64_t quotient = 0;
    big_shift_left(denominator, MANTISSA_BITS - 1);
    for (int i = 0; i < MANTISSA_BITS; i++) {
        quotient <<= 1;
        if (big_compare(numerator, denominator) >= 0) {
            big_subtract(numerator, denominator);
            quotient |= 1;
        }
        big_shift_left(numerator, 1);
    }
    int half = big_compare(numerator, denominator);
    return half > 0 || (half == 0 && (quotient & 1) != 0) ? quotient + 1 : quotient;
}

/* A digit 1 behind the kept digits stands for all that was left out. */
static void big_of_decimal(Big *big, const Decimal *decimal)
{
    big_set(big, 0);
    for (int i = 0; i < decimal->count; i++) big_multiply_add(big, 10, decimal->digit[i]);
    if (decimal->more) big_multiply_add(big, 10, 1);
}

static bool read_by_division(const Decimal *decimal, double *value)
{
    Big numerator, denominator;
    int exponent = decimal->exponent - (decimal->more ? 1 : 0);
    big_of_decimal(&numerator, decimal);
    big_set(&denominator, 1);
    big_multiply_power_of_ten(exponent >= 0 ? &numerator : &denominator, exponent >= 0 ? exponent : -exponent);
    int unit = quotient_exponent(&numerator, &denominator) - (MANTISSA_BITS - 1);
    if (unit < LEAST_EXPONENT) unit = LEAST_EXPONENT;
    big_shift_left(unit >= 0 ? &denominator : &numerator, unit >= 0 ? unit : -unit);
    uint64_t mantissa = divide_rounded(&numerator, &denominator);
    const uint64_t hidden = (uint64_t)1 << (MANTISSA_BITS - 1);
    if (mantissa == hidden << 1) {
        mantissa = hidden;
        unit++;
    }
    if (unit > GREATEST_EXPONENT) return false;
    uint64_t biased = mantissa < hidden ? 0 : (uint64_t)(unit - LEAST_EXPONENT + 1);
    *value = double_of_bits(biased << (MANTISSA_BITS - 1) | (mantissa & (hidden - 1)));
    return true;
}

bool hf2c_decimal_to_double(const char *text, size_t length, double *value)
{
    Decimal decimal;
    double magnitude = 0.0;
    decimal_read(&decimal, text, length);
    int scale = decimal.count + decimal.exponent; /* value < 10^scale */
    if (decimal.count != 0) {
        if (scale > 310) return false;
        if (scale >= -330 && !read_exactly(&decimal, &magnitude) && !read_by_division(&decimal, &magnitude))
            return false;
    }
    *value = decimal.negative ? -magnitude : magnitude;
    return true;
}

/* ---- writing ---- */

/* value = rest / scale; its neighbours are above / scale up and below / scale down, all halved. */
typedef struct Digits {
    Big rest, scale, above, below;
    bool even; /* then a value exactly halfway to a neighbour still reads back to this one */
} Digits;

/* Returns the power of ten k with 10^(k-1) <= value < 10^k, or one less: to be corrected by exact comparison. */
static int guess_exponent(uint64_t mantissa, int unit)
{
    double log2 = (double)(unit + word_bits(mantissa) - 1);
    double guess = log2 * 0.30102999566398120 - 1e-10;
    int whole = (int)guess;
    return (double)whole < guess ? whole + 1 : whole;
}

static void digits_begin(Digits *digits, uint64_t mantissa, int unit)
{
    bool closer_below = mantissa == (uint64_t)1 << (MANTISSA_BITS - 1) && unit > LEAST_EXPONENT;
    int factor = closer_below ? 2 : 1; /* as a shift: halves, or quarters where the lower neighbour is nearer */
    digits->even = (mantissa & 1) == 0;
    big_set(&digits->rest, mantissa);
    big_set(&digits->scale, 1);
    big_set(&digits->above, 1);
    big_set(&digits->below, 1);
    big_shift_left(&digits->rest, factor + (unit > 0 ? unit : 0));
    big_shift_left(&digits->scale, factor + (unit < 0 ? -unit : 0));
    big_shift_left(&digits->above, factor - 1 + (unit > 0 ? unit : 0));
    big_shift_left(&digits->below, unit > 0 ? unit : 0);
}

static void digits_multiply(Digits *digits, int power)
{
    big_multiply_power_of_ten(&digits->rest, power);
    big_multiply_power_of_ten(&digits->above, power);
    big_multiply_power_of_ten(&digits->below, power);
}

static bool reaches_above(const Digits *digits)
{
    int order = big_compare_sum(&digits->rest, &digits->above, &digits->scale);
    return order > 0 || (order == 0 && digits->even);
}

static bool reaches_below(const Digits *digits)
{
    int order = big_compare(&digits->rest, &digits->below);
    return order < 0 || (order == 0 && digits->even);
}

/* Takes floor(rest / scale), which is below 10, out of rest. */
static int take_digit(Digits *digits)
{
    int digit = 0;
    for (; big_compare(&digits->rest, &digits->scale) >= 0; digit++) big_subtract(&digits->rest, &digits->scale);
    return digit;
}

static bool round_last_up(const Digits *digits, int digit, bool low, bool high)
{
    if (low != high) return high;
    int half = big_compare_sum(&digits->rest, &digits->rest, &digits->scale);
    return half > 0 || (half == 0 && digit % 2 != 0);
}

int hf2c_decimal_of_double(double value, char text[DECIMAL_DIGITS], int *exponent)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint64_t hidden = (uint64_t)1 << (MANTISSA_BITS - 1);
    int biased = (int)(bits >> (MANTISSA_BITS - 1) & 0x7ff);
    uint64_t mantissa = (bits & (hidden - 1)) | (biased != 0 ? hidden : 0);
    int unit = LEAST_EXPONENT + (biased != 0 ? biased - 1 : 0);

    Digits digits;
    digits_begin(&digits, mantissa, unit);
    *exponent = guess_exponent(mantissa, unit);
    if (*exponent >= 0)
        big_multiply_power_of_ten(&digits.scale, *exponent);
    else
        digits_multiply(&digits, -*exponent);
    if (reaches_above(&digits))
        ++*exponent;
    else
        digits_multiply(&digits, 1);
    for (int count = 0;;) {
        int digit = take_digit(&digits);
        bool low = reaches_below(&digits), high = reaches_above(&digits);
        if (!low && !high && count < DECIMAL_DIGITS - 1) {
            text[count++] = (char)('0' + digit);
            digits_multiply(&digits, 1);
            continue;
        }
        text[count++] = (char)('0' + digit + (round_last_up(&digits, digit, low, high) ? 1 : 0));
        return count;
    }
}
