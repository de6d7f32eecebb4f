/* From tokens to text: each token's spelling goes through the decoders one after another, then to the output. */
#include "runtime/text/work.h"

typedef struct Output {
    char *text;
    size_t capacity, length;
    uint8_t pending[4]; /* of a sequence that is not complete yet */
    size_t pending_bytes;
} Output;

enum { FEW = 16 };

/* text: of a buffer that goes on for FEW bytes. Most tokens are short: a copy of known length is one instruction. */
static inline void output_add_few(Output *output, const uint8_t *text, size_t bytes)
{
    memcpy(output->text + output->length, text, FEW);
    output->length += bytes;
}

static void output_add(Output *output, const uint8_t *text, size_t bytes)
{
    if (output->length < output->capacity) {
        size_t room = output->capacity - output->length;
        memcpy(output->text + output->length, text, bytes < room ? bytes : room);
    }
    output->length += bytes;
}

/* Adds bytes that need not be valid UTF-8: what is not becomes U+FFFD. */
static void output_add_lossy(Output *output, const uint8_t *text, size_t bytes)
{
    for (size_t at = 0; at < bytes;) {
        size_t size;
        int valid;
        if (output->pending_bytes == 0) {
            size = hf2c_utf8_valid_bytes(text + at, bytes - at);
            output_add(output, text + at, size);
            at += size;
            if (at == bytes) {
                break;
            }
        }
        output->pending[output->pending_bytes++] = text[at];
        valid = hf2c_utf8_valid(output->pending, output->pending_bytes, &size);
        if (valid) {
            output_add(output, output->pending, size);
            output->pending_bytes = 0;
            at++;
        } else if (size < output->pending_bytes) { /* the new byte cannot go on: what was before it is invalid */
            output_add(output, (const uint8_t *)"\xef\xbf\xbd", 3);
            output->pending_bytes = 0;
        } else if (size == 1 && (text[at] < 0xc2 || text[at] > 0xf4)) {
            output_add(output, (const uint8_t *)"\xef\xbf\xbd", 3);
            output->pending_bytes = 0;
            at++;
        } else {
            at++;
        }
    }
}

const char *hf2c_decoding_text(const hf2c_decoding *decoding, size_t i, size_t *length)
{
    if (decoding->ids != NULL) {
        return hf2c_token_text(decoding->tokenizer, decoding->ids[i], length);
    }
    *length = decoding->spellings[i].length;
    return decoding->spellings[i].text;
}

int hf2c_decode_keeps(const hf2c_decoding *decoding, size_t i)
{
    size_t length;

    return hf2c_decoding_text(decoding, i, &length) != NULL &&
           !(decoding->skip_special && hf2c_token_is_hidden(decoding->tokenizer, decoding->ids[i]));
}

static int is_ascii(const uint8_t *text, size_t bytes)
{
    uint8_t all = 0;

    for (size_t i = 0; i < bytes; i++) {
        all |= text[i];
    }
    return all < 0x80;
}

static hf2c_status decode_token(hf2c_decoding *decoding, Output *output, const char *text, size_t bytes)
{
    const hf2c_tokenizer *tokenizer = decoding->tokenizer;
    int kept = 1;

    decoding->bytes = bytes;
    if (decoding->bytes > sizeof decoding->token) {
        return HF2C_NOT_SUPPORTED;
    }
    memcpy(decoding->token, text, decoding->bytes);
    for (uint32_t i = 0; i < tokenizer->decoders && kept; i++) {
        kept = tokenizer->decoder[i].apply(&tokenizer->decoder[i].parameters, decoding, &decoding->state[i]);
    }
    if (kept && decoding->bytes <= FEW && output->length < output->capacity && output->capacity - output->length >= FEW &&
        (!tokenizer->lossy || (output->pending_bytes == 0 && is_ascii(decoding->token, decoding->bytes)))) {
        output_add_few(output, decoding->token, decoding->bytes);
    } else if (kept && tokenizer->lossy) {
        output_add_lossy(output, decoding->token, decoding->bytes);
    } else if (kept) {
        output_add(output, decoding->token, decoding->bytes);
    }
    return HF2C_OK;
}

/* Whether the start of the text is over and no sequence of bytes is under way: from here on tokens can be copied. */
static int is_steady(const hf2c_decoding *decoding, const Output *output)
{
    const hf2c_tokenizer *tokenizer = decoding->tokenizer;

    if (decoding->first || decoding->ids == NULL || output->pending_bytes > 0) {
        return 0;
    }
    for (uint32_t i = 0; i < tokenizer->decoders; i++) {
        if (decoding->state[i] != (tokenizer->decoder[i].parameters.flags & HF2C_DECODE_STARTS ? 256u : 0u)) {
            return 0;
        }
    }
    return 1;
}

/* Copies tokens as long as they are simple and have room. */
static void copy_simple(hf2c_decoding *decoding, Output *output)
{
    const hf2c_vocabulary_table *table = decoding->tokenizer->vocabulary;
    size_t at = decoding->at, start = at;
    int hidden = decoding->skip_special ? HF2C_TOKEN_SPECIAL | HF2C_TOKEN_SHOWN : 0;

    for (; at + 1 < decoding->count; at++) {
        uint32_t id = (uint32_t)decoding->ids[at], offset;
        int flags = id < table->count ? table->flags[id] : 0;
        size_t space = hf2c_simple[flags / HF2C_TOKEN_SIMPLE][0], skip = hf2c_simple[flags / HF2C_TOKEN_SIMPLE][1], bytes;
        if (flags < HF2C_TOKEN_SIMPLE || (flags & hidden) == HF2C_TOKEN_SPECIAL) {
            break;
        }
        offset = hf2c_token_start(table, id);
        bytes = hf2c_token_start(table, id + 1) - offset - skip;
        if (output->length > output->capacity || output->capacity - output->length < bytes + 1 + FEW) {
            break;
        }
        output->text[output->length] = ' ';
        output->length += space;
        memcpy(output->text + output->length, table->pool + offset + skip, FEW);
        if (bytes > FEW) {
            memcpy(output->text + output->length, table->pool + offset + skip, bytes);
        }
        output->length += bytes;
    }
    decoding->previous = at > start ? at - 1 : decoding->previous;
    decoding->at = at;
}

static hf2c_status decode_tokens(hf2c_decoding *decoding, Output *output)
{
    hf2c_status status = HF2C_OK;

    while (decoding->count > 0 && !hf2c_decode_keeps(decoding, decoding->count - 1)) {
        decoding->count--;
    }
    for (; decoding->at < decoding->count && status == HF2C_OK; decoding->at++) {
        size_t bytes;
        if (is_steady(decoding, output)) {
            copy_simple(decoding, output);
        }
        const char *text = hf2c_decoding_text(decoding, decoding->at, &bytes);
        if (text != NULL && !(decoding->skip_special && hf2c_token_is_hidden(decoding->tokenizer, decoding->ids[decoding->at]))) {
            decoding->last = decoding->at + 1 == decoding->count;
            status = decode_token(decoding, output, text, bytes);
            decoding->first = 0;
            decoding->previous = decoding->at;
        }
    }
    if (output->pending_bytes > 0) {
        output_add(output, (const uint8_t *)"\xef\xbf\xbd", 3);
    }
    return status;
}

static hf2c_status decode(const hf2c_tokenizer *tokenizer, const int32_t *ids, const hf2c_spelling *spellings, size_t count,
                          int skip_special_tokens, Output output, size_t *length)
{
    hf2c_decoding decoding;
    hf2c_status status;

    if (tokenizer == NULL || length == NULL || (ids == NULL && spellings == NULL && count > 0) ||
        (output.text == NULL && output.capacity > 0)) {
        return HF2C_BAD_ARGUMENT;
    }
    memset(&decoding, 0, offsetof(hf2c_decoding, token) + FEW);
    memset(decoding.state, 0, sizeof decoding.state);
    decoding.tokenizer = tokenizer;
    decoding.ids = ids;
    decoding.spellings = spellings;
    decoding.count = count;
    decoding.skip_special = skip_special_tokens;
    decoding.first = 1;
    decoding.previous = SIZE_MAX;
    status = decode_tokens(&decoding, &output);
    *length = output.length;
    return status != HF2C_OK ? status : output.length > output.capacity ? HF2C_TOO_SMALL : HF2C_OK;
}

hf2c_status hf2c_decode(const hf2c_tokenizer *tokenizer, const int32_t *ids, size_t count, int skip_special_tokens, char *text,
                        size_t capacity, size_t *length)
{
    Output output = {.text = text, .capacity = capacity};

    return decode(tokenizer, ids, NULL, count, skip_special_tokens, output, length);
}

hf2c_status hf2c_decode_spellings(const hf2c_tokenizer *tokenizer, const hf2c_spelling *spellings, size_t count, char *text,
                                  size_t capacity, size_t *length)
{
    Output output = {.text = text, .capacity = capacity};

    return decode(tokenizer, NULL, spellings, count, 0, output, length);
}
