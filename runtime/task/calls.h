/* calls: requests and generated text for programs that link a model: what NAME_request and NAME_generate of its header do. */
#ifndef HF2C_TASK_CALLS_H
#define HF2C_TASK_CALLS_H

#include "runtime/task/task.h"

/* One request as --jsonl takes it; the answer goes to the listener as JSON. task: its name; NULL: the model's first. inputs, kwargs: JSON;
 * kwargs may be NULL. After an error the pieces that came are incomplete. */
hf2c_status hf2c_call_request(hf2c_context *context, const char *task, const char *inputs, const char *kwargs, hf2c_listener *listener,
                              hf2c_scratch *scratch);
/* The text that a prompt (or, of models with an encoder, a source) leads to, piece by piece as it is generated. kwargs: JSON, the
 * settings of generation by the names of transformers; may be NULL. */
hf2c_status hf2c_call_generate(hf2c_context *context, const char *prompt, size_t bytes, const char *kwargs, hf2c_listener *listener,
                               hf2c_scratch *scratch);
/* Scratch that suffices for one text of that many bytes with the model's own settings; beams, guesses and several answers need more. */
size_t hf2c_call_scratch(const hf2c_model *model, size_t text_bytes);

#endif
