/* Small tokenizers with known answers: models, added tokens, normalizers, truncation, decoding, bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/text/text.h"

typedef struct Fixture {
    Arena *arena;
    const hf2c_tokenizer *tokenizer;
    int32_t ids[256], offsets[512];
    hf2c_encoding encoding;
} Fixture;

static void open_text(Fixture *fixture, const char *json)
{
    Err err = {{0}};

    fixture->arena = arena_new();
    fixture->tokenizer = tokenizer_compile_text(fixture->arena, json, strlen(json), &err);
    if (fixture->tokenizer == NULL) {
        fail_msg("%s", err.text);
    }
}

static hf2c_status encode(Fixture *fixture, const char *text, const hf2c_encode_options *options)
{
    hf2c_encode_options plain = {.add_special_tokens = 1};
    size_t bytes = hf2c_encode_scratch(fixture->tokenizer, strlen(text));

    fixture->encoding = (hf2c_encoding){.ids = fixture->ids, .offsets = fixture->offsets, .capacity = 256};
    return hf2c_encode(fixture->tokenizer, text, strlen(text), NULL, 0, options != NULL ? options : &plain, &fixture->encoding, NULL,
                       arena_alloc(fixture->arena, bytes), bytes);
}

static void expect_ids(Fixture *fixture, const char *text, const char *wanted)
{
    Str found = {0};

    assert_int_equal(encode(fixture, text, NULL), HF2C_OK);
    str_printf(&found, "%s", "");
    for (size_t i = 0; i < fixture->encoding.count; i++) {
        str_printf(&found, "%s%d", i > 0 ? " " : "", (int)fixture->ids[i]);
    }
    assert_string_equal(found.data, wanted);
    str_free(&found);
}

static void expect_text(Fixture *fixture, const int32_t *ids, size_t count, const char *wanted)
{
    char text[256];
    size_t length;

    assert_int_equal(hf2c_decode(fixture->tokenizer, ids, count, 0, text, sizeof text, &length), HF2C_OK);
    assert_int_equal(length, strlen(wanted));
    assert_memory_equal(text, wanted, length);
}

static void test_bpe_order(void **state)
{
    Fixture fixture;

    (void)state;
    open_text(&fixture, "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"c\":2,\"bc\":3,\"ab\":4,\"abc\":5,\"aa\":6},"
                        "\"merges\":[\"b c\",\"a b\",\"a bc\",\"a a\"]}}");
    expect_ids(&fixture, "abc", "5");      /* b c first, then a bc */
    expect_ids(&fixture, "ab", "4");
    expect_ids(&fixture, "aaaa", "6 6");   /* the leftmost of equals */
    expect_ids(&fixture, "aaa", "6 0");
    expect_ids(&fixture, "axb", "4");      /* without an unknown token a character vanishes, and its neighbours meet */
    arena_free(fixture.arena);
}

/* The heap of long pieces and the search of short ones agree: the same text, joined and one by one. */
static void test_bpe_long(void **state)
{
    char text[2001];
    Fixture fixture;

    (void)state;
    open_text(&fixture, "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2,\"abab\":3},"
                        "\"merges\":[\"a b\",\"ab ab\"]}}");
    for (int i = 0; i < 400; i++) {
        text[i] = i % 2 == 0 ? 'a' : 'b';
    }
    text[400] = 0;
    assert_int_equal(encode(&fixture, text, NULL), HF2C_OK);
    assert_int_equal(fixture.encoding.count, 100);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(fixture.ids[i], 3);
        assert_int_equal(fixture.offsets[2 * i], 4 * i);
    }
    arena_free(fixture.arena);
}

static void test_bpe_fallback(void **state)
{
    static const int32_t euro[] = {3, 4, 5}, broken[] = {3, 4, 0};
    Fixture fixture;

    (void)state;
    open_text(&fixture, "{\"model\":{\"type\":\"BPE\",\"byte_fallback\":true,\"unk_token\":\"u\",\"fuse_unk\":true,\"vocab\":{\"a\":0,"
                        "\"u\":1,\"<0x41>\":2,\"<0xE2>\":3,\"<0x82>\":4,\"<0xAC>\":5},\"merges\":[]},"
                        "\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"}]}}");
    expect_ids(&fixture, "aA\xe2\x82\xac", "0 2 3 4 5");
    assert_int_equal(fixture.offsets[2 * 3], 2);
    assert_int_equal(fixture.offsets[2 * 3 + 1], 3);
    expect_ids(&fixture, "xyaz", "1 0 1");
    expect_text(&fixture, euro, 3, "\xe2\x82\xac");
    expect_text(&fixture, broken, 3, "\xef\xbf\xbd\xef\xbf\xbd""a");
    arena_free(fixture.arena);
}

static void test_wordpiece(void **state)
{
    static const int32_t ids[] = {1, 2, 1, 4};
    Fixture fixture;

    (void)state;
    open_text(&fixture, "{\"normalizer\":{\"type\":\"BertNormalizer\"},\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},"
                        "\"decoder\":{\"type\":\"WordPiece\"},\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\","
                        "\"max_input_chars_per_word\":5,\"vocab\":{\"[UNK]\":0,\"un\":1,\"##able\":2,\"##a\":3,\".\":4,\"u\":5}}}");
    expect_ids(&fixture, "unable", "0"); /* longer than five characters */
    expect_ids(&fixture, "una u.", "1 3 5 4");
    expect_ids(&fixture, "\xc3\x9cna unx", "1 3 0"); /* the accent goes; one unknown piece spoils the word */
    expect_text(&fixture, ids, 4, "unable un.");
    arena_free(fixture.arena);
}

static void test_unigram(void **state)
{
    Fixture fixture;

    (void)state;
    open_text(&fixture, "{\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"u\",0],[\"a\",-1],[\"b\",-1],[\"ab\",-1.5],"
                        "[\"abb\",-4]]}}");
    expect_ids(&fixture, "ab", "3");
    expect_ids(&fixture, "abb", "3 2");
    expect_ids(&fixture, "xxa", "0 1"); /* unknown neighbours are one token */
    assert_int_equal(fixture.offsets[1], 2);
    arena_free(fixture.arena);
}

static void test_added_tokens(void **state)
{
    Fixture fixture;

    (void)state;
    open_text(&fixture, "{\"added_tokens\":[{\"id\":9,\"content\":\"<m>\",\"special\":true,\"lstrip\":true,\"rstrip\":true},"
                        "{\"id\":6,\"content\":\"ab\",\"single_word\":true},{\"id\":7,\"content\":\"<m>x\",\"special\":true}],"
                        "\"normalizer\":{\"type\":\"Lowercase\"},\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"},"
                        "\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"u\",\"vocab\":{\"u\":0,\"abc\":1,\"y\":2}}}");
    expect_ids(&fixture, "y  <m> y", "2 3 2"); /* ids follow the model's, whatever the file says */
    assert_int_equal(fixture.offsets[2], 1);
    assert_int_equal(fixture.offsets[3], 7);
    expect_ids(&fixture, "AB abc", "4 1");   /* looked for after lower case, and as a whole word */
    expect_ids(&fixture, "<m>xy", "5 2");    /* the longest */
    arena_free(fixture.arena);
}

static void test_truncation(void **state)
{
    hf2c_encode_options options = {.truncation = HF2C_TRUNCATE_LONGEST_FIRST, .max_length = 3, .stride = 1, .window = 2};
    Fixture fixture;

    (void)state;
    open_text(&fixture, "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"c\":2,\"d\":3,\"e\":4,\"f\":5},\"merges\":[]}}");
    assert_int_equal(encode(&fixture, "abcdef", &options), HF2C_OK);
    assert_int_equal(fixture.encoding.count, 2);
    assert_int_equal(fixture.ids[0], 4);
    options.left = 1;
    options.window = 0;
    assert_int_equal(encode(&fixture, "abcdef", &options), HF2C_OK);
    assert_int_equal(fixture.ids[0], 3);
    options.window = 3;
    assert_int_equal(encode(&fixture, "abcdef", &options), HF2C_BAD_ARGUMENT);
    options.window = 0;
    options.stride = 3;
    assert_int_equal(encode(&fixture, "abcdef", &options), HF2C_BAD_ARGUMENT);
    arena_free(fixture.arena);
}

static void test_small_buffers(void **state)
{
    static _Alignas(16) uint8_t scratch[64];
    hf2c_encode_options options = {0};
    Fixture fixture;
    hf2c_encoding encoding;

    (void)state;
    open_text(&fixture, "{\"normalizer\":{\"type\":\"NFC\"},\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}");
    encoding = (hf2c_encoding){.ids = fixture.ids, .capacity = 256};
    for (size_t bytes = 0; bytes <= sizeof scratch; bytes++) {
        assert_int_equal(hf2c_encode(fixture.tokenizer, "aaaaaaaa", 8, NULL, 0, &options, &encoding, NULL, scratch, bytes),
                         HF2C_TOO_SMALL);
    }
    encoding.capacity = 3;
    assert_int_equal(hf2c_encode(fixture.tokenizer, "aaaaaaaa", 8, NULL, 0, &options, &encoding, NULL,
                                 arena_alloc(fixture.arena, 1 << 16), 1 << 16), HF2C_TOO_SMALL);
    assert_int_equal(encoding.count, 3);
    arena_free(fixture.arena);
}

/* Maps whose tries lead in circles or out of bounds: text comes through, as it was or not at all. */
static void test_hostile_maps(void **state)
{
    static const char *const maps[] = {
        "CAAAAGEAAABhAAAAYQA=",
        "CAAAAAD+/z//////YQA=",
        "gAIAAAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAGEFAAD///+A////gP///4D///+A////gP///4D///+A////gP///4D///+A////gP///4D///+A////gP///4D///+A////gP///4D///+A////gP///4D///+A////gP///4D///+A////gP///4D///+A////gP///4D///+A////gP///4D///+A////gP///4D///+A////gP///4D///+A////gP///4D///+A////gP///4D///+A////gP///4D///+A////gP///4D///+A////gP///4D///+A////gP///4D///+A////gP///4D///+A////gP///4BhAA==",
        "AAAAAA=="};
    Fixture fixture;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(maps); i++) {
        Str json = {0};
        str_printf(&json, "{\"normalizer\":{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"%s\"},"
                          "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1},\"merges\":[]}}", maps[i]);
        open_text(&fixture, json.data);
        assert_int_equal(encode(&fixture, "aba\xcc\x81 bb\xff", NULL), HF2C_OK);
        assert_true(fixture.encoding.count >= 3);
        arena_free(fixture.arena);
        str_free(&json);
    }
}

static void test_hostile_ids(void **state)
{
    static const int32_t ids[] = {0, -1, 1 << 30, INT32_MIN, INT32_MAX, 10001, 0};
    Fixture fixture;
    Str json = {0};

    (void)state;
    str_printf(&json, "{\"normalizer\":{\"type\":\"Lowercase\"},\"added_tokens\":[");
    for (int i = 0; i < 10000; i++) {
        str_printf(&json, "%s{\"id\":%d,\"content\":\"<X%d>\",\"normalized\":true,\"special\":%s}", i > 0 ? "," : "", i + 1, i, i % 2 ? "true" : "false");
    }
    str_printf(&json, "],\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}");
    open_text(&fixture, json.data);
    str_free(&json);
    expect_ids(&fixture, "a<x9999><X0>a\xf0\x9f", "0 10000 1 0");
    expect_text(&fixture, ids, COUNT_OF(ids), "a a");
    arena_free(fixture.arena);
}

static void test_refused(void **state)
{
    static const char *const broken[][2] = {
        {"{}", "model"},
        {"{\"model\":{\"type\":\"Magic\",\"vocab\":{}}}", "Magic"},
        {"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":-1}}}", "id"},
        {"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":0}}}", "two tokens"},
        {"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":4194304}}}", "id"},
        {"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[\"a b\"]}}", "merges"},
        {"{\"post_processor\":{\"type\":\"Sequence\",\"processors\":[{\"type\":\"BertProcessing\",\"cls\":[\"a\",0],\"sep\":[\"a\",0]},"
         "{\"type\":\"BertProcessing\",\"cls\":[\"a\",0],\"sep\":[\"a\",0]}]},\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}",
         "two steps that add tokens"},
        {"{\"normalizer\":{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"x*\"},\"content\":\"y\"},"
         "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}", "no characters"},
        {"{\"model\":{\"type\":\"Unigram\",\"unk_id\":7,\"vocab\":[[\"a\",0]]}}", "unk_id"},
        {"{\"normalizer\":{\"type\":\"Rot13\"},\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}", "Rot13"},
        {"{\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(a)\\\\1\"}},"
         "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}", "back-reference"},
        {"{\"normalizer\":{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"////fw==\"},"
         "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}", "charsmap"}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        Arena *arena = arena_new();
        Err err = {{0}};
        assert_null(tokenizer_compile_text(arena, broken[i][0], strlen(broken[i][0]), &err));
        if (strstr(err.text, broken[i][1]) == NULL) {
            fail_msg("%s: the error is %s", broken[i][0], err.text);
        }
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bpe_order), cmocka_unit_test(test_bpe_long), cmocka_unit_test(test_bpe_fallback),
        cmocka_unit_test(test_wordpiece), cmocka_unit_test(test_unigram), cmocka_unit_test(test_added_tokens),
        cmocka_unit_test(test_truncation), cmocka_unit_test(test_small_buffers), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_hostile_maps), cmocka_unit_test(test_hostile_ids)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
