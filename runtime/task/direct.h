/* direct: what a task computes, as numbers, for programs that call the model from C: no JSON, no sink. Freestanding. */
#ifndef HF2C_TASK_DIRECT_H
#define HF2C_TASK_DIRECT_H

#include "runtime/core/lists.h"
#include "runtime/core/scratch.h"
#include "runtime/task/rows.h"
#include "runtime/text/tokenizer.h"

/* A scratch of that many bytes suffices for a text of text_bytes; it needs no alignment. */
size_t hf2c_direct_scratch(const hf2c_model *model, size_t text_bytes);

/* Tokens of a text, with the special ones around it; ids, types: [max_sequence]. cut: what is too long is cut, else HF2C_TOO_LONG. */
hf2c_status hf2c_direct_encode(hf2c_context *context, hf2c_text text, int cut, const hf2c_scratch *scratch, int32_t *ids, int32_t *types, size_t *count);
/* Bytes of scratch that it needs for a text in UTF-8 besides the model's workspace. */
size_t hf2c_direct_encode_scratch(const hf2c_model *model, size_t text_bytes);
/* Runs the model on a text; the rows of the output of that name lie in the scratch. */
hf2c_status hf2c_direct_run(hf2c_context *context, hf2c_text text, int cut, const char *output, hf2c_scratch *scratch, hf2c_rows_result *result);
/* The label with the highest score. HF2C_TOO_LONG: the text has more tokens than the model takes; HF2C_TOO_SMALL: scratch. */
hf2c_status hf2c_direct_classify(hf2c_context *context, hf2c_text text, hf2c_scratch *scratch, int *label, float *score);
/* The text's embedding, [hidden], with the model's own pooling and length. Texts that are too long are cut. */
hf2c_status hf2c_direct_embed(hf2c_context *context, hf2c_text text, hf2c_scratch *scratch, float *vector);

/* Continues a text in slot 0 by the likeliest tokens, `most` of them or until the model ends it or its context is full. put gets the
 * new text piece by piece, whole characters, and stops by returning nonzero. */
hf2c_status hf2c_direct_write(hf2c_context *context, hf2c_text prompt, int most, hf2c_scratch *scratch,
                              int (*put)(void *to, const char *text, size_t bytes), void *to);
size_t hf2c_direct_write_scratch(const hf2c_model *model, size_t text_bytes); /* suffices for prompts of that many bytes */

#endif
