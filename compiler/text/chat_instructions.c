/* The growing program of a chat template: instructions, strings, numbers. */
#include "compiler/text/chat.h"

#include <string.h>

size_t chat_place(const ChatGenerator *generator)
{
    return generator->code.length / sizeof(uint32_t);
}

void chat_emit_word(ChatGenerator *generator, uint32_t word)
{
    str_add(&generator->code, (const char *)&word, sizeof word);
}

bool chat_emit(ChatGenerator *generator, ChatOperation operation, size_t operand)
{
    if (operand > HF2C_CHAT_OPERAND_MOST) {
        return err_set(generator->err, "the chat template is too large");
    }
    chat_emit_word(generator, (uint32_t)operation | (uint32_t)operand << 8);
    return true;
}

size_t chat_emit_jump(ChatGenerator *generator, ChatOperation operation)
{
    chat_emit_word(generator, (uint32_t)operation);
    return chat_place(generator) - 1;
}

void chat_aim(ChatGenerator *generator, size_t jump)
{
    uint32_t *word = (uint32_t *)(void *)generator->code.data + jump;
    size_t place = chat_place(generator);

    if (place > HF2C_CHAT_OPERAND_MOST) {
        err_set(generator->err, "the chat template is too large");
        return;
    }
    *word |= (uint32_t)place << 8;
}

/* Its number; the same text is kept once. */
static uint32_t string_number(ChatGenerator *generator, const char *text, size_t length)
{
    uint32_t start = (uint32_t)generator->pool.length, number = (uint32_t)(generator->starts.length / sizeof start);
    bool plain = memchr(text, 0, length) == NULL;
    const char *key = arena_copy_text(generator->arena, text, length);
    uint32_t *known = plain ? map_get(generator->strings, key) : NULL;

    if (known != NULL) {
        return *known;
    }
    str_add(&generator->starts, (const char *)&start, sizeof start);
    str_add(&generator->pool, text, length);
    if (plain) {
        known = ARENA_NEW(generator->arena, uint32_t);
        *known = number;
        map_set(generator->strings, key, known);
    }
    return number;
}

bool chat_emit_string(ChatGenerator *generator, ChatOperation operation, const char *text, size_t length)
{
    return chat_emit(generator, operation, string_number(generator, text, length));
}

ChatSymbol *chat_symbol(ChatSymbol *symbols, const char *text, size_t length)
{
    while (symbols != NULL && !(symbols->length == length && memcmp(symbols->text, text, length) == 0)) {
        symbols = symbols->next;
    }
    return symbols;
}

bool chat_load(ChatGenerator *generator, const char *text, size_t length)
{
    for (ChatScope *scope = generator->scope; scope != NULL; scope = scope->outer) {
        ChatSymbol *symbol = chat_symbol(scope->symbols, text, length);
        if (symbol != NULL) {
            return chat_emit(generator, CHAT_LOAD, symbol->slot);
        }
        if (scope->is_loop && length == 4 && memcmp(text, "loop", 4) == 0) {
            return chat_emit(generator, CHAT_PUSH_LOOP, scope->loop);
        }
    }
    return chat_emit_string(generator, CHAT_PUSH_UNDEFINED, text, length);
}
