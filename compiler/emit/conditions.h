/* conditions: #if lines of copied text whose outcome is known when the text is written: what a reader of one model's source need not see is
 * left out. Conditions that depend on the user's compiler stay. */
#ifndef HF2C_EMIT_CONDITIONS_H
#define HF2C_EMIT_CONDITIONS_H

#include "compiler/base.h"

/* A macro of which it is known whether it is defined, and as which number. */
typedef struct KnownMacro {
    const char *name;
    bool defined;
    int64_t value;
} KnownMacro;

typedef struct KnownMacros {
    KnownMacro macro[24];
    size_t count;
    const char *told; /* definitions of macros that begin so are left out, since nothing asks for them any more; NULL: none */
} KnownMacros;

void known_add(KnownMacros *known, const char *name, bool defined, int64_t value);

/* Adds the text without the parts that are never compiled, and without the conditions of those that always are. Memory: arena. */
void conditions_resolve(Str *out, Arena *arena, const char *text, size_t bytes, const KnownMacros *known);

#endif
