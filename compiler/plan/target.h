/* target: what code is made for. One small text file per target in targets/, `key = value` a line, # for comments. */
#ifndef HF2C_PLAN_TARGET_H
#define HF2C_PLAN_TARGET_H

#include "compiler/base.h"

typedef struct Target {
    const char *name;
    const char *about;
    const char *emitter;   /* "c" or "cuda" */
    const char *isa;       /* what kernels compute with: scalar, dsp, helium, dotprod, i8mm, c11, avx2, avx512, zen4 */
    int64_t panel;         /* rows of a packed weight that are interleaved */
    const char *compiler;  /* default C compiler, e.g. "clang" */
    const char *flags;     /* separated by spaces */
    const char *small;     /* flags behind those for sources of the runtime whose time does not count beside the model's */
    const char *link;      /* linker flags, separated by spaces */
    const char *device_compiler; /* for sources of the device, and to link; "" where there is none */
    const char *device_flags;
    const char *package;   /* Debian package to install when a compiler is missing */
    bool threads;          /* a team of several threads is possible */
    bool hosted;           /* has files and a command line; otherwise firmware */
    bool big_endian;       /* numbers of packed weights are written that way */
    bool device;           /* weights, workspace, state and outputs live in a device's memory */
    int64_t alone;         /* multiply-accumulates that one thread does in the time in which several get ready to share them */
    int64_t ahead;         /* bytes of weights that few rows ask memory for before their turn; 0: as the kernels have it */
    int64_t ram, flash;    /* bytes; 0: no limit */
} Target;

/* "native" is the best x86-64 target that this machine can run, or c11. NULL and *err with the list of known ones. */
const Target *target_find(Arena *arena, const char *name, Err *err);
const char *target_known(Arena *arena);
/* What was measured on a machine (hf2c build --tune): sets `alone` and `ahead`, the only keys that such a file may have. */
bool target_tune(Arena *arena, const char *file, const char *text, Target *target, Err *err);
/* One file's text; for target_find and its tests. */
bool target_parse(Arena *arena, const char *file, const char *text, Target *target, Err *err);

#endif
