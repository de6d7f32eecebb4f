/* tune: what a target's table only guesses, measured on this machine for one model. Nothing of it changes results. */
#ifndef HF2C_COMMAND_TUNE_H
#define HF2C_COMMAND_TUNE_H

#include "compiler/command/command.h"

/* Writes options->tune, which target_tune reads. fatal() where the target's kernels do not run on this machine, or have nothing to tune. */
void tune_measure(Arena *arena, const Options *options, const CompileOptions *compile_options);

#endif
