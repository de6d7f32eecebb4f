/* prune: of C text that was put together from files for all models, what one model needs: declarations that something reaches which the
 * header offers. */
#ifndef HF2C_EMIT_PRUNE_H
#define HF2C_EMIT_PRUNE_H

#include "compiler/base.h"

typedef struct PruneFile {
    const char *text;
    Str out; /* what is left of it */
} PruneFile;

/* file[0] is the header that the others include. Kept are what it declares and the others define, what mentions the model's own names
 * ("kjv_genre", "KJV_GENRE") in it, and all that these mention. Parameters that nobody reads any more are said to be so.
 * withheld: functions that the header does not offer although it declares them. */
void prune_files(Arena *arena, PruneFile *file, size_t count, const char *name, const char *upper, const Map *withheld);

#endif
