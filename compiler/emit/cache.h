/* cache: objects that were compiled before, by a hash over all that they are made from: the source and what it includes, the compiler
 * and its arguments. Nothing in it is ever wrong, only unused; it may be deleted at any time. */
#ifndef HF2C_EMIT_CACHE_H
#define HF2C_EMIT_CACHE_H

#include "compiler/base.h"

/* $XDG_CACHE_HOME/hf2c or ~/.cache/hf2c, and in it the folder `part` (NULL: itself), made when needed; NULL where there is no
 * home to write to. */
const char *cache_folder(Arena *arena, const char *part);

/* The object's place in the cache; NULL when it cannot be cached (no cache; a source that reads other files by .incbin).
 * arguments: the compiler and its arguments, NULL-terminated, without names that differ from run to run. */
const char *cache_object(Arena *arena, const char *folder, const char *source, const char *const *arguments);

#endif
