/* arch: one file per family. A family is a short function that builds the graph with the checkpoint's own tensor names from shared
 * blocks (blocks.h), and a table of the heads it has. Differences within a family are data from config.json, never copies of
 * the function. */
#ifndef HF2C_ARCH_H
#define HF2C_ARCH_H

#include "compiler/ir/ir.h"

typedef enum Head {
#define HEAD(name, suffixes, tasks, about) HEAD_##name,
#include "compiler/arch/heads.def"
    HEAD_COUNT
} Head;

typedef struct Builder Builder;

/* Builds the head on the hidden states of the body (after the final norm). */
typedef void HeadBuilder(Builder *builder, Node *hidden);

typedef struct Architecture {
    const char *model_type; /* as in config.json */
    const char *classes;    /* "EncoderModel": for classes of that ending alone; NULL: for all others */
    const char *prefix;     /* of the base model's tensors in a checkpoint with a head: "bert." */
    bool decoder;           /* causal; with a cache under the causal_lm head */
    bool untied;            /* the output layer has weights of its own where config.json does not say */
    bool images;            /* reads images alone: there are no tokens */
    bool sounds;            /* reads sounds alone: sequences are as long as those */
    bool encoder;           /* an encoder reads a source first; the decoder looks back at it */
    const char *length_keys; /* config keys of the longest sequence */
    int64_t default_length;  /* where config.json need not say it; 0: it must */
    double rope_theta;       /* base of the rotary angles where config.json does not name it; 0: 10000 */
    const char *tasks;       /* of the seq2seq_lm and base heads, the default first, where they are not those of heads.def */
    Node *(*body)(Builder *builder);
    HeadBuilder *head[HEAD_COUNT];
} Architecture;

/* Rows or pixels of an image laid out in lines. */
typedef struct Grid {
    int64_t height, width;
} Grid;

/* Pictures of sizes of their own, each a sequence of its patches and some tokens; patch 0: all have one size. */
typedef struct Pictures {
    int64_t patch, tokens, channels;
    Grid most; /* no picture has more pixels or patches than one of these sides */
} Pictures;

struct Builder {
    Graph *graph;
    Model *model;
    const Config *config;
    Err *err;               /* the first error; checked once, at the end */
    const Architecture *architecture;
    Head head;
    const char *base;       /* prefix of body tensors: "" for the base model, else architecture->prefix */
    bool cached;            /* keys and values go through caches */
    int caches;             /* made so far */
    int memories;           /* the first cache that the decoder looks back at; two for each of its layers */
    Node *source;           /* what the encoder made; NULL: there is none */
    int64_t reserved_positions; /* of those that length_keys count, how many no token can have */
    int64_t source_positions; /* of the encoder, where those are others; else 0 */
    int64_t source_vocabulary, target_vocabulary; /* of encoder and decoder, where they are two; else 0 */
    int64_t frame_samples, frame_step; /* see BuiltModel */
    int64_t stretched_positions; /* for which the rotation is made, where that is more than length_keys say; else 0 */
    bool hidden_states;     /* every layer's output is wanted as an output */
    int64_t line;           /* where the body gives places of a picture in lines: places in a line */
    char scope[256];        /* dotted, with a final dot when not empty */
    size_t outer[16];       /* lengths of the scopes around it */
    int depth;
    Pictures pictures;
    double deviation;       /* initializer_range */
    double similarity;      /* see BuiltModel */
};

/* What compile needs to know of a built model besides its graph. */
typedef struct BuiltModel {
    Graph *graph;
    const Architecture *architecture;
    Head head;
    const char *class_name; /* "LlamaForCausalLM" */
    const char *tasks;      /* separated by spaces, the default first */
    int64_t vocabulary, hidden, layers, max_sequence;
    bool cached;
    int caches;
    int64_t max_source; /* rows of the encoder's longest source; 0: max_sequence */
    int64_t source_vocabulary; /* 0: vocabulary */
    int64_t frame_samples, frame_step; /* samples of a sound's first row, and from row to row; 0: rows are no parts of sounds */
    const char **labels;
    int label_count;
    int problem; /* hf2c_problem */
    Pictures pictures;
    double similarity; /* of embeddings of texts and images: what their product is multiplied by; 0: there are none */
} BuiltModel;

typedef struct ArchOptions {
    bool hidden_states;
    const char *class_name; /* instead of config.json's architectures[0]; NULL: as the config says */
} ArchOptions;

/* Reads config.json's architectures and model_type, builds body and head, checks tensors. Refuses what is not known by name, with the
 * list of what is. Reports tensors of the checkpoint that the model does not use (warnings). */
bool arch_build(Arena *arena, Model *model, const ArchOptions *options, BuiltModel *built, Err *err);
/* Names of all model types and heads, for messages and help. */
const char *arch_known(Arena *arena);
const char *head_known(Arena *arena);
void families_reference(Str *out); /* the page of families, from the tables, as Markdown */
/* The tasks, separated by spaces, without those that the model's labels do not do for. */
const char *tasks_suited(Arena *arena, const BuiltModel *built, const char *tasks);

#endif
