/* lookup: guesses at the next tokens from what stands in the text already. A guess costs nothing but rows of a call, and what the model
 * would not have chosen is thrown away. */
#ifndef HF2C_GENERATE_LOOKUP_H
#define HF2C_GENERATE_LOOKUP_H

#include <stdint.h>

/* Writes behind the count ids what followed the last earlier occurrence of their last n tokens, for the largest n up to ngram that
 * has one; at most limit tokens. Returns how many. */
int hf2c_lookup_guess(int32_t *ids, int count, int ngram, int limit);

#endif
