/* What fuzzing against HF tokenizers found (tests/bench/tokenizer_fuzz.sh): a line is a tokenizer (that of the line before when it has
 * none), a request and the answer of HF tokenizers, or "error". */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/read/json.h"
#include "compiler/text/text.h"

enum { FILE_LIMIT = 1 << 24, TOKENS_MOST = 512, TEXT_MOST = 4096 };

static const cJSON *get(const cJSON *row, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(row, key);
}

static void check_numbers(const cJSON *list, const int32_t *found, size_t count, const char *what)
{
    const cJSON *item;
    size_t at = 0;

    assert_int_equal(cJSON_GetArraySize(list), count);
    cJSON_ArrayForEach(item, list) {
        int32_t wanted = cJSON_IsNull(item) ? -1 : item->valueint;
        if (found[at++] != wanted) {
            fail_msg("%s %zu: found %d, wanted %d", what, at - 1, (int)found[at - 1], (int)wanted);
        }
    }
}

static void check_encoding(const cJSON *wanted, const hf2c_encoding *found)
{
    for (size_t i = 0; i < found->count; i++) {
        const char *token = cJSON_GetArrayItem(get(wanted, "tokens"), (int)i)->valuestring;
        const cJSON *offset = cJSON_GetArrayItem(get(wanted, "offsets"), (int)i);
        assert_int_equal(found->spellings[i].length, strlen(token));
        assert_memory_equal(found->spellings[i].text, token, strlen(token));
        check_numbers(offset, found->offsets + 2 * i, 2, "offset");
    }
    check_numbers(get(wanted, "ids"), found->ids, found->count, "id");
    check_numbers(get(wanted, "type_ids"), found->type_ids, found->count, "type");
    check_numbers(get(wanted, "word_ids"), found->word_ids, found->count, "word");
}

static void check_text(Arena *arena, const hf2c_tokenizer *tokenizer, const cJSON *request, const cJSON *wanted)
{
    static int32_t ids[TOKENS_MOST], types[TOKENS_MOST], words[TOKENS_MOST], offsets[2 * TOKENS_MOST];
    static hf2c_spelling spellings[TOKENS_MOST];
    const char *text = get(request, "text")->valuestring;
    hf2c_encode_options options = {.add_special_tokens = 1};
    hf2c_encoding found = {.ids = ids, .type_ids = types, .word_ids = words, .offsets = offsets, .spellings = spellings,
                           .capacity = TOKENS_MOST};
    size_t bytes = hf2c_encode_scratch(tokenizer, strlen(text));
    hf2c_status status =
        hf2c_encode(tokenizer, text, strlen(text), NULL, 0, &options, &found, NULL, arena_alloc(arena, bytes), bytes);

    assert_int_equal(status == HF2C_OK, !cJSON_IsString(wanted));
    if (status == HF2C_OK) {
        check_encoding(wanted, &found);
    }
}

static void check_decoded(const hf2c_tokenizer *tokenizer, const cJSON *request, const cJSON *wanted)
{
    const char *text = get(wanted, "text")->valuestring;
    char found[TEXT_MOST];
    int32_t ids[TOKENS_MOST];
    size_t count = 0, length;
    const cJSON *item;

    cJSON_ArrayForEach(item, get(request, "decode")) {
        ids[count++] = item->valueint;
    }
    assert_int_equal(hf2c_decode(tokenizer, ids, count, cJSON_IsTrue(get(request, "skip_special_tokens")), found, TEXT_MOST, &length),
                     HF2C_OK);
    assert_int_equal(length, strlen(text));
    assert_memory_equal(found, text, length);
}

static const hf2c_tokenizer *compile(Arena *arena, const cJSON *tree)
{
    char *text = cJSON_PrintUnformatted(tree);
    Err err = {{0}};
    const hf2c_tokenizer *tokenizer = tokenizer_compile_text(arena, text, strlen(text), &err);

    if (tokenizer == NULL) {
        fail_msg("%s", err.text);
    }
    free(text);
    return tokenizer;
}

static void check_refused(Arena *arena, const cJSON *row)
{
    char *text = cJSON_PrintUnformatted(get(row, "tokenizer"));
    Err err = {{0}};

    assert_null(tokenizer_compile_text(arena, text, strlen(text), &err));
    assert_string_equal(err.text, get(row, "refused")->valuestring);
    free(text);
}

static void check_file(const char *path)
{
    Arena *arena = arena_new();
    FileView view;
    Err err = {{0}};
    const hf2c_tokenizer *tokenizer = NULL;
    size_t at = 0;

    assert_true(file_read(arena, path, FILE_LIMIT, &view, &err));
    while (at < view.size) {
        const char *line = (const char *)view.data + at, *end = memchr(line, '\n', view.size - at);
        const cJSON *row = json_own(arena, cJSON_ParseWithLength(line, (size_t)(end - line)));
        assert_non_null(row);
        if (get(row, "refused") != NULL) {
            check_refused(arena, row);
            at += (size_t)(end - line) + 1;
            continue;
        }
        tokenizer = get(row, "tokenizer") != NULL ? compile(arena, get(row, "tokenizer")) : tokenizer;
        if (get(get(row, "request"), "decode") != NULL) {
            check_decoded(tokenizer, get(row, "request"), get(row, "wanted"));
        } else {
            check_text(arena, tokenizer, get(row, "request"), get(row, "wanted"));
        }
        at += (size_t)(end - line) + 1;
    }
    arena_free(arena);
}

static void test_finds(void **state)
{
    (void)state;
    check_file(TESTS_FOLDER "/unit/text/finds.jsonl");
}

/* The pre-tokenizers of well-known models. */
static void test_patterns(void **state)
{
    (void)state;
    check_file(TESTS_FOLDER "/unit/text/patterns.jsonl");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_finds), cmocka_unit_test(test_patterns)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
