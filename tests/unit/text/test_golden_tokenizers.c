/* Every row of every golden.jsonl: ids, tokens, offsets, type ids, word ids, pairs, truncation with its windows, padding, decoding. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/read/json.h"
#include "compiler/text/text.h"

enum { FILE_LIMIT = 1 << 26, TEXT_LIMIT = 1 << 18, MESSAGES = 4, KEPT = 1 << 14 };

typedef struct Run {
    Arena *arena;
    const hf2c_tokenizer *tokenizer;
    const char *name;
    int rows, failures;
    int32_t ids[KEPT], types[KEPT], words[KEPT], sequence[KEPT], offsets[2 * KEPT];
    hf2c_spelling spellings[KEPT];
    hf2c_encoding encoding;
    int windows;
    char text[TEXT_LIMIT];
} Run;

static const cJSON *get(const cJSON *row, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(row, key);
}

static bool differs(Run *run, const cJSON *row, const char *what)
{
    if (run->failures++ < MESSAGES) {
        char *text = cJSON_PrintUnformatted(row);
        printf("%s: %s differs in %.200s\n", run->name, what, text);
        printf("  ids:");
        for (size_t i = 0; i < run->encoding.count && i < 40; i++) {
            printf(" %d(%d,%d)", run->ids[i], run->offsets[2 * i], run->offsets[2 * i + 1]);
        }
        printf("\n");
        free(text);
    }
    return false;
}

/* cJSON ends a string at a NUL: "\\u0000" is read as U+10FFFD, which no row contains, and put back here. */
static const char *text_of(const Run *run, const cJSON *item, size_t *length)
{
    const char *from = item->valuestring;
    char *text = arena_alloc(run->arena, strlen(from) + 1);

    *length = 0;
    while (*from != 0) {
        bool is_nul = strncmp(from, "\xf4\x8f\xbf\xbd", 4) == 0;
        text[(*length)++] = (char)(is_nul ? 0 : *from);
        from += is_nul ? 4 : 1;
    }
    return text;
}

static cJSON *parse_row(Arena *arena, const char *line, size_t length)
{
    char *text = arena_alloc(arena, 2 * length + 1);
    size_t to = 0;

    for (size_t at = 0; at < length;) {
        bool is_nul = length - at >= 6 && memcmp(line + at, "\\u0000", 6) == 0 && (at == 0 || line[at - 1] != '\\');
        memcpy(text + to, is_nul ? "\\udbff\\udffd" : line + at, is_nul ? 12 : 1);
        to += is_nul ? 12 : 1;
        at += is_nul ? 6 : 1;
    }
    return cJSON_ParseWithLength(text, to);
}

/* ---- encoding ---- */

static hf2c_encode_options options_of(const cJSON *row)
{
    hf2c_encode_options options = {.add_special_tokens = 1};
    const cJSON *truncation = get(row, "truncation"), *strategy = get(truncation, "strategy"), *stride = get(truncation, "stride");
    const cJSON *direction = get(truncation, "direction");

    if (truncation == NULL) {
        return options;
    }
    options.truncation = HF2C_TRUNCATE_LONGEST_FIRST;
    if (strategy != NULL && strcmp(strategy->valuestring, "only_first") == 0) {
        options.truncation = HF2C_TRUNCATE_ONLY_FIRST;
    } else if (strategy != NULL && strcmp(strategy->valuestring, "only_second") == 0) {
        options.truncation = HF2C_TRUNCATE_ONLY_SECOND;
    }
    options.max_length = get(truncation, "max_length")->valueint;
    options.stride = stride != NULL ? stride->valueint : 0;
    options.left = direction != NULL && strcmp(direction->valuestring, "left") == 0;
    return options;
}

static hf2c_status encode(Run *run, const cJSON *text_item, const cJSON *pair_item, const hf2c_encode_options *options)
{
    size_t bytes, pair_bytes = 0;
    const char *text = text_of(run, text_item, &bytes);
    const char *pair = pair_item != NULL ? text_of(run, pair_item, &pair_bytes) : NULL;
    size_t scratch_bytes = hf2c_encode_scratch(run->tokenizer, bytes + pair_bytes);
    void *scratch = arena_alloc(run->arena, scratch_bytes);

    run->encoding = (hf2c_encoding){.ids = run->ids, .type_ids = run->types, .word_ids = run->words, .sequence = run->sequence,
                                    .offsets = run->offsets, .spellings = run->spellings, .capacity = KEPT};
    return hf2c_encode(run->tokenizer, text, bytes, pair, pair_bytes, options, &run->encoding, &run->windows, scratch,
                       scratch_bytes);
}

/* A list against an array; null stands for -1; what is beyond the count is padding with that value. */
static bool same_numbers(const cJSON *list, const int32_t *values, size_t count, const int32_t *padding)
{
    const cJSON *item;
    size_t at = 0;

    if (list == NULL) {
        return true;
    }
    cJSON_ArrayForEach(item, list) {
        int32_t wanted = cJSON_IsNull(item) ? -1 : item->valueint;
        if (at < count ? values[at] != wanted : padding == NULL || *padding != wanted) {
            return false;
        }
        at++;
    }
    return at >= count;
}

static bool same_offsets(const cJSON *list, const Run *run)
{
    const cJSON *item;
    size_t at = 0;

    cJSON_ArrayForEach(item, list) {
        int start = cJSON_GetArrayItem(item, 0)->valueint, end = cJSON_GetArrayItem(item, 1)->valueint;
        if (at < run->encoding.count ? run->offsets[2 * at] != start || run->offsets[2 * at + 1] != end : start != 0 || end != 0) {
            return false;
        }
        at++;
    }
    return list == NULL || at >= run->encoding.count;
}

static bool same_tokens(const cJSON *list, const Run *run)
{
    const cJSON *item;
    size_t at = 0;

    cJSON_ArrayForEach(item, list) {
        const hf2c_spelling *spelling = &run->spellings[at];
        size_t length;
        const char *text = text_of(run, item, &length);
        if (at < run->encoding.count && (length != spelling->length || memcmp(text, spelling->text, length) != 0)) {
            return false;
        }
        at++;
    }
    return list == NULL || at >= run->encoding.count;
}

static bool check_encoding(Run *run, const cJSON *row, const cJSON *wanted, int32_t pad)
{
    static const int32_t zero = 0, none = -1;

    if (!same_numbers(get(wanted, "ids"), run->ids, run->encoding.count, &pad)) {
        return differs(run, row, "ids");
    }
    if (!same_tokens(get(wanted, "tokens"), run)) {
        return differs(run, row, "tokens");
    }
    if (!same_offsets(get(wanted, "offsets"), run)) {
        return differs(run, row, "offsets");
    }
    if (!same_numbers(get(wanted, "type_ids"), run->types, run->encoding.count, &zero)) {
        return differs(run, row, "type_ids");
    }
    if (!same_numbers(get(wanted, "word_ids"), run->words, run->encoding.count, &none)) {
        return differs(run, row, "word_ids");
    }
    if (!same_numbers(get(wanted, "sequence_ids"), run->sequence, run->encoding.count, &none)) {
        return differs(run, row, "sequence_ids");
    }
    return true;
}

/* ---- decoding ---- */

static bool check_decoded(Run *run, const cJSON *row, const int32_t *ids, size_t count, int skip, const char *key)
{
    const cJSON *wanted = get(row, key);
    size_t length, again, wanted_length;
    const char *text;

    if (wanted == NULL) {
        return true;
    }
    text = text_of(run, wanted, &wanted_length);
    if (hf2c_decode(run->tokenizer, ids, count, skip, run->text, TEXT_LIMIT, &length) != HF2C_OK ||
        length != wanted_length || memcmp(run->text, text, length) != 0) {
        printf("  decoded: %.*s\n", (int)length, run->text);
        return differs(run, row, key);
    }
    if (hf2c_decode(run->tokenizer, ids, count, skip, NULL, 0, &again) != (length > 0 ? HF2C_TOO_SMALL : HF2C_OK) ||
        again != length) {
        return differs(run, row, "the length that decoding asks for");
    }
    return true;
}

/* ---- rows ---- */

static bool run_single(Run *run, const cJSON *row)
{
    hf2c_encode_options options = options_of(row), plain = {.add_special_tokens = 0};
    const cJSON *text = get(row, "text"), *pair = get(row, "pair");

    if (encode(run, text, pair, &options) != HF2C_OK) {
        return differs(run, row, "status");
    }
    if (!check_encoding(run, row, row, -2) ||
        !check_decoded(run, row, run->ids, run->encoding.count, 1, "decode_skip") ||
        !check_decoded(run, row, run->ids, run->encoding.count, 0, "decode_keep")) {
        return false;
    }
    if (get(row, "ids_no_special") != NULL) {
        if (encode(run, text, NULL, &plain) != HF2C_OK ||
            !same_numbers(get(row, "ids_no_special"), run->ids, run->encoding.count, NULL)) {
            return differs(run, row, "ids_no_special");
        }
    }
    return true;
}

static bool check_windows(Run *run, const cJSON *row, const cJSON *text, const cJSON *pair, const cJSON *overflowing, int32_t pad,
                          bool left)
{
    hf2c_encode_options options = options_of(row);
    const cJSON *item;

    options.window = 1;
    cJSON_ArrayForEach(item, overflowing) {
        cJSON *ids = cJSON_Duplicate(cJSON_IsArray(item) ? item : get(item, "ids"), 1);
        bool good = encode(run, text, pair, &options) == HF2C_OK;
        while (good && left && cJSON_GetArraySize(ids) > (int)run->encoding.count && cJSON_GetArrayItem(ids, 0)->valueint == pad) {
            cJSON_DeleteItemFromArray(ids, 0);
        }
        good = good && same_numbers(ids, run->ids, run->encoding.count, &pad);
        cJSON_Delete(ids);
        if (!good) {
            return differs(run, row, "overflowing");
        }
        options.window++;
    }
    return options.window == run->windows || differs(run, row, "the number of windows");
}

static bool run_batch(Run *run, const cJSON *row)
{
    hf2c_encode_options options = options_of(row);
    const cJSON *encodings = get(row, "encodings"), *wanted, *padding = get(row, "padding"), *texts = get(row, "texts");
    int32_t pad = get(row, "pad_id") != NULL ? get(row, "pad_id")->valueint : -2;
    int at = 0;

    cJSON_ArrayForEach(wanted, encodings) {
        const cJSON *text = cJSON_GetArrayItem(texts, at++);
        cJSON *one = cJSON_Duplicate(wanted, 1);
        bool left = cJSON_IsString(padding) && strcmp(padding->valuestring, "left") == 0, good;
        if (encode(run, text, NULL, &options) != HF2C_OK) {
            return differs(run, row, "status");
        }
        if (left) { /* what is on the left of the tokens is padding: the same on the right */
            cJSON *list;
            cJSON_ArrayForEach(list, one) {
                int extra = cJSON_GetArraySize(get(one, "ids")) - (int)run->encoding.count;
                for (int i = 0; cJSON_IsArray(list) && strcmp(list->string, "overflowing") != 0 && strcmp(list->string, "ids") != 0 &&
                                i < extra; i++) {
                    cJSON_DeleteItemFromArray(list, 0);
                }
            }
            while (cJSON_GetArraySize(get(one, "ids")) > (int)run->encoding.count) {
                cJSON_DeleteItemFromArray(cJSON_GetObjectItem(one, "ids"), 0);
            }
        }
        good = check_encoding(run, row, one, pad);
        if (good && get(one, "overflowing") != NULL) {
            good = check_windows(run, row, text, NULL, get(one, "overflowing"), pad, left);
        }
        cJSON_Delete(one);
        if (!good) {
            return false;
        }
    }
    return at > 0;
}

static bool run_decode(Run *run, const cJSON *row)
{
    const cJSON *item;
    size_t count = 0;

    cJSON_ArrayForEach(item, get(row, "ids")) {
        run->ids[count++] = item->valueint;
    }
    run->encoding.count = 0;
    return check_decoded(run, row, run->ids, count, 1, "decode_skip") && check_decoded(run, row, run->ids, count, 0, "decode_keep");
}

/* ---- conversations ---- */

static bool same_chat(Run *run, const cJSON *row, const hf2c_chat_request *request)
{
    static char scratch[1 << 20];
    static const hf2c_encode_options plain = {.add_special_tokens = 0};
    const cJSON *error = get(row, "error"), *text = get(row, "text");
    hf2c_message message = {""};
    size_t length, wanted_length;
    hf2c_status status = hf2c_chat(run->tokenizer, request, run->text, TEXT_LIMIT, &length, &message, scratch, sizeof scratch);

    if (error != NULL) {
        return (status == HF2C_BAD_TEXT && strcmp(message.text, error->valuestring) == 0) || differs(run, row, message.text);
    }
    const char *wanted = text_of(run, text, &wanted_length);
    if (status != HF2C_OK || length != wanted_length || memcmp(run->text, wanted, length) != 0) {
        printf("  %s\n%.*s\n", message.text, (int)length, run->text);
        return differs(run, row, "text");
    }
    if (encode(run, text, NULL, &plain) != HF2C_OK || !same_numbers(get(row, "ids"), run->ids, run->encoding.count, NULL)) {
        return differs(run, row, "ids");
    }
    return true;
}

static bool run_chat(Run *run, const cJSON *row)
{
    char *messages = cJSON_PrintUnformatted(get(row, "messages"));
    hf2c_chat_request request = {.messages = messages, .messages_bytes = strlen(messages)};
    bool same;

    request.add_generation_prompt = cJSON_IsTrue(get(row, "add_generation_prompt"));
    same = same_chat(run, row, &request);
    free(messages);
    return same;
}

static void run_row(Run *run, const cJSON *row)
{
    const char *kind = get(row, "kind")->valuestring;
    const cJSON *pair = get(row, "pair");

    run->rows++;
    if (strcmp(kind, "single") == 0 || strcmp(kind, "pair") == 0) {
        run_single(run, row);
    } else if (strcmp(kind, "pair_truncated") == 0) {
        if (run_single(run, row) && get(row, "overflowing") != NULL) {
            check_windows(run, row, get(row, "text"), pair, get(row, "overflowing"), -2, false);
        }
    } else if (strcmp(kind, "batch") == 0) {
        run_batch(run, row);
    } else if (strcmp(kind, "decode") == 0) {
        run_decode(run, row);
    } else if (strcmp(kind, "meta") == 0) {
        if (get(row, "vocab_size")->valueint != (int)hf2c_vocabulary(run->tokenizer)) {
            differs(run, row, "vocab_size");
        }
    } else if (strcmp(kind, "chat") == 0) {
        run_chat(run, row);
    } else {
        differs(run, row, "kind");
    }
}

static void run_file(Run *run, const char *path)
{
    FileView view;
    Err err = {{0}};
    size_t at = 0;

    assert_true(file_read(run->arena, path, FILE_LIMIT, &view, &err));
    while (at < view.size) {
        const char *start = (const char *)view.data + at, *end = memchr(start, '\n', view.size - at);
        size_t length = end != NULL ? (size_t)(end - start) : view.size - at;
        cJSON *row = parse_row(run->arena, start, length);
        assert_non_null(row);
        run_row(run, row);
        cJSON_Delete(row);
        at += length + 1;
    }
}

static int run_folder(const char *name, int *rows)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    Run *run = ARENA_NEW(arena, Run);
    Model model = {.arena = arena, .folder = arena_printf(arena, "%s/oracle/tokenizers/%s", TESTS_FOLDER, name), .name = name};
    int failures;

    run->arena = arena;
    run->name = name;
    run->tokenizer = tokenizer_compile(arena, &model, &err);
    if (run->tokenizer == NULL) {
        printf("%-14s cannot be compiled: %s\n", name, err.text);
        arena_free(arena);
        return 1;
    }
    run_file(run, arena_printf(arena, "%s/golden.jsonl", model.folder));
    printf("%-14s %4d rows, %d differ\n", name, run->rows, run->failures);
    *rows += run->rows;
    failures = run->failures;
    arena_free(arena);
    return failures;
}

static void test_golden(void **state)
{
    struct dirent **entries;
    int count = scandir(TESTS_FOLDER "/oracle/tokenizers", &entries, NULL, alphasort), failures = 0, rows = 0, folders = 0;
    const char *only = getenv("GOLDEN_ONLY");

    (void)state;
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.' && (only == NULL || strcmp(only, entries[i]->d_name) == 0)) {
            failures += run_folder(entries[i]->d_name, &rows);
            folders++;
        }
        free(entries[i]);
    }
    free(entries);
    printf("%d tokenizers, %d rows\n", folders, rows);
    assert_true(folders > 0);
    assert_int_equal(failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
