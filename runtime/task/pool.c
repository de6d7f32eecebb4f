#include "runtime/task/pool.h"

#include <math.h>

static float pool_column(hf2c_rows_result states, hf2c_pooling pooling, int column)
{
    const float *value = states.values + column;
    size_t next = (size_t)states.columns;
    double sum = 0;
    float most = value[0];
    if (pooling == HF2C_POOLING_CLS) return value[0];
    if (pooling == HF2C_POOLING_LAST) return value[(size_t)(states.rows - 1) * next];
    for (int i = 0; i < states.rows; i++) {
        sum += value[(size_t)i * next];
        most = value[(size_t)i * next] > most ? value[(size_t)i * next] : most;
    }
    return pooling == HF2C_POOLING_MAX ? most : (float)(sum / states.rows);
}

const char *hf2c_embedding_output(const hf2c_model *model)
{
    static const char own[] = "sentence_embedding";
    return hf2c_output_find(model, own) >= 0 ? own : "last_hidden_state";
}

void hf2c_pool(hf2c_rows_result states, hf2c_pooling pooling, int normalize, float *vector)
{
    double squares = 0;
    for (int i = 0; i < states.columns; i++) {
        vector[i] = pool_column(states, pooling, i);
        squares += (double)vector[i] * vector[i];
    }
    double length = sqrt(squares);
    if (!normalize || !(length > 1e-12)) return;
    for (int i = 0; i < states.columns; i++) vector[i] = (float)(vector[i] / length);
}
