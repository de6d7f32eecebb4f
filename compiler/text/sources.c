/* Which files of the runtime a tokenizer needs. */
#include <string.h>

#include "compiler/text/emit.h"

typedef struct Sources {
    const char **files;
    size_t count, capacity;
} Sources;

static void add_path(Sources *sources, const char *path)
{
    size_t i = 0;

    while (i < sources->count && strcmp(sources->files[i], path) != 0) {
        i++;
    }
    if (i == sources->count && i < sources->capacity) {
        sources->files[sources->count++] = path;
    }
}

/* The path of a file of runtime/text as the table of all of them has it. */
static const char *source_path(const char *name, size_t length)
{
    static const char *const all[] = {
        "runtime/text/vocabulary.c", "runtime/text/line.c", "runtime/text/utf8.c", "runtime/text/unicode_whitespace.c",
        "runtime/text/added.c", "runtime/text/sequence.c", "runtime/text/finish.c", "runtime/text/encode.c",
        "runtime/text/decode.c", "runtime/text/decode_clean.c", "runtime/text/decode_steps.c", "runtime/text/decode_bytes.c", "runtime/text/decode_pattern.c",
        "runtime/text/bpe.c", "runtime/text/wordpiece.c", "runtime/text/unigram.c", "runtime/text/wordlevel.c",
        "runtime/text/normalize_case.c", "runtime/text/normalize_form.c", "runtime/text/normalize_bert.c",
        "runtime/text/normalize_text.c", "runtime/text/normalize_charsmap.c", "runtime/text/grapheme.c",
        "runtime/text/pretokenize.c", "runtime/text/pretokenize_words.c", "runtime/text/pretokenize_rewrite.c", "runtime/text/scanner.c",
        "runtime/text/normalize_nfc.c", "runtime/text/normalize_nfd.c", "runtime/text/normalize_nfkc.c", "runtime/text/normalize_nfkd.c",
        "runtime/text/unicode_canonical_table.c", "runtime/text/unicode_case_table.c", "runtime/text/unicode_compatible_table.c",
        "runtime/text/unicode_composition_table.c", "runtime/text/unicode_control_table.c",
        "runtime/text/unicode_grapheme_table.c", "runtime/text/unicode_mark_table.c", "runtime/text/unicode_nonspacing_table.c",
        "runtime/text/unicode_word_table.c", "runtime/text/chat.c", "runtime/text/chat_memory.c", "runtime/text/chat_value.c",
        "runtime/text/chat_operators.c", "runtime/text/chat_json.c", "runtime/text/chat_machine.c", "runtime/text/chat_lists.c",
        "runtime/text/chat_strings.c", "runtime/text/chat_letters.c", "runtime/text/chat_format.c", "runtime/text/chat_tests.c"};

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        const char *file = all[i] + strlen("runtime/text/");
        if (strlen(file) == length && memcmp(file, name, length) == 0) {
            return all[i];
        }
    }
    bug("no file %.*s in runtime/text", (int)length, name);
}

static void add_files(Sources *sources, const char *names)
{
    while (*names != 0) {
        size_t length = strcspn(names, " ");
        add_path(sources, source_path(names, length));
        names += length + (names[length] == ' ');
    }
}

static void add_chat(Sources *sources)
{
    static const char *const core[] = {"runtime/core/message.c", "runtime/core/json.c", "runtime/core/json_unit.c",
                                       "runtime/core/json_value.c", "runtime/core/json_write.c", "runtime/core/decimal.c"};

    for (size_t i = 0; i < COUNT_OF(core); i++) {
        add_path(sources, core[i]);
    }
    add_files(sources, "chat_memory.c chat_value.c chat_operators.c chat_json.c chat_machine.c chat_lists.c chat_strings.c "
                       "chat_letters.c chat_format.c chat_tests.c unicode_case_table.c");
}

size_t tokenizer_sources(const hf2c_tokenizer *tokenizer, const char **files, size_t capacity)
{
    Sources sources = {files, 0, capacity};

    add_files(&sources, "vocabulary.c line.c utf8.c unicode_whitespace.c added.c sequence.c finish.c encode.c decode.c decode_clean.c chat.c");
    if (tokenizer->chat != NULL) {
        add_chat(&sources);
    }
    add_files(&sources, function_files((Function *)tokenizer->model));
    for (int i = 0; i < tokenizer->normalizers; i++) {
        add_files(&sources, function_files((Function *)tokenizer->normalizer[i].apply));
    }
    for (int i = 0; i < tokenizer->pretokenizers; i++) {
        add_files(&sources, function_files((Function *)tokenizer->pretokenizer[i].next));
    }
    for (int i = 0; i < tokenizer->decoders; i++) {
        add_files(&sources, function_files((Function *)tokenizer->decoder[i].apply));
    }
    if ((tokenizer->added != NULL && tokenizer->added->is_word != NULL) ||
        (tokenizer->added_normalized != NULL && tokenizer->added_normalized->is_word != NULL)) {
        add_files(&sources, "unicode_word_table.c");
    }
    return sources.count;
}
