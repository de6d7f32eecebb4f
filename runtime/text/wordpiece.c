/* WordPiece: the longest known piece first; a word with an unknown rest is unknown as a whole. */
#include "runtime/text/work.h"

static size_t count_codes(const hf2c_tokenizer *tokenizer, const uint8_t *text, size_t bytes)
{
    size_t count = 0;

    if (tokenizer->byte_alphabet) {
        return bytes;
    }
    for (size_t i = 0; i < bytes; i++) {
        count += (text[i] & 0xc0) != 0x80;
    }
    return count;
}

enum { WINDOW = 32 };

/* The longest token that the text begins with; its bytes, 0: none. Hashes of beginnings follow from each other, so that those of
 * WINDOW lengths at a time are at hand; nearly every token is shorter. */
static size_t longest(const hf2c_tokenizer *tokenizer, hf2c_prefix prefix, const uint8_t *text, size_t bytes, int32_t *id)
{
    const hf2c_vocabulary_table *table = tokenizer->vocabulary;
    uint64_t start = hf2c_hash_text(hf2c_hash_start(), prefix.text, prefix.bytes, 0), hash[WINDOW];
    int raw = tokenizer->byte_alphabet;
    size_t end = bytes < tokenizer->longest_token ? bytes : tokenizer->longest_token;

    while (end > 0) {
        size_t from = (end - 1) / WINDOW * WINDOW, count = end - from;
        uint64_t running = hf2c_hash_text(start, text, from, raw);
        for (size_t i = 0; i < count; i++) {
            hash[i] = running = hf2c_hash_text(running, text + from + i, 1, raw);
        }
        for (; end > from; end--) {
            if (!raw && end < bytes && (text[end] & 0xc0) == 0x80) {
                continue;
            }
            *id = hf2c_vocabulary_look(table, hf2c_hash_end(hash[end - 1 - from]), prefix, text, end, raw);
            if (*id >= 0 && (table->flags[*id] & HF2C_TOKEN_OF_MODEL)) {
                return end;
            }
        }
    }
    return 0;
}

static hf2c_status add_unknown(const hf2c_wordpiece_table *table, hf2c_work *work, size_t bytes)
{
    if (table->unk < 0) {
        return HF2C_BAD_TEXT;
    }
    hf2c_work_add(work, table->unk, 0, bytes, 0);
    return HF2C_OK;
}

hf2c_status hf2c_wordpiece(const hf2c_tokenizer *tokenizer, hf2c_work *work, const uint8_t *text, size_t bytes)
{
    const hf2c_wordpiece_table *table = tokenizer->model_table;
    hf2c_prefix prefix = {table->prefix, 0};
    size_t size, count = work->count;

    if (bytes > table->longest && count_codes(tokenizer, text, bytes) > table->longest) {
        return add_unknown(table, work, bytes);
    }
    for (size_t at = 0; at < bytes; at += size) {
        int32_t id;
        size = longest(tokenizer, prefix, text + at, bytes - at, &id);
        if (size == 0) {
            work->count = count;
            return add_unknown(table, work, bytes);
        }
        hf2c_work_add(work, id, at, at + size, 0);
        prefix.bytes = table->prefix_bytes;
    }
    return HF2C_OK;
}
