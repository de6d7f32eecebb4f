/* direct_embed: a text's vector, as a call from C. */
#include "runtime/task/direct.h"

#include "runtime/task/pool.h"

hf2c_status hf2c_direct_embed(hf2c_context *context, hf2c_text text, hf2c_scratch *scratch, float *vector)
{
    hf2c_rows_result states;
    hf2c_status status = hf2c_direct_run(context, text, 1, hf2c_embedding_output(context->model), scratch, &states);
    if (status == HF2C_OK) hf2c_pool(states, (hf2c_pooling)context->model->pooling, context->model->normalize, vector);
    return status;
}
