/* Decoders that deal in bytes: ByteLevel, ByteFallback, Strip. */
#include "runtime/text/work.h"

/* The byte that a character of the byte alphabet stands for, or -1; *size receives the character's bytes. */
static inline int byte_at(const uint8_t *text, size_t *size)
{
    *size = 1;
    return text[0] >= 0x21 && text[0] <= 0x7e ? text[0] : hf2c_byte_of_code(hf2c_utf8_get(text, size));
}

/* Spellings in the byte alphabet become their bytes; a token with any other character stays as it is. */
int hf2c_decode_byte_level(const hf2c_parameters *parameters, hf2c_decoding *decoding, uint32_t *state)
{
    size_t size, plain = 0, to;

    (void)parameters;
    (void)state;
    if (decoding->bytes > 2 && decoding->token[0] == 0xc4 && decoding->token[1] == 0xa0) {
        plain = 2; /* "\u0120": a space, with which most words begin */
    }
    for (to = plain; to < decoding->bytes && decoding->token[to] >= 0x21 && decoding->token[to] <= 0x7e; to++) {
    }
    if (to == decoding->bytes) {
        if (plain > 0) {
            decoding->token[0] = ' ';
            memmove(decoding->token + 1, decoding->token + 2, to - 2);
            decoding->bytes = to - 1;
        }
        return 1;
    }
    for (size_t at = to; at < decoding->bytes; at += size) {
        if (byte_at(decoding->token + at, &size) < 0) {
            return 1;
        }
    }
    to = 0;
    for (size_t at = 0; at < decoding->bytes; at += size) {
        decoding->token[to++] = (uint8_t)byte_at(decoding->token + at, &size);
    }
    decoding->bytes = to;
    return 1;
}

static int hex(uint8_t digit)
{
    return digit >= '0' && digit <= '9' ? digit - '0' : (digit | 32) >= 'a' && (digit | 32) <= 'f' ? (digit | 32) - 'a' + 10 : -1;
}

/* Value of a token like "<0x0A>"; -1: it is not one. */
static int byte_value(const uint8_t *text, size_t bytes)
{
    if (bytes != 6 || memcmp(text, "<0x", 3) != 0 || text[5] != '>' || hex(text[4]) < 0) {
        return -1;
    }
    if (text[3] == '+') { /* as Rust reads numbers */
        return hex(text[4]);
    }
    return hex(text[3]) < 0 ? -1 : hex(text[3]) * 16 + hex(text[4]);
}

/* The byte that the decoders before this one make of token number i, or -1; *kept says whether they let it through. */
static int byte_ahead(hf2c_decoding *decoding, size_t i, int *kept)
{
    const hf2c_decoder *decoder = decoding->tokenizer->decoder;
    size_t bytes;
    const char *text = hf2c_decoding_text(decoding, i, &bytes);

    *kept = hf2c_decode_keeps(decoding, i);
    if (!*kept || bytes > sizeof decoding->token) {
        return -1;
    }
    decoding->first = decoding->first && i == decoding->at;
    decoding->last = i + 1 == decoding->count;
    decoding->at = i;
    decoding->bytes = bytes;
    memcpy(decoding->token, text, bytes);
    for (uint32_t k = 0; *kept && decoder[k].apply != hf2c_decode_byte_fallback; k++) {
        *kept = decoder[k].apply(&decoder[k].parameters, decoding, &decoding->state[k]);
    }
    decoding->previous = i;
    return byte_value(decoding->token, decoding->bytes);
}

/* Whether the run of byte tokens that begins here is valid UTF-8 as a whole. Spoils the token, which is one of them. */
static int run_is_valid(hf2c_decoding *decoding)
{
    size_t start = decoding->at, previous = decoding->previous, have = 0, size;
    int first = decoding->first, last = decoding->last, valid = 1, kept, value;
    uint8_t pending[4];

    for (size_t i = start; valid && i < decoding->count; i++) {
        value = byte_ahead(decoding, i, &kept);
        if (!kept) {
            continue;
        }
        if (value < 0) {
            break;
        }
        pending[have++] = (uint8_t)value;
        if (hf2c_utf8_valid(pending, have, &size)) {
            have = 0;
        } else {
            valid = size == have && have < 4 && (have > 1 || (value >= 0xc2 && value <= 0xf4));
        }
    }
    decoding->at = start;
    decoding->previous = previous;
    decoding->first = first;
    decoding->last = last;
    return valid && have == 0;
}

enum { RUN_NONE, RUN_VALID, RUN_INVALID };

/* state: what the run of byte tokens is that this one is part of. Each byte of a run that is not UTF-8 becomes U+FFFD. */
int hf2c_decode_byte_fallback(const hf2c_parameters *parameters, hf2c_decoding *decoding, uint32_t *state)
{
    int value = byte_value(decoding->token, decoding->bytes);

    (void)parameters;
    if (value < 0) {
        *state = RUN_NONE;
        return 1;
    }
    if (*state == RUN_NONE) {
        *state = run_is_valid(decoding) ? RUN_VALID : RUN_INVALID;
    }
    if (*state == RUN_VALID) {
        decoding->token[0] = (uint8_t)value;
        decoding->bytes = 1;
    } else {
        memcpy(decoding->token, "\xef\xbf\xbd", 3);
        decoding->bytes = 3;
    }
    return 1;
}

static size_t match_start(const hf2c_parameters *parameters, const hf2c_decoding *decoding, size_t at)
{
    size_t width = parameters->text_bytes;

    return decoding->bytes - at >= width && memcmp(decoding->token + at, parameters->text, width) == 0 ? width : 0;
}

/* text: one character; flags: how many of it to take from the start (low byte) and the end (next byte) of each token, or, fused, from
 * the start of the whole text. state, fused: how many were taken, 256 when the start is over. */
int hf2c_decode_strip(const hf2c_parameters *parameters, hf2c_decoding *decoding, uint32_t *state)
{
    uint32_t left = parameters->flags & 255, right = parameters->flags >> 8 & 255, taken = 0;
    int fused = (parameters->flags & HF2C_DECODE_FUSED) != 0;
    size_t at = 0, width = parameters->text_bytes;

    taken = fused ? *state : 0;
    while (taken < left && match_start(parameters, decoding, at) > 0) {
        at += width;
        taken++;
    }
    if (fused) {
        *state = at < decoding->bytes ? 256 : taken;
    }
    memmove(decoding->token, decoding->token + at, decoding->bytes - at);
    decoding->bytes -= at;
    for (; right > 0 && decoding->bytes >= width && match_start(parameters, decoding, decoding->bytes - width) > 0; right--) {
        decoding->bytes -= width;
    }
    return 1;
}
