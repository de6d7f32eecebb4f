/* Decoders that need no state but the place of the token. */
#include "runtime/text/work.h"

static int fits(hf2c_decoding *decoding, size_t bytes)
{
    if (bytes > sizeof decoding->token) {
        return 0;
    }
    decoding->bytes = bytes;
    return 1;
}

static void replace(hf2c_decoding *decoding, const uint8_t *what, size_t what_bytes, const uint8_t *with, size_t with_bytes)
{
    fits(decoding, hf2c_replace_all(decoding->token, decoding->bytes, sizeof decoding->token, (const char *)what, what_bytes,
                                    (const char *)with, with_bytes));
}

static void prefix_space(hf2c_decoding *decoding)
{
    if (decoding->bytes < sizeof decoding->token) {
        memmove(decoding->token + 1, decoding->token, decoding->bytes);
        decoding->token[0] = ' ';
        decoding->bytes++;
    }
}

/* Without a decoder, tokens are joined by spaces. */
int hf2c_decode_space(const hf2c_parameters *parameters, hf2c_decoding *decoding, uint32_t *state)
{
    (void)parameters;
    (void)state;
    if (!decoding->first) {
        prefix_space(decoding);
    }
    return 1;
}

/* text: the prefix of pieces that continue a word; flags: clean up. */
int hf2c_decode_wordpiece(const hf2c_parameters *parameters, hf2c_decoding *decoding, uint32_t *state)
{
    size_t prefix = parameters->text_bytes;

    (void)state;
    if (!decoding->first) {
        if (decoding->bytes >= prefix && memcmp(decoding->token, parameters->text, prefix) == 0) {
            memmove(decoding->token, decoding->token + prefix, decoding->bytes - prefix);
            decoding->bytes -= prefix;
        } else {
            prefix_space(decoding);
        }
    }
    if (parameters->flags & HF2C_DECODE_CLEANUP) {
        decoding->bytes = hf2c_clean_up(decoding->token, decoding->bytes);
    }
    return 1;
}

/* text: what stands for a space; flags: whether the first token keeps its spaces. */
int hf2c_decode_metaspace(const hf2c_parameters *parameters, hf2c_decoding *decoding, uint32_t *state)
{
    int keep = !decoding->first || (parameters->flags & HF2C_DECODE_KEEP_FIRST);

    (void)state;
    replace(decoding, parameters->text, parameters->text_bytes, (const uint8_t *)" ", (size_t)keep);
    return 1;
}

/* text: the suffix of words. */
int hf2c_decode_bpe(const hf2c_parameters *parameters, hf2c_decoding *decoding, uint32_t *state)
{
    (void)state;
    replace(decoding, parameters->text, parameters->text_bytes, (const uint8_t *)" ", (size_t)!decoding->last);
    return 1;
}

/* text: what to replace; more: by what. */
int hf2c_decode_replace(const hf2c_parameters *parameters, hf2c_decoding *decoding, uint32_t *state)
{
    (void)state;
    replace(decoding, parameters->text, parameters->text_bytes, parameters->more, parameters->more_bytes);
    return 1;
}

static int repeats_previous(const hf2c_decoding *decoding)
{
    size_t bytes, before;
    const char *text = hf2c_decoding_text(decoding, decoding->at, &bytes), *previous;

    if (decoding->previous == SIZE_MAX) {
        return 0;
    }
    previous = hf2c_decoding_text(decoding, decoding->previous, &before);
    return bytes == before && memcmp(text, previous, bytes) == 0;
}

/* text: the token that stands for nothing; more: the one between words. Equal neighbours count once. */
int hf2c_decode_ctc(const hf2c_parameters *parameters, hf2c_decoding *decoding, uint32_t *state)
{
    (void)state;
    if (repeats_previous(decoding)) {
        return 0;
    }
    replace(decoding, parameters->text, parameters->text_bytes, (const uint8_t *)"", 0);
    if (parameters->flags & HF2C_DECODE_CLEANUP) {
        decoding->bytes = hf2c_clean_up(decoding->token, decoding->bytes);
        replace(decoding, parameters->more, parameters->more_bytes, (const uint8_t *)" ", 1);
    }
    return decoding->bytes > 0;
}
