#include "runtime/core/message.h"

#include <stdarg.h>
#include <string.h>

void hf2c_message_add(hf2c_message *message, const char *text, size_t length)
{
    size_t used = strlen(message->text), room = sizeof message->text - 1 - used;
    if (length > room) {
        length = room;
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) length--;
    }
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        message->text[used + i] = c < 0x20 || c == 0x7F ? '?' : text[i];
    }
    message->text[used + length] = '\0';
}

void hf2c_message_add_number(hf2c_message *message, long long value)
{
    char digits[24];
    size_t at = sizeof digits;
    unsigned long long rest = value < 0 ? 0 - (unsigned long long)value : (unsigned long long)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0) digits[--at] = '-';
    hf2c_message_add(message, digits + at, sizeof digits - at);
}

void hf2c_message_join(hf2c_message *message, const char *text, ...)
{
    if (!message || message->text[0]) return;
    va_list texts;
    va_start(texts, text);
    for (const char *next = text; next; next = va_arg(texts, const char *))
        hf2c_message_add(message, next, strlen(next));
    va_end(texts);
}
