/* stop: when a sequence ends. */
#ifndef HF2C_GENERATE_STOP_H
#define HF2C_GENERATE_STOP_H

#include "runtime/generate/generate.h"

/* Longest length that a sequence may reach, padding included: what the settings say or what fits into the context. */
int hf2c_stop_limit(const hf2c_generation *settings, const hf2c_model *model, int prompt, int padding);

/* Why the sequence ends with its last token, or HF2C_FINISH_NONE. limit: of hf2c_stop_limit. */
hf2c_finish hf2c_stop_check(const hf2c_generation *settings, const hf2c_model *model, const int32_t *ids, int count,
                            int padding, int limit);

#endif
