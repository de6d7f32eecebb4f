/* Models whose outputs are set by the test. */
#ifndef TESTS_TASK_FIXTURE_MODEL_H
#define TESTS_TASK_FIXTURE_MODEL_H

#include "runtime/task/generation.h"
#include "tests/unit/runtime_task/byte_tokenizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

enum { LONGEST = 64 };

/* What output number `output`, row `row` (a row of the batch) and column `column` shall be. */
static float (*value_of)(const hf2c_batch *batch, int output, int row, int column);

static hf2c_status fixture_forward(hf2c_context *context, const hf2c_batch *batch, float *const *outputs)
{
    const hf2c_model *model = context->model;
    hf2c_status status = hf2c_batch_check(context, batch);
    for (int i = 0; i < model->output_count && status == HF2C_OK; i++) {
        const hf2c_output *output = &model->outputs[i];
        int rows = output->rows == HF2C_ROWS_ALL      ? batch->rows
                   : output->rows == HF2C_ROWS_WANTED ? batch->wanted
                                                      : batch->sequences;
        for (int r = 0; r < rows && outputs[i]; r++) {
            int row = output->rows == HF2C_ROWS_WANTED ? batch->want[r]
                      : output->rows == HF2C_ROWS_ALL  ? r
                                                       : batch->start[r];
            for (int c = 0; c < output->columns; c++) outputs[i][r * output->columns + c] = value_of(batch, i, row, c);
        }
    }
    return status;
}

static const hf2c_tokenizer byte_tokenizer = {.specials = 1};
static hf2c_model fixture_model(const hf2c_output *outputs, int count)
{
    return (hf2c_model){.abi = HF2C_ABI,
                        .name = "fixture",
                        .architecture = "Fixture",
                        .tasks = "text-classification",
                        .vocabulary = BYTE_VOCABULARY,
                        .max_sequence = LONGEST,
                        .max_rows = LONGEST,
                        .max_batch = 4,
                        .token_types = 2,
                        .outputs = outputs,
                        .output_count = count,
                        .tokenizer = &byte_tokenizer,
                        .forward = fixture_forward,
                        .generation = {.bos = -1, .pad = -1, .decoder_start = -1, .forced_bos = -1, .forced_eos = -1}};
}

#endif
