/* generation: what tasks that generate and requests with "prompts" share. */
#ifndef HF2C_TASK_GENERATION_H
#define HF2C_TASK_GENERATION_H

#include "runtime/generate/generate.h"
#include "runtime/task/task.h"

/* A call without callbacks per token; cancelled as the run is. */
hf2c_generate_call hf2c_generate_begin(hf2c_run *run, const hf2c_generation *settings);

/* Tokens of a prompt, in the scratch. An empty prompt is the begin token, where there is one. */
hf2c_status hf2c_generate_prompt(hf2c_run *run, const hf2c_generation *settings, hf2c_text text, int add_special_tokens,
                                 hf2c_ids *ids);

/* Sequences for the prompts, num_return_sequences for each, with room for what will be generated. The settings are
 * checked. */
hf2c_status hf2c_generate_sequences(hf2c_run *run, const hf2c_generation *settings, const hf2c_ids *prompts, int count,
                                    hf2c_sequence **sequences);

/* For people: the new text of one sequence, piece by piece as it is generated, and a line end. */
hf2c_status hf2c_generate_streaming(hf2c_run *run, const hf2c_generation *settings, int skip_special_tokens, hf2c_sequence *sequence);

void hf2c_write_ids(hf2c_sink *sink, const int32_t *ids, int count);

/* {"prompts": [...], "kwargs": {...}}: generate() on a batch. prompts: JSON list of texts or of lists of token ids.
 * Writes
 * {"output_ids": [[...]], "text": [...]}, padded as transformers does it; text is absent without a tokenizer. */
hf2c_status hf2c_prompts_request(hf2c_run *run, hf2c_text prompts, hf2c_text kwargs);

#endif
