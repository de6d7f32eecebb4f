/* WordLevel: a piece is a token or unknown. */
#include "runtime/text/work.h"

hf2c_status hf2c_wordlevel(const hf2c_tokenizer *tokenizer, hf2c_work *work, const uint8_t *text, size_t bytes)
{
    const hf2c_wordlevel_table *table = tokenizer->model_table;
    int32_t id = hf2c_vocabulary_find(tokenizer->vocabulary, text, bytes, tokenizer->byte_alphabet);

    if (id < 0 || !(tokenizer->vocabulary->flags[id] & HF2C_TOKEN_OF_MODEL)) {
        id = table->unk;
    }
    if (id < 0) {
        return HF2C_BAD_TEXT;
    }
    hf2c_work_add(work, id, 0, bytes, 0);
    return HF2C_OK;
}
