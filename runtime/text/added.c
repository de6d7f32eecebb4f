/* Finds added tokens in text: at each place the longest one that begins there. */
#include "runtime/text/unicode.h"
#include "runtime/text/work.h"

void hf2c_added_begin(hf2c_added_search *search, const hf2c_added_table *table, const uint8_t *text, size_t bytes)
{
    memset(search, 0, sizeof *search);
    search->table = table;
    search->text = text;
    search->bytes = bytes;
    search->held.id = -1;
}

static int longest_at(const hf2c_added_table *table, const uint8_t *text, size_t bytes, size_t at, hf2c_added_match *match)
{
    uint32_t node = 0;
    int32_t value;

    match->id = -1;
    match->start = at;
    for (size_t i = at; i < bytes; i++) {
        node = hf2c_trie_child(&table->trie, node, text[i]);
        if (node == 0) {
            break;
        }
        value = hf2c_trie_value(&table->trie, node);
        if (value >= 0) {
            match->id = table->id[value];
            match->flags = table->flags[value];
            match->end = i + 1;
        }
    }
    return match->id >= 0;
}

static int is_single_word(const hf2c_added_search *search, const hf2c_added_match *match)
{
    size_t size;

    if (match->start > 0 && search->table->is_word(hf2c_utf8_before(search->text, match->start, &size))) {
        return 0;
    }
    return match->end == search->bytes || !search->table->is_word(hf2c_utf8_get(search->text + match->end, &size));
}

/* The search goes on behind the token itself: a token of spaces that are taken here is found again, and the text after it too. */
static void take_spaces(const hf2c_added_search *search, hf2c_added_match *match)
{
    int flags = match->flags;
    size_t size;

    while ((flags & HF2C_ADDED_LEFT) && match->start > search->at &&
           hf2c_is_whitespace(hf2c_utf8_before(search->text, match->start, &size))) {
        match->start -= size;
    }
    while ((flags & HF2C_ADDED_RIGHT) && match->end < search->bytes &&
           hf2c_is_whitespace(hf2c_utf8_get(search->text + match->end, &size))) {
        match->end += size;
    }
    if ((flags & HF2C_ADDED_LEFT) && match->start < search->at) {
        match->start = search->at < match->end ? search->at : match->end;
    }
}

static int find(hf2c_added_search *search, hf2c_added_match *match)
{
    const uint8_t *first = search->table->first;

    for (; search->from < search->bytes; search->from++) {
        uint8_t byte = search->text[search->from];
        if ((first[byte >> 3] >> (byte & 7) & 1) == 0 ||
            !longest_at(search->table, search->text, search->bytes, search->from, match)) {
            continue;
        }
        if ((match->flags & HF2C_ADDED_SINGLE_WORD) && !is_single_word(search, match)) {
            search->from = match->end - 1;
            continue;
        }
        search->from = match->end;
        take_spaces(search, match);
        return 1;
    }
    return 0;
}

int hf2c_added_next(hf2c_added_search *search, hf2c_added_match *match)
{
    if (search->held.id < 0 && (search->table == NULL || !find(search, &search->held))) {
        if (search->at >= search->bytes) {
            return 0;
        }
        search->held.id = -1;
        search->held.start = search->bytes;
    }
    if (search->held.start > search->at) {
        match->id = -1;
        match->start = search->at;
        match->end = search->held.start;
    } else {
        *match = search->held;
        search->held.id = -1;
    }
    search->at = match->end;
    return 1;
}
