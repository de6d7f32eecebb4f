/* Chat templates: what programs with and without one share. */
#include "runtime/text/tables.h"

enum { SCRATCH_LEAST = 256 << 10, SCRATCH_PER_BYTE = 64 };

int hf2c_has_chat(const hf2c_tokenizer *tokenizer)
{
    return tokenizer->chat != NULL;
}

size_t hf2c_chat_scratch(const hf2c_tokenizer *tokenizer, const hf2c_chat_request *request)
{
    size_t bytes = request->messages_bytes + request->tools_bytes + request->documents_bytes + request->variables_bytes;

    (void)tokenizer;
    return bytes > (SIZE_MAX - SCRATCH_LEAST) / SCRATCH_PER_BYTE ? SIZE_MAX : SCRATCH_LEAST + SCRATCH_PER_BYTE * bytes;
}

hf2c_status hf2c_chat(const hf2c_tokenizer *tokenizer, const hf2c_chat_request *request, char *text, size_t capacity, size_t *length,
                      hf2c_message *message, void *scratch, size_t scratch_bytes)
{
    *length = 0;
    if (tokenizer->chat == NULL) {
        return HF2C_NOT_SUPPORTED;
    }
    return tokenizer->render(tokenizer->chat, request, text, capacity, length, message, scratch, scratch_bytes);
}
