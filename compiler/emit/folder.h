/* folder: one output folder while it is being filled: what its two files share. */
#ifndef HF2C_EMIT_FOLDER_H
#define HF2C_EMIT_FOLDER_H

#include "compiler/emit/amalgamate.h"
#include "compiler/emit/emit.h"
#include "compiler/emit/measure.h"

typedef struct Folder {
    Arena *arena;
    const Compiled *compiled;
    const EmitOptions *options;
    const char *path; /* the temporary folder */
    Map *copied;
    bool second; /* a draft beside the model: it has neither a self-test nor tokens of its own */
    Measure measure; /* of firmware */
    Pieces *pieces; /* of firmware: sources and headers wait here to become a few files; NULL otherwise */
    Err *err;
} Folder;

/* Writes a file and frees its text. */
bool folder_write(const Folder *f, const char *name, Str *text);
/* firmware_files.c: NAME.h, NAME.c, NAME_text.c, NAME_weights.S, of the pieces. */
bool folder_write_firmware(Folder *f);
/* copy.c: the kernels that the plan calls, and the runtime that the model and its tasks need, no more. */
bool folder_copy_kernels(Folder *f);
bool folder_copy_runtime(Folder *f);

#endif
