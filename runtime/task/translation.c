/* translation: translates a text. */
#include "runtime/task/seq2seq.h"

static void defaults(void *options, const hf2c_model *model)
{
    hf2c_seq2seq_defaults(options, model, "translation");
}

static hf2c_status answer(hf2c_run *run, const void *options, const hf2c_input *input)
{
    return hf2c_seq2seq_answer(run, options, input, "translation_text", "translation_token_ids");
}

extern const hf2c_task hf2c_task_translation;
const hf2c_task hf2c_task_translation = {
    .name = "translation",
    .aliases = "",
    .summary = "translates a text",
    .first = "text",
    .options = {hf2c_seq2seq_rows, HF2C_SEQ2SEQ_ROWS},
    .bytes = sizeof(hf2c_seq2seq),
    .defaults = defaults,
    .answer = answer,
};
