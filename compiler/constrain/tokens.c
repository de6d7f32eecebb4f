/* tokens: the bytes that each token of a vocabulary stands for. */
#include "compiler/constrain/automaton.h"

#include <string.h>

#include "runtime/text/work.h"

enum { OVER = 256, VALID = 1 }; /* states of hf2c_decode_strip behind the beginning, of hf2c_decode_byte_fallback in a run that is UTF-8 */

typedef int Apply(const hf2c_parameters *parameters, hf2c_decoding *decoding, uint32_t *state);

/* Decoders whose work on a token does not depend on its neighbours, and the state that they have inside of a text. */
static const struct {
    Apply *apply;
    uint32_t state;
} known[] = {{hf2c_decode_byte_level, 0}, {hf2c_decode_byte_fallback, VALID}, {hf2c_decode_strip, OVER}, {hf2c_decode_metaspace, 0},
             {hf2c_decode_replace, 0}};

static bool find_state(const hf2c_decoder *decoder, uint32_t *state)
{
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (known[i].apply != decoder->apply) continue;
        *state = known[i].state;
        return true;
    }
    return false;
}

static bool check_decoders(const hf2c_tokenizer *tokenizer, Err *err)
{
    uint32_t state;
    for (int i = 0; i < tokenizer->decoders; i++)
        if (!find_state(&tokenizer->decoder[i], &state))
            return err_set(err, "constrained output: this tokenizer writes tokens differently beside others (BERT's and CLIP's do), which is not supported");
    return true;
}

/* Does a space vanish that the text begins with? */
static bool drops_space(const hf2c_tokenizer *tokenizer)
{
    for (int i = 0; i < tokenizer->decoders; i++) {
        const hf2c_decoder *decoder = &tokenizer->decoder[i];
        if (decoder->apply == hf2c_decode_metaspace && !(decoder->parameters.flags & HF2C_DECODE_KEEP_FIRST)) return true;
        if (decoder->apply == hf2c_decode_strip && decoder->parameters.flags & HF2C_DECODE_FUSED && decoder->parameters.text_bytes == 1 &&
            decoder->parameters.text[0] == ' ')
            return true;
    }
    return false;
}

/* A first token loses all that stands for a space, where the decoder drops them: one with a space inside would change. */
static bool changes_in_front(const hf2c_decoding *decoding)
{
    return decoding->bytes > 1 && memchr(decoding->token + 1, ' ', decoding->bytes - 1);
}

static bool decode_one(Arena *arena, const hf2c_tokenizer *tokenizer, int32_t id, bool drops, TokenText *text)
{
    hf2c_decoding decoding = {.tokenizer = tokenizer, .ids = &id, .count = 1};
    size_t length;
    const char *spelling = hf2c_token_text(tokenizer, id, &length);
    if (!spelling || length == 0 || length > sizeof decoding.token || hf2c_token_is_special(tokenizer, id)) return false;
    memcpy(decoding.token, spelling, length);
    decoding.bytes = length;
    for (int i = 0; i < tokenizer->decoders; i++) {
        uint32_t state = 0;
        find_state(&tokenizer->decoder[i], &state);
        if (!tokenizer->decoder[i].apply(&tokenizer->decoder[i].parameters, &decoding, &state)) return false;
    }
    if (decoding.bytes == 0 || (drops && changes_in_front(&decoding))) return false;
    uint8_t *bytes = arena_alloc(arena, decoding.bytes);
    memcpy(bytes, decoding.token, decoding.bytes);
    text->bytes = bytes;
    text->count = decoding.bytes;
    return true;
}

bool token_texts(Arena *arena, const hf2c_tokenizer *tokenizer, int vocabulary, TokenTexts *texts, Err *err)
{
    int32_t unknown = hf2c_special_id(tokenizer, HF2C_UNK);
    if (!check_decoders(tokenizer, err)) return false;
    texts->count = vocabulary;
    texts->drops_space = drops_space(tokenizer);
    texts->item = ARENA_ARRAY(arena, TokenText, (size_t)vocabulary);
    for (int32_t id = 0; id < vocabulary; id++) {
        texts->item[id].id = id;
        if (id != unknown) decode_one(arena, tokenizer, id, texts->drops_space, &texts->item[id]);
    }
    return true;
}
