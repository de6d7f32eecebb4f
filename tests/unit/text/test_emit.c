/* Emitted tables, compiled with the files that tokenizer_sources names and no others, give what the tables in memory give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "compiler/text/text.h"

static const char mixed[] = "Hello  World! caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac 12345 don't\n\xf0\x9f\x98\x80 <mask> end ";

static void write_text(const char *path, const char *text, size_t length)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static const char main_text[] =
    "#include <stdio.h>\n#include <string.h>\n#include \"runtime/text/tokenizer.h\"\n"
    "extern const hf2c_tokenizer x_tokenizer;\n"
    "static _Alignas(16) unsigned char scratch[1 << 20];\n"
    "int main(int argc, char **argv)\n{\n"
    "    int32_t ids[4096]; char text[8192]; size_t length; int windows;\n"
    "    hf2c_encoding encoding = {.ids = ids, .capacity = 4096};\n"
    "    hf2c_encode_options options = {.add_special_tokens = 1};\n"
    "    if (argc != 2 || hf2c_encode(&x_tokenizer, argv[1], strlen(argv[1]), NULL, 0, &options, &encoding, &windows, scratch,\n"
    "                                 sizeof scratch) != HF2C_OK) return 1;\n"
    "    for (size_t i = 0; i < encoding.count; i++) printf(\"%d \", (int)ids[i]);\n"
    "    if (hf2c_decode(&x_tokenizer, ids, encoding.count, 1, text, sizeof text, &length) != HF2C_OK) return 1;\n"
    "    printf(\"|%.*s\", (int)length, text);\n    return 0;\n}\n";

static void expect_line(Arena *arena, const hf2c_tokenizer *tokenizer, const char *sample, Str *line)
{
    size_t scratch_bytes = hf2c_encode_scratch(tokenizer, strlen(sample)), length;
    int32_t ids[4096];
    char text[8192];
    hf2c_encoding encoding = {.ids = ids, .capacity = 4096};
    hf2c_encode_options options = {.add_special_tokens = 1};

    assert_int_equal(hf2c_encode(tokenizer, sample, strlen(sample), NULL, 0, &options, &encoding, NULL,
                                 arena_alloc(arena, scratch_bytes), scratch_bytes), HF2C_OK);
    for (size_t i = 0; i < encoding.count; i++) {
        str_printf(line, "%d ", (int)ids[i]);
    }
    assert_int_equal(hf2c_decode(tokenizer, ids, encoding.count, 1, text, sizeof text, &length), HF2C_OK);
    str_printf(line, "|%.*s", (int)length, text);
}

/* The compiler's command line: the emitted file, a main, and exactly the named sources. */
static void build_program(const char *folder, const hf2c_tokenizer *tokenizer)
{
    const char *files[64];
    size_t count = tokenizer_sources(tokenizer, files, 64);
    Str command = {0};

    str_printf(&command, "cc -std=c11 -Wall -Wextra -Wpedantic -Werror -O1 -I%s -I%s/.. -o %s/program %s/x.c %s/main.c", folder,
               TESTS_FOLDER, folder, folder, folder);
    for (size_t i = 0; i < count; i++) {
        str_printf(&command, " %s/../%s", TESTS_FOLDER, files[i]);
    }
    assert_int_equal(system(command.data), 0);
    str_free(&command);
}

static void run_folder(const char *name, const char *sample)
{
    static const char work[] = "#include \"runtime/text/work.h\"\n", unicode[] = "#include \"runtime/text/unicode.h\"\n";
    Arena *arena = arena_new();
    Err err = {{0}};
    Model model = {.arena = arena, .folder = name};
    const hf2c_tokenizer *tokenizer = tokenizer_compile(arena, &model, &err);
    char folder[] = "/tmp/hf2c-emit-XXXXXX", found[16384];
    Str source = {0}, again = {0}, line = {0};
    FILE *program;
    size_t length;

    assert_non_null(tokenizer);
    assert_non_null(mkdtemp(folder));
    tokenizer_emit(&source, tokenizer, "x");
    tokenizer_emit(&again, tokenizer, "x");
    assert_string_equal(source.data, again.data);
    write_text(arena_printf(arena, "%s/x.c", folder), source.data, source.length);
    write_text(arena_printf(arena, "%s/main.c", folder), main_text, strlen(main_text));
    write_text(arena_printf(arena, "%s/text_work.h", folder), work, strlen(work));
    write_text(arena_printf(arena, "%s/text_unicode.h", folder), unicode, strlen(unicode));
    build_program(folder, tokenizer);
    program = popen(arena_printf(arena, "%s/program \"$(cat <<'TEXT'\n%s\nTEXT\n)\"", folder, sample), "r");
    assert_non_null(program);
    length = fread(found, 1, sizeof found - 1, program);
    found[length] = 0;
    assert_int_equal(pclose(program), 0);
    expect_line(arena, tokenizer, sample, &line);
    assert_string_equal(found, line.data);
    assert_int_equal(system(arena_printf(arena, "rm -r %s", folder)), 0);
    printf("%s: %zu bytes of tables\n", name, tokenizer_bytes(tokenizer));
    str_free(&source);
    str_free(&again);
    str_free(&line);
    arena_free(arena);
}

static void run_one(const char *name)
{
    char folder[512];

    (void)snprintf(folder, sizeof folder, "%s/oracle/tokenizers/%s", TESTS_FOLDER, name);
    run_folder(folder, mixed);
}

/* More long tokens than have room in their place: some stand apart. */
static void test_long_tokens(void **state)
{
    enum { LETTERS = 60, WORDS = 20 };
    char folder[] = "/tmp/hf2c-long-XXXXXX", path[64], word[LETTERS + 1] = "";
    Str file = {0}, sample = {0};

    (void)state;
    str_printf(&file, "{\"version\": \"1.0\", \"added_tokens\": [], \"pre_tokenizer\": {\"type\": \"WhitespaceSplit\"},\n"
                      " \"model\": {\"type\": \"WordLevel\", \"unk_token\": \"<unk>\", \"vocab\": {\"<unk>\": 0");
    for (int i = 0; i < WORDS; i++) {
        memset(word, 'a' + i, LETTERS);
        str_printf(&file, ", \"%s\": %d", word, i + 1);
        str_printf(&sample, "%s ", word);
    }
    str_printf(&file, "}}}\n");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/tokenizer.json", folder);
    write_text(path, file.data, file.length);
    run_folder(folder, sample.data);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    str_free(&file);
    str_free(&sample);
}

static void test_emitted(void **state)
{
    (void)state;
    run_one("gpt2");
    run_one("llama2");
    run_one("bert-uncased");
    run_one("albert");
    run_one("wordlevel");
    run_one("clip");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_emitted), cmocka_unit_test(test_long_tokens)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
