#include "runtime/task/direct.h"

#include <math.h>

/* A text as the model reads it. Arrays: [max_sequence], of the scratch. */
typedef struct DirectInput {
    int32_t *ids, *types, *positions;
    int rows;
} DirectInput;

/* ---- text to tokens ---- */

static int longest_input(const hf2c_model *model)
{
    int longest = hf2c_tokenizer_max_length(model->tokenizer);
    return longest > 0 && longest < model->max_sequence ? longest : model->max_sequence;
}

/* Between calls of the model nothing in its workspace is needed: the tokenizer works there or in the rest of the scratch, whichever is
 * larger. *bytes: in, what certainly suffices; out, what there is of it. */
static void *tokenizer_memory(const hf2c_context *context, const hf2c_scratch *scratch, size_t *bytes)
{
    size_t skip = (64 - ((uintptr_t)scratch->memory + scratch->used) % 64) % 64, left = scratch->bytes - scratch->used;
    size_t workspace = context->model->workspace_bytes, wanted = *bytes;
    left = left > skip ? left - skip : 0;
    int there = workspace >= wanted || workspace >= left;
    if ((there ? workspace : left) < wanted) *bytes = there ? workspace : left;
    return there ? context->workspace : scratch->memory + scratch->used + skip;
}

size_t hf2c_direct_encode_scratch(const hf2c_model *model, size_t text_bytes)
{
    size_t needed = hf2c_encode_scratch(model->tokenizer, text_bytes);
    return needed / 3 <= model->workspace_bytes ? 0 : needed; /* the bound is for texts whose bytes are all invalid, and become three each */
}

hf2c_status hf2c_direct_encode(hf2c_context *context, hf2c_text text, int cut, const hf2c_scratch *scratch, int32_t *ids, int32_t *types, size_t *count)
{
    const hf2c_model *model = context->model;
    hf2c_encode_options options = {.add_special_tokens = 1, .max_length = longest_input(model)};
    options.truncation = cut ? HF2C_TRUNCATE_LONGEST_FIRST : HF2C_TRUNCATE_NONE;
    hf2c_encoding encoding = {.ids = ids, .type_ids = types, .capacity = (size_t)model->max_sequence};
    if (text.bytes > SIZE_MAX / 256) return HF2C_TOO_LONG;
    size_t needed = hf2c_encode_scratch(model->tokenizer, text.bytes), bytes = needed;
    void *memory = tokenizer_memory(context, scratch, &bytes);
    if (!memory) return HF2C_TOO_SMALL;
    hf2c_status status = hf2c_encode(model->tokenizer, text.text, text.bytes, NULL, 0, &options, &encoding, NULL, memory, bytes);
    *count = encoding.count;
    if (status == HF2C_TOO_SMALL && bytes == needed) return HF2C_TOO_LONG; /* the memory sufficed, so the tokens did not find room */
    return status == HF2C_OK && encoding.count == 0 ? HF2C_BAD_TEXT : status;
}

static hf2c_status read_text(hf2c_context *context, hf2c_text text, int cut, hf2c_scratch *scratch, DirectInput *input)
{
    int most = context->model->max_sequence;
    size_t count = 0;
    if (!context->model->tokenizer) return HF2C_NOT_SUPPORTED;
    *input = (DirectInput){HF2C_TAKE(scratch, int32_t, most), HF2C_TAKE(scratch, int32_t, most), HF2C_TAKE(scratch, int32_t, most), 0};
    if (!input->ids || !input->types || !input->positions) return HF2C_TOO_SMALL;
    hf2c_status status = hf2c_direct_encode(context, text, cut, scratch, input->ids, input->types, &count);
    if (status != HF2C_OK) return status;
    input->rows = (int)count;
    for (int i = 0; i < input->rows; i++) input->positions[i] = i;
    return HF2C_OK;
}

/* ---- the model ---- */

/* One piece; models with a cache take a long text in several. Wanted are all rows: their numbers are the first positions. */
static hf2c_status run_piece(hf2c_context *context, const DirectInput *input, int at, int rows, float *const *outputs)
{
    int32_t start[2] = {0, rows}, past = at;
    hf2c_batch batch = {.rows = rows, .sequences = 1, .wanted = rows, .start = start};
    batch.ids = input->ids + at;
    batch.positions = input->positions + at;
    batch.want = input->positions;
    if (context->model->token_types > 0) batch.types = input->types + at;
    if (context->state) batch.past = &past;
    return context->model->forward(context, &batch, outputs);
}

static int finite_all(const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i])) return 0;
    return 1;
}

/* The output of that name; its rows lie in the scratch. */
static hf2c_status run_model(hf2c_context *context, const DirectInput *input, const char *name, hf2c_scratch *scratch, hf2c_rows_result *result)
{
    const hf2c_model *model = context->model;
    int index = hf2c_output_find(model, name);
    if (index < 0 || hf2c_has_source(model)) return HF2C_NOT_SUPPORTED;
    const hf2c_output *output = &model->outputs[index];
    int single = output->rows == HF2C_ROWS_SEQUENCES, rows = single ? 1 : input->rows;
    float *values = hf2c_scratch_take(scratch, (size_t)rows, (size_t)output->columns * sizeof(float));
    float **outputs = HF2C_TAKE(scratch, float *, model->output_count);
    if (!values || !outputs) return HF2C_TOO_SMALL;
    for (int i = 0; i < model->output_count; i++) outputs[i] = NULL;
    for (int at = 0, some; at < input->rows; at += some) {
        some = input->rows - at < model->max_rows ? input->rows - at : model->max_rows;
        outputs[index] = values + (single ? 0 : (size_t)at * (size_t)output->columns);
        hf2c_status status = run_piece(context, input, at, some, outputs);
        if (status != HF2C_OK) return status;
    }
    *result = (hf2c_rows_result){values, rows, output->columns};
    return finite_all(values, (size_t)rows * (size_t)output->columns) ? HF2C_OK : HF2C_NOT_FINITE;
}

/* ---- what becomes of its outputs ---- */

static float score_of(const hf2c_model *model, hf2c_rows_result logits, int best)
{
    float value = logits.values[best], total = 0;
    if (model->problem == HF2C_PROBLEM_REGRESSION) return value;
    if (model->problem == HF2C_PROBLEM_MULTI_LABEL || model->label_count == 1) return 1.0f / (1.0f + expf(-value));
    for (int i = 0; i < logits.columns; i++) total += expf(logits.values[i] - value);
    return 1.0f / total;
}

hf2c_status hf2c_direct_run(hf2c_context *context, hf2c_text text, int cut, const char *output, hf2c_scratch *scratch, hf2c_rows_result *result)
{
    DirectInput input;
    hf2c_status status = read_text(context, text, cut, scratch, &input);
    return status == HF2C_OK ? run_model(context, &input, output, scratch, result) : status;
}

hf2c_status hf2c_direct_classify(hf2c_context *context, hf2c_text text, hf2c_scratch *scratch, int *label, float *score)
{
    hf2c_rows_result logits;
    hf2c_status status = hf2c_direct_run(context, text, 0, "logits", scratch, &logits);
    if (status != HF2C_OK) return status;
    int best = 0;
    for (int i = 1; i < logits.columns; i++)
        if (logits.values[i] > logits.values[best]) best = i;
    *label = best;
    *score = score_of(context->model, logits, best);
    return HF2C_OK;
}

/* ---- how much scratch ---- */

/* Floats of the largest output that one of the tasks above asks for. */
static size_t output_floats(const hf2c_model *model)
{
    static const char *const names[] = {"logits", "last_hidden_state"};
    size_t most = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int index = hf2c_output_find(model, names[i]);
        if (index < 0) continue;
        size_t rows = model->outputs[index].rows == HF2C_ROWS_SEQUENCES ? 1 : (size_t)model->max_sequence;
        size_t floats = rows * (size_t)model->outputs[index].columns;
        most = floats > most ? floats : most;
    }
    return most;
}

size_t hf2c_direct_scratch(const hf2c_model *model, size_t text_bytes)
{
    enum { PIECES = 6, ARRAYS = 3 };
    if (!model->tokenizer) return 0;
    size_t encode = hf2c_direct_encode_scratch(model, text_bytes); /* given back before the model runs */
    size_t forward = output_floats(model) * sizeof(float) + (size_t)model->output_count * sizeof(float *);
    return PIECES * 64 + ARRAYS * (size_t)model->max_sequence * sizeof(int32_t) + (encode > forward ? encode : forward);
}
