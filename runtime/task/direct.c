#include "runtime/task/direct.h"

#include "runtime/task/pool.h"

/* Encodes the text, runs the model and gives the one output that the task needs. */
static hf2c_status run_text(hf2c_run *run, hf2c_text text, hf2c_truncation_strategy strategy, const char *output, hf2c_rows_result *result)
{
    hf2c_encoding encoding;
    hf2c_status status = hf2c_run_encode(run, text, (hf2c_text){0}, (hf2c_tokenization){.strategy = strategy}, &encoding, NULL);
    return status == HF2C_OK ? hf2c_run_forward(run, &encoding, (hf2c_ids){0}, &output, 1, result) : status;
}

hf2c_status hf2c_direct_classify(hf2c_context *context, hf2c_text text, hf2c_scratch *scratch, int *label, float *score)
{
    hf2c_message message = {""};
    hf2c_run run = {.context = context, .scratch = scratch, .message = &message};
    hf2c_rows_result logits;
    int32_t best;
    hf2c_status status = run_text(&run, text, HF2C_TRUNCATE_NONE, "logits", &logits);
    if (status != HF2C_OK) return status;
    float *scores = HF2C_TAKE(scratch, float, logits.columns);
    if (!scores) return HF2C_TOO_SMALL;
    hf2c_scores(hf2c_score_function(context->model), logits.values, logits.columns, scores);
    hf2c_rank(scores, logits.columns, 1, &best);
    *label = best;
    *score = scores[best];
    return HF2C_OK;
}

hf2c_status hf2c_direct_embed(hf2c_context *context, hf2c_text text, hf2c_scratch *scratch, float *vector)
{
    hf2c_message message = {""};
    hf2c_run run = {.context = context, .scratch = scratch, .message = &message};
    hf2c_rows_result states;
    hf2c_status status = run_text(&run, text, HF2C_TRUNCATE_LONGEST_FIRST, "last_hidden_state", &states);
    if (status == HF2C_OK) hf2c_pool(states, (hf2c_pooling)context->model->pooling, context->model->normalize, vector);
    return status;
}

/* ---- how much scratch ---- */

/* Floats of the largest output that one of the tasks above asks for. */
static size_t output_floats(const hf2c_model *model, size_t rows)
{
    static const char *const names[] = {"logits", "last_hidden_state"};
    size_t most = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int index = hf2c_output_find(model, names[i]);
        if (index < 0) continue;
        size_t output_rows = model->outputs[index].rows == HF2C_ROWS_SEQUENCES ? 1 : rows;
        size_t floats = (output_rows + 1) * (size_t)model->outputs[index].columns; /* and one row of scores */
        most = floats > most ? floats : most;
    }
    return most;
}

size_t hf2c_direct_scratch(const hf2c_model *model, size_t text_bytes)
{
    enum { PIECES = 24, NUMBERS_OF_TOKEN = 6 /* id, type, word, sequence, two offsets */, NUMBERS_OF_ROW = 4 };
    if (!model->tokenizer) return 0;
    size_t tokens = hf2c_encode_capacity(model->tokenizer, text_bytes), longest = (size_t)model->max_sequence;
    size_t rows = tokens < longest ? tokens : longest;
    size_t encode = hf2c_encode_scratch(model->tokenizer, text_bytes); /* given back before the model runs */
    size_t forward = rows * NUMBERS_OF_ROW * sizeof(int32_t) + 2 * (size_t)model->output_count * sizeof(float *) +
                     output_floats(model, rows) * sizeof(float);
    return PIECES * 64 + tokens * NUMBERS_OF_TOKEN * sizeof(int32_t) + (encode > forward ? encode : forward);
}
