/* sampler: from scores to a choice. The cut-offs of transformers work on the list of candidates that are still
 * possible, in its order: temperature, top-k, top-p, min-p, typical, epsilon, eta. Probabilities are computed in
 * double. */
#ifndef HF2C_GENERATE_SAMPLER_H
#define HF2C_GENERATE_SAMPLER_H

#include "runtime/generate/generate.h"
#include "runtime/generate/random.h"

typedef struct hf2c_candidate {
    int32_t id;
    float score;
} hf2c_candidate;

/* Index of the largest score, the first among equals; -1 when one is not a number or none is above -infinity. */
int32_t hf2c_sample_greedy(const float *scores, int count);

/* Candidates that survive the settings' cut-offs, with their scores divided by the temperature; the order is
 * deterministic. candidates: [2 * count]; the second half is work space. keep: how many must survive at least (1; more
 * with beams). Returns how many, at least 1; 0 when a score is not a number or +infinity, or none is above -infinity.
 */
int hf2c_sample_candidates(const hf2c_generation *settings, const float *scores, int count, int keep,
                           hf2c_candidate *candidates);

/* Draws by softmax of the scores. */
int32_t hf2c_sample_draw(const hf2c_candidate *candidates, int count, hf2c_random *random);

#endif
