/* engine: ways to run a compiled model without emitting it, behind the same hf2c_model that emitted code has. */
#ifndef HF2C_ENGINE_H
#define HF2C_ENGINE_H

#include "compiler/compile.h"
#include "compiler/engine/observe.h"

typedef struct Engine {
    const Compiled *compiled;
    hf2c_model model;    /* model.forward runs it; contexts must have engine = this */
    uint8_t *weights;    /* packed, for the interpreter; NULL otherwise */
    Observer *observer;  /* the interpreter shows it what linears read; NULL: nobody looks */
    hf2c_batch source;   /* the reference engine: what encode() read last */
    Arena *arena;        /* of its numbers */
} Engine;

/* interpret.c: executes the plan step by step, with the same kernels at run-time shapes. */
Engine *engine_interpreter(Arena *arena, const Compiled *compiled, Err *err);
/* reference.c: evaluates the graph as the architecture built it, in double; slow, obviously right. Whole sequences only: no cache; an
 * encoder's sources are read again with every call, sequence s of a call looks back at the last source s. */
Engine *engine_reference(Arena *arena, const Compiled *compiled);

/* A context with memory from the arena, for an engine or a loaded program. */
bool engine_context(Arena *arena, const hf2c_model *model, void *engine, const void *weights, size_t slots, int threads,
                    hf2c_context *context, Err *err);

#endif
