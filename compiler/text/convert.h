/* Builds the tree of a tokenizer.json from older files. Private to compiler/text. */
#ifndef HF2C_TEXT_CONVERT_H
#define HF2C_TEXT_CONVERT_H

#include "compiler/text/build.h"

typedef struct Conversion {
    Arena *arena;
    const Model *model;
    const cJSON *settings, *map; /* tokenizer_config.json, special_tokens_map.json; or NULL */
    const char *family;    /* tokenizer_class and model_type in lower case: "bertTokenizer bert" */
    const char *file;      /* that is read */
    cJSON *root;           /* what is built */
    Err *err;
} Conversion;

bool family_is(const Conversion *conversion, const char *name); /* part of the family's name */
/* A component from its JSON text. */
void convert_component(Conversion *conversion, const char *key, const char *json);
/* TemplateProcessing from a pattern: A and B are the texts; c s b e the cls, sep, bos, eos tokens; l the source language; t and o
 * Whisper's start and "no time stamps"; a 1 behind one is its type ("cAs" "cAsB1s1"). Tokens that the settings and defaults do not name are left out. */
void convert_template(Conversion *conversion, const char *single, const char *pair);
/* Spelling of a named special token: from the settings, else the default (may be NULL). */
const char *convert_special(const Conversion *conversion, const char *key, const char *otherwise);
int64_t convert_id(const Conversion *conversion, const char *token); /* in the model's vocabulary or the added tokens; -1 */
/* Adds the special and added tokens of the settings and of added_tokens.json. Call when the vocabulary is there. */
bool convert_added(Conversion *conversion);
void convert_add_token(Conversion *conversion, const char *content, int64_t id, bool special, bool left, bool right);

/* ---- what families are (convert_family.c) ---- */

const char *family_special(const Conversion *conversion, const char *key); /* usual spelling of a special token, or NULL */
void family_name_specials(Conversion *conversion);                         /* for settings_build: "family_special_tokens" */
/* Normalizer, pre-tokenizer and template of a byte-level family; false: it is one like GPT-2. */
bool family_byte_level(Conversion *conversion, cJSON *model);

bool convert_wordpiece(Conversion *conversion, const char *vocabulary_path);
bool convert_byte_level(Conversion *conversion, const char *vocabulary_path, const char *merges_path);
bool convert_characters(Conversion *conversion, const char *vocabulary_path);
bool convert_sentencepiece(Conversion *conversion, const char *path);
bool convert_marian(Conversion *conversion, const char *vocabulary_path, const char *path);

/* ---- sentencepiece models ---- */

typedef struct SentencePiece {
    const char *text;
    size_t length;
    float score;
    int kind; /* 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte */
} SentencePiece;

typedef struct SentenceModel {
    SentencePiece *piece;
    size_t count, capacity;
    bool is_bpe, byte_fallback;
    int unk, bos, eos;
    const uint8_t *charsmap;
    size_t charsmap_bytes;
} SentenceModel;

bool convert_unigram(Conversion *conversion, const SentenceModel *sentence);
bool sentencepiece_read(Arena *arena, const char *path, SentenceModel *model, Err *err);

#endif
