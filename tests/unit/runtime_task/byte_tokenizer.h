/* A tokenizer that can be followed by hand, in place of runtime/text: every byte is a token with its own number; [CLS]
 * text [SEP], [CLS] text [SEP] text [SEP]; words are what spaces divide. Defining its functions here keeps the real
 * ones out. */
#ifndef TESTS_BYTE_TOKENIZER_H
#define TESTS_BYTE_TOKENIZER_H

#include "runtime/text/tokenizer.h"

#include <string.h>

enum { BYTE_CLS = 256, BYTE_SEP, BYTE_MASK, BYTE_PAD, BYTE_END, BYTE_VOCABULARY };

struct hf2c_tokenizer {
    int specials, max_length; /* max_length 0: none */
};

size_t hf2c_encode_capacity(const hf2c_tokenizer *tokenizer, size_t text_bytes)
{
    (void)tokenizer;
    return text_bytes + 3;
}

size_t hf2c_encode_scratch(const hf2c_tokenizer *tokenizer, size_t text_bytes)
{
    (void)tokenizer;
    return text_bytes + 16;
}

static void byte_add(hf2c_encoding *encoding, int32_t id, int sequence, int word, int start)
{
    size_t at = encoding->count++;
    if (at >= encoding->capacity) return;
    encoding->ids[at] = id;
    if (encoding->type_ids) encoding->type_ids[at] = sequence == 1;
    if (encoding->sequence) encoding->sequence[at] = sequence;
    if (encoding->word_ids) encoding->word_ids[at] = word;
    if (!encoding->offsets) return;
    encoding->offsets[2 * at] = start;
    encoding->offsets[2 * at + 1] = sequence < 0 ? start : start + 1;
}

static void byte_add_text(hf2c_encoding *encoding, const char *text, size_t first, size_t end, int sequence)
{
    int word = 0;
    for (size_t i = 0; i < first; i++) word += text[i] == ' ';
    for (size_t i = first; i < end; i++) {
        if (text[i] == '_') {
            byte_add(encoding, BYTE_MASK, sequence, word, (int)i);
        } else {
            byte_add(encoding, (unsigned char)text[i], sequence, word, (int)i);
        }
        word += text[i] == ' ';
    }
}

hf2c_status hf2c_encode(const hf2c_tokenizer *tokenizer, const char *text, size_t text_bytes, const char *pair,
                        size_t pair_bytes, const hf2c_encode_options *options, hf2c_encoding *encoding, int *windows,
                        void *scratch, size_t scratch_bytes)
{
    int special = tokenizer->specials && options->add_special_tokens;
    size_t extra = special ? (pair ? 3 : 2) : 0,
           *cut = pair && options->truncation == HF2C_TRUNCATE_ONLY_SECOND ? &pair_bytes : &text_bytes;
    size_t whole = *cut, other = text_bytes + pair_bytes - whole, first = 0, room = SIZE_MAX;
    (void)scratch;
    (void)scratch_bytes;
    if (windows) *windows = 1;
    if (options->truncation != HF2C_TRUNCATE_NONE) {
        if ((size_t)options->max_length < other + extra) return HF2C_BAD_ARGUMENT;
        room = (size_t)options->max_length - other - extra;
        if (room <= (size_t)options->stride && whole > room) return HF2C_BAD_ARGUMENT;
        size_t step = room > (size_t)options->stride ? room - (size_t)options->stride : 1;
        if (whole > room && windows) *windows = 1 + (int)((whole - room + step - 1) / step);
        first = (size_t)options->window * step;
        *cut = whole - first < room ? whole : first + room;
    }
    encoding->count = 0;
    if (special) byte_add(encoding, BYTE_CLS, -1, -1, 0);
    byte_add_text(encoding, text, cut == &text_bytes ? first : 0, text_bytes, 0);
    if (special) byte_add(encoding, BYTE_SEP, -1, -1, 0);
    if (pair) byte_add_text(encoding, pair, cut == &pair_bytes ? first : 0, pair_bytes, 1);
    if (pair && special) byte_add(encoding, BYTE_SEP, -1, -1, 0);
    return encoding->count > encoding->capacity ? HF2C_TOO_SMALL : HF2C_OK;
}

static const char *const byte_specials[] = {"[CLS]", "[SEP]", "[MASK]", "[PAD]", "[END]"};

/* Bytes at the end that begin a character and do not complete it; they read as one U+FFFD. */
static size_t byte_unfinished(const char *text, size_t length)
{
    for (size_t back = 1; back <= 3 && back <= length; back++) {
        unsigned char byte = (unsigned char)text[length - back];
        if ((byte & 0xC0) == 0x80) continue;
        return back < (size_t)(byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1) ? back : 0;
    }
    return 0;
}

hf2c_status hf2c_decode(const hf2c_tokenizer *tokenizer, const int32_t *ids, size_t count, int skip_special_tokens,
                        char *text, size_t capacity, size_t *length)
{
    char whole[4096];
    size_t bytes = 0;
    (void)tokenizer;
    for (size_t i = 0; i < count && bytes + 16 < sizeof whole; i++) {
        if (ids[i] < 256) {
            whole[bytes++] = (char)ids[i];
        } else if (!skip_special_tokens) {
            memcpy(whole + bytes, byte_specials[ids[i] - 256], strlen(byte_specials[ids[i] - 256]));
            bytes += strlen(byte_specials[ids[i] - 256]);
        }
    }
    size_t unfinished = byte_unfinished(whole, bytes);
    if (unfinished) {
        memcpy(whole + bytes - unfinished, "\xEF\xBF\xBD", 3);
        bytes += 3 - unfinished;
    }
    *length = bytes;
    if (bytes > capacity) return HF2C_TOO_SMALL;
    if (bytes) memcpy(text, whole, bytes);
    return HF2C_OK;
}

hf2c_status hf2c_decode_clean(const hf2c_tokenizer *tokenizer, const int32_t *ids, size_t count,
                              int skip_special_tokens, char *text, size_t capacity, size_t *length)
{
    return hf2c_decode(tokenizer, ids, count, skip_special_tokens, text, capacity, length);
}

hf2c_status hf2c_decode_spellings(const hf2c_tokenizer *tokenizer, const hf2c_spelling *spellings, size_t count, char *text,
                                  size_t capacity, size_t *length)
{
    (void)tokenizer;
    *length = 0;
    for (size_t i = 0; i < count; i++) {
        if (*length + spellings[i].length <= capacity) memcpy(text + *length, spellings[i].text, spellings[i].length);
        *length += spellings[i].length;
    }
    return *length > capacity ? HF2C_TOO_SMALL : HF2C_OK;
}

const char *hf2c_token_text(const hf2c_tokenizer *tokenizer, int32_t id, size_t *length)
{
    static char bytes[256];
    (void)tokenizer;
    *length = 0;
    if (id < 0 || id >= BYTE_VOCABULARY) return NULL;
    *length = id < 256 ? 1 : strlen(byte_specials[id - 256]);
    if (id >= 256) return byte_specials[id - 256];
    bytes[id] = (char)id;
    return &bytes[id];
}

int32_t hf2c_token_id(const hf2c_tokenizer *tokenizer, const char *token, size_t length)
{
    (void)tokenizer;
    return length == 1 ? (unsigned char)token[0] : -1;
}

int hf2c_token_is_special(const hf2c_tokenizer *tokenizer, int32_t id)
{
    (void)tokenizer;
    return id > 255;
}

int32_t hf2c_special_id(const hf2c_tokenizer *tokenizer, hf2c_special which)
{
    static const int32_t ids[HF2C_SPECIAL_COUNT] = {-1, BYTE_END, -1, BYTE_SEP, BYTE_PAD, BYTE_CLS, BYTE_MASK};
    (void)tokenizer;
    return ids[which];
}

int hf2c_tokenizer_max_length(const hf2c_tokenizer *tokenizer)
{
    return tokenizer->max_length;
}

int hf2c_pads_left(const hf2c_tokenizer *tokenizer)
{
    (void)tokenizer;
    return 0;
}

/* No conversations. All that runtime/text/chat.c has, so that it stays out: it knows another struct. */
int hf2c_has_chat(const hf2c_tokenizer *tokenizer)
{
    (void)tokenizer;
    return 0;
}

size_t hf2c_chat_scratch(const hf2c_tokenizer *tokenizer, const hf2c_chat_request *request)
{
    (void)tokenizer, (void)request;
    return 0;
}

hf2c_status hf2c_chat(const hf2c_tokenizer *tokenizer, const hf2c_chat_request *request, char *text, size_t capacity, size_t *length,
                      hf2c_message *message, void *scratch, size_t scratch_bytes)
{
    (void)tokenizer, (void)request, (void)text, (void)capacity, (void)message, (void)scratch, (void)scratch_bytes;
    *length = 0;
    return HF2C_NOT_SUPPORTED;
}

#endif
