/* From tokens to text: each token's spelling goes through the decoders one after another, then to the output. */
#include "runtime/text/work.h"

typedef struct Output {
    char *text;
    size_t capacity, length;
    uint8_t pending[4]; /* of a sequence that is not complete yet */
    size_t pending_bytes;
} Output;

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

int hf2c_decode_keeps(const hf2c_decoding *decoding, int32_t id)
{
    size_t length;

    return hf2c_token_text(decoding->tokenizer, id, &length) != NULL &&
           !(decoding->skip_special && hf2c_token_is_special(decoding->tokenizer, id));
}

static hf2c_status decode_token(hf2c_decoding *decoding, Output *output)
{
    const hf2c_tokenizer *tokenizer = decoding->tokenizer;
    const char *text = hf2c_token_text(tokenizer, decoding->ids[decoding->at], &decoding->bytes);
    int kept = 1;

    if (decoding->bytes > sizeof decoding->token) {
        return HF2C_NOT_SUPPORTED;
    }
    memcpy(decoding->token, text, decoding->bytes);
    for (uint32_t i = 0; i < tokenizer->decoders && kept; i++) {
        kept = tokenizer->decoder[i].apply(&tokenizer->decoder[i].parameters, decoding, &decoding->state[i]);
    }
    if (kept && tokenizer->lossy) {
        output_add_lossy(output, decoding->token, decoding->bytes);
    } else if (kept) {
        output_add(output, decoding->token, decoding->bytes);
    }
    return HF2C_OK;
}

hf2c_status hf2c_decode(const hf2c_tokenizer *tokenizer, const int32_t *ids, size_t count, int skip_special_tokens, char *text,
                        size_t capacity, size_t *length)
{
    hf2c_decoding decoding;
    Output output = {.text = text, .capacity = capacity};
    hf2c_status status = HF2C_OK;

    if (tokenizer == NULL || length == NULL || (ids == NULL && count > 0) || (text == NULL && capacity > 0)) {
        return HF2C_BAD_ARGUMENT;
    }
    memset(&decoding, 0, offsetof(hf2c_decoding, token));
    memset(decoding.state, 0, sizeof decoding.state);
    decoding.tokenizer = tokenizer;
    decoding.ids = ids;
    decoding.skip_special = skip_special_tokens;
    decoding.first = 1;
    decoding.previous = -1;
    while (count > 0) {
        decoding.count = count;
        if (hf2c_decode_keeps(&decoding, ids[count - 1])) {
            break;
        }
        count--;
    }
    for (; decoding.at < count && status == HF2C_OK; decoding.at++) {
        if (hf2c_decode_keeps(&decoding, ids[decoding.at])) {
            decoding.last = decoding.at + 1 == count;
            status = decode_token(&decoding, &output);
            decoding.first = 0;
            decoding.previous = ids[decoding.at];
        }
    }
    if (output.pending_bytes > 0) {
        output_add(&output, (const uint8_t *)"\xef\xbf\xbd", 3);
    }
    *length = output.length;
    return status != HF2C_OK ? status : output.length > capacity ? HF2C_TOO_SMALL : HF2C_OK;
}
