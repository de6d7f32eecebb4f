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

/* The longest key that begins here after the node; its end, or at when there is none. */
static size_t longest(const hf2c_trie *trie, uint32_t node, const uint8_t *text, size_t bytes, size_t at, int32_t *id)
{
    size_t end = at;

    for (size_t i = at; i < bytes; i++) {
        node = hf2c_trie_child(trie, node, text[i]);
        if (node == 0) {
            break;
        }
        if (trie->value[node] != 0) {
            *id = (int32_t)trie->value[node] - 1;
            end = i + 1;
        }
    }
    return end;
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
    size_t at = 0, count = work->count;
    uint32_t start = 0;

    if (bytes > table->longest && count_codes(tokenizer, text, bytes) > table->longest) {
        return add_unknown(table, work, bytes);
    }
    while (at < bytes) {
        int32_t id = -1;
        size_t end = start == HF2C_NO_NODE ? at : longest(&table->trie, start, text, bytes, at, &id);
        if (end == at) {
            work->count = count;
            return add_unknown(table, work, bytes);
        }
        hf2c_work_add(work, id, at, end, 0);
        at = end;
        start = table->continuing;
    }
    return HF2C_OK;
}
