/* verify, inside: what its files share. */
#ifndef HF2C_COMMAND_VERIFY_H
#define HF2C_COMMAND_VERIFY_H

#include "compiler/command/command.h"
#include "compiler/command/compare.h"
#include "compiler/engine/engine.h"

/* The engines in the order of the report. */
typedef enum EngineKind { ENGINE_compiled, ENGINE_interpreter, ENGINE_reference, ENGINE_COUNT } EngineKind;
extern const char *const engine_names[ENGINE_COUNT];

typedef struct EngineRun {
    Engine *engine; /* NULL: not asked for */
    hf2c_context context;
    size_t comparisons;
    double absolute, share; /* the worst of all comparisons */
} EngineRun;

typedef struct Verification {
    Arena *arena;
    const Options *options;
    Compiled *compiled;
    Golden golden;
    EngineRun run[ENGINE_COUNT];
    bool column_positions;
    bool lossy;             /* the weights have less precision than the folder's */
    bool alone;             /* no golden is for these formats: what the reference computes with such weights is expected */
    double disagreement;    /* largest relative difference between compiled and interpreted */
    bool same_bits;         /* compiled and interpreted gave the same everywhere */
    size_t failures;
} Verification;

/* verify_feeding.c: the same bits however tokens are handed over, and by however many threads. */
void verify_feeding(Verification *v);

#endif
