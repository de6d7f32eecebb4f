/* tokenize: the compiled tokenizer alone. */
#include "compiler/command/tokenize.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/command/command.h"

bool tokens_encode(Arena *arena, const hf2c_tokenizer *tokenizer, Words text, Words pair, const hf2c_encode_options *options,
                   hf2c_encoding *encoding, Err *err)
{
    size_t bytes, capacity, scratch_bytes;
    if (!size_add(text.bytes, pair.bytes, &bytes)) return err_set(err, "the text is too long");
    capacity = hf2c_encode_capacity(tokenizer, bytes);
    scratch_bytes = hf2c_encode_scratch(tokenizer, bytes);
    *encoding = (hf2c_encoding){.capacity = capacity};
    encoding->ids = ARENA_ARRAY(arena, int32_t, capacity);
    encoding->type_ids = ARENA_ARRAY(arena, int32_t, capacity);
    encoding->word_ids = ARENA_ARRAY(arena, int32_t, capacity);
    encoding->sequence = ARENA_ARRAY(arena, int32_t, capacity);
    encoding->offsets = ARENA_ARRAY(arena, int32_t, 2 * capacity);
    encoding->spellings = ARENA_ARRAY(arena, hf2c_spelling, capacity);
    void *scratch = arena_alloc(arena, scratch_bytes);
    hf2c_status status = hf2c_encode(tokenizer, text.text, text.bytes, pair.text, pair.bytes, options, encoding, NULL, scratch, scratch_bytes);
    return status == HF2C_OK || err_set(err, "%s", hf2c_status_text(status));
}

/* A folder that holds a tokenizer alone has no config.json; everything else is opened as a model. */
static const hf2c_tokenizer *open_tokenizer(Arena *arena, const char *where, Err *err)
{
    Model model = {.arena = arena, .folder = where, .name = where};
    bool alone = !model_file(&model, "config.json") && model_file(&model, "tokenizer_config.json");
    alone = alone || (!model_file(&model, "config.json") && model_file(&model, "tokenizer.json"));
    if (!alone && !model_open(arena, where, false, &model, err)) return NULL;
    const hf2c_tokenizer *tokenizer = tokenizer_compile(arena, &model, err);
    if (!tokenizer && !err->text[0]) err_set(err, "%s: no tokenizer.json and no older tokenizer files", where);
    return tokenizer;
}

static bool print_tokens(const hf2c_tokenizer *tokenizer, Words text, Words pair, Err *err)
{
    static const hf2c_encode_options plain = {.add_special_tokens = 1};
    Arena *arena = arena_new();
    hf2c_encoding e;
    bool fine = tokens_encode(arena, tokenizer, text, pair, &plain, &e, err);
    for (size_t i = 0; fine && i < e.count; i++) {
        if (e.sequence[i] < 0)
            printf("%7" PRId32 "  %11s  %.*s\n", e.ids[i], "", (int)e.spellings[i].length, e.spellings[i].text);
        else
            printf("%7" PRId32 "  %5" PRId32 "-%-5" PRId32 "  %.*s\n", e.ids[i], e.offsets[2 * i], e.offsets[2 * i + 1],
                   (int)e.spellings[i].length, e.spellings[i].text);
    }
    if (fine) printf("%zu tokens\n", e.count);
    arena_free(arena);
    return fine;
}

static bool print_lines(const hf2c_tokenizer *tokenizer, Words pair, Err *err)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    bool fine = true;
    while (fine && (length = getline(&line, &capacity, stdin)) >= 0) {
        while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r')) length--;
        fine = print_tokens(tokenizer, (Words){line, (size_t)length}, pair, err);
    }
    free(line);
    return fine;
}

static Words words_of(const char *text) { return text ? (Words){text, strlen(text)} : (Words){0}; }

int command_tokenize(const Options *options)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    bool fine = true;
    const hf2c_tokenizer *tokenizer = open_tokenizer(arena, options->model, &err);
    if (!tokenizer) fatal("%s", err.text);
    if (options->jsonl) tokenize_lines(tokenizer);
    else if (options->word_count == 0) fine = print_lines(tokenizer, words_of(options->pair), &err);
    for (int i = 0; !options->jsonl && fine && i < options->word_count; i++)
        fine = print_tokens(tokenizer, words_of(options->words[i]), words_of(options->pair), &err);
    if (!fine) fatal("%s", err.text);
    arena_free(arena);
    return EXIT_DONE;
}
