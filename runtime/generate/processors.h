/* processors: penalties and bans on the scores of the next token. */
#ifndef HF2C_GENERATE_PROCESSORS_H
#define HF2C_GENERATE_PROCESSORS_H

#include "runtime/generate/generate.h"

typedef struct hf2c_history {
    const int32_t *ids; /* [count] prompt and what was generated so far */
    int count, prompt, padding;
    int limit; /* longest length, padding included */
    int vocabulary;
    uint8_t *seen; /* [vocabulary] zeros; left as zeros */
} hf2c_history;

void hf2c_process_scores(const hf2c_generation *settings, const hf2c_history *history, float *scores);

#endif
