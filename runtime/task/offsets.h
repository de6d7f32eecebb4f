/* offsets: tokenizers count code points, texts are bytes. */
#ifndef HF2C_TASK_OFFSETS_H
#define HF2C_TASK_OFFSETS_H

#include "runtime/core/lists.h"
#include "runtime/core/scratch.h"

typedef struct hf2c_offsets {
    hf2c_text text;
    const size_t *at; /* [points + 1] byte at which each code point begins; the last is the end */
    int points;
} hf2c_offsets;

/* Returns 0 when the scratch does not suffice. */
int hf2c_offsets_make(hf2c_offsets *offsets, hf2c_text text, hf2c_scratch *scratch);
/* The text of the code points [start, end); bounds outside the text are moved to its ends. */
hf2c_text hf2c_offsets_cut(const hf2c_offsets *offsets, int start, int end);

#endif
