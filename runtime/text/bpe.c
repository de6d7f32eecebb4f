/* Byte-pair encoding: the merge of lowest rank first, the leftmost among equals. Short pieces are searched over and over, long ones
 * keep their pairs in a heap: n log n. */
#include "runtime/text/work.h"

enum { SHORT_PIECE = 24, AFFIX_MAX = 32, KEY_MAX = 4 + 2 * AFFIX_MAX, NONE = -1 };

typedef struct Symbol {
    int32_t id;
    uint32_t length; /* bytes of text; 0: merged into the one before */
    int32_t previous, next;
} Symbol;

typedef struct Pair {
    uint32_t rank, at;
} Pair;

typedef struct Word {
    const hf2c_bpe_table *table;
    Symbol *symbols;
    size_t count;
    Pair *heap;
    size_t pairs;
    int spelled; /* lengths count the bytes that spell the text's bytes */
} Word;

/* Rank of a pair, or UINT32_MAX. */
static uint32_t pair_rank(const hf2c_bpe_table *table, int32_t left, int32_t right)
{
    uint32_t place = hf2c_perfect_place(&table->perfect, hf2c_pair_hash((uint32_t)left, (uint32_t)right));
    const uint32_t *pair = table->pair + 2 * (size_t)place;
    uint32_t low = (uint32_t)left | (uint32_t)right << 22, high = (uint32_t)right >> 10;

    /* a free place has rank + 1 == 0, which gives UINT32_MAX */
    return pair[0] == low && (pair[1] & 0xfff) == high ? hf2c_pair_rank(pair) - 1 : UINT32_MAX;
}

static int32_t merged(const hf2c_bpe_table *table, uint32_t rank)
{
    return (int32_t)(table->result != NULL ? table->result[rank] : table->first_result + rank);
}

/* ---- characters to symbols ---- */

static void word_add(Word *word, int32_t id, size_t length)
{
    word->symbols[word->count].id = id;
    word->symbols[word->count].length = (uint32_t)length;
    word->count++;
}

/* Id of a character with the prefix or suffix that its place asks for; -1: none. key receives what was looked up. */
static int32_t find_symbol(const hf2c_tokenizer *tokenizer, const uint8_t *text, size_t size, int first, int last,
                           uint8_t key[KEY_MAX], size_t *key_bytes)
{
    const hf2c_bpe_table *table = tokenizer->model_table;
    size_t bytes = 0;
    int32_t id;

    if (!first) {
        memcpy(key, table->prefix, table->prefix_bytes);
        bytes = table->prefix_bytes;
    }
    memcpy(key + bytes, text, size);
    bytes += size;
    if (last) {
        memcpy(key + bytes, table->suffix, table->suffix_bytes);
        bytes += table->suffix_bytes;
    }
    *key_bytes = bytes;
    if (bytes == 1) {
        return table->symbol[key[0]];
    }
    id = hf2c_vocabulary_find(tokenizer->vocabulary, key, bytes, tokenizer->byte_alphabet);
    return id >= 0 && (tokenizer->vocabulary->flags[id] & HF2C_TOKEN_OF_MODEL) ? id : NONE;
}

/* Bytes of the text as HF tokenizers sees it, which is spelled where we have the bytes themselves. */
static size_t spell(const uint8_t *text, size_t bytes, uint8_t *spelling)
{
    size_t length = 0;

    for (size_t i = 0; i < bytes; i++) {
        length += hf2c_byte_spelling(text[i], spelling + length);
    }
    return length;
}

static int add_fallback(Word *word, const uint8_t *key, size_t bytes)
{
    const int32_t *fallback = word->table->fallback;
    uint8_t spelling[2 * KEY_MAX];

    if (fallback == NULL) {
        return 0;
    }
    if (word->spelled) {
        bytes = spell(key, bytes, spelling);
        key = spelling;
    }
    for (size_t i = 0; i < bytes; i++) {
        if (fallback[key[i]] < 0) {
            return 0;
        }
    }
    for (size_t i = 0; i < bytes; i++) {
        word_add(word, fallback[key[i]], 1);
    }
    return 1;
}

/* False: a byte has no symbol, and the word must be split again with lengths as it is spelled. */
static int split_characters(const hf2c_tokenizer *tokenizer, Word *word, const uint8_t *text, size_t bytes)
{
    const hf2c_bpe_table *table = word->table;
    uint8_t key[KEY_MAX], spelling[2];
    size_t size, key_bytes, unknown = 0; /* bytes of unknown characters that are not yet added */

    word->count = 0;
    for (size_t at = 0; at < bytes; at += size) {
        size_t length;
        int32_t id;
        size = tokenizer->byte_alphabet ? 1 : hf2c_utf8_size(text[at]);
        length = word->spelled ? hf2c_byte_spelling(text[at], spelling) : size;
        id = find_symbol(tokenizer, text + at, size, at == 0, at + size == bytes, key, &key_bytes);
        if (id < 0 && tokenizer->byte_alphabet && !word->spelled) {
            return 0;
        }
        if (id < 0 && (add_fallback(word, key, key_bytes) || table->unk < 0)) {
            continue;
        }
        if (unknown > 0 && (id >= 0 || !table->fuse_unk)) {
            word_add(word, table->unk, unknown);
            unknown = 0;
        }
        if (id >= 0) {
            word_add(word, id, length);
        } else {
            unknown += length;
        }
    }
    if (unknown > 0) {
        word_add(word, table->unk, unknown);
    }
    return 1;
}

/* ---- merging ---- */

static void merge_short(Word *word)
{
    uint32_t rank[SHORT_PIECE];
    Symbol *symbols = word->symbols;

    for (size_t i = 0; i + 1 < word->count; i++) {
        rank[i] = pair_rank(word->table, symbols[i].id, symbols[i + 1].id);
    }
    while (word->count > 1) {
        size_t best = 0;
        for (size_t i = 1; i + 1 < word->count; i++) {
            best = rank[i] < rank[best] ? i : best;
        }
        if (rank[best] == UINT32_MAX) {
            return;
        }
        symbols[best].id = merged(word->table, rank[best]);
        symbols[best].length += symbols[best + 1].length;
        word->count--;
        for (size_t i = best + 1; i < word->count; i++) {
            symbols[i] = symbols[i + 1];
            rank[i - 1] = rank[i];
        }
        if (best > 0) {
            rank[best - 1] = pair_rank(word->table, symbols[best - 1].id, symbols[best].id);
        }
        if (best + 1 < word->count) {
            rank[best] = pair_rank(word->table, symbols[best].id, symbols[best + 1].id);
        }
    }
}

static int before(Pair a, Pair b)
{
    return a.rank != b.rank ? a.rank < b.rank : a.at < b.at;
}

static void heap_down(Pair *heap, size_t count, size_t at)
{
    Pair moved = heap[at];

    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count) {
            break;
        }
        child += child + 1 < count && before(heap[child + 1], heap[child]);
        if (!before(heap[child], moved)) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
}

static void heap_push(Word *word, int32_t at)
{
    const Symbol *symbol = word->symbols + at;
    Pair pair = {pair_rank(word->table, symbol->id, word->symbols[symbol->next].id), (uint32_t)at};
    size_t place = word->pairs;

    if (pair.rank == UINT32_MAX) {
        return;
    }
    word->pairs++;
    while (place > 0 && before(pair, word->heap[(place - 1) / 2])) {
        word->heap[place] = word->heap[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    word->heap[place] = pair;
}

static void merge_pair(Word *word, Pair pair)
{
    Symbol *left = word->symbols + pair.at, *right;

    if (left->length == 0 || left->next == NONE) {
        return;
    }
    right = word->symbols + left->next;
    if (pair_rank(word->table, left->id, right->id) != pair.rank) {
        return; /* one of the two has changed since */
    }
    left->id = merged(word->table, pair.rank);
    left->length += right->length;
    left->next = right->next;
    right->length = 0;
    if (left->next != NONE) {
        word->symbols[left->next].previous = (int32_t)pair.at;
        heap_push(word, (int32_t)pair.at);
    }
    if (left->previous != NONE) {
        heap_push(word, left->previous);
    }
}

/* The lowest rank of all pairs, where it begins first, and how many pairs have it. */
static size_t count_lowest(const Word *word, uint32_t *lowest, size_t *first)
{
    size_t count = 0;

    *lowest = UINT32_MAX;
    for (size_t i = 0; i + 1 < word->count; i++) {
        uint32_t rank = pair_rank(word->table, word->symbols[i].id, word->symbols[i + 1].id);
        if (rank < *lowest) {
            *lowest = rank;
            *first = i;
            count = 0;
        }
        count += rank == *lowest && rank != UINT32_MAX;
    }
    return count;
}

/* While many pairs have the lowest rank, as in one character over and over, merges all of them in one sweep: what they make cannot
 * have a lower rank where merges are in order. */
static void merge_sweeps(Word *word)
{
    Symbol *symbols = word->symbols;
    uint32_t rank;
    size_t first = 0;

    while (word->count > SHORT_PIECE && count_lowest(word, &rank, &first) >= word->count / 8) {
        int32_t left = symbols[first].id, right = symbols[first + 1].id;
        size_t kept = first;
        for (size_t i = first; i < word->count; i++) {
            symbols[kept] = symbols[i];
            if (i + 1 < word->count && symbols[i].id == left && symbols[i + 1].id == right) {
                symbols[kept].id = merged(word->table, rank);
                symbols[kept].length += symbols[++i].length;
            }
            kept++;
        }
        word->count = kept;
    }
}

static void merge_long(Word *word)
{
    size_t kept = 0;

    if (word->table->orderly) {
        merge_sweeps(word);
    }

    word->pairs = 0;
    for (size_t i = 0; i < word->count; i++) {
        word->symbols[i].previous = (int32_t)i - 1;
        word->symbols[i].next = i + 1 < word->count ? (int32_t)i + 1 : NONE;
    }
    for (size_t i = 0; i + 1 < word->count; i++) {
        uint32_t rank = pair_rank(word->table, word->symbols[i].id, word->symbols[i + 1].id);
        if (rank != UINT32_MAX) {
            word->heap[word->pairs++] = (Pair){rank, (uint32_t)i};
        }
    }
    for (size_t i = word->pairs / 2; i-- > 0;) {
        heap_down(word->heap, word->pairs, i);
    }
    while (word->pairs > 0) {
        Pair top = word->heap[0];
        word->heap[0] = word->heap[--word->pairs];
        if (word->pairs > 0) {
            heap_down(word->heap, word->pairs, 0);
        }
        merge_pair(word, top);
    }
    for (size_t i = 0; i < word->count; i++) {
        if (word->symbols[i].length > 0) {
            word->symbols[kept++] = word->symbols[i];
        }
    }
    word->count = kept;
}

/* Bytes of the text that are spelled before a place, the one that contains it not counted. Places are asked for in order: at and
 * spelled stand where the last one was found. */
static size_t unspelled(const uint8_t *text, size_t bytes, size_t place, size_t *at, size_t *spelled)
{
    uint8_t spelling[2];

    while (*at < bytes && *spelled + hf2c_byte_spelling(text[*at], spelling) <= place) {
        *spelled += hf2c_byte_spelling(text[*at], spelling);
        (*at)++;
    }
    return *at;
}

static void add_tokens(const Word *word, hf2c_work *work, const uint8_t *text, size_t bytes)
{
    size_t at = 0, raw = 0, spelled = 0;

    for (size_t i = 0; i < word->count; i++) {
        size_t end = at + word->symbols[i].length, start = at;
        at = end;
        if (word->spelled) {
            start = unspelled(text, bytes, start, &raw, &spelled);
            end = unspelled(text, bytes, end - 1, &raw, &spelled) + 1;
        }
        hf2c_work_add(work, word->symbols[i].id, start, end, 0);
    }
}

/* Apart from hf2c_bpe, so that a piece that is a token does not pay for what merging keeps on the stack. */
static hf2c_status merge_piece(const hf2c_tokenizer *tokenizer, hf2c_work *work, const uint8_t *text, size_t bytes)
{
    const hf2c_bpe_table *table = tokenizer->model_table;
    Symbol few[SHORT_PIECE];
    Word word = {.table = table, .symbols = few};
    size_t most = (table->fallback != NULL ? 2u : 1u) * (bytes + table->prefix_bytes * bytes + table->suffix_bytes);

    if (most > SHORT_PIECE) {
        word.symbols = hf2c_text_take(&work->scratch, most, sizeof *word.symbols);
        word.heap = word.symbols != NULL ? hf2c_text_take(&work->scratch, 2 * most, sizeof *word.heap) : NULL;
        if (word.heap == NULL) {
            return HF2C_TOO_SMALL;
        }
    }
    if (!split_characters(tokenizer, &word, text, bytes)) {
        word.spelled = 1;
        split_characters(tokenizer, &word, text, bytes);
    }
    if (word.count <= SHORT_PIECE) {
        merge_short(&word);
    } else {
        merge_long(&word);
    }
    add_tokens(&word, work, text, bytes);
    return work->status;
}

hf2c_status hf2c_bpe(const hf2c_tokenizer *tokenizer, hf2c_work *work, const uint8_t *text, size_t bytes)
{
    const hf2c_bpe_table *table = tokenizer->model_table;
    int flags = table->ignore_merges ? HF2C_TOKEN_WHOLE | HF2C_TOKEN_OF_MODEL : HF2C_TOKEN_WHOLE;
    /* many pieces are one byte */
    int32_t whole = bytes == 1 && table->suffix_bytes == 0 ? table->symbol[text[0]] : NONE;

    if (whole < 0) {
        whole = hf2c_vocabulary_whole(tokenizer, text, bytes, flags);
    }
    if (whole < 0) {
        return merge_piece(tokenizer, work, text, bytes);
    }
    hf2c_work_add(work, whole, 0, bytes, 0);
    return work->status;
}
