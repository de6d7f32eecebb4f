/* step: feeds what several sequences have not yet cached to the model, whether whole prompts or one token each. */
#ifndef HF2C_GENERATE_STEP_H
#define HF2C_GENERATE_STEP_H

#include "runtime/generate/generate.h"

typedef struct hf2c_lane {
    const int32_t *ids; /* [count] */
    int count;
    int cached; /* of them already in the cache; below count before a step, equal after it */
    int more;   /* logits are wanted for so many of the tokens before the last too, none of them cached */
    int furthest; /* positions that the slot has held at most, cached or taken back; step keeps it */
    int slot;
    const int32_t *ancestors; /* [cached] slot that holds each; NULL: all in its own */
    int memory, memory_slot; /* with an encoder: tokens of the source, and the slot where it is */
} hf2c_lane;

/* A text for the encoder. */
typedef struct hf2c_source {
    const int32_t *ids;    /* [count]; NULL: it is no text but ... */
    int count, slot;
    const float *features; /* [count, row_values] */
} hf2c_source;

typedef struct hf2c_step {
    hf2c_context *context;
    int logits; /* index of the output */
    int32_t *ids, *positions, *start, *past, *slot, *want, *memory, *memory_slot;
    int32_t *ancestors; /* [max_batch, max_sequence], or NULL until hf2c_step_share */
    float **outputs;
    int (*cancelled)(void *owner);
    void *owner;
} hf2c_step;

/* HF2C_NOT_SUPPORTED for models that do not generate. */
hf2c_status hf2c_step_init(hf2c_step *step, const hf2c_generate_call *call);

/* How many of the first ids the model has read already, when it was built, so that more than `least` need not be read: the slot holds them
 * then; 0 otherwise. */
int hf2c_step_baked(hf2c_context *context, const int32_t *ids, int count, int slot, int least);

/* Lanes may have ancestors from now on. */
hf2c_status hf2c_step_share(hf2c_step *step, hf2c_scratch *scratch);

/* Reads sources into their slots, as many at once as fit. */
hf2c_status hf2c_step_encode(hf2c_step *step, const hf2c_source *sources, int count);

/* Long prompts go in pieces of the model's max_rows. logits: [rows, vocabulary], for each lane in turn a row for each token that it
 * wants, in their order: 1 + more. */
hf2c_status hf2c_step_feed(hf2c_step *step, hf2c_lane *lanes, int count, float *logits);

#endif
