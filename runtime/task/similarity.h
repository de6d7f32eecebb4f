/* similarity: how alike the embeddings of texts are. */
#ifndef HF2C_TASK_SIMILARITY_H
#define HF2C_TASK_SIMILARITY_H

#include "runtime/task/task.h"

/* Options of the tasks that compare embeddings; their tables begin with HF2C_SIMILARITY_OPTIONS(their struct, its field of this type). */
typedef struct hf2c_similarity {
    int pooling, max_length;
} hf2c_similarity;

#define HF2C_SIMILARITY_OPTIONS(Struct, field)                                                                              \
    {"pooling", HF2C_OPTION_CHOICE, offsetof(Struct, field.pooling), "none mean cls max last",                              \
     "from tokens to one vector: mean, cls, max or last"},                                                                  \
        {"max_length", HF2C_OPTION_COUNT, offsetof(Struct, field.max_length), NULL, "tokens to cut a text to"}

/* cosines: [texts.count], of the source's embedding with each text's; 0 where one has no length. Texts go through the model
 * together. */
hf2c_status hf2c_similarities(hf2c_run *run, const hf2c_similarity *options, hf2c_text source, hf2c_texts texts, float *cosines);

#endif
