/* Inside read/: where MODEL is. */
#ifndef HF2C_READ_LOCATE_H
#define HF2C_READ_LOCATE_H

#include "compiler/base.h"

typedef struct Place {
    const char *folder; /* absolute, without links */
    const char *config; /* path of the configuration */
    const char *name;   /* for people */
    bool config_only;   /* MODEL is a configuration file */
} Place;

bool model_locate(Arena *arena, const char *where, Place *place, Err *err);
/* realpath() into the arena; NULL with errno. */
char *real_path(Arena *arena, const char *path);
/* Whether the folder, which ends in .../models--org--name/snapshots/HASH, is one of the Hugging Face cache.
 * *entry_length then is the length of .../models--org--name. */
bool is_cache_snapshot(const char *folder, size_t *entry_length);

#endif
