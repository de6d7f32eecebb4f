/* pool: from the states of a text's tokens to one vector. */
#ifndef HF2C_TASK_POOL_H
#define HF2C_TASK_POOL_H

#include "runtime/task/task.h"

/* states: [rows, columns] -> vector [columns]. HF2C_POOLING_NONE counts as the mean. normalize: scaled to length 1. */
void hf2c_pool(hf2c_rows_result states, hf2c_pooling pooling, int normalize, float *vector);

#endif
