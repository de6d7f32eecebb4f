/* Memory and errors of a template under way. */
#include "runtime/text/chat_work.h"

int hf2c_chat_fail(Chat *chat, const char *text, const ChatValue *detail)
{
    if (chat->status == HF2C_OK) {
        chat->status = HF2C_BAD_TEXT;
        hf2c_message_set(chat->message, text);
        if (chat->message != NULL && detail != NULL) {
            hf2c_message_add(chat->message, detail->as.text, detail->count);
        }
    }
    return 0;
}

int hf2c_chat_fail_type(Chat *chat, const char *text, const ChatValue *value)
{
    const char *type = hf2c_chat_type(value);

    return hf2c_chat_fail(chat, text, &(ChatValue){.count = (uint32_t)strlen(type), .as = {.text = type}});
}

int hf2c_chat_undefined(Chat *chat, const ChatValue *value)
{
    if (chat->status == HF2C_OK) {
        hf2c_chat_fail(chat, "'", value);
        if (chat->message != NULL) {
            hf2c_message_add(chat->message, "' is undefined", 14);
        }
    }
    return 0;
}

int hf2c_chat_step(Chat *chat, uint64_t steps)
{
    chat->steps += steps;
    return chat->steps <= HF2C_CHAT_STEPS ? 1 : hf2c_chat_fail(chat, "the chat template runs too long", NULL);
}

static int is_full(Chat *chat)
{
    if (chat->status == HF2C_OK) {
        chat->status = HF2C_TOO_SMALL;
        hf2c_message_set(chat->message, "not enough memory for the chat template");
    }
    return 0;
}

void *hf2c_chat_take(Chat *chat, size_t count, size_t size)
{
    size_t free_bytes = chat->top - chat->used;

    if (size != 0 && count > free_bytes / size) {
        is_full(chat);
        return NULL;
    }
    size_t place = (chat->top - count * size) & ~(size_t)15;
    if (place < chat->used) {
        is_full(chat);
        return NULL;
    }
    chat->top = place;
    return chat->memory + place;
}

int hf2c_chat_put(Chat *chat, const char *text, size_t bytes)
{
    if (bytes > chat->top - chat->used) {
        return is_full(chat);
    }
    if (bytes > HF2C_CHAT_OUTPUT - chat->used) {
        return hf2c_chat_fail(chat, "the chat template writes too much", NULL);
    }
    if (bytes > 0) {
        memcpy(chat->memory + chat->used, text, bytes);
    }
    chat->used += bytes;
    return hf2c_chat_step(chat, bytes / 64);
}

int hf2c_chat_cut(Chat *chat, size_t from, ChatValue *result)
{
    size_t bytes = chat->used - from;
    char *copy = hf2c_chat_take(chat, bytes + 1, 1);

    if (copy == NULL) {
        return 0;
    }
    memcpy(copy, chat->memory + from, bytes);
    chat->used = from;
    *result = hf2c_chat_string(copy, bytes);
    return 1;
}
