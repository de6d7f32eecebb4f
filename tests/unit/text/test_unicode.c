/* Normalization forms with known answers, long runs of marks, properties, and whether the tables are current. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/base.h"
#include "compiler/text/unicode.h"
#include "runtime/text/unicode.h"
#include "runtime/text/work.h"

typedef void Form(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out);

static void normalize(Arena *arena, Form *form, const char *text, size_t bytes, hf2c_line *out)
{
    hf2c_line in = {.text = arena_alloc(arena, bytes + 1), .origin = ARENA_ARRAY(arena, uint32_t, 2 * bytes + 2), .bytes = bytes};
    hf2c_parameters none = {0};
    size_t capacity = 12 * bytes + 16;

    memcpy(in.text, text, bytes);
    for (size_t i = 0, code = 0; i < bytes; i++) {
        code += i > 0 && ((unsigned char)text[i] & 0xc0) != 0x80;
        in.origin[2 * i] = (uint32_t)code;
        in.origin[2 * i + 1] = (uint32_t)code + 1;
    }
    *out = (hf2c_line){.text = arena_alloc(arena, capacity), .origin = ARENA_ARRAY(arena, uint32_t, 2 * capacity),
                       .capacity = capacity};
    form(&none, &in, out);
    assert_int_equal(out->full, 0);
}

static void test_forms(void **state)
{
    static const struct { const char *text, *nfc, *nfd, *nfkc, *nfkd; } row[] = {
        {"\xc3\xa9", "\xc3\xa9", "e\xcc\x81", "\xc3\xa9", "e\xcc\x81"},
        {"e\xcc\x81", "\xc3\xa9", "e\xcc\x81", "\xc3\xa9", "e\xcc\x81"},
        {"a\xcc\x81\xcc\xa3", "\xe1\xba\xa1\xcc\x81", "a\xcc\xa3\xcc\x81", "\xe1\xba\xa1\xcc\x81", "a\xcc\xa3\xcc\x81"},
        {"\xea\xb0\x81", "\xea\xb0\x81", "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8", "\xea\xb0\x81",
         "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8"},
        {"\xef\xac\x81", "\xef\xac\x81", "\xef\xac\x81", "fi", "fi"},
        {"\xc2\xb2\xe2\x84\xab", "\xc2\xb2\xc3\x85", "\xc2\xb2" "A\xcc\x8a", "2\xc3\x85", "2A\xcc\x8a"},
        {"\xe0\xa5\x98", "\xe0\xa4\x95\xe0\xa4\xbc", "\xe0\xa4\x95\xe0\xa4\xbc", "\xe0\xa4\x95\xe0\xa4\xbc",
         "\xe0\xa4\x95\xe0\xa4\xbc"}, /* excluded from composition */
        {"\xcc\x81", "\xcc\x81", "\xcc\x81", "\xcc\x81", "\xcc\x81"}};
    Form *const forms[] = {hf2c_normalize_nfc, hf2c_normalize_nfd, hf2c_normalize_nfkc, hf2c_normalize_nfkd};
    Arena *arena = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(row); i++) {
        const char *wanted[] = {row[i].nfc, row[i].nfd, row[i].nfkc, row[i].nfkd};
        for (size_t k = 0; k < COUNT_OF(forms); k++) {
            hf2c_line out;
            normalize(arena, forms[k], row[i].text, strlen(row[i].text), &out);
            assert_int_equal(out.bytes, strlen(wanted[k]));
            assert_memory_equal(out.text, wanted[k], out.bytes);
        }
    }
    arena_free(arena);
}

static void test_origins(void **state)
{
    static const char text[] = "xe\xcc\x81y";
    Arena *arena = arena_new();
    hf2c_line out;

    (void)state;
    normalize(arena, hf2c_normalize_nfc, text, strlen(text), &out);
    assert_int_equal(out.bytes, 4);
    assert_int_equal(out.origin[2], 1); /* the composed letter stands where its base stood */
    assert_int_equal(out.origin[3], 2);
    assert_int_equal(out.origin[6], 3); /* y */
    arena_free(arena);
}

/* Many marks of alternating classes in one run: put in order, none lost. */
static void test_long_runs(void **state)
{
    enum { MARKS = 100000 };
    Arena *arena = arena_new();
    char *text = arena_alloc(arena, 2 * MARKS + 1);
    hf2c_line out;

    (void)state;
    for (size_t i = 0; i < MARKS; i++) {
        memcpy(text + 2 * i, i % 2 == 0 ? "\xcc\x81" : "\xcc\xa3", 2); /* above, below */
    }
    normalize(arena, hf2c_normalize_nfd, text, (size_t)2 * MARKS, &out);
    assert_int_equal(out.bytes, 2 * MARKS);
    assert_memory_equal(out.text, "\xcc\xa3", 2);
    assert_memory_equal(out.text + MARKS - 2, "\xcc\xa3", 2);
    assert_memory_equal(out.text + MARKS, "\xcc\x81", 2);
    arena_free(arena);
}

static void test_properties(void **state)
{
    (void)state;
    assert_true(hf2c_is_whitespace(0x3000) && hf2c_is_whitespace(0x85) && !hf2c_is_whitespace(0x200b));
    assert_true(unicode_is_punctuation('$') && unicode_is_punctuation(0x2014) && !unicode_is_punctuation(0x20ac));
    assert_true(hf2c_is_control(0xad) && hf2c_is_control(0xe000) && !hf2c_is_control('\n') && !hf2c_is_control(0x378));
    assert_true(hf2c_is_mark(0x903) && hf2c_is_nonspacing_mark(0x301) && !hf2c_is_nonspacing_mark(0x903));
    assert_true(hf2c_is_word('_') && hf2c_is_word(0x24b6) && hf2c_is_word(0x200d) && !hf2c_is_word('-'));
    assert_true(unicode_is_numeric(0xbd) && !unicode_is_numeric('a'));
    assert_int_equal(hf2c_unicode_lower(0xc9), 0xe9);
    assert_int_equal(hf2c_unicode_lower(0x10ffff), 0x10ffff);
    assert_int_equal(unicode_property(0x323b0) & PROPERTY_CATEGORY, CATEGORY_CN);
    assert_int_equal(unicode_property(0x1171e) & PROPERTY_CATEGORY, CATEGORY_MC); /* to patterns; a nonspacing mark to BERT */
    assert_true(hf2c_is_nonspacing_mark(0x1171e) && unicode_is_numeric(0x11de0) && unicode_is_numeric(0x16ff6));
}

/* The alphabet of byte-level tokenizers is a bijection. */
static void test_byte_alphabet(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        assert_int_equal(hf2c_byte_of_code(hf2c_byte_code((uint8_t)byte)), byte);
    }
    assert_int_equal(hf2c_byte_code(' '), 0x120);
    assert_int_equal(hf2c_byte_code(0xad), 0x143);
    assert_int_equal(hf2c_byte_of_code(0x144), -1);
}

/* ---- the tables as a whole ---- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * 1099511628211u;
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
    for (; *text != 0; text++) {
        hash = mix(hash, (uint8_t)*text);
    }
    return hash;
}

static uint64_t mix_units(uint64_t hash, const uint16_t *parts, uint32_t units)
{
    for (uint32_t i = 0; i < units; i++) {
        hash = mix(hash, parts[i]);
    }
    return mix(hash, units);
}

static uint64_t of_category(uint64_t hash, uint32_t code) { return mix(hash, unicode_property(code)); }
static uint64_t of_numeric(uint64_t hash, uint32_t code) { return mix(hash, (uint64_t)unicode_is_numeric(code)); }
static uint64_t of_punctuation(uint64_t hash, uint32_t code) { return mix(hash, (uint64_t)unicode_is_punctuation(code)); }
static uint64_t of_whitespace(uint64_t hash, uint32_t code) { return mix(hash, (uint64_t)hf2c_is_whitespace(code)); }
static uint64_t of_word(uint64_t hash, uint32_t code) { return mix(hash, (uint64_t)hf2c_is_word(code)); }
static uint64_t of_control(uint64_t hash, uint32_t code) { return mix(hash, (uint64_t)hf2c_is_control(code)); }
static uint64_t of_mark(uint64_t hash, uint32_t code) { return mix(hash, (uint64_t)hf2c_is_mark(code)); }
static uint64_t of_nonspacing(uint64_t hash, uint32_t code) { return mix(hash, (uint64_t)hf2c_is_nonspacing_mark(code)); }
static uint64_t of_lower(uint64_t hash, uint32_t code) { return mix(hash, hf2c_unicode_lower(code)); }
static uint64_t of_class(uint64_t hash, uint32_t code) { return mix(hash, hf2c_unicode_combining_class(code)); }
static uint64_t of_grapheme(uint64_t hash, uint32_t code) { return mix(hash, hf2c_unicode_grapheme_class(code)); }

static uint64_t of_canonical(uint64_t hash, uint32_t code)
{
    uint32_t units;
    const uint16_t *parts = hf2c_unicode_decomposition(&hf2c_unicode_canonical, code, &units);

    return mix_units(hash, parts, units);
}

static uint64_t of_compatible(uint64_t hash, uint32_t code)
{
    uint32_t units;
    const uint16_t *parts = hf2c_unicode_decomposition(&hf2c_unicode_compatible, code, &units);

    return mix_units(hash, parts, units);
}

static uint64_t of_script(uint64_t hash, uint32_t code)
{
    const char *name = unicode_script_names();

    for (uint8_t script = unicode_script(code); script > 0; script--) {
        name += strlen(name) + 1;
    }
    return mix_text(hash, name);
}

/* What the tables say of all 1,114,112 code points: Unicode 15.0 with what unicode_later.txt adds of 16.0, as tokenizer_unicode.sh
 * found the same in HF tokenizers 0.23.3. Who changes a table runs that again. */
static void test_all_code_points(void **state)
{
    static const struct { const char *name; uint64_t (*add)(uint64_t hash, uint32_t code); uint64_t wanted; } table[] = {
        {"category", of_category, 0x2ebfe36819cfa8d1}, {"numeric", of_numeric, 0x1cccd777e18ba96f}, {"punctuation", of_punctuation, 0x62d9a6d8c535de1b}, {"whitespace", of_whitespace, 0x05d570bb8c3ec7ac},
        {"word", of_word, 0x360216108bd9fb7c}, {"control", of_control, 0xcb953f7e43e7b111}, {"mark", of_mark, 0x3f555a064286f126}, {"nonspacing mark", of_nonspacing, 0x010fb5f2cdb76548},
        {"lower case", of_lower, 0x35baee5c3d2d6fc8}, {"combining class", of_class, 0xa9fc8ea3510790b9}, {"canonical", of_canonical, 0xc8bf67845f466816},
        {"compatible", of_compatible, 0xed073b1f0d041b14}, {"grapheme", of_grapheme, 0x2a589d6823b75f18}, {"script", of_script, 0x0d81bbd2d2311d8a}};
    uint64_t hash = 14695981039346656037u;
    int wrong = 0;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        uint64_t found = 14695981039346656037u;
        for (uint32_t code = 0; code < 0x110000; code++) {
            found = table[i].add(found, code);
        }
        if (found != table[i].wanted) {
            printf("%s: found 0x%016llx, wanted 0x%016llx\n", table[i].name, (unsigned long long)found, (unsigned long long)table[i].wanted);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
    for (uint32_t i = 0; i < 3 * hf2c_unicode_compositions.count; i++) {
        hash = mix(hash, hf2c_unicode_compositions.pair[i]);
    }
    assert_int_equal(hash, 0xc996ac992f7cf4d5);
}

/* Where the Unicode Character Database is installed, the generator must give the checked-in tables again. */
static void test_tables_current(void **state)
{
    (void)state;
    if (!file_exists("/usr/share/unicode/UnicodeData.txt")) {
        skip();
    }
    assert_int_equal(system("d=$(mktemp -d) && python3 " TESTS_FOLDER "/../compiler/text/unicode_generate.py /usr/share/unicode $d && "
                            "for f in $d/*/text/*; do cmp $f " TESTS_FOLDER "/../${f#$d/} || exit 1; done; rm -r $d"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms), cmocka_unit_test(test_origins),
                                       cmocka_unit_test(test_long_runs), cmocka_unit_test(test_properties),
                                       cmocka_unit_test(test_byte_alphabet), cmocka_unit_test(test_all_code_points), cmocka_unit_test(test_tables_current)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
