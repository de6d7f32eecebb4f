/* A model folder, opened and checked: config, generation defaults, tensors, tokenizer files. Hostile input stops here. */
#ifndef HF2C_READ_MODEL_H
#define HF2C_READ_MODEL_H

#include "compiler/read/config.h"
#include "compiler/read/safetensors.h"

typedef struct Model {
    Arena *arena;
    const char *folder; /* absolute path without links */
    const char *name;   /* last part of the folder's name, for people */
    bool of_target;     /* the tokenizer's files are those of what is written, where a model writes other tokens than it reads */
    Config config;      /* config.json */
    Config generation;  /* generation_config.json, or an empty object */
    Config processor;   /* preprocessor_config.json: how pictures or sounds become values, or an empty object */
    Config sentence;    /* sentence-transformers settings: see read/sentence.h; or empty */
    Tensors tensors;    /* empty when opened without weights */
    bool has_weights;
    const char *quantised_by; /* "bitsandbytes" ...; NULL: nothing is quantised */
    const char *computes_in;  /* the numbers in which that tool multiplies, as config.json spells them; NULL: it does not say */
    const char **prefixes; /* the distinct first parts ("bert" of "bert.x") of the tensors' names, for model_tensor() */
    size_t prefix_count;
} Model;

/* MODEL is a folder, a config.json file (then without weights), or a hub id ("org/name[@revision]") found in the local Hugging Face cache
 * (HF_HUB_CACHE, HF_HOME/hub, ~/.cache/huggingface/hub: models--org--name/refs/main -> snapshots/<hash>). The configs keep err: it
 * must live as long as the model. */
bool model_open(Arena *arena, const char *where, bool with_weights, Model *model, Err *err);

/* Path of a file in the folder, or NULL when it is not there. */
const char *model_file(const Model *model, const char *name);

/* The tensor of that name; if there is none, without its first part ("bert.x": "x"), then with the first part of other tensors before it
 * ("x": "bert.x"), which must not fit twice; each also with the old spellings gamma/beta of LayerNorm.weight/bias. Shape must match
 * (rank -1: any; dimension -1: any). NULL and *err when missing, ambiguous or of another shape. */
const Tensor *model_tensor(Model *model, const char *name, int rank, const int64_t *shape, Err *err);
bool model_has_tensor(const Model *model, const char *name);
bool model_has_prefix(const Model *model, const char *prefix); /* the first part of a tensor's name */ /* with the same alternatives; also true when ambiguous */

#endif
