/* Spelling to id and back. */
#include "runtime/text/work.h"

/* FNV-1a, 32 bits. */
uint32_t hf2c_hash_start(void)
{
    return 2166136261u;
}

uint32_t hf2c_hash_byte(uint32_t hash, uint8_t byte)
{
    return (hash ^ byte) * 16777619u;
}

uint32_t hf2c_pair_hash(uint32_t left, uint32_t right)
{
    uint32_t hash = left * 0x9e3779b1u ^ right * 0x85ebca77u;

    return hash ^ hash >> 15;
}

/* Bytes that the alphabet spells as themselves: the printable ones of Latin-1; the others follow from U+0100 on. */
static int is_printable(uint32_t byte)
{
    return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

uint32_t hf2c_byte_code(uint8_t byte)
{
    if (is_printable(byte)) {
        return byte;
    }
    if (byte <= 0x20) {
        return 0x100u + byte;
    }
    return byte == 0xad ? 0x143u : 0x121u + (byte - 0x7fu);
}

int hf2c_byte_of_code(uint32_t code)
{
    if (code < 0x100) {
        return is_printable(code) ? (int)code : -1;
    }
    if (code <= 0x120) {
        return (int)(code - 0x100);
    }
    if (code <= 0x142) {
        return (int)(code - 0x121 + 0x7f);
    }
    return code == 0x143 ? 0xad : -1;
}

size_t hf2c_byte_spelling(uint8_t byte, uint8_t spelling[2])
{
    uint32_t code = hf2c_byte_code(byte);

    if (code < 0x80) {
        spelling[0] = (uint8_t)code;
        return 1;
    }
    spelling[0] = (uint8_t)(0xc0 | code >> 6);
    spelling[1] = (uint8_t)(0x80 | (code & 63));
    return 2;
}

static int equal_raw(const uint8_t *spelled, size_t spelled_bytes, const uint8_t *text, size_t bytes)
{
    size_t at = 0;

    for (size_t i = 0; i < bytes; i++) {
        uint8_t spelling[2];
        size_t size = hf2c_byte_spelling(text[i], spelling);
        if (spelled_bytes - at < size || memcmp(spelled + at, spelling, size) != 0) {
            return 0;
        }
        at += size;
    }
    return at == spelled_bytes;
}

static uint32_t hash_text(const uint8_t *text, size_t bytes, int raw)
{
    uint32_t hash = hf2c_hash_start();

    for (size_t i = 0; i < bytes; i++) {
        uint8_t spelling[2] = {text[i], 0};
        size_t size = raw ? hf2c_byte_spelling(text[i], spelling) : 1;
        hash = hf2c_hash_byte(hash, spelling[0]);
        if (size > 1) {
            hash = hf2c_hash_byte(hash, spelling[1]);
        }
    }
    return hash;
}

int32_t hf2c_vocabulary_find(const hf2c_vocabulary_table *table, const uint8_t *text, size_t bytes, int raw)
{
    uint32_t at = hash_text(text, bytes, raw) & table->mask;

    while (table->slot[at] != 0) {
        uint32_t id = table->slot[at] - 1;
        const uint8_t *spelled = table->pool + table->offset[id];
        size_t spelled_bytes = table->offset[id + 1] - table->offset[id];
        if (raw ? equal_raw(spelled, spelled_bytes, text, bytes)
                : spelled_bytes == bytes && memcmp(spelled, text, bytes) == 0) {
            return (int32_t)id;
        }
        at = (at + 1) & table->mask;
    }
    return -1;
}

const char *hf2c_token_text(const hf2c_tokenizer *tokenizer, int32_t id, size_t *length)
{
    const hf2c_vocabulary_table *table = tokenizer->vocabulary;

    *length = 0;
    if (id < 0 || (uint32_t)id >= table->count || table->offset[id] == table->offset[id + 1]) {
        return NULL;
    }
    *length = table->offset[id + 1] - table->offset[id];
    return (const char *)table->pool + table->offset[id];
}

int32_t hf2c_token_id(const hf2c_tokenizer *tokenizer, const char *token, size_t length)
{
    return hf2c_vocabulary_find(tokenizer->vocabulary, (const uint8_t *)token, length, 0);
}

int hf2c_token_is_special(const hf2c_tokenizer *tokenizer, int32_t id)
{
    const hf2c_vocabulary_table *table = tokenizer->vocabulary;

    return id >= 0 && (uint32_t)id < table->count && (table->flags[id] & HF2C_TOKEN_SPECIAL) != 0;
}

size_t hf2c_vocabulary(const hf2c_tokenizer *tokenizer)
{
    return tokenizer->vocabulary->count;
}

int32_t hf2c_special_id(const hf2c_tokenizer *tokenizer, hf2c_special which)
{
    return (unsigned)which < HF2C_SPECIAL_COUNT ? tokenizer->special[which] : -1;
}

int hf2c_tokenizer_max_length(const hf2c_tokenizer *tokenizer)
{
    return tokenizer->max_length;
}

int hf2c_pads_left(const hf2c_tokenizer *tokenizer)
{
    return tokenizer->left_padding;
}
