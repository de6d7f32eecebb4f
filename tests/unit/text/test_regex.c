/* Patterns, texts and the matches that a leftmost-first matcher finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/text/regex.h"
#include "runtime/text/work.h"

typedef struct Case {
    const char *pattern, *text, *matches; /* matches separated by '#' */
} Case;

static const char llama3[] = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|"
                             "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
static const char cl100k[] = "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}|"
                             " ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s*[\\r\\n]|\\s+(?!\\S)|\\s";

static const Case cases[] = {
    {"abc", "xabcab", "abc"},
    {"a|ab", "ab", "a"},
    {"ab|a", "aba", "ab#a"},
    {"a*?b", "aab", "aab"},
    {"a+?", "aaa", "a#a#a"},
    {"(?:ab)+c?", "ababcab", "ababc#ab"},
    {"[a-c]{2}", "abcab", "ab#ca"},
    {"[a-c]{2,}?", "abca", "ab#ca"},
    {"x{,2}y", "xxxy", "xxy"},
    {"[^a-z]", "aBc1", "B#1"},
    {"[a-z&&[^aeiou]]+", "hello", "h#ll"},
    {"[^(\\s|[.,])]+", "a(b) c.d", "a#b#c#d"},
    {"\\p{L}+", "h\xc3\xa9llo w\xc3\xb6rld1", "h\xc3\xa9llo#w\xc3\xb6rld"},
    {"\\P{L}", "a1b", "1"},
    {"\\p{^L}", "a1b", "1"},
    {"\\p{Han}+", "ab\xe6\x97\xa5\xe6\x9c\xac!", "\xe6\x97\xa5\xe6\x9c\xac"},
    {"[[:punct:]]+", "a+-b", "+-"},
    {"\\p{Punct}+", "a+-b", "-"},
    {"[[:alpha:]]+", "ab1\xc3\xa9-c", "ab#\xc3\xa9#c"},
    {"[[:^upper:]\\p{XDigit}]+", "aBGh", "aB#h"},
    {"\\s+(?!\\S)|\\s+", "a   b  ", "  # #  "},
    {"a(?=b)", "abac", "a"},
    {"(?<=a)b", "bab", "b"},
    {"(?<!a)b", "bab", "b"},
    {"\\bcat\\b", "cat concat cat", "cat#cat"},
    {"^a", "a\na", "a#a"},
    {"a$", "a\nba", "a#a"},
    {"\\Aa", "aa", "a"},
    {"(?i:haUse)", "HAUSE", "HAUSE"},
    {"(?i:'s)", "'S'\xc5\xbf", "'S#'\xc5\xbf"},
    {"(?i)a(?-i:b)", "Ab AB", "Ab"},
    {"a++b", "aaab", "aaab"},
    {"a?+a", "aa", "aa"},
    {"\\x41\\x{1F600}\\u0042", "A\xf0\x9f\x98\x80""B", "A\xf0\x9f\x98\x80""B"},
    {".+", "ab\ncd", "ab#cd"},
    {"(?m:.+)", "ab\ncd", "ab\ncd"},
    {"(a*)*b", "aaab", "aaab"},
    {llama3, "I'll pay 12345 $$$\n\n  ok  ", "I#'ll# pay# #123#45# $$$\n\n# # ok#  "},
    {cl100k, "He'S 1234  x\r\n", "He#'S# #123#4# # x#\r\n"},
};

static void check(const Case *wanted)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    const RegexNode *node = regex_parse(arena, wanted->pattern, strlen(wanted->pattern), &err);
    const hf2c_scanner *scanner = node != NULL ? regex_compile(arena, node, false, &err) : NULL;
    size_t at = 0, start, end, bytes = strlen(wanted->text);
    Str found = {0};

    if (scanner == NULL) {
        fail_msg("%s: %s", wanted->pattern, err.text);
        return;
    }
    while (hf2c_scan_find(scanner, (const uint8_t *)wanted->text, bytes, at, &start, &end)) {
        str_printf(&found, "%s%.*s", found.length > 0 ? "#" : "", (int)(end - start), wanted->text + start);
        at = end;
    }
    if (strcmp(found.data != NULL ? found.data : "", wanted->matches) != 0) {
        fail_msg("%s on %s: found %s, wanted %s", wanted->pattern, wanted->text, found.data, wanted->matches);
    }
    str_free(&found);
    arena_free(arena);
}

static void test_matches(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        check(&cases[i]);
    }
}

static void test_refused(void **state)
{
    static const char *const patterns[] = {"(a)\\1", "(?>a|ab)", "(?=ab)c", "(?<=ab)c", "\\p{Nonsense}", "[[:graph:]]", "[b-a]", "(", ")", "a{1001}",
                                           "*a", "(?:ab)++", "(?i:straSSe)", "(?i:\xc3\x9f)", "(?i:f\\x69)", "\\k<x>", "[a", "\\"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(patterns); i++) {
        Arena *arena = arena_new();
        Err err = {{0}};
        const RegexNode *node = regex_parse(arena, patterns[i], strlen(patterns[i]), &err);
        if (node != NULL && regex_compile(arena, node, false, &err) != NULL) {
            fail_msg("%s was compiled", patterns[i]);
        }
        assert_true(strncmp(err.text, "regular expression: ", 20) == 0);
        arena_free(arena);
    }
}

/* In the byte alphabet a byte is what spells it: 0xb2 is a digit there, a space is a letter. */
static void test_byte_alphabet(void **state)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    const hf2c_scanner *numbers = regex_compile(arena, regex_parse(arena, "\\p{N}+", 6, &err), true, &err);
    const hf2c_scanner *letters = regex_compile(arena, regex_parse(arena, "\\p{L}+", 6, &err), true, &err);
    size_t start, end;

    (void)state;
    assert_true(hf2c_scan_find(numbers, (const uint8_t *)"a1\xb2!", 4, 0, &start, &end));
    assert_int_equal(start, 1);
    assert_int_equal(end, 3);
    assert_true(hf2c_scan_find(letters, (const uint8_t *)"1 a.", 4, 0, &start, &end));
    assert_int_equal(start, 1);
    assert_int_equal(end, 3);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_matches), cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_byte_alphabet)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
