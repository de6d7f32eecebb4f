/* conversation: a list of messages for the model to continue, as the text-generation pipeline of transformers takes it. */
#ifndef HF2C_TASK_CONVERSATION_H
#define HF2C_TASK_CONVERSATION_H

#include "runtime/task/task.h"

typedef struct hf2c_conversation {
    hf2c_text prompt;   /* what the model's chat template makes of it, in the scratch */
    hf2c_text messages; /* JSON text of the list */
    int continues;      /* the last message is the assistant's: it is continued */
    size_t before_last; /* bytes of the list before the last message */
    hf2c_text role, content; /* of the last message, in the scratch */
} hf2c_conversation;

/* What a template may ask for besides the messages, as JSON text; text NULL: absent. */
typedef struct hf2c_conversation_extras {
    hf2c_text tools, documents; /* lists */
    hf2c_text variables;        /* an object of further variables */
} hf2c_conversation_extras;

/* messages: JSON text of a list of {"role", "content"}. HF2C_BAD_TEXT with a message when the template refuses them. */
hf2c_status hf2c_conversation_read(hf2c_run *run, hf2c_text messages, const hf2c_conversation_extras *extras,
                                   hf2c_conversation *conversation);
/* Writes the list with the reply at its end. */
hf2c_status hf2c_conversation_write(hf2c_run *run, const hf2c_conversation *conversation, hf2c_text reply);

#endif
