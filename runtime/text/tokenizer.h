/* Tokenizers as constant tables: any tokenizer.json, compiled. No allocation, no recursion, no regular-expression engine; time
 * is linear in the text. The same code serves built programs, firmware, `hf2c tokenize` and the interpreter.
 *
 * Offsets are in code points of the original text, as the Python binding of `tokenizers` reports them. Invalid UTF-8 in the text
 * becomes U+FFFD. */
#ifndef HF2C_TEXT_TOKENIZER_H
#define HF2C_TEXT_TOKENIZER_H

#include "runtime/core/message.h"
#include "runtime/hf2c.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hf2c_spelling {
    const char *text; /* in the tokenizer's tables or in the scratch of the call; not NUL-terminated */
    size_t length;
} hf2c_spelling;

/* Results; the caller owns the arrays, any but ids may be NULL. */
typedef struct hf2c_encoding {
    int32_t *ids;
    int32_t *type_ids;
    int32_t *word_ids;    /* -1 for special tokens of the template */
    int32_t *sequence;    /* 0 first text, 1 second, -1 special tokens of the template */
    int32_t *offsets;     /* [2 * capacity] start and end, code points */
    hf2c_spelling *spellings; /* each token's text, as HF tokenizers reports it */
    size_t capacity;      /* tokens that fit */
    size_t count;         /* tokens written */
} hf2c_encoding;

typedef enum hf2c_truncation_strategy {
    HF2C_TRUNCATE_NONE, HF2C_TRUNCATE_LONGEST_FIRST, HF2C_TRUNCATE_ONLY_FIRST, HF2C_TRUNCATE_ONLY_SECOND
} hf2c_truncation_strategy;

typedef struct hf2c_encode_options {
    int add_special_tokens;
    hf2c_truncation_strategy truncation;
    int max_length, stride; /* with truncation */
    int left;               /* truncate on the left */
    int window;             /* which overflowing window to return: 0 is the first */
} hf2c_encode_options;

/* Upper bounds for a text of that many bytes (both texts of a pair together). */
size_t hf2c_encode_capacity(const hf2c_tokenizer *tokenizer, size_t text_bytes);
size_t hf2c_encode_scratch(const hf2c_tokenizer *tokenizer, size_t text_bytes);

/* pair may be NULL. scratch: hf2c_encode_scratch bytes, aligned to 16. *windows (may be NULL) receives how many windows the
 * truncation makes in all. HF2C_TOO_SMALL when an array or the scratch does not suffice. */
hf2c_status hf2c_encode(const hf2c_tokenizer *tokenizer, const char *text, size_t text_bytes, const char *pair, size_t pair_bytes,
                        const hf2c_encode_options *options, hf2c_encoding *encoding, int *windows, void *scratch, size_t scratch_bytes);

/* Text of the ids. *length receives the bytes needed, also when capacity is too small (HF2C_TOO_SMALL). Not NUL-terminated. */
hf2c_status hf2c_decode(const hf2c_tokenizer *tokenizer, const int32_t *ids, size_t count, int skip_special_tokens,
                        char *text, size_t capacity, size_t *length);
/* The same for tokens that are given as texts, whether they are in the vocabulary or not. */
hf2c_status hf2c_decode_spellings(const hf2c_tokenizer *tokenizer, const hf2c_spelling *spellings, size_t count,
                                  char *text, size_t capacity, size_t *length);
/* As hf2c_decode, followed by the clean-up of spaces that transformers does where the tokenizer asks for it. When capacity is too
 * small, *length is an upper bound. */
hf2c_status hf2c_decode_clean(const hf2c_tokenizer *tokenizer, const int32_t *ids, size_t count, int skip_special_tokens,
                              char *text, size_t capacity, size_t *length);

/* The token's own spelling ("Ġthe", "##ing"), borrowed; NULL and 0 outside the vocabulary. */
const char *hf2c_token_text(const hf2c_tokenizer *tokenizer, int32_t id, size_t *length);
int32_t hf2c_token_id(const hf2c_tokenizer *tokenizer, const char *token, size_t length); /* -1: not there */
int hf2c_token_is_special(const hf2c_tokenizer *tokenizer, int32_t id);
size_t hf2c_vocabulary(const hf2c_tokenizer *tokenizer); /* highest id + 1 */

/* Ids of named special tokens, -1 where the tokenizer has none. */
typedef enum hf2c_special { HF2C_BOS, HF2C_EOS, HF2C_UNK, HF2C_SEP, HF2C_PAD, HF2C_CLS, HF2C_MASK, HF2C_SPECIAL_COUNT } hf2c_special;
int32_t hf2c_special_id(const hf2c_tokenizer *tokenizer, hf2c_special which);
int hf2c_tokenizer_max_length(const hf2c_tokenizer *tokenizer); /* model_max_length; 0 when it has no sensible value */
int hf2c_pads_left(const hf2c_tokenizer *tokenizer);

/* Text of a conversation through the model's chat template. */
typedef struct hf2c_chat_request {
    const char *messages; /* JSON text of the list of messages */
    size_t messages_bytes;
    const char *tools, *documents, *variables; /* JSON text; NULL: none. variables: an object of further variables for the template */
    size_t tools_bytes, documents_bytes, variables_bytes;
    int add_generation_prompt;
    int64_t now; /* local time in seconds since 1970 for templates that ask for the date; 0: they are refused */
} hf2c_chat_request;

int hf2c_has_chat(const hf2c_tokenizer *tokenizer);
/* Scratch that usual templates need; more does no harm. There is no upper bound for all templates. */
size_t hf2c_chat_scratch(const hf2c_tokenizer *tokenizer, const hf2c_chat_request *request);
/* *length receives the bytes needed, also when capacity is too small (HF2C_TOO_SMALL). Not NUL-terminated. HF2C_NOT_SUPPORTED: there
 * is no template. HF2C_BAD_TEXT: broken JSON, or the template refuses the conversation; message (may be NULL) says why. */
hf2c_status hf2c_chat(const hf2c_tokenizer *tokenizer, const hf2c_chat_request *request, char *text, size_t capacity, size_t *length,
                      hf2c_message *message, void *scratch, size_t scratch_bytes);

#ifdef __cplusplus
}
#endif
#endif
