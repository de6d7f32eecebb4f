#include "compiler/text/charset.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/text/unicode.h"
#include "runtime/text/unicode.h"

void charset_add(Arena *arena, CharSet *set, uint32_t first, uint32_t last)
{
    set->range = arena_grow(arena, set->range, set->count, &set->capacity, sizeof *set->range);
    set->range[set->count++] = (CharRange){first, last};
}

void charset_add_set(Arena *arena, CharSet *set, const CharSet *other)
{
    for (size_t i = 0; i < other->count; i++) {
        charset_add(arena, set, other->range[i].first, other->range[i].last);
    }
}

static int compare(const void *a, const void *b)
{
    const CharRange *left = a, *right = b;

    return left->first < right->first ? -1 : left->first > right->first;
}

void charset_finish(CharSet *set)
{
    size_t kept = 0;

    if (set->count == 0) {
        return;
    }
    qsort(set->range, set->count, sizeof *set->range, compare);
    for (size_t i = 1; i < set->count; i++) {
        CharRange *last = &set->range[kept];
        if (set->range[i].first <= last->last + 1) {
            last->last = set->range[i].last > last->last ? set->range[i].last : last->last;
        } else {
            set->range[++kept] = set->range[i];
        }
    }
    set->count = kept + 1;
}

bool charset_has(const CharSet *set, uint32_t code)
{
    size_t low = 0, high = set->count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (code > set->range[middle].last) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < set->count && code >= set->range[low].first;
}

CharSet charset_not(Arena *arena, const CharSet *set)
{
    CharSet result = {0};
    uint32_t next = 0;

    for (size_t i = 0; i < set->count; i++) {
        if (set->range[i].first > next) {
            charset_add(arena, &result, next, set->range[i].first - 1);
        }
        next = set->range[i].last + 1;
    }
    if (next < CODE_LIMIT) {
        charset_add(arena, &result, next, CODE_LIMIT - 1);
    }
    return result;
}

CharSet charset_and(Arena *arena, const CharSet *a, const CharSet *b)
{
    CharSet not_a = charset_not(arena, a), not_b = charset_not(arena, b);

    charset_add_set(arena, &not_a, &not_b);
    charset_finish(&not_a);
    return charset_not(arena, &not_a);
}

CharSet charset_of(Arena *arena, bool (*is_member)(uint32_t code, const void *user), const void *user)
{
    CharSet set = {0};
    bool inside = false;

    for (uint32_t code = 0; code < CODE_LIMIT; code++) {
        if (is_member(code, user) == inside) {
            if (inside) {
                set.range[set.count - 1].last = code;
            }
            continue;
        }
        inside = !inside;
        if (inside) {
            charset_add(arena, &set, code, code);
        }
    }
    return set;
}

/* ---- case ---- */

uint32_t charset_fold_code(uint32_t code)
{
    if (code == 0x17f) { /* the long s has itself as lower case */
        return 's';
    }
    return code == 0x130 ? code : hf2c_unicode_lower(code); /* the dotted I is no i: it folds to two code points */
}

void charset_fold(Arena *arena, CharSet *set)
{
    CharSet folded = {0}, members = *set;

    charset_finish(&members);
    for (size_t i = 0; i < members.count; i++) {
        for (uint32_t code = members.range[i].first; code <= members.range[i].last; code++) {
            charset_add(arena, &folded, charset_fold_code(code), charset_fold_code(code));
        }
    }
    charset_finish(&folded);
    for (uint32_t code = 0; code < 0x1ea00; code++) { /* no case beyond */
        if (charset_has(&folded, charset_fold_code(code))) {
            charset_add(arena, &members, code, code);
        }
    }
    charset_finish(&members);
    *set = members;
}

/* ---- properties ---- */

static const char category_names[CATEGORY_COUNT][3] = {
    "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po",
    "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn"};

static bool in_categories(uint32_t code, const void *user)
{
    const uint32_t *mask = user;

    return *mask >> (unicode_property(code) & PROPERTY_CATEGORY) & 1;
}

static bool in_script(uint32_t code, const void *user)
{
    const uint8_t *script = user;

    return unicode_script(code) == *script;
}

static bool is_word_in_class(uint32_t code, const void *user)
{
    (void)user;
    return (unicode_property(code) & PROPERTY_WORD) != 0;
}

/* Outside of brackets, Oniguruma also counts the superscripts and fractions of Latin-1. */
static bool is_word(uint32_t code, const void *user)
{
    return is_word_in_class(code, user) || code == 0xb2 || code == 0xb3 || code == 0xb9 || (code >= 0xbc && code <= 0xbe);
}

static bool is_space(uint32_t code, const void *user)
{
    (void)user;
    return hf2c_is_whitespace(code);
}

CharSet charset_space(Arena *arena)
{
    return charset_of(arena, is_space, NULL);
}

CharSet charset_digit(Arena *arena)
{
    uint32_t mask = 1u << CATEGORY_ND;

    return charset_of(arena, in_categories, &mask);
}

CharSet charset_word(Arena *arena)
{
    return charset_of(arena, is_word, NULL);
}

CharSet charset_word_in_class(Arena *arena)
{
    return charset_of(arena, is_word_in_class, NULL);
}

/* Names are compared without case, spaces, '-' and '_'. */
static bool is_named(const char *name, size_t length, const char *known)
{
    size_t at = 0;

    for (size_t i = 0; i < length; i++) {
        int a = name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i], b;
        if (a == ' ' || a == '_' || a == '-') {
            continue;
        }
        while (known[at] == '_') {
            at++;
        }
        b = known[at] >= 'A' && known[at] <= 'Z' ? known[at] + 32 : known[at];
        if (a != b || b == 0) {
            return false;
        }
        at++;
    }
    return known[at] == 0;
}

static uint32_t category_mask(const char *name, size_t length)
{
    static const struct { const char *name; const char *category; } longer[] = {
        {"Letter", "L"}, {"Mark", "M"}, {"Number", "N"}, {"Punctuation", "P"}, {"Punct", "P"}, {"Symbol", "S"},
        {"Separator", "Z"}, {"Other", "C"}, {"Uppercase_Letter", "Lu"}, {"Lowercase_Letter", "Ll"},
        {"Titlecase_Letter", "Lt"}, {"Digit", "Nd"}, {"Decimal_Number", "Nd"}, {"Control", "Cc"}, {"Cntrl", "Cc"}};
    uint32_t mask = 0;

    for (size_t i = 0; i < COUNT_OF(longer); i++) {
        if (is_named(name, length, longer[i].name)) {
            name = longer[i].category;
            length = strlen(name);
        }
    }
    for (int i = 0; i < CATEGORY_COUNT; i++) {
        char first[2] = {category_names[i][0], 0};
        if (is_named(name, length, category_names[i]) || is_named(name, length, first)) {
            mask |= 1u << i;
        }
    }
    return mask;
}

static int find_script(const char *name, size_t length)
{
    const char *known = unicode_script_names();

    for (int i = 0; *known != 0; i++, known += strlen(known) + 1) {
        if (is_named(name, length, known)) {
            return i;
        }
    }
    return -1;
}

bool charset_property(Arena *arena, const char *name, size_t length, CharSet *set)
{
    static const char *const prefix[] = {"Script=", "sc=", "General_Category=", "gc="};
    uint32_t mask;
    int script;

    for (size_t i = 0; i < COUNT_OF(prefix); i++) {
        if (length > strlen(prefix[i]) && strncmp(name, prefix[i], strlen(prefix[i])) == 0) {
            name += strlen(prefix[i]);
            length -= strlen(prefix[i]);
        }
    }
    mask = category_mask(name, length);
    script = find_script(name, length);
    if (mask != 0) {
        *set = charset_of(arena, in_categories, &mask);
    } else if (is_named(name, length, "Space") || is_named(name, length, "White_Space")) {
        *set = charset_space(arena);
    } else if (is_named(name, length, "Word")) {
        *set = charset_word(arena);
    } else if (is_named(name, length, "Any")) {
        charset_add(arena, set, 0, CODE_LIMIT - 1);
    } else if (script >= 0) {
        uint8_t number = (uint8_t)script;
        *set = charset_of(arena, in_script, &number);
    } else {
        return charset_named(arena, name, length, set);
    }
    return true;
}
