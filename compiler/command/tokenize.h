/* tokenize: what the two faces of the command share: a table for people, lines of JSON for programs. */
#ifndef HF2C_COMMAND_TOKENIZE_H
#define HF2C_COMMAND_TOKENIZE_H

#include "compiler/base.h"
#include "runtime/text/tokenizer.h"

typedef struct Words {
    const char *text; /* NULL: there is none */
    size_t bytes;
} Words;

/* Encodes into arrays from the arena, all of them filled. False and *err with the reason. */
bool tokens_encode(Arena *arena, const hf2c_tokenizer *tokenizer, Words text, Words pair, const hf2c_encode_options *options,
                   hf2c_encoding *encoding, Err *err);

/* Answers each line of standard input by one line. */
void tokenize_lines(const hf2c_tokenizer *tokenizer);

#endif
