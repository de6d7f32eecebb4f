/* loaded: an engine of compiled code: the model is emitted, built as a shared library and loaded into this process. */
#ifndef HF2C_ENGINE_LOADED_H
#define HF2C_ENGINE_LOADED_H

#include "compiler/engine/engine.h"

typedef struct LoadOptions {
    const char *compiler; /* NULL: the target's */
    bool verbose;
} LoadOptions;

/* The sources and the library lie in a temporary folder ($TMPDIR, else /tmp) that is gone when this returns; the code stays loaded until
 * the process ends. engine->weights points into the library. NULL and *err: cannot be built, or not for this machine. */
Engine *engine_compiled(Arena *arena, Compiled *compiled, const LoadOptions *options, Err *err);

#endif
