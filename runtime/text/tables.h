/* The constant tables of a compiled tokenizer, and what its parts agree on.
 *
 * A part of the tokenizer (a normalizer, a way to split, a model, a decoder) is a function and its parameters; the tables
 * point at the functions, so that a program links those that it uses. Texts are UTF-8 of known length, never NUL-terminated;
 * inside, all text is valid UTF-8.
 *
 * Byte-level tokenizers spell every byte as one character ("Ġ" for a space). Here their text stays bytes; only
 * the spelling of the vocabulary is in that alphabet (hf2c_byte_spelling). */
#ifndef HF2C_TEXT_TABLES_H
#define HF2C_TEXT_TABLES_H

#include "runtime/text/tokenizer.h"

/* ---- tables that several parts use ---- */

enum { HF2C_TOKEN_SPECIAL = 1, HF2C_TOKEN_OF_MODEL = 2, HF2C_TOKEN_WHOLE = 4, HF2C_TOKEN_RESPELLED = 8, HF2C_TOKEN_SHOWN = 16,
       HF2C_TOKEN_SIMPLE = 32 };

/* The bits of the flags from HF2C_TOKEN_SIMPLE on: what decoding makes of a token that is neither the first nor the last. 0: see the
 * decoders; else its spelling from byte SKIP on, with a space in front or not. */
enum { HF2C_SIMPLE_AS_IS = 1, HF2C_SIMPLE_WORD, HF2C_SIMPLE_SKIP_2, HF2C_SIMPLE_WORD_SKIP_2, HF2C_SIMPLE_WORD_SKIP_3, HF2C_SIMPLE_COUNT };
static const uint8_t hf2c_simple[HF2C_SIMPLE_COUNT][2] = {{0, 0}, {0, 0}, {1, 0}, {0, 2}, {1, 2}, {1, 3}}; /* space, skip */
enum { HF2C_POOL_PADDING = 16 }; /* bytes behind a pool of spellings that can be read */

/* A perfect hash: every key of a table has a place of its own among `slots`, see hf2c_perfect_place. */
typedef struct hf2c_perfect {
    const uint16_t *seed; /* [buckets] */
    uint32_t buckets, slots;
} hf2c_perfect;

/* Spellings by id, and a hash from spelling to id: its place holds id + 1 and, in the bits from HF2C_SLOT_ID_BITS on, some of the
 * hash. */
enum { HF2C_SLOT_ID_BITS = 22 };
enum { HF2C_START_BLOCK = 8 };
typedef struct hf2c_spellings hf2c_spellings;
typedef struct hf2c_vocabulary_table {
    const uint8_t *pool;    /* with HF2C_POOL_PADDING bytes more */
    const uint8_t *start;   /* [count + 1] where a spelling begins behind its block's; see hf2c_token_spelling */
    const uint32_t *block;  /* [count / HF2C_START_BLOCK + 1] */
    const uint8_t *flags;   /* [count] HF2C_TOKEN_* (WHOLE: its own spelling encodes to just this token; RESPELLED: see below;
                               SHOWN: a special token that decoding shows nevertheless) */
    const uint32_t *slot;   /* [perfect.slots] 0: free */
    hf2c_perfect perfect;
    uint32_t count;
    const hf2c_spellings *apart;     /* those for which their block has no room, and so no bytes; NULL: none */
    const hf2c_spellings *respelled; /* added tokens that are looked for after normalization are called by their normalized text */
} hf2c_vocabulary_table;

/* Spellings of a few tokens. */
struct hf2c_spellings {
    const int32_t *id;      /* [count] ascending */
    const uint32_t *offset; /* [count + 1] */
    const uint8_t *pool;    /* with HF2C_POOL_PADDING bytes more */
    uint32_t count;
};

/* Double array: a unit has its label in the low byte, two flags, and a number. Of a LEAF the number is the value of the key that ends
 * there; of others it is where the children begin (0: none): the child by byte b is number + b if its label is b, and the value of a
 * key that ends at a unit with VALUE is the number of the unit where the children begin. Unit 0 is the root. Keys hold no NUL. */
enum { HF2C_TRIE_VALUE = 1 << 8, HF2C_TRIE_LEAF = 1 << 9, HF2C_TRIE_NUMBER = 10, HF2C_TRIE_UNITS_MOST = 1 << 22 };
typedef struct hf2c_trie {
    const uint32_t *unit;
    uint32_t units;
} hf2c_trie;

/* A regular expression as an automaton over classes of code points. next[state * (classes + 1) + class] is the next state (0:
 * stop) in the low bits; HF2C_MATCH says that a match ends before this code point. Class `classes` is the end of the text. */
enum { HF2C_MATCH = 0x8000 };
typedef struct hf2c_scanner {
    const uint16_t *next;
    const uint8_t *narrow; /* [256] class of each byte where the text is in the byte alphabet; else of ASCII, and `classes` beyond */
    const uint16_t *page;  /* [page_count] row of code point >> 9; the last one counts beyond; NULL for the byte alphabet */
    const uint16_t *row;   /* [rows][32] block of code point >> 4 */
    const uint8_t *block;  /* [blocks][16] class */
    uint32_t page_count, states, classes;
    uint32_t start;        /* state at the beginning of the text */
    const uint16_t *after; /* [classes] state after a code point of that class, where the pattern looks back; else NULL */
} hf2c_scanner;

/* sentencepiece's precompiled charsmap: a darts-clone trie over UTF-8 and the replacements, each with a NUL. */
typedef struct hf2c_charsmap {
    const uint32_t *unit;
    const uint8_t *text;
    uint32_t units, text_bytes; /* text ends with a NUL */
    const uint8_t *plain;       /* [32] bits: ASCII characters that stay as they are where ASCII follows */
} hf2c_charsmap;

/* What a part may need; each says what it reads. */
typedef struct hf2c_parameters {
    const hf2c_scanner *pattern;
    const hf2c_charsmap *charsmap;
    const uint8_t *text; /* a replacement, a prefix ... */
    const uint8_t *more;
    uint32_t text_bytes, more_bytes;
    uint32_t flags;
} hf2c_parameters;

/* ---- parts ---- */

struct hf2c_line; /* what a call works on */
struct hf2c_work;
struct hf2c_splitter;
struct hf2c_decoding;

/* Rewrites in to out, which has room for growth bytes a byte of input and extra more. */
typedef struct hf2c_normalizer {
    void (*apply)(const hf2c_parameters *parameters, const struct hf2c_line *in, struct hf2c_line *out);
    hf2c_parameters parameters;
    uint32_t growth, extra;
} hf2c_normalizer;

/* Yields the next piece of splitter->input in splitter->piece; 0 when there are no more. */
typedef struct hf2c_pretokenizer {
    int (*next)(const hf2c_parameters *parameters, struct hf2c_splitter *splitter);
    hf2c_parameters parameters;
    uint32_t growth, extra; /* 0: it does not rewrite its input */
} hf2c_pretokenizer;

enum { HF2C_SPLIT_ISOLATED, HF2C_SPLIT_REMOVED, HF2C_SPLIT_PREVIOUS, HF2C_SPLIT_NEXT, HF2C_SPLIT_CONTIGUOUS,
       HF2C_SPLIT_BEHAVIOR = 7, HF2C_SPLIT_INVERT = 8 };
enum { HF2C_METASPACE_ALWAYS = 1, HF2C_METASPACE_FIRST = 2 };

/* STARTS: its state is 256 once the start of the text is over. */
enum { HF2C_DECODE_FUSED = 1 << 16, HF2C_DECODE_STARTS = 1 << 17 };
enum { HF2C_DECODE_CLEANUP = 1, HF2C_DECODE_KEEP_FIRST = 2 };
typedef struct hf2c_decoder {
    /* Rewrites decoding->token in place; 0: the token vanishes. */
    int (*apply)(const hf2c_parameters *parameters, struct hf2c_decoding *decoding, uint32_t *state);
    hf2c_parameters parameters;
} hf2c_decoder;

/* Two words hold a pair and its rank: the left id and 10 bits of the right one, then 12 bits of the right one and rank + 1. */
enum { HF2C_MERGES_MOST = (1 << 20) - 2 };
typedef struct hf2c_bpe_table {
    const uint32_t *pair;    /* [perfect.slots][2] 0, 0: free */
    hf2c_perfect perfect;
    const uint32_t *result;  /* [merges] by rank; NULL: first_result + rank */
    const int32_t *symbol;                 /* [256] id of each single byte (byte alphabet) or ASCII character; -1: none */
    const int32_t *fallback;               /* [256] id of "<0xHH>", or NULL without byte fallback */
    const uint8_t *prefix, *suffix;        /* of pieces that continue a word, of the last one */
    uint32_t prefix_bytes, suffix_bytes, merges, first_result;
    int32_t unk;                           /* -1: none */
    uint8_t fuse_unk, ignore_merges;
    uint8_t orderly; /* no merge uses a token that only a later one makes */
} hf2c_bpe_table;

typedef struct hf2c_wordpiece_table {
    const uint8_t *prefix; /* of pieces that continue a word */
    uint32_t prefix_bytes;
    uint32_t longest; /* code points in a word */
    int32_t unk;
} hf2c_wordpiece_table;

typedef struct hf2c_unigram_table {
    hf2c_trie trie;
    const double *score;     /* [ids] */
    const int32_t *fallback; /* [256] id of "<0xHH>", or NULL */
    double unk_score;
    int32_t unk;
    uint8_t fuse_unk;
} hf2c_unigram_table;

typedef struct hf2c_wordlevel_table {
    int32_t unk;
} hf2c_wordlevel_table;

enum { HF2C_ADDED_SINGLE_WORD = 1, HF2C_ADDED_LEFT = 2, HF2C_ADDED_RIGHT = 4 };
typedef struct hf2c_added_table {
    hf2c_trie trie;
    const uint8_t *first; /* [32] bits: bytes that begin a token */
    const int32_t *id;    /* [count] by the trie's values */
    const uint8_t *flags; /* [count] HF2C_ADDED_* */
    uint32_t count;
    int (*is_word)(uint32_t code); /* NULL where no token is single_word */
} hf2c_added_table;

/* A template is a list of values: id >= 0 a special token, -1 the first text, -2 the second; each with its type. type -1: as it was. */
typedef struct hf2c_template {
    const int32_t *item; /* [count][2] */
    uint32_t count, special;
} hf2c_template;

/* A chat template as a program for a small machine. */
typedef struct hf2c_chat_table {
    const uint32_t *code;   /* [instructions] */
    const uint8_t *pool;    /* strings one after another */
    const uint32_t *string; /* [strings + 1] where each begins */
    const double *number;   /* [numbers] */
    const uint32_t *global; /* [globals][2] slot and name (a string) of the variables that the caller may give */
    uint32_t instructions, strings, numbers, globals, slots;
} hf2c_chat_table;

typedef hf2c_status hf2c_chat_renderer(const hf2c_chat_table *table, const hf2c_chat_request *request, char *text, size_t capacity,
                                       size_t *length, hf2c_message *message, void *scratch, size_t scratch_bytes);

enum { HF2C_TRIM_OFFSETS = 1, HF2C_TRIM_PREFIX_SPACE = 2 };

hf2c_chat_renderer hf2c_chat_render; /* runtime/text/chat_machine.c */

struct hf2c_tokenizer {
    const hf2c_vocabulary_table *vocabulary;
    const hf2c_added_table *added, *added_normalized; /* NULL when there are none */
    const hf2c_normalizer *normalizer;
    const hf2c_pretokenizer *pretokenizer;
    const hf2c_decoder *decoder;
    /* Encodes one piece: calls hf2c_work_add for each token. */
    hf2c_status (*model)(const hf2c_tokenizer *tokenizer, struct hf2c_work *work, const uint8_t *text, size_t bytes);
    const void *model_table; /* hf2c_*_table of that model */
    hf2c_template single, pair;
    const hf2c_chat_table *chat;      /* NULL: no template */
    hf2c_chat_renderer *render;       /* what runs it; here, so that programs without chat do not link it */
    uint16_t normalizers, pretokenizers, decoders;
    uint16_t model_bytes;   /* scratch per byte of a piece */
    uint16_t line_growth, line_extra; /* bytes of text per byte given, after normalizers, and more per segment */
    uint16_t growth, extra;           /* the same after pre-tokenizers */
    uint8_t byte_alphabet, lossy, trim, clean_up, left_padding;
    uint8_t needs_origin; /* some part asks where text came from, even when offsets are not wanted */
    int32_t special[HF2C_SPECIAL_COUNT];
    int32_t max_length;
    uint32_t longest_token;  /* bytes of the longest spelling */
    uint32_t shortest_added; /* bytes of the shortest added token */
};

#endif
