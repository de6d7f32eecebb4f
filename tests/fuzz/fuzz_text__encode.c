/* Hostile text on small tokenizers of every kind. The first byte chooses options, a 0xff byte separates the two texts. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/text/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { KINDS = 5, TEXT_MOST = 2000 };

static const char byte_level[] =
    "{\"added_tokens\":[{\"id\":5,\"content\":\"<x>\",\"special\":true,\"lstrip\":true}],\"normalizer\":{\"type\":\"NFKC\"},"
    "\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true},\"post_processor\":{\"type\":\"ByteLevel\"},"
    "\"decoder\":{\"type\":\"ByteLevel\"},"
    "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2,\"\\u0120\":3,\"\\u0120a\":4},\"merges\":[\"a b\",\"\\u0120 a\"]}}";

static const char byte_fallback[] =
    "{\"added_tokens\":[{\"id\":3,\"content\":\"a b\",\"normalized\":true,\"single_word\":true}],"
    "\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\",\"prepend\":\"_\"},{\"type\":\"NFC\"},"
    "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"\\\\s+\"},\"content\":\"_\"}]},"
    "\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"},"
    "{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}]},"
    "\"model\":{\"type\":\"BPE\",\"unk_token\":\"u\",\"fuse_unk\":true,\"byte_fallback\":true,"
    "\"vocab\":{\"_\":0,\"u\":1,\"<0x41>\":2},\"merges\":[]}}";

static const char bert[] =
    "{\"normalizer\":{\"type\":\"BertNormalizer\"},\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},"
    "\"decoder\":{\"type\":\"WordPiece\"},"
    "\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"u\",\"vocab\":{\"u\":0,\"a\":1,\"##b\":2,\"##a\":3}}}";

static const char unigram[] =
    "{\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFKD\"},{\"type\":\"StripAccents\"},{\"type\":\"Strip\"}]},"
    "\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"WhitespaceSplit\"},{\"type\":\"Metaspace\"}]},"
    "\"decoder\":{\"type\":\"Metaspace\"},"
    "\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"u\",0.0],[\"a\",-1.0],[\"\\u2581a\",-2.0],[\"ab\",-1.5]]}}";

static const char wordlevel[] =
    "{\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(?i:ab)|\\\\p{L}+|\\\\s+(?!\\\\S)|\\\\b\\\\d{1,3}\"},"
    "\"behavior\":\"MergedWithNext\"},\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"u\",\"vocab\":{\"u\":0,\"ab\":1}}}";

static const char *const sources[KINDS] = {byte_level, byte_fallback, bert, unigram, wordlevel};

static void run(const hf2c_tokenizer *tokenizer, const char *text, size_t bytes, const char *pair, size_t pair_bytes,
                const hf2c_encode_options *options)
{
    size_t needed = hf2c_encode_scratch(tokenizer, bytes + pair_bytes), capacity = hf2c_encode_capacity(tokenizer, bytes + pair_bytes);
    void *scratch = malloc(needed);
    int32_t *ids = malloc(capacity * sizeof *ids), *offsets = malloc(2 * capacity * sizeof *offsets);
    hf2c_encoding encoding = {.ids = ids, .offsets = offsets, .capacity = capacity};
    hf2c_status status = hf2c_encode(tokenizer, text, bytes, pair, pair_bytes, options, &encoding, NULL, scratch, needed);
    size_t length;

    if (status == HF2C_TOO_SMALL) { /* the bounds that the tokenizer gives must suffice */
        abort();
    }
    if (status == HF2C_OK && hf2c_decode(tokenizer, ids, encoding.count, 0, scratch, needed, &length) == HF2C_BAD_ARGUMENT) {
        abort();
    }
    free(scratch);
    free(ids);
    free(offsets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Arena *arena;
    static const hf2c_tokenizer *tokenizers[KINDS];
    hf2c_encode_options options = {.add_special_tokens = 1};
    const uint8_t *second;
    size_t first_bytes;

    for (int i = 0; arena == NULL || (i < KINDS && tokenizers[i] == NULL); i++) {
        Err err = {{0}};
        arena = arena != NULL ? arena : arena_new();
        tokenizers[i] = tokenizer_compile_text(arena, sources[i], strlen(sources[i]), &err);
        if (tokenizers[i] == NULL) {
            abort();
        }
    }
    if (size < 2 || size > TEXT_MOST) {
        return 0;
    }
    options.truncation = (hf2c_truncation_strategy)(data[0] & 3);
    options.left = data[0] >> 2 & 1;
    options.max_length = data[0] >> 3;
    options.stride = data[0] >> 6;
    second = memchr(data + 1, 0xff, size - 1);
    first_bytes = second != NULL ? (size_t)(second - data) - 1 : size - 1;
    for (int i = 0; i < KINDS; i++) {
        run(tokenizers[i], (const char *)data + 1, first_bytes, (const char *)second,
            second != NULL ? size - 1 - first_bytes : 0, &options);
    }
    return 0;
}
