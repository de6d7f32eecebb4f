/* Spelling to id and back. */
#include "runtime/text/work.h"

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

/* What hf2c_byte_code gives, in UTF-8; the second byte is 0 where there is only one. */
static const uint8_t spelled_byte[256][2] = {
    {196, 128}, {196, 129}, {196, 130}, {196, 131}, {196, 132}, {196, 133}, {196, 134}, {196, 135}, {196, 136}, {196, 137}, {196, 138}, {196, 139},
    {196, 140}, {196, 141}, {196, 142}, {196, 143}, {196, 144}, {196, 145}, {196, 146}, {196, 147}, {196, 148}, {196, 149}, {196, 150}, {196, 151},
    {196, 152}, {196, 153}, {196, 154}, {196, 155}, {196, 156}, {196, 157}, {196, 158}, {196, 159}, {196, 160}, {33, 0}, {34, 0}, {35, 0},
    {36, 0}, {37, 0}, {38, 0}, {39, 0}, {40, 0}, {41, 0}, {42, 0}, {43, 0}, {44, 0}, {45, 0}, {46, 0}, {47, 0},
    {48, 0}, {49, 0}, {50, 0}, {51, 0}, {52, 0}, {53, 0}, {54, 0}, {55, 0}, {56, 0}, {57, 0}, {58, 0}, {59, 0},
    {60, 0}, {61, 0}, {62, 0}, {63, 0}, {64, 0}, {65, 0}, {66, 0}, {67, 0}, {68, 0}, {69, 0}, {70, 0}, {71, 0},
    {72, 0}, {73, 0}, {74, 0}, {75, 0}, {76, 0}, {77, 0}, {78, 0}, {79, 0}, {80, 0}, {81, 0}, {82, 0}, {83, 0},
    {84, 0}, {85, 0}, {86, 0}, {87, 0}, {88, 0}, {89, 0}, {90, 0}, {91, 0}, {92, 0}, {93, 0}, {94, 0}, {95, 0},
    {96, 0}, {97, 0}, {98, 0}, {99, 0}, {100, 0}, {101, 0}, {102, 0}, {103, 0}, {104, 0}, {105, 0}, {106, 0}, {107, 0},
    {108, 0}, {109, 0}, {110, 0}, {111, 0}, {112, 0}, {113, 0}, {114, 0}, {115, 0}, {116, 0}, {117, 0}, {118, 0}, {119, 0},
    {120, 0}, {121, 0}, {122, 0}, {123, 0}, {124, 0}, {125, 0}, {126, 0}, {196, 161}, {196, 162}, {196, 163}, {196, 164}, {196, 165},
    {196, 166}, {196, 167}, {196, 168}, {196, 169}, {196, 170}, {196, 171}, {196, 172}, {196, 173}, {196, 174}, {196, 175}, {196, 176}, {196, 177},
    {196, 178}, {196, 179}, {196, 180}, {196, 181}, {196, 182}, {196, 183}, {196, 184}, {196, 185}, {196, 186}, {196, 187}, {196, 188}, {196, 189},
    {196, 190}, {196, 191}, {197, 128}, {197, 129}, {197, 130}, {194, 161}, {194, 162}, {194, 163}, {194, 164}, {194, 165}, {194, 166}, {194, 167},
    {194, 168}, {194, 169}, {194, 170}, {194, 171}, {194, 172}, {197, 131}, {194, 174}, {194, 175}, {194, 176}, {194, 177}, {194, 178}, {194, 179},
    {194, 180}, {194, 181}, {194, 182}, {194, 183}, {194, 184}, {194, 185}, {194, 186}, {194, 187}, {194, 188}, {194, 189}, {194, 190}, {194, 191},
    {195, 128}, {195, 129}, {195, 130}, {195, 131}, {195, 132}, {195, 133}, {195, 134}, {195, 135}, {195, 136}, {195, 137}, {195, 138}, {195, 139},
    {195, 140}, {195, 141}, {195, 142}, {195, 143}, {195, 144}, {195, 145}, {195, 146}, {195, 147}, {195, 148}, {195, 149}, {195, 150}, {195, 151},
    {195, 152}, {195, 153}, {195, 154}, {195, 155}, {195, 156}, {195, 157}, {195, 158}, {195, 159}, {195, 160}, {195, 161}, {195, 162}, {195, 163},
    {195, 164}, {195, 165}, {195, 166}, {195, 167}, {195, 168}, {195, 169}, {195, 170}, {195, 171}, {195, 172}, {195, 173}, {195, 174}, {195, 175},
    {195, 176}, {195, 177}, {195, 178}, {195, 179}, {195, 180}, {195, 181}, {195, 182}, {195, 183}, {195, 184}, {195, 185}, {195, 186}, {195, 187},
    {195, 188}, {195, 189}, {195, 190}, {195, 191},
};

size_t hf2c_byte_spelling(uint8_t byte, uint8_t spelling[2])
{
    spelling[0] = spelled_byte[byte][0];
    if (spelled_byte[byte][1] == 0) {
        return 1;
    }
    spelling[1] = spelled_byte[byte][1];
    return 2;
}

static int equal_raw(const uint8_t *spelled, size_t spelled_bytes, const uint8_t *text, size_t bytes)
{
    const uint8_t *end = spelled + spelled_bytes;

    for (size_t i = 0; i < bytes; i++) {
        const uint8_t *wanted = spelled_byte[text[i]];
        if (spelled == end || *spelled++ != wanted[0]) {
            return 0;
        }
        if (wanted[1] != 0 && (spelled == end || *spelled++ != wanted[1])) {
            return 0;
        }
    }
    return spelled == end;
}

uint64_t hf2c_hash_text(uint64_t hash, const uint8_t *text, size_t bytes, int raw)
{
    for (size_t i = 0; i < bytes; i++) {
        const uint8_t *spelling = spelled_byte[text[i]];
        hash = hf2c_hash_byte(hash, raw ? spelling[0] : text[i]);
        if (raw && spelling[1] != 0) {
            hash = hf2c_hash_byte(hash, spelling[1]);
        }
    }
    return hash;
}

/* Id of the one token that may have this hash, and where its spelling begins and ends; -1: none has. */
static inline int32_t candidate(const hf2c_vocabulary_table *table, uint64_t hash, const uint8_t **spelled, size_t *bytes)
{
    uint32_t slot = table->slot[hf2c_perfect_place(&table->perfect, hash)], id = (slot & ~(~0u << HF2C_SLOT_ID_BITS)) - 1;

    if (slot == 0 || (slot ^ hf2c_slot_rest(hash)) >> HF2C_SLOT_ID_BITS != 0) {
        return -1;
    }
    *spelled = hf2c_token_spelling(table, id, bytes);
    return (int32_t)id;
}

int32_t hf2c_vocabulary_look(const hf2c_vocabulary_table *table, uint64_t hash, hf2c_prefix prefix, const uint8_t *text, size_t bytes, int raw)
{
    const uint8_t *spelled;
    size_t length;
    int32_t id = candidate(table, hash, &spelled, &length);

    if (id < 0 || length < prefix.bytes || (prefix.bytes > 0 && memcmp(spelled, prefix.text, prefix.bytes) != 0)) {
        return -1;
    }
    spelled += prefix.bytes;
    length -= prefix.bytes;
    if (raw) {
        return equal_raw(spelled, length, text, bytes) ? id : -1;
    }
    return length == bytes && memcmp(spelled, text, bytes) == 0 ? id : -1;
}

enum { SPELLED_MOST = 32 }; /* bytes of a text that is spelled on the stack */

/* Both can be read to the end of their last word; what is behind the bytes does not count. */
static inline int equal_words(const uint8_t *a, const uint8_t *b, size_t bytes)
{
    static const uint8_t mask[2 * sizeof(uint64_t)] = {255, 255, 255, 255, 255, 255, 255, 255};
    uint64_t first, second, kept;

    for (; bytes > sizeof first; bytes -= sizeof first) {
        memcpy(&first, a, sizeof first);
        memcpy(&second, b, sizeof second);
        if (first != second) {
            return 0;
        }
        a += sizeof first;
        b += sizeof first;
    }
    memcpy(&first, a, sizeof first);
    memcpy(&second, b, sizeof second);
    memcpy(&kept, mask + sizeof kept - bytes, sizeof kept);
    return ((first ^ second) & kept) == 0;
}

/* hf2c_vocabulary_find in the byte alphabet: spells a short text first, so that it is compared by words. Every word comes here. */
static int32_t find_spelled(const hf2c_vocabulary_table *table, const uint8_t *text, size_t bytes)
{
    uint8_t spelling[2 * SPELLED_MOST + sizeof(uint64_t)];
    uint64_t hash = hf2c_hash_start();
    const uint8_t *spelled;
    size_t length = 0, spelled_bytes;
    int32_t id;

    for (size_t i = 0; i < bytes; i++) {
        const uint8_t *letter = spelled_byte[text[i]];
        hash = hf2c_hash_byte(hash, spelling[length++] = letter[0]);
        if (letter[1] != 0) {
            hash = hf2c_hash_byte(hash, spelling[length++] = letter[1]);
        }
    }
    memset(spelling + length, 0, sizeof(uint64_t));
    id = candidate(table, hf2c_hash_end(hash), &spelled, &spelled_bytes);
    return id >= 0 && spelled_bytes == length && equal_words(spelled, spelling, length) ? id : -1;
}

int32_t hf2c_vocabulary_find(const hf2c_vocabulary_table *table, const uint8_t *text, size_t bytes, int raw)
{
    if (raw && bytes <= SPELLED_MOST) {
        return find_spelled(table, text, bytes);
    }
    return hf2c_vocabulary_look(table, hf2c_hash_end(hf2c_hash_text(hf2c_hash_start(), text, bytes, raw)), (hf2c_prefix){NULL, 0}, text,
                                bytes, raw);
}

int32_t hf2c_vocabulary_whole(const hf2c_tokenizer *tokenizer, const uint8_t *text, size_t bytes, int flags)
{
    int32_t id = bytes <= tokenizer->longest_token ? hf2c_vocabulary_find(tokenizer->vocabulary, text, bytes, tokenizer->byte_alphabet) : -1;

    return id >= 0 && (tokenizer->vocabulary->flags[id] & flags) ? id : -1;
}

const char *hf2c_vocabulary_text(const hf2c_vocabulary_table *table, int32_t id, size_t *length)
{
    const uint8_t *text;

    *length = 0;
    if (id < 0 || (uint32_t)id >= table->count) {
        return NULL;
    }
    text = hf2c_token_spelling(table, (uint32_t)id, length);
    return *length > 0 ? (const char *)text : NULL;
}

const uint8_t *hf2c_spelling_find(const hf2c_spellings *spellings, uint32_t id, size_t *bytes)
{
    uint32_t low = 0, high = spellings->count;

    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if ((uint32_t)spellings->id[middle] <= id) {
            low = middle;
        } else {
            high = middle;
        }
    }
    *bytes = 0;
    if ((uint32_t)spellings->id[low] != id) {
        return NULL;
    }
    *bytes = spellings->offset[low + 1] - spellings->offset[low];
    return spellings->pool + spellings->offset[low];
}

const char *hf2c_token_text(const hf2c_tokenizer *tokenizer, int32_t id, size_t *length)
{
    const hf2c_vocabulary_table *table = tokenizer->vocabulary;
    const char *text = hf2c_vocabulary_text(table, id, length);

    return text != NULL && (table->flags[id] & HF2C_TOKEN_RESPELLED) ? (const char *)hf2c_spelling_find(table->respelled, (uint32_t)id, length) : text;
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

int hf2c_token_is_hidden(const hf2c_tokenizer *tokenizer, int32_t id)
{
    const hf2c_vocabulary_table *table = tokenizer->vocabulary;

    return id >= 0 && (uint32_t)id < table->count && (table->flags[id] & (HF2C_TOKEN_SPECIAL | HF2C_TOKEN_SHOWN)) == HF2C_TOKEN_SPECIAL;
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
