/* Folders whose tokenizer.json is taken away must give the same tokens from the older files. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "compiler/read/json.h"
#include "compiler/text/text.h"

enum { FILE_LIMIT = 1 << 26, TOKENS_MOST = 1024, PATH_MOST = 1024 };

static const char *const texts[] = {
    "Hello world! This isn't 12345 tests.", "  two  spaces ", "na\xc3\xafve caf\xc3\xa9 \xe2\x80\x94 \xe2\x80\x9cquoted\xe2\x80\x9d\xe2\x80\xa6",
    "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e \xed\x95\x9c\xea\xb5\xad", "x\ny\tz\r\n", "ABC abc \xc3\x80 \xef\xac\x81 \xe2\x91\xa0",
    "\xf0\x9f\x98\x80 a<mask>b [MASK] c </s> d <s>", "don't we'll I'M", "``x'' \"y\"", ""};

/* One file of older formats in the folder. */
static int is_older(const char *name)
{
    static const char *const names[] = {"vocab.txt", "merges.txt", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "spm.model"};

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static void path_join(char path[PATH_MOST], const char *folder, const char *name)
{
    assert_true(strlen(folder) + strlen(name) + 2 <= PATH_MOST);
    strcpy(path, folder);
    strcat(path, "/");
    strcat(path, name);
}

/* Fills the folder with links to all files but tokenizer.json; returns whether there are older ones. */
static int link_files(const char *from, const char *to)
{
    DIR *folder = opendir(from);
    struct dirent *entry;
    int older = 0, whole = 0;

    for (; folder != NULL && (entry = readdir(folder)) != NULL;) {
        char source[PATH_MOST], target[PATH_MOST];
        path_join(source, from, entry->d_name);
        path_join(target, to, entry->d_name);
        whole |= strcmp(entry->d_name, "tokenizer.json") == 0;
        older |= is_older(entry->d_name);
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, "tokenizer.json") != 0) {
            assert_int_equal(symlink(source, target), 0);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return older && whole;
}

static void remove_files(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;

    while ((entry = readdir(folder)) != NULL) {
        char target[PATH_MOST];
        path_join(target, path, entry->d_name);
        unlink(target);
    }
    closedir(folder);
    rmdir(path);
}

static const hf2c_tokenizer *compile(Arena *arena, const char *folder)
{
    Model model = {.arena = arena, .folder = folder, .name = folder};
    Err err = {{0}};
    const char *config = model_file(&model, "config.json");
    const hf2c_tokenizer *tokenizer;

    if (config != NULL) {
        model.config.root = json_read(arena, config, FILE_LIMIT, &err);
    }
    tokenizer = tokenizer_compile(arena, &model, &err);
    if (tokenizer == NULL) {
        fail_msg("%s: %s", folder, err.text);
    }
    return tokenizer;
}

static size_t encode(Arena *arena, const hf2c_tokenizer *tokenizer, const char *text, int32_t *ids, int32_t *offsets)
{
    hf2c_encode_options options = {.add_special_tokens = 1};
    hf2c_encoding encoding = {.ids = ids, .offsets = offsets, .capacity = TOKENS_MOST};
    size_t bytes = hf2c_encode_scratch(tokenizer, strlen(text));

    assert_int_equal(hf2c_encode(tokenizer, text, strlen(text), NULL, 0, &options, &encoding, NULL, arena_alloc(arena, bytes), bytes), HF2C_OK);
    return encoding.count;
}

static void compare(const char *name, const char *whole, const char *older)
{
    static int32_t ids[2][TOKENS_MOST], offsets[2][2 * TOKENS_MOST];
    Arena *arena = arena_new();
    const hf2c_tokenizer *wanted = compile(arena, whole), *found = compile(arena, older);

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        size_t count = encode(arena, wanted, texts[i], ids[0], offsets[0]);
        if (encode(arena, found, texts[i], ids[1], offsets[1]) != count || memcmp(ids[0], ids[1], count * sizeof **ids) != 0 ||
            memcmp(offsets[0], offsets[1], 2 * count * sizeof **offsets) != 0) {
            fail_msg("%s: other tokens for \"%s\"", name, texts[i]);
        }
    }
    arena_free(arena);
}

static int check_folder(const char *oracle, const char *name)
{
    char whole[PATH_MOST], older[] = "/tmp/hf2c-convert-XXXXXX";
    int compared;

    path_join(whole, oracle, name);
    assert_non_null(mkdtemp(older));
    compared = link_files(whole, older);
    if (compared) {
        compare(name, whole, older);
    }
    remove_files(older);
    return compared;
}

static void test_folders(void **state)
{
    DIR *oracle = opendir(TESTS_FOLDER "/oracle");
    struct dirent *entry;
    int compared = 0;

    (void)state;
    assert_non_null(oracle);
    while ((entry = readdir(oracle)) != NULL) {
        /* The older files of Whisper's folder ask for the default prefix, its tokenizer.json for that of one language. */
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, "whisper") != 0) {
            compared += check_folder(TESTS_FOLDER "/oracle", entry->d_name);
        }
    }
    closedir(oracle);
    assert_true(compared > 40);
}

/* ---- small folders and what transformers makes of them: see tests/bench/older_tokenizers.py ---- */

static void write_file(const char *folder, const char *name, const void *data, size_t bytes)
{
    char path[PATH_MOST];
    FILE *file;

    path_join(path, folder, name);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

static int hexadecimal(char digit)
{
    return digit <= '9' ? digit - '0' : digit - 'A' + 10;
}

static void fill_folder(Arena *arena, const char *folder, const cJSON *row)
{
    const char *text = cJSON_GetObjectItemCaseSensitive(row, "bytes")->valuestring;
    size_t bytes = strlen(text) / 2;
    uint8_t *data = arena_alloc(arena, bytes);
    const cJSON *file;

    for (size_t i = 0; i < bytes; i++) {
        data[i] = (uint8_t)(hexadecimal(text[2 * i]) << 4 | hexadecimal(text[2 * i + 1]));
    }
    write_file(folder, cJSON_GetObjectItemCaseSensitive(row, "model")->valuestring, data, bytes);
    cJSON_ArrayForEach(file, cJSON_GetObjectItemCaseSensitive(row, "files")) {
        write_file(folder, file->string, file->valuestring, strlen(file->valuestring));
    }
}

static void check_ids(Arena *arena, const hf2c_tokenizer *tokenizer, const cJSON *row)
{
    static int32_t ids[TOKENS_MOST], offsets[2 * TOKENS_MOST];
    const char *text = cJSON_GetObjectItemCaseSensitive(row, "text")->valuestring;
    const cJSON *wanted = cJSON_GetObjectItemCaseSensitive(row, "ids");
    size_t count = encode(arena, tokenizer, text, ids, offsets);

    assert_int_equal(count, cJSON_GetArraySize(wanted));
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(ids[i], cJSON_GetArrayItem(wanted, (int)i)->valueint);
    }
}

static void test_older(void **state)
{
    Arena *arena = arena_new();
    const hf2c_tokenizer *tokenizer = NULL;
    Err err = {{0}};
    FileView view;
    int rows = 0;

    (void)state;
    assert_true(file_read(arena, TESTS_FOLDER "/unit/text/older.jsonl", FILE_LIMIT, &view, &err));
    for (size_t at = 0; at < view.size;) {
        const char *line = (const char *)view.data + at, *end = memchr(line, '\n', view.size - at);
        const cJSON *row = json_own(arena, cJSON_ParseWithLength(line, (size_t)(end - line)));
        if (cJSON_GetObjectItemCaseSensitive(row, "bytes") != NULL) {
            char folder[] = "/tmp/hf2c-older-XXXXXX";
            assert_non_null(mkdtemp(folder));
            fill_folder(arena, folder, row);
            tokenizer = compile(arena, folder);
            remove_files(folder);
        } else {
            check_ids(arena, tokenizer, row);
            rows++;
        }
        at += (size_t)(end - line) + 1;
    }
    assert_int_equal(rows, 77);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_folders), cmocka_unit_test(test_older)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
