/* schema_number: numbers in ranges, as texts. No leading zeros, so few digits that every reader gets the same number. */
#include "compiler/constrain/schema.h"

#include <math.h>
#include <string.h>

enum { DIGITS_MAX = 15, FRACTION_MAX = 6 };
#define NUMBER_MAX INT64_C(999999999999999)   /* so many digits */
#define BOUND_MAX INT64_C(999999999)          /* of numbers with fractions: with FRACTION_MAX digits more a double still tells them apart */

static int digits_of(int64_t value, char digits[DIGITS_MAX])
{
    int count = 0;
    char reversed[DIGITS_MAX];
    do reversed[count++] = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    for (int i = 0; i < count; i++) digits[i] = reversed[count - 1 - i];
    return count;
}

/* Numbers of `count` digits from low to high, digit by digit. A state tells whether what was written so far is the beginning of low, of
 * high, of both, or of neither. */
static void add_same_length(Nfa *nfa, int from, int to, const char *low, const char *high, int count)
{
    enum { AT_LOW = 1, AT_HIGH = 2 };
    int state[4] = {-1, -1, -1, from};
    for (int i = 0; i < count; i++) {
        int next[4] = {-1, -1, -1, -1};
        for (int edge = 0; edge < 4; edge++) {
            int first = edge & AT_LOW ? low[i] : '0', last = edge & AT_HIGH ? high[i] : '9';
            for (int digit = first; state[edge] >= 0 && digit <= last; digit++) {
                int kind = (edge & AT_LOW && digit == low[i] ? AT_LOW : 0) | (edge & AT_HIGH && digit == high[i] ? AT_HIGH : 0);
                if (i + 1 < count && next[kind] < 0) next[kind] = nfa_state(nfa);
                nfa_edge(nfa, state[edge], i + 1 < count ? next[kind] : to, (uint8_t)digit, (uint8_t)digit);
            }
        }
        memcpy(state, next, sizeof state);
    }
}

/* Whole numbers from low to high, both at least 0. */
static int add_whole(Nfa *nfa, int64_t low, int64_t high, int from)
{
    char first[DIGITS_MAX], last[DIGITS_MAX];
    int to = nfa_state(nfa);
    if (low > high) return to;
    int fewest = digits_of(low, first), most = digits_of(high, last);
    for (int count = fewest; count <= most; count++) {
        char least[DIGITS_MAX] = {'1'}, greatest[DIGITS_MAX];
        memset(least + 1, '0', sizeof least - 1);
        memset(greatest, '9', sizeof greatest);
        add_same_length(nfa, from, to, count == fewest ? first : least, count == most ? last : greatest, count);
    }
    return to;
}

/* '.' and digits, or nothing; nonzero: not nothing, and the last digit is no 0. */
static int add_fraction(Nfa *nfa, bool nonzero, int from)
{
    int to = nfa_state(nfa), at = nfa_text(nfa, from, ".", 1);
    if (!nonzero) nfa_skip(nfa, from, to);
    for (int i = 0; i < FRACTION_MAX; i++) {
        int next = nfa_state(nfa);
        nfa_edge(nfa, at, to, nonzero ? '1' : '0', '9');
        nfa_edge(nfa, at, next, '0', '9');
        at = next;
    }
    return to;
}

/* ---- bounds ---- */

typedef struct Bounds {
    int64_t low, high;
    bool without_low, without_high; /* the bound itself is not allowed */
    bool given;
} Bounds;

/* A bound of integers moves to the next one inside; one of numbers must be whole. */
static bool take_bound(Schema *schema, const cJSON *node, const char *path, const char *keyword, bool integers, Bounds *bounds)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(node, keyword);
    bool exclusive = strncmp(keyword, "exclusive", 9) == 0, lower = strcmp(keyword, "minimum") == 0 || strcmp(keyword, "exclusiveMinimum") == 0;
    if (!item) return true;
    double value = cJSON_IsNumber(item) ? item->valuedouble : INFINITY, most = integers ? (double)NUMBER_MAX : (double)BOUND_MAX;
    if (!(fabs(value) <= most)) return schema_refuse(schema, path, "%s: wanted a number from %.0f to %.0f", keyword, -most, most) > 0;
    double whole = lower ? ceil(value) : floor(value);
    if (!integers && whole != value) return schema_refuse(schema, path, "%s: of numbers only whole bounds are supported", keyword) > 0;
    bool moves = exclusive && integers && whole == value;
    int64_t bound = (int64_t)whole + (moves ? (lower ? 1 : -1) : 0);
    bounds->given = true;
    if (lower && bound >= bounds->low) {
        bounds->without_low = exclusive || (bound == bounds->low && bounds->without_low);
        bounds->low = bound;
    }
    if (!lower && bound <= bounds->high) {
        bounds->without_high = exclusive || (bound == bounds->high && bounds->without_high);
        bounds->high = bound;
    }
    return true;
}

static bool take_bounds(Schema *schema, const cJSON *node, const char *path, bool integers, Bounds *bounds)
{
    static const char *const keywords[] = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"};
    int64_t most = integers ? NUMBER_MAX : BOUND_MAX;
    *bounds = (Bounds){.low = -most, .high = most};
    for (size_t i = 0; i < COUNT_OF(keywords); i++)
        if (!take_bound(schema, node, path, keywords[i], integers, bounds)) return false;
    return true;
}

int schema_integer(Schema *schema, const cJSON *node, const char *path, int from)
{
    Nfa *nfa = schema->nfa;
    Bounds b;
    if (!take_bounds(schema, node, path, true, &b)) return -1;
    int to = nfa_state(nfa), minus = nfa_text(nfa, from, "-", 1);
    if (b.high >= 0) nfa_skip(nfa, add_whole(nfa, b.low > 0 ? b.low : 0, b.high, from), to);
    if (b.low < 0) nfa_skip(nfa, add_whole(nfa, b.high < 0 ? -b.high : 1, -b.low, minus), to);
    return to;
}

/* Numbers from low to high (both whole, at least 0), with fractions. */
static void add_interval(Nfa *nfa, int64_t low, int64_t high, bool without_low, bool without_high, int from, int to)
{
    if (low > high) return;
    if (low < high) {
        nfa_skip(nfa, add_fraction(nfa, without_low, add_whole(nfa, low, low, from)), to);
        nfa_skip(nfa, add_fraction(nfa, false, add_whole(nfa, low + 1, high - 1, from)), to);
    }
    if (!without_high && !(without_low && low == high)) nfa_skip(nfa, add_whole(nfa, high, high, from), to);
}

/* Any number: up to 15 digits, a fraction, an exponent that no double overflows by. */
static int add_any_number(Nfa *nfa, int from)
{
    int to = nfa_state(nfa), begin = nfa_state(nfa), sign = nfa_state(nfa);
    nfa_skip(nfa, from, begin);
    nfa_skip(nfa, nfa_text(nfa, from, "-", 1), begin);
    int fraction = add_fraction(nfa, false, add_whole(nfa, 0, NUMBER_MAX, begin));
    int exponent = nfa_state(nfa);
    nfa_skip(nfa, fraction, to);
    nfa_edge(nfa, fraction, exponent, 'e', 'e');
    nfa_edge(nfa, fraction, exponent, 'E', 'E');
    nfa_skip(nfa, exponent, sign);
    nfa_skip(nfa, nfa_text(nfa, exponent, "-", 1), sign);
    nfa_skip(nfa, nfa_text(nfa, exponent, "+", 1), sign);
    nfa_skip(nfa, add_whole(nfa, 0, 99, sign), to);
    return to;
}

int schema_number(Schema *schema, const cJSON *node, const char *path, int from)
{
    Nfa *nfa = schema->nfa;
    Bounds b;
    if (!take_bounds(schema, node, path, false, &b)) return -1;
    if (!b.given) return add_any_number(nfa, from);
    int to = nfa_state(nfa), minus = nfa_text(nfa, from, "-", 1);
    if (b.high >= 0) add_interval(nfa, b.low > 0 ? b.low : 0, b.high, b.without_low && b.low >= 0, b.without_high, from, to);
    if (b.low < 0) add_interval(nfa, b.high < 0 ? -b.high : 0, -b.low, b.without_high && b.high <= 0, b.without_low, minus, to);
    return to;
}
