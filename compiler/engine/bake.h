/* bake: reads a text when the program is built, and keeps what the model's caches and states hold then. */
#ifndef HF2C_ENGINE_BAKE_H
#define HF2C_ENGINE_BAKE_H

#include "compiler/engine/engine.h"

/* Sets compiled->baked. The text is the system message of chats where the model has a chat template, else the beginning of prompts.
 * False and *err: it is too long, the model continues no texts, or this machine cannot run the target's kernels. */
bool bake_prompt(Compiled *compiled, const char *file, Err *err);

#endif
