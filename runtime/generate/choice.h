/* choice: the next token of one sequence by its scores: all rules, then the best one or a draw. */
#ifndef HF2C_GENERATE_CHOICE_H
#define HF2C_GENERATE_CHOICE_H

#include "runtime/generate/constraint.h"
#include "runtime/generate/sampler.h"

typedef struct hf2c_chooser {
    const hf2c_generation *settings;
    int vocabulary;
    hf2c_candidate *candidates; /* [2 * vocabulary] when sampling */
    uint8_t *seen;              /* [vocabulary] zeros */
    const hf2c_prefix_rule *rule; /* may be NULL */
    int cut_scores;             /* the scores are changed by the cut-offs of sampling too: what they leave out gets -infinity */
} hf2c_chooser;

/* number: of the sequence, for the rule. limit: most tokens, padding included. place and random go on; scores are changed. HF2C_NOT_FINITE when nothing can be chosen. */
hf2c_status hf2c_choose(const hf2c_chooser *chooser, const hf2c_sequence *sequence, int number, int limit,
                        hf2c_constraint_place *place, hf2c_random *random, float *scores, int32_t *id);

#endif
