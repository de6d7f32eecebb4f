/* The moving parts of one call: scratch, text with its origin, splitting, decoding. Private to the tokenizer. */
#ifndef HF2C_TEXT_WORK_H
#define HF2C_TEXT_WORK_H

#include <string.h>

#include "runtime/text/tables.h"
#include "runtime/text/utf8.h"

/* ---- scratch: work areas grow from the bottom, tokens from the top ---- */

typedef struct hf2c_text_scratch {
    uint8_t *bottom, *top;
} hf2c_text_scratch;

enum { HF2C_SCRATCH_ALIGNMENT = 16 };
void *hf2c_text_take(hf2c_text_scratch *scratch, size_t count, size_t size); /* NULL when it does not suffice */

/* ---- text and where it came from ---- */

/* Text that was rewritten; origin[2 * i] and [2 * i + 1] are the first and the end code point of the original that byte i stands for,
 * NULL where nobody asks for that. */
typedef struct hf2c_line {
    uint8_t *text;
    uint32_t *origin;
    size_t bytes, capacity;
    int full; /* something did not fit */
} hf2c_line;

/* A part of a line, or of the original text itself (then origin is NULL, as it is in lines that are not tracked). */
typedef struct hf2c_view {
    const uint8_t *text;
    const uint32_t *origin;
    size_t bytes;
} hf2c_view;

int hf2c_line_take(hf2c_line *line, hf2c_text_scratch *scratch, size_t capacity, int tracked);
/* Adds bytes that all have the origin of byte `from` of in. */
void hf2c_line_add(hf2c_line *line, const uint8_t *text, size_t bytes, const hf2c_line *in, size_t from);
void hf2c_line_add_code(hf2c_line *line, uint32_t code, const hf2c_line *in, size_t from);
/* Adds bytes [from, to) of in as they are. */
void hf2c_line_copy(hf2c_line *line, const hf2c_line *in, size_t from, size_t to);

/* Writes a text in order of its new code points, each with a change: 0 stands for the next code point of in, -n for that one and
 * n more, 1 was inserted and shares the origin of what is before it. */
typedef struct hf2c_rewriter {
    const hf2c_line *in;
    hf2c_line *out;
    size_t at; /* what was replaced */
} hf2c_rewriter;
void hf2c_rewrite(hf2c_rewriter *rewriter, uint32_t code, int32_t change);
void hf2c_rewrite_skip(hf2c_rewriter *rewriter, int32_t codes); /* passes over code points of in */

/* ---- one encoding under way ---- */

typedef struct hf2c_token {
    int32_t id, word;
    uint32_t start, end;       /* code points */
    uint32_t spelling, length; /* where its text is not the vocabulary's: place in work->spelling, plus 1 */
} hf2c_token;

typedef struct hf2c_work {
    const hf2c_tokenizer *tokenizer;
    hf2c_text_scratch scratch;
    hf2c_token *tokens; /* the first one; the following ones lie below it */
    size_t count;
    const uint8_t *original; /* the text of this sequence, valid UTF-8 */
    size_t original_bytes;
    const uint8_t *cursor; /* place in original ... */
    uint32_t cursor_code;  /* ... and the code points before it */
    hf2c_view piece;       /* what the model works on */
    int32_t word;
    int tracked;       /* whether tokens get offsets */
    uint8_t *spelling; /* NULL: not wanted */
    size_t spelling_bytes, spelling_capacity;
    hf2c_view spelled; /* the text whose spelling was kept last, as it is ... */
    size_t spelled_at; /* ... and where */
    hf2c_status status;
} hf2c_work;

static inline hf2c_token *hf2c_work_token(const hf2c_work *work, size_t index)
{
    return work->tokens - index;
}

/* Notes where a new token comes from, for hf2c_work_add. */
void hf2c_work_place(hf2c_work *work, hf2c_token *token, size_t start, size_t end, int own_spelling);

enum { HF2C_SPELLED_AS_IS = 1, HF2C_SPELLED_BY_MODEL = 2 };
/* A token of bytes [start, end) of the current piece; a failure is kept in work->status. own_spelling, when its text is not the
 * vocabulary's: these bytes as they are, or as the model spells them (which matters in the byte alphabet). */
static inline void hf2c_work_add(hf2c_work *work, int32_t id, size_t start, size_t end, int own_spelling)
{
    hf2c_token *token = hf2c_work_token(work, work->count);

    if ((size_t)((uint8_t *)(token + 1) - work->scratch.bottom) < sizeof *token) {
        work->status = HF2C_TOO_SMALL;
        return;
    }
    work->scratch.top = (uint8_t *)token;
    work->count++;
    *token = (hf2c_token){.id = id, .word = work->word};
    if (work->tracked || own_spelling) {
        hf2c_work_place(work, token, start, end, own_spelling);
    }
}

/* First code point of the original that a byte of a view stands for. */
uint32_t hf2c_work_origin(hf2c_work *work, const hf2c_view *view, size_t at);
hf2c_status hf2c_work_sequence(hf2c_work *work, const uint8_t *text, size_t bytes);

/* ---- splitting ---- */

typedef struct hf2c_splitter {
    hf2c_view input, piece;
    size_t at;                       /* what is before it was yielded */
    size_t match_start, match_end;   /* a match that was found and not yet yielded; start == end: none */
    hf2c_line *line;                 /* for those that rewrite */
    const uint8_t *original;
    uint32_t origin;                 /* code point where the input begins */
    int begun;
} hf2c_splitter;

int hf2c_split(const hf2c_parameters *parameters, hf2c_splitter *splitter);
int hf2c_prefix_space(const hf2c_parameters *parameters, hf2c_splitter *splitter);
int hf2c_words(const hf2c_parameters *parameters, hf2c_splitter *splitter);
int hf2c_metaspace(const hf2c_parameters *parameters, hf2c_splitter *splitter);

/* Longest preferred match that begins at `at`; 0: none. *end receives its end. previous: state by what is before. */
int hf2c_scan(const hf2c_scanner *scanner, const uint8_t *text, size_t bytes, size_t at, size_t *end);
/* The first match at or after `at`. */
int hf2c_scan_find(const hf2c_scanner *scanner, const uint8_t *text, size_t bytes, size_t at, size_t *start, size_t *end);

/* ---- normalizers ---- */

void hf2c_normalize_lowercase(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out);
void hf2c_normalize_nfc(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out);
void hf2c_normalize_nfd(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out);
void hf2c_normalize_nfkc(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out);
void hf2c_normalize_nfkd(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out);
void hf2c_normalize_clean(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out);
void hf2c_normalize_chinese(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out);
void hf2c_normalize_drop_nonspacing(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out);
void hf2c_normalize_drop_marks(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out);
void hf2c_normalize_strip(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out);
void hf2c_normalize_nmt(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out);
void hf2c_normalize_replace(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out);
void hf2c_normalize_prepend(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out);
void hf2c_normalize_charsmap(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out);

enum { HF2C_STRIP_LEFT = 1, HF2C_STRIP_RIGHT = 2 };

/* Bytes of the extended grapheme cluster at text. */
size_t hf2c_grapheme_size(const uint8_t *text, size_t bytes);

/* ---- vocabulary ---- */

/* FNV-1a in 64 bits, and at the end a turn that spreads the last bytes. */
enum { HF2C_HASH_PRIME_LOW = 0x1b3 };
static inline uint64_t hf2c_hash_start(void)
{
    return 14695981039346656037u;
}

static inline uint64_t hf2c_hash_byte(uint64_t hash, uint8_t byte)
{
    return (hash ^ byte) * (((uint64_t)1 << 40) + HF2C_HASH_PRIME_LOW);
}

static inline uint64_t hf2c_hash_end(uint64_t hash)
{
    return (hash ^ hash >> 32) * 0x9e3779b97f4a7c15u;
}

/* Where a spelling begins in the pool. */
static inline uint32_t hf2c_token_start(const hf2c_vocabulary_table *table, uint32_t id)
{
    return table->block[id / HF2C_START_BLOCK] + table->start[id];
}

/* The token's spelling among a few; NULL and no bytes: it is not one of them. */
const uint8_t *hf2c_spelling_find(const hf2c_spellings *spellings, uint32_t id, size_t *bytes);

/* A token's spelling, id < table->count; no bytes: no token has that id. */
static inline const uint8_t *hf2c_token_spelling(const hf2c_vocabulary_table *table, uint32_t id, size_t *bytes)
{
    uint32_t start = hf2c_token_start(table, id);

    *bytes = hf2c_token_start(table, id + 1) - start;
    return *bytes > 0 || table->apart == NULL ? table->pool + start : hf2c_spelling_find(table->apart, id, bytes);
}

/* Id of the token whose spelling is these bytes, or -1. raw: in the byte alphabet the bytes stand for themselves. */
int hf2c_token_is_hidden(const hf2c_tokenizer *tokenizer, int32_t id); /* what decoding skips */
const char *hf2c_vocabulary_text(const hf2c_vocabulary_table *table, int32_t id, size_t *length); /* as the model knows it */
int32_t hf2c_vocabulary_find(const hf2c_vocabulary_table *table, const uint8_t *text, size_t bytes, int raw);
/* The same where the hash is known, and text continues a prefix that is hashed with it (and spelled as it stands). */
typedef struct hf2c_prefix {
    const uint8_t *text;
    size_t bytes;
} hf2c_prefix;
int32_t hf2c_vocabulary_look(const hf2c_vocabulary_table *table, uint64_t hash, hf2c_prefix prefix, const uint8_t *text, size_t bytes, int raw);
uint64_t hf2c_hash_text(uint64_t hash, const uint8_t *text, size_t bytes, int raw); /* not ended */
/* Id of the token that a whole piece is, if it has one of the flags; else -1. */
int32_t hf2c_vocabulary_whole(const hf2c_tokenizer *tokenizer, const uint8_t *text, size_t bytes, int flags);

/* The upper half of a hash chooses the bucket, the lower half and the bucket's seed the place. */
static inline uint32_t hf2c_perfect_bucket(const hf2c_perfect *perfect, uint64_t hash)
{
    return (uint32_t)((hash >> 32) * perfect->buckets >> 32);
}

static inline uint32_t hf2c_perfect_seeded(const hf2c_perfect *perfect, uint64_t hash, uint16_t seed)
{
    uint32_t mixed = ((uint32_t)hash ^ seed * 0x9e3779b1u) * 0x85ebca6bu;

    return (uint32_t)((uint64_t)mixed * perfect->slots >> 32);
}

/* The place that a key has if it is in the table. */
static inline uint32_t hf2c_perfect_place(const hf2c_perfect *perfect, uint64_t hash)
{
    return hf2c_perfect_seeded(perfect, hash, perfect->seed[hf2c_perfect_bucket(perfect, hash)]);
}

/* What a slot keeps of the hash. */
static inline uint32_t hf2c_slot_rest(uint64_t hash)
{
    return (uint32_t)hash << HF2C_SLOT_ID_BITS;
}

static inline uint64_t hf2c_pair_hash(uint32_t left, uint32_t right)
{
    uint64_t hash = ((uint64_t)left << 32 | right) * 0x9e3779b97f4a7c15u;

    return hash ^ hash >> 29;
}

static inline uint32_t hf2c_pair_rank(const uint32_t *pair) /* plus 1; 0: free */
{
    return pair[1] >> 12;
}
/* Child of a trie's node; 0: none. */
static inline uint32_t hf2c_trie_child(const hf2c_trie *trie, uint32_t node, uint8_t byte)
{
    uint32_t unit = trie->unit[node], child = (unit >> HF2C_TRIE_NUMBER) + byte;

    return unit >> HF2C_TRIE_NUMBER != 0 && !(unit & HF2C_TRIE_LEAF) && byte != 0 && child < trie->units && (trie->unit[child] & 0xff) == byte ? child : 0;
}

/* Value of the key that ends at a node; -1: none does. */
static inline int32_t hf2c_trie_value(const hf2c_trie *trie, uint32_t node)
{
    uint32_t unit = trie->unit[node];

    if (unit & HF2C_TRIE_LEAF) {
        return (int32_t)(unit >> HF2C_TRIE_NUMBER);
    }
    return unit & HF2C_TRIE_VALUE ? (int32_t)(trie->unit[unit >> HF2C_TRIE_NUMBER] >> HF2C_TRIE_NUMBER) : -1;
}

/* The alphabet of byte-level tokenizers. Spelling of a byte, 1 or 2 bytes of UTF-8; and back: -1 when it is not in it. */
size_t hf2c_byte_spelling(uint8_t byte, uint8_t spelling[2]);
uint32_t hf2c_byte_code(uint8_t byte);
int hf2c_byte_of_code(uint32_t code);

/* ---- added tokens ---- */

typedef struct hf2c_added_match {
    int32_t id; /* -1: text between them */
    int flags;  /* HF2C_ADDED_* */
    size_t start, end;
} hf2c_added_match;

typedef struct hf2c_added_search {
    const hf2c_added_table *table;
    const uint8_t *text;
    size_t bytes, at, from; /* at: what is before it was yielded; from: where to look on */
    hf2c_added_match held;  /* found, but text before it comes first; id -1: none */
    int done;
} hf2c_added_search;
void hf2c_added_begin(hf2c_added_search *search, const hf2c_added_table *table, const uint8_t *text, size_t bytes);
int hf2c_added_next(hf2c_added_search *search, hf2c_added_match *match);

/* ---- models ---- */

hf2c_status hf2c_bpe(const hf2c_tokenizer *tokenizer, hf2c_work *work, const uint8_t *text, size_t bytes);
hf2c_status hf2c_wordpiece(const hf2c_tokenizer *tokenizer, hf2c_work *work, const uint8_t *text, size_t bytes);
hf2c_status hf2c_unigram(const hf2c_tokenizer *tokenizer, hf2c_work *work, const uint8_t *text, size_t bytes);
hf2c_status hf2c_wordlevel(const hf2c_tokenizer *tokenizer, hf2c_work *work, const uint8_t *text, size_t bytes);

/* ---- after the model ---- */

typedef struct hf2c_range {
    size_t begin, end;
} hf2c_range;
/* Which tokens of a sequence of that length are in the window, for a limit and a stride; returns the number of windows. */
size_t hf2c_truncation_window(size_t length, size_t limit, size_t stride, int left, size_t window, hf2c_range *range);
hf2c_status hf2c_work_finish(const hf2c_work *work, size_t first_count, int has_pair, const hf2c_encode_options *options,
                             hf2c_encoding *encoding, int *windows);

/* ---- decoding ---- */

enum { HF2C_DECODE_BYTES = 2048, HF2C_DECODERS_MAX = 16 }; /* longer tokens are answered with HF2C_NOT_SUPPORTED */

typedef struct hf2c_decoding {
    const hf2c_tokenizer *tokenizer;
    const int32_t *ids;             /* NULL: the tokens are given as texts */
    const hf2c_spelling *spellings; /* those texts */
    size_t count, at;
    int skip_special, first, last; /* the token is the first, the last one */
    size_t previous;               /* where the token before is; SIZE_MAX: there is none */
    uint8_t token[HF2C_DECODE_BYTES];
    size_t bytes;
    uint32_t state[HF2C_DECODERS_MAX];
} hf2c_decoding;

/* Text of token number i; NULL outside the vocabulary. */
const char *hf2c_decoding_text(const hf2c_decoding *decoding, size_t i, size_t *length);
int hf2c_decode_keeps(const hf2c_decoding *decoding, size_t i);
int hf2c_decode_byte_level(const hf2c_parameters *parameters, hf2c_decoding *decoding, uint32_t *state);
int hf2c_decode_byte_fallback(const hf2c_parameters *parameters, hf2c_decoding *decoding, uint32_t *state);
int hf2c_decode_wordpiece(const hf2c_parameters *parameters, hf2c_decoding *decoding, uint32_t *state);
int hf2c_decode_metaspace(const hf2c_parameters *parameters, hf2c_decoding *decoding, uint32_t *state);
int hf2c_decode_bpe(const hf2c_parameters *parameters, hf2c_decoding *decoding, uint32_t *state);
int hf2c_decode_replace_pattern(const hf2c_parameters *parameters, hf2c_decoding *decoding, uint32_t *state);
int hf2c_decode_ctc(const hf2c_parameters *parameters, hf2c_decoding *decoding, uint32_t *state);
int hf2c_decode_replace(const hf2c_parameters *parameters, hf2c_decoding *decoding, uint32_t *state);
int hf2c_decode_strip(const hf2c_parameters *parameters, hf2c_decoding *decoding, uint32_t *state);
int hf2c_decode_space(const hf2c_parameters *parameters, hf2c_decoding *decoding, uint32_t *state);
/* Replaces every occurrence in bytes of the buffer; returns the new length, or capacity + 1 when it does not fit. */
size_t hf2c_replace_all(uint8_t *text, size_t bytes, size_t capacity, const char *what, size_t what_bytes, const char *with,
                        size_t with_bytes);
size_t hf2c_clean_up(uint8_t *text, size_t bytes); /* the spaces before punctuation that WordPiece decoders remove; only shrinks */

#endif
