/* text: compiles tokenizer files (tokenizer.json, vocab.txt, vocab.json + merges.txt, sentencepiece models, tokenizer_config.json) into
 * the constant tables of runtime/text, in memory and as C source. */
#ifndef HF2C_TEXT_H
#define HF2C_TEXT_H

#include "compiler/read/model.h"
#include "runtime/text/tokenizer.h"

/* NULL with an empty *err: the folder has no tokenizer. NULL with *err: it has one that is broken or asks for something unknown. */
const hf2c_tokenizer *tokenizer_compile(Arena *arena, const Model *model, Err *err);

/* The same from the text of a tokenizer.json alone. */
const hf2c_tokenizer *tokenizer_compile_text(Arena *arena, const char *text, size_t length, Err *err);

/* The tables as C source, bytes as numbers only: defines `const hf2c_tokenizer NAME_tokenizer` and what it points to (static). It
 * includes the headers of runtime/text under their flat names ("text_work.h"). */
void tokenizer_emit(Str *out, const hf2c_tokenizer *tokenizer, const char *name);

/* Paths ("runtime/text/bpe.c") of the files of runtime/text that this tokenizer needs; returns how many, at most capacity (48 suffice). */
size_t tokenizer_sources(const hf2c_tokenizer *tokenizer, const char **files, size_t capacity);

/* Bytes of the tables in .rodata. */
size_t tokenizer_bytes(const hf2c_tokenizer *tokenizer);

#endif
