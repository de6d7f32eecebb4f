/* pool: from the states of a text's tokens to one vector. */
#ifndef HF2C_TASK_POOL_H
#define HF2C_TASK_POOL_H

#include "runtime/hf2c.h"
#include "runtime/task/rows.h"

/* The output that embeddings are pooled from: sentence_embedding, which is one row already, where the model has it, else
 * last_hidden_state. */
const char *hf2c_embedding_output(const hf2c_model *model);

/* states: [rows, columns] -> vector [columns]. HF2C_POOLING_NONE counts as the mean. normalize: scaled to length 1. */
void hf2c_pool(hf2c_rows_result states, hf2c_pooling pooling, int normalize, float *vector);

#endif
