/* The public way from text to tokens. */
#include "runtime/text/work.h"

static size_t saturating(size_t a, size_t b)
{
    return b != 0 && a > (SIZE_MAX / 2) / b ? SIZE_MAX / 2 : a * b;
}

/* Bytes of text after normalizers and pre-tokenizers; an invalid byte becomes three. Every added token may begin a new segment. */
static size_t grown(const hf2c_tokenizer *tokenizer, size_t text_bytes)
{
    size_t segments = text_bytes / (tokenizer->shortest_added + 1u) + 4;

    return saturating(text_bytes, tokenizer->growth > 3 ? tokenizer->growth : 3) + saturating(segments, tokenizer->extra) + 16;
}

size_t hf2c_encode_capacity(const hf2c_tokenizer *tokenizer, size_t text_bytes)
{
    return grown(tokenizer, text_bytes) + tokenizer->single.count + tokenizer->pair.count;
}

size_t hf2c_encode_scratch(const hf2c_tokenizer *tokenizer, size_t text_bytes)
{
    /* tokens and their spellings, what the model needs, two lines of normalizers, one of each pre-tokenizer that rewrites */
    size_t per_byte = sizeof(hf2c_token) + 2 + tokenizer->model_bytes + (tokenizer->normalizers > 0 ? 18 : 0);

    for (uint32_t i = 0; i < tokenizer->pretokenizers; i++) {
        per_byte += tokenizer->pretokenizer[i].growth > 0 ? 9 : 0;
    }
    return saturating(grown(tokenizer, text_bytes), per_byte) + saturating(text_bytes, 3) + 4096;
}

/* Text with every invalid part replaced by U+FFFD, in scratch; the text itself when there is none. */
static const uint8_t *sanitize(hf2c_text_scratch *scratch, const uint8_t *text, size_t *bytes)
{
    size_t at = hf2c_utf8_valid_bytes(text, *bytes), length = at, size;
    uint8_t *clean;

    if (at == *bytes) {
        return text;
    }
    clean = hf2c_text_take(scratch, *bytes, 3);
    if (clean == NULL) {
        return NULL;
    }
    memcpy(clean, text, at);
    for (; at < *bytes; at += size) {
        int valid = hf2c_utf8_valid(text + at, *bytes - at, &size);
        memcpy(clean + length, valid ? text + at : (const uint8_t *)"\xef\xbf\xbd", valid ? size : 3);
        length += valid ? size : 3;
    }
    *bytes = length;
    return clean;
}

static hf2c_status add_text(hf2c_work *work, const char *text, size_t bytes)
{
    static const uint8_t nothing[1] = {0};
    const uint8_t *clean = text == NULL ? nothing : (const uint8_t *)text;

    clean = sanitize(&work->scratch, clean, &bytes);
    return clean == NULL ? HF2C_TOO_SMALL : hf2c_work_sequence(work, clean, bytes);
}

static hf2c_status begin(hf2c_work *work, const hf2c_tokenizer *tokenizer, size_t text_bytes, const hf2c_encoding *encoding,
                         void *scratch, size_t scratch_bytes)
{
    memset(work, 0, sizeof *work);
    scratch_bytes -= scratch_bytes % HF2C_SCRATCH_ALIGNMENT;
    if (scratch_bytes < 2 * sizeof(hf2c_token)) {
        return HF2C_TOO_SMALL;
    }
    work->tokenizer = tokenizer;
    work->scratch.bottom = scratch;
    work->scratch.top = work->scratch.bottom + scratch_bytes - scratch_bytes % sizeof(int32_t);
    work->tokens = (hf2c_token *)(void *)work->scratch.top - 1;
    work->tracked = encoding->offsets != NULL || tokenizer->needs_origin;
    if (encoding->spellings != NULL || (encoding->offsets != NULL && (tokenizer->trim & HF2C_TRIM_OFFSETS))) {
        work->spelling_capacity = 2 * grown(tokenizer, text_bytes);
        work->spelling = hf2c_text_take(&work->scratch, work->spelling_capacity, 1);
        return work->spelling == NULL ? HF2C_TOO_SMALL : HF2C_OK;
    }
    return HF2C_OK;
}

hf2c_status hf2c_encode(const hf2c_tokenizer *tokenizer, const char *text, size_t text_bytes, const char *pair, size_t pair_bytes,
                        const hf2c_encode_options *options, hf2c_encoding *encoding, int *windows, void *scratch,
                        size_t scratch_bytes)
{
    hf2c_work work;
    hf2c_status status;
    size_t first;

    if (tokenizer == NULL || options == NULL || encoding == NULL || encoding->ids == NULL || scratch == NULL ||
        (text == NULL && text_bytes > 0) || text_bytes > UINT32_MAX / 64 || pair_bytes > UINT32_MAX / 64) {
        return HF2C_BAD_ARGUMENT;
    }
    encoding->count = 0;
    status = begin(&work, tokenizer, text_bytes + (pair != NULL ? pair_bytes : 0), encoding, scratch, scratch_bytes);
    if (status == HF2C_OK) {
        status = add_text(&work, text, text_bytes);
    }
    first = work.count;
    if (status == HF2C_OK && pair != NULL) {
        status = add_text(&work, pair, pair_bytes);
    }
    return status != HF2C_OK ? status : hf2c_work_finish(&work, first, pair != NULL, options, encoding, windows);
}
