/* seq2seq: what text2text-generation, summarization and translation share. */
#ifndef HF2C_TASK_SEQ2SEQ_H
#define HF2C_TASK_SEQ2SEQ_H

#include "runtime/task/generation.h"

typedef struct hf2c_seq2seq {
    hf2c_generation generation; /* first: the table of its options counts from it */
    hf2c_text prefix;             /* put before every text */
    hf2c_text src_lang, tgt_lang; /* names of language tokens, or of a task translation_SRC_to_TGT; empty: as the model has them */
    int return_tensors, truncation;
} hf2c_seq2seq;

enum {
    HF2C_SEQ2SEQ_ROWS = 5
#define GENERATION_OPTION(name, kind, field, choices, help) +1
#include "runtime/task/generation_options.def"
#undef GENERATION_OPTION
};
extern const hf2c_option hf2c_seq2seq_rows[HF2C_SEQ2SEQ_ROWS];
/* task: as the model's task_settings name it. */
void hf2c_seq2seq_defaults(void *options, const hf2c_model *model, const char *task);
/* key: of the text in the answer, "generated_text"; ids_key: of token ids. */
hf2c_status hf2c_seq2seq_answer(hf2c_run *run, const hf2c_seq2seq *o, const hf2c_input *input, const char *key, const char *ids_key);

#endif
