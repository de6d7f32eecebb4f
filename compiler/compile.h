/* compile: the one road through the program, from a model folder to a plan with all that emitters, the interpreter and inspect need. */
#ifndef HF2C_COMPILE_H
#define HF2C_COMPILE_H

#include "compiler/arch/arch.h"
#include "compiler/pass/pass.h"
#include "compiler/plan/plan.h"
#include "compiler/text/text.h"

/* Formats of numbers; NULL: as stored, and what goes with that. */
typedef struct PrecisionOptions {
    const char *weights;     /* a name of formats.def, or "stored" */
    const char *embeddings;  /* of embeddings and heads; NULL: like the weights, but as stored beside nf4, fp4 and int8 */
    const Map *chosen;       /* Formats by the names of params, before all else; NULL: none */
    double outliers;         /* with llm.int8: columns of inputs that reach it stay f32; 0: 6 */
    const char *activations; /* f32, bf16, int8, llm.int8: what quantised weights are multiplied with; NULL: int8 for q8, q4, q4z that were asked for */
    const char *cache;       /* of keys and values that are kept: a name of caches.def; NULL: f32 */
} PrecisionOptions;

typedef struct CompileOptions {
    const char *model;      /* folder, config.json or hub id */
    const char *target;     /* NULL: native */
    const char *tune;       /* a file of what was measured instead of the target's own (target_tune); NULL: none */
    PrecisionOptions precision;
    const Map *inputs;      /* InputMoments by the names of params: weights are rounded with them; NULL: not measured */
    const char *name;       /* C identifier; NULL: made from the folder's name */
    const char *task;       /* the default task of the program; NULL: the head's first */
    const char *json_schema; /* a file: what generated texts must be; NULL: anything */
    const char *draft;      /* a smaller model with the same tokens, which guesses; NULL: none */
    const char *choices;    /* the same as a list; NULL: anything */
    int64_t ram, flash;     /* limits in bytes instead of the target's; 0: its own */
    int64_t fast_ram;       /* of firmware: bytes of a faster memory that the workspace may take beside; 0: there is none */
    int64_t max_sequence;   /* 0: the model's own */
    int64_t max_seconds;    /* of a sound; 0: chosen */
    int64_t max_rows;       /* 0: chosen */
    int64_t strip_rows;     /* of firmware: rows that chains of steps work on at a time; 0: all, or as many as the RAM has room for */
    bool measure_only;      /* what exceeds ram and flash is planned all the same */
    int64_t max_batch;      /* 0: chosen */
    bool hidden_states;     /* every layer's output is an output of the program */
    bool without_weights;   /* config only: for inspect and new */
    PassOptions passes;     /* --no-pass=roll leaves layers unrolled */
} CompileOptions;

typedef struct Compiled Compiled;
struct Compiled {
    Arena *arena;
    CompileOptions options;
    Model model;
    BuiltModel built;
    Graph *before;              /* as the architecture built it */
    Graph *graph;               /* after the passes */
    const Target *target;
    Plan *plan;
    const hf2c_tokenizer *tokenizer; /* NULL: none */
    const hf2c_tokenizer *target_tokenizer; /* of what is written, where that has tokens of its own; else NULL */
    const hf2c_constraint *constraint; /* what generated texts must be; NULL: anything */
    const char *name;           /* C identifier */
    Compiled *draft;            /* without a tokenizer of its own; NULL: none */
    hf2c_baked *baked;          /* what is already read of every text that begins alike (bake.c); NULL: nothing */
    hf2c_model facts;           /* what the runtime is told; forward is NULL until an engine or the emitted code sets it */
};

/* NULL and *err when the model cannot be compiled. Memory: arena. */
Compiled *compile(Arena *arena, const CompileOptions *options, Err *err);

/* draft.c: compiles options->draft beside it. False and *err when it cannot guess for this model: other tokens, no way back. */
bool compile_draft(Compiled *compiled, Err *err);

/* Sets the formats of the params, the caches and the graph's activations. */
bool precision_apply(Graph *graph, const PrecisionOptions *options, Err *err);
const char *precision_known(void);
const char *precision_caches(void); /* "f32, bf16, ..." */
/* The weight that a node reads whose format is chosen; NULL: none. */
Node *precision_weight(const Node *node);
/* Whether a node reads the embeddings or the head, which are linears outside of the layers. */
bool precision_of_embedding(const Graph *graph, const Node *node);
/* The format that a weight of this shape gets where this one is asked for. */
Format precision_fitting(Format format, const Node *weight);

/* Fills compiled->facts (facts.c). */
bool facts_describe(Compiled *compiled, Err *err);

/* facts_image.c: how pictures become values; the facts know already how many those are. */
bool facts_describe_images(Compiled *c, Err *err);
/* facts_sound.c: how sounds become values. */
bool facts_describe_sounds(Compiled *c, Err *err);
/* Samples of the longest sound that the program takes at once, for models whose rows are parts of sounds. */
int64_t facts_longest_sound(const Compiled *c);

#endif
