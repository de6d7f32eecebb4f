/* base, inside: the registry of this process' temporary files and folders, which files_sweep() removes.
 *
 * A temporary of ".../NAME" is called ".../.NAME.hf2c-PID-N": one of a dead process is known by its number and swept
 * when the same target is written again. */
#ifndef HF2C_BASE_TEMPORARY_H
#define HF2C_BASE_TEMPORARY_H

#include "compiler/base.h"

/* Sweeps stale temporaries of that target and registers a new name; creates nothing. Returns its slot, -1 with *err on
 * error. */
int temporary_begin(const char *target, Err *err);
const char *temporary_path(int slot);
int temporary_find(const char *path); /* -1 when not registered */
void temporary_end(int slot);         /* published or never made: forget it */
void temporary_remove(int slot);      /* remove the file or folder and forget it */

bool folder_is_empty(const char *path);
void sync_folder(const char *path);
void sync_parent(
    const char *path); /* makes a rename in the folder that holds path last; errors are of no consequence */
int exchange_names(const char *a, const char *b); /* 0, or -1 with errno */

#endif
