/* Hostile bytes as tokenizer.json: an error, or a tokenizer that encodes and decodes without harm. */
#include <stdint.h>
#include <string.h>

#include "compiler/text/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SCRATCH = 1 << 18, TOKENS = 512 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static _Alignas(16) uint8_t scratch[SCRATCH];
    static const char text[] = "Hello,  w\xc3\xb6rld 123 <s> \xe6\x97\xa5\xe6\x9c\xac\xf0\x9f\x98\x80 don't\n";
    Arena *arena = arena_new();
    Err err = {{0}};
    const hf2c_tokenizer *tokenizer = tokenizer_compile_text(arena, (const char *)data, size, &err);
    int32_t ids[TOKENS], types[TOKENS], words[TOKENS], offsets[2 * TOKENS];
    hf2c_spelling spellings[TOKENS];
    hf2c_encoding encoding = {.ids = ids, .type_ids = types, .word_ids = words, .offsets = offsets, .spellings = spellings,
                              .capacity = TOKENS};
    hf2c_encode_options options = {.add_special_tokens = 1, .truncation = HF2C_TRUNCATE_LONGEST_FIRST, .max_length = 40, .stride = 2};
    char out[4096];
    size_t length;

    if (tokenizer != NULL &&
        hf2c_encode(tokenizer, text, sizeof text - 1, text, 20, &options, &encoding, NULL, scratch, SCRATCH) == HF2C_OK) {
        hf2c_decode_clean(tokenizer, ids, encoding.count, 0, out, sizeof out, &length);
    }
    arena_free(arena);
    return 0;
}
