/* message: one line for people that says what was wrong with the input, without stdio. */
#ifndef HF2C_CORE_MESSAGE_H
#define HF2C_CORE_MESSAGE_H

#include <stddef.h>

typedef struct hf2c_message {
    char text[256]; /* NUL-terminated; cut at a whole character when it does not fit */
} hf2c_message;

/* Joins NUL-terminated texts; the first message stays (the first error is the cause). message may be NULL. */
#define hf2c_message_set(message, ...) hf2c_message_join((message), __VA_ARGS__, (const char *)NULL)
void hf2c_message_join(hf2c_message *message, const char *text, ...);
/* Appends at most length bytes of a text from outside; control characters become '?'. */
void hf2c_message_add(hf2c_message *message, const char *text, size_t length);
void hf2c_message_add_number(hf2c_message *message, long long value);

#endif
