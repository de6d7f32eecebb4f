/* spans: the likeliest answers in a window of a text, from the logits of their first and last tokens. */
#ifndef HF2C_TASK_SPANS_H
#define HF2C_TASK_SPANS_H

#include "runtime/core/scratch.h"
#include "runtime/hf2c.h"

typedef struct hf2c_span {
    int first, last; /* tokens */
    float score;
} hf2c_span;

/* allowed: [count] 1 where an answer may begin and end. Token 0 stands for "no answer"; *none receives its score.
 * spans: [limit], best first; returns how many, or -1 when the scratch does not suffice. */
int hf2c_spans_find(const float *start, const float *end, const uint8_t *allowed, int count, int longest, int limit,
                    float *none, hf2c_span *spans, hf2c_scratch *scratch);

#endif
