/* build: runs compilers on an emitted folder, by argument vectors, never through a shell. */
#ifndef HF2C_EMIT_BUILD_H
#define HF2C_EMIT_BUILD_H

#include "compiler/emit/emit.h"

typedef enum BuildKind { BUILD_PROGRAM, BUILD_STATIC, BUILD_SHARED } BuildKind;

typedef struct BuildOptions {
    const char *folder;   /* with the sources */
    const char *output;   /* program, or library */
    BuildKind kind;
    const char *compiler; /* NULL: the target's */
    bool verbose;
} BuildOptions;

/* Compiles every source of the folder (in parallel) and links. The output appears whole or not at all. */
bool build_folder(const Compiled *compiled, const BuildOptions *options, Err *err);

/* Runs a program with an argument vector and waits; its output goes to ours. False and *err unless it exits with 0. */
bool run_program(const char *const *argument, const char *folder, Err *err);

#endif
