/* What the parts of the tokenizer compiler share while they build the tables. Private to compiler/text. */
#ifndef HF2C_TEXT_BUILD_H
#define HF2C_TEXT_BUILD_H

#include "compiler/read/json.h"
#include "compiler/text/regex.h"
#include "compiler/text/text.h"
#include "runtime/text/work.h"

enum { TOKEN_IDS_MAX = (1 << 22) - 1, /* an id and 1 more fit in HF2C_SLOT_ID_BITS */
       PARTS_MAX = 32, PRETOKENIZERS_MOST = 8, TEXT_PARAMETER_MAX = 1024 };

/* A token before the vocabulary is laid out. */
typedef struct TokenEntry {
    const char *text; /* NULL: no token has this id */
    uint32_t length;
    uint8_t flags;    /* HF2C_TOKEN_* */
} TokenEntry;

typedef struct TokenizerBuild {
    Arena *arena;
    Err *err;
    const char *file;  /* for messages */
    const cJSON *root; /* tokenizer.json, or what stands for it */
    hf2c_tokenizer *tokenizer;
    hf2c_vocabulary_table *vocabulary; /* the tokenizer's */
    bool spelled; /* ByteLevel has been met ... */
    bool spelled_early; /* ... among the normalizers */
    uint8_t *flags; /* of the vocabulary */
    TokenEntry *entry; /* [TOKEN_IDS_MAX at most] */
    size_t count, capacity;
    int64_t model_tokens; /* how many the model has */
    hf2c_normalizer normalizer[PARTS_MAX];
    hf2c_pretokenizer pretokenizer[PARTS_MAX];
    hf2c_decoder decoder[PARTS_MAX];
} TokenizerBuild;

/* ---- reading ---- */

const cJSON *json_get(const cJSON *object, const char *key); /* NULL when absent or null */
bool json_flag(const cJSON *object, const char *key, bool otherwise);
const char *json_text(const cJSON *object, const char *key, const char *otherwise);
int64_t json_whole(const cJSON *item, int64_t minimum, int64_t maximum, int64_t otherwise);
/* Sets the error "FILE: WHERE: found FOUND, wanted WANTED" and returns false. */
bool build_refuse(TokenizerBuild *build, const char *where, const char *found, const char *wanted);
hf2c_parameters build_text(const char *text); /* borrowed */
/* The pattern of a component: {"String": s}, {"Regex": s} or a string. NULL and the error on refusal. */
const hf2c_scanner *build_pattern(TokenizerBuild *build, const char *where, const cJSON *pattern, bool byte_alphabet);

/* ---- vocabulary ---- */

bool vocabulary_add(TokenizerBuild *build, const char *text, size_t length, int64_t id, int flags);
bool vocabulary_finish(TokenizerBuild *build);
/* Id among the tokens of the model; -1: none. */
int32_t model_token(const TokenizerBuild *build, const char *text, size_t length);
/* A token's text as the model sees it: bytes in the byte alphabet. False when it has characters outside of that. */
bool token_raw(const TokenizerBuild *build, int32_t id, const uint8_t **text, size_t *length);

/* A perfect hash over keys, which are sorted. False where two are equal. */
bool perfect_build(Arena *arena, uint64_t *keys, size_t count, hf2c_perfect *table);

typedef struct TrieKey {
    const uint8_t *text;
    size_t length;
    uint32_t value; /* below HF2C_TRIE_UNITS_MOST */
} TrieKey;
/* Spellings of a few tokens, with their ids as values, ascending. */
const hf2c_spellings *vocabulary_spellings(TokenizerBuild *build, const TrieKey *keys, size_t count);
/* Sorts the keys. Keys that are empty or hold a NUL are left out; among equal ones the last wins. False: too many nodes. */
bool trie_build(TokenizerBuild *build, TrieKey *keys, size_t count, hf2c_trie *trie);

/* ---- parts; each returns false and sets the error on refusal ---- */

bool model_build(TokenizerBuild *build);     /* reads the vocabulary of the model */
bool model_finish(TokenizerBuild *build);    /* builds its tables once the vocabulary is laid out */
bool model_bpe_finish(TokenizerBuild *build, const cJSON *model);
const int32_t *build_fallback(TokenizerBuild *build); /* [256] ids of "<0xHH>", -1 where there is none */
bool normalizers_build(TokenizerBuild *build);
bool pretokenizers_build(TokenizerBuild *build);
bool decoders_build(TokenizerBuild *build);
void decoders_finish(TokenizerBuild *build); /* marks the tokens that decoding copies; when the vocabulary is laid out */
bool post_build(TokenizerBuild *build);
bool added_read(TokenizerBuild *build);      /* adds them to the vocabulary */
bool added_build(TokenizerBuild *build);     /* builds their tries */
bool charsmap_build(TokenizerBuild *build, const char *base64, const hf2c_charsmap **map, uint32_t *growth);
/* Text after all normalizers. */
const uint8_t *build_normalize(TokenizerBuild *build, const char *text, size_t length, size_t *bytes);
bool settings_build(TokenizerBuild *build, const Model *model);

/* ---- folders without tokenizer.json: an equivalent tree. NULL with an empty error: there is nothing to convert. ---- */
const cJSON *convert_folder(Arena *arena, const Model *model, const char **file, Err *err);

#endif
