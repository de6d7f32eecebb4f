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
    const Map *absent; /* of conditions in C: enumerators that no value has, and functions that never say yes; NULL: none */
    const char *told; /* definitions of macros that begin so are left out, since nothing asks for them any more; NULL: none */
} KnownMacros;

typedef enum Truth { ALWAYS, NEVER, DEPENDS } Truth;

typedef struct Condition {
    Truth truth;
    const char *text; /* where it depends: what of it is open */
} Condition;

/* The condition that begins at *at, which is moved behind it: to the parenthesis, '?' or ';' that ends it, or to where it becomes something else. */
Condition condition_read(Arena *arena, const KnownMacros *known, const char **at, const char *end);

void known_add(KnownMacros *known, const char *name, bool defined, int64_t value);

/* Adds the text without the parts that are never compiled, and without the conditions of those that always are. Memory: arena. */
void conditions_resolve(Str *out, Arena *arena, const char *text, size_t bytes, const KnownMacros *known);

#endif
