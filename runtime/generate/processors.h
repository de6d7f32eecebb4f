/* processors: penalties and bans on the scores of the next token. */
#ifndef HF2C_GENERATE_PROCESSORS_H
#define HF2C_GENERATE_PROCESSORS_H

#include "runtime/generate/constraint.h"
#include "runtime/generate/generate.h"

typedef struct hf2c_history {
    const int32_t *ids; /* [count] prompt and what was generated so far */
    int count, prompt, padding;
    int limit; /* longest length, padding included */
    int vocabulary;
    uint8_t *seen; /* [vocabulary] zeros; left as zeros */
    hf2c_ids source; /* what an encoder read; without one, the prompt */
    hf2c_ids rivals; /* tokens that earlier groups of beams have just chosen */
    hf2c_constraint_place *place; /* of this sequence; may be NULL */
    const hf2c_prefix_rule *rule; /* may be NULL */
    int sequence;                 /* its number, for the rule */
} hf2c_history;

static inline hf2c_ids hf2c_source_of(const hf2c_sequence *sequence)
{
    if (sequence->features) return (hf2c_ids){NULL, 0};
    if (sequence->padded.ids) return sequence->padded;
    return sequence->source.ids ? sequence->source : (hf2c_ids){sequence->ids, sequence->prompt};
}

void hf2c_process_scores(const hf2c_generation *settings, const hf2c_history *history, float *scores);

#endif
