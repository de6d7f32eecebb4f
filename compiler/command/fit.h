/* fit: does a model fit into a chip, part by part, and if not, what to change. */
#ifndef HF2C_COMMAND_FIT_H
#define HF2C_COMMAND_FIT_H

#include "compiler/command/command.h"

/* Prints the parts beside compile->ram and compile->flash, what each change alone gives, and the first changes after which the model fits; false: it does not
 * fit as it is. fatal() when it cannot be compiled at all. */
bool fit_print(const Options *options, const CompileOptions *compile);

#endif
