/* text2text-generation: answers a text with a text. */
#include "runtime/task/seq2seq.h"

static void defaults(void *options, const hf2c_model *model)
{
    hf2c_seq2seq_defaults(options, model, "text2text-generation");
}

static hf2c_status answer(hf2c_run *run, const void *options, const hf2c_input *input)
{
    return hf2c_seq2seq_answer(run, options, input, "generated_text", "generated_token_ids");
}

extern const hf2c_task hf2c_task_text2text_generation;
const hf2c_task hf2c_task_text2text_generation = {
    .name = "text2text-generation",
    .aliases = "",
    .summary = "answers a text with a text",
    .first = "text",
    .options = {hf2c_seq2seq_rows, HF2C_SEQ2SEQ_ROWS},
    .bytes = sizeof(hf2c_seq2seq),
    .defaults = defaults,
    .answer = answer,
};
