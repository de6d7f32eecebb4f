/* A hostile chat template over hostile messages: template, a NUL, JSON. An error or a text, within bounds. */
#include <stdint.h>
#include <string.h>

#include "compiler/text/chat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SCRATCH = 1 << 19, TEXT = 1 << 12 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char scratch[SCRATCH], text[TEXT];
    static const ChatConstant constants[] = {{"bos_token", "<s>"}, {"eos_token", "</s>"}};
    const uint8_t *nul = memchr(data, 0, size);
    size_t source = nul != NULL ? (size_t)(nul - data) : size, length;
    hf2c_chat_request request = {.messages = "[{\"role\": \"user\", \"content\": \"Hi\"}]", .messages_bytes = 35, .add_generation_prompt = 1};
    hf2c_message message = {""};
    Arena *arena = arena_new();
    Err err = {{0}};

    if (nul != NULL) {
        request.messages = (const char *)nul + 1;
        request.messages_bytes = size - source - 1;
    }
    if (hf2c_utf8_valid_bytes(data, source) == source) {
        const hf2c_chat_table *table = chat_compile(arena, (const char *)data, source, constants, 2, &err);
        if (table != NULL) {
            hf2c_chat_render(table, &request, text, TEXT, &length, &message, scratch, SCRATCH);
        }
    }
    arena_free(arena);
    return 0;
}
