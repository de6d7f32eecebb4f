/* entities: from labelled tokens to labelled words and phrases, by the aggregation strategies of transformers. */
#ifndef HF2C_TASK_ENTITIES_H
#define HF2C_TASK_ENTITIES_H

#include "runtime/task/offsets.h"
#include "runtime/task/task.h"

typedef enum hf2c_aggregation {
    HF2C_AGGREGATE_NONE,
    HF2C_AGGREGATE_SIMPLE,
    HF2C_AGGREGATE_FIRST,
    HF2C_AGGREGATE_AVERAGE,
    HF2C_AGGREGATE_MAX
} hf2c_aggregation;

/* Something with one label: a run of neighbouring tokens. */
typedef struct hf2c_entity {
    int first, last; /* tokens */
    int label;
    float score;
    int start, end; /* code points of the text */
    hf2c_text word;
} hf2c_entity;

typedef struct hf2c_tagged {
    const hf2c_encoding *encoding;
    const hf2c_offsets *text;
    const float *scores; /* [encoding->count, labels] probabilities */
    int labels;
} hf2c_tagged;

/* entities: [encoding->count]. */
hf2c_status hf2c_entities_find(hf2c_run *run, const hf2c_tagged *tagged, hf2c_aggregation aggregation,
                               hf2c_entity *entities, int *count);
/* Of entities from overlapping windows the longer one stays, then the likelier one. Returns how many stay. */
int hf2c_entities_merge(hf2c_entity *entities, int count);
/* The label without "B-" or "I-". */
hf2c_text hf2c_entity_group(hf2c_text label);

#endif
