/* stream: text of a growing list of tokens, piece by piece, in whole characters. */
#ifndef HF2C_GENERATE_STREAM_H
#define HF2C_GENERATE_STREAM_H

#include "runtime/core/scratch.h"
#include "runtime/core/sink.h"
#include "runtime/text/tokenizer.h"

typedef struct hf2c_stream {
    const hf2c_tokenizer *tokenizer;
    hf2c_sink *sink;
    const int32_t *ids; /* the tokens whose text is wanted, without the prompt */
    int skip_special;
    int window, shown; /* first token that is decoded again; tokens whose text is out */
    char *before, *after;
    size_t capacity;
} hf2c_stream;

/* ids: where the tokens will appear. HF2C_TOO_SMALL when the scratch does not suffice. */
hf2c_status hf2c_stream_begin(hf2c_stream *stream, const hf2c_tokenizer *tokenizer, const int32_t *ids,
                              int skip_special, hf2c_sink *sink, hf2c_scratch *scratch);
/* Writes what has become certain, now that there are count tokens. end: the rest too. */
hf2c_status hf2c_stream_push(hf2c_stream *stream, int count, int end);

#endif
