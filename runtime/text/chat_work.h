/* Chat templates: values and programs of the machine that renders them. Private to runtime/text/chat*.c and to what compiles
 * templates for it.
 *
 * Memory is the caller's scratch: the text that is written grows from its bottom, values grow from its top and live until the call
 * ends. Nothing a template holds can be changed but namespaces. A template that runs too long, too deep or out of memory ends in
 * an error. */
#ifndef HF2C_TEXT_CHAT_WORK_H
#define HF2C_TEXT_CHAT_WORK_H

#include <string.h>

#include "runtime/text/tables.h"
#include "runtime/text/utf8.h"

enum { HF2C_CHAT_STACK = 2048, HF2C_CHAT_FRAMES = 64, HF2C_CHAT_DEPTH = 64, HF2C_CHAT_ARGUMENTS = 8, HF2C_CHAT_PARAMETERS = 32 };
enum { HF2C_CHAT_STEPS = 1 << 24, HF2C_CHAT_OUTPUT = 1 << 26 };

/* What a template can hold. ABSENT: an argument that was not given. */
typedef enum ChatKind {
    CHAT_ABSENT, CHAT_UNDEFINED, CHAT_NONE, CHAT_BOOLEAN, CHAT_INTEGER, CHAT_FLOAT, CHAT_STRING, CHAT_LIST, CHAT_MAP, CHAT_NAMESPACE,
    CHAT_LOOP
} ChatKind;

typedef struct ChatValue {
    uint32_t kind;
    uint32_t count; /* bytes of a string or of an undefined value's name, items of a list, pairs of a map */
    union {
        int64_t integer; /* booleans, integers; of a LOOP: the slot of its list */
        double number;
        const char *text;              /* valid UTF-8 */
        const struct ChatValue *items; /* [count]; of a map: [2 * count] key, value, ... */
        struct ChatSpace *space;
    } as;
} ChatValue;

typedef struct ChatSpace {
    ChatValue *items; /* [2 * capacity] key, value, ... */
    uint32_t count, capacity;
} ChatSpace;

/* An instruction: the operation in the low byte, its operand above. Values come from and go to a stack. */
typedef enum ChatOperation {
    CHAT_TEXT,          /* writes string number OPERAND */
    CHAT_PRINT,         /* writes the value */
    CHAT_PUSH_STRING,   /* string number OPERAND */
    CHAT_PUSH_INTEGER,  /* OPERAND - 2^23 */
    CHAT_PUSH_WHOLE,    /* number OPERAND as an integer */
    CHAT_PUSH_FLOAT,    /* number OPERAND */
    CHAT_PUSH_KIND,     /* a value of that kind without contents */
    CHAT_PUSH_BOOLEAN,
    CHAT_PUSH_UNDEFINED, /* with a name */
    CHAT_PUSH_LOOP,     /* the loop whose list is in slot OPERAND */
    CHAT_LOAD, CHAT_STORE, /* slot OPERAND */
    CHAT_GIVEN,         /* is slot OPERAND something else than ABSENT? */
    CHAT_POP,
    CHAT_JUMP, CHAT_JUMP_IF_FALSE,
    CHAT_AND, CHAT_OR,  /* keep the value and jump when it is false (true), else drop it */
    CHAT_MAKE_LIST, CHAT_MAKE_MAP, CHAT_MAKE_NAMESPACE, /* of OPERAND items or pairs */
    CHAT_ATTRIBUTE,     /* .NAME */
    CHAT_INDEX, CHAT_SLICE,
    CHAT_SET_ATTRIBUTE, /* namespace, value: sets NAME */
    CHAT_NOT, CHAT_NEGATE, CHAT_POSITIVE,
    CHAT_BINARY,        /* ChatBinary */
    CHAT_CALL,          /* builtin OPERAND & 0xff of OPERAND >> 8 arguments */
    CHAT_MACRO,         /* at OPERAND; two words follow: first slot; slots | arguments << 16 */
    CHAT_RETURN,
    CHAT_BEGIN_LOOP,    /* takes what is looped over into slots OPERAND (its list) and OPERAND + 1 (the place in it) */
    CHAT_NEXT,          /* next item of the loop in slot OPERAND; a word follows: where to go behind the last one */
    CHAT_UNPACK,        /* a list of OPERAND items, the first one on top */
    CHAT_CAPTURE, CHAT_CAPTURED, /* what is written between them becomes a string */
    CHAT_APPEND,        /* adds the value to the list in slot OPERAND */
    CHAT_END
} ChatOperation;

enum { HF2C_CHAT_INTEGER_BIAS = 1 << 23, HF2C_CHAT_OPERAND_MOST = (1 << 24) - 1 };

typedef enum ChatBinary {
    CHAT_ADD, CHAT_SUBTRACT, CHAT_MULTIPLY, CHAT_DIVIDE, CHAT_FLOOR_DIVIDE, CHAT_MODULO, CHAT_POWER, CHAT_CONCATENATE,
    CHAT_EQUAL, CHAT_NOT_EQUAL, CHAT_LESS, CHAT_LESS_EQUAL, CHAT_GREATER, CHAT_GREATER_EQUAL, CHAT_IN, CHAT_NOT_IN
} ChatBinary;

typedef struct ChatFrame {
    uint32_t back, first, slots; /* where to go on; the slots that the macro has */
    uint32_t stack;              /* height of the stack before what was saved */
    size_t output;
} ChatFrame;

typedef struct Chat {
    const hf2c_chat_table *table;
    const hf2c_chat_request *request;
    uint8_t *memory;
    size_t used, top; /* text is [0, used), values are behind top */
    ChatValue *slot, *stack;
    uint32_t height, frames;
    ChatFrame frame[HF2C_CHAT_FRAMES];
    uint32_t at;
    uint64_t steps;
    hf2c_status status;
    hf2c_message *message;
} Chat;

/* Functions that can fail return 0 then, with the reason in chat->status and chat->message. */

/* ---- memory and errors ---- */

int hf2c_chat_fail(Chat *chat, const char *text, const ChatValue *detail);     /* followed by the detail's text; may be NULL */
int hf2c_chat_fail_type(Chat *chat, const char *text, const ChatValue *value); /* followed by the name of the value's type */
int hf2c_chat_undefined(Chat *chat, const ChatValue *value);                   /* "'x' is undefined" */
int hf2c_chat_step(Chat *chat, uint64_t steps);                          /* 0: too many */
void *hf2c_chat_take(Chat *chat, size_t count, size_t size);             /* NULL: no room */
int hf2c_chat_put(Chat *chat, const char *text, size_t bytes);           /* writes */
int hf2c_chat_cut(Chat *chat, size_t from, ChatValue *result);           /* what was written since becomes a string */

/* ---- values ---- */

static inline ChatValue hf2c_chat_kind(ChatKind kind) { return (ChatValue){.kind = kind}; }
static inline ChatValue hf2c_chat_boolean(int truth) { return (ChatValue){.kind = CHAT_BOOLEAN, .as = {.integer = truth != 0}}; }
static inline ChatValue hf2c_chat_integer(int64_t value) { return (ChatValue){.kind = CHAT_INTEGER, .as = {.integer = value}}; }
static inline ChatValue hf2c_chat_float(double value) { return (ChatValue){.kind = CHAT_FLOAT, .as = {.number = value}}; }
static inline ChatValue hf2c_chat_string(const char *text, size_t bytes)
{
    return (ChatValue){.kind = CHAT_STRING, .count = (uint32_t)bytes, .as = {.text = text}};
}
static inline int hf2c_chat_is_number(const ChatValue *value)
{
    return value->kind == CHAT_INTEGER || value->kind == CHAT_FLOAT || value->kind == CHAT_BOOLEAN;
}
static inline double hf2c_chat_number(const ChatValue *value)
{
    return value->kind == CHAT_FLOAT ? value->as.number : (double)value->as.integer;
}
/* Pairs of a map or of a namespace; NULL with *count 0 for anything else. */
const ChatValue *hf2c_chat_pairs(const ChatValue *value, uint32_t *count);

const char *hf2c_chat_type(const ChatValue *value); /* as Python names it */
int hf2c_chat_truth(const ChatValue *value);
int hf2c_chat_equal(Chat *chat, const ChatValue *a, const ChatValue *b, int *equal);
int hf2c_chat_order(Chat *chat, const ChatValue *a, const ChatValue *b, int *order); /* -1, 0, 1 */
int hf2c_chat_contains(Chat *chat, const ChatValue *container, const ChatValue *value, int *found);
/* The value of that key; NULL when there is none. */
const ChatValue *hf2c_chat_find(Chat *chat, const ChatValue *map, const char *key, size_t bytes);
int hf2c_chat_attribute(Chat *chat, const ChatValue *value, const ChatValue *name, ChatValue *result);
int hf2c_chat_loop_attribute(Chat *chat, const ChatValue *loop, const ChatValue *name, ChatValue *result);
int hf2c_chat_index(Chat *chat, const ChatValue *value, const ChatValue *index, ChatValue *result);
int hf2c_chat_slice(Chat *chat, const ChatValue *part, ChatValue *result); /* value, start, stop, step */
int hf2c_chat_binary(Chat *chat, ChatBinary operation, const ChatValue *a, const ChatValue *b, ChatValue *result);
/* What a loop goes over: the items of a list, the keys of a map, the characters of a string. */
int hf2c_chat_items(Chat *chat, const ChatValue *value, ChatValue *list);
/* Adds an item; the list is copied where something lies behind it. */
int hf2c_chat_append(Chat *chat, ChatValue *list, const ChatValue *item);

/* ---- text of values ---- */

int hf2c_chat_print(Chat *chat, const ChatValue *value); /* as str() */
typedef struct ChatJson {
    const ChatValue *item_separator, *key_separator; /* strings */
    int indent;                                      /* -1: on one line */
    int ascii, sort;
} ChatJson;
int hf2c_chat_write_json(Chat *chat, const ChatValue *value, const ChatJson *how, int depth);
int hf2c_chat_read_json(Chat *chat, const char *text, size_t bytes, const char *what, ChatValue *result);
size_t hf2c_chat_characters(const char *text, size_t bytes); /* code points */
/* Byte where a code point begins. */
size_t hf2c_chat_character_at(const char *text, size_t bytes, size_t character);

/* ---- filters, tests, methods, functions ---- */

/* argument[0] is what it is applied to (ABSENT for functions). What was not given is ABSENT; where the table says "*", count tells. */
typedef int ChatBuiltin(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result);

typedef enum ChatSort { CHAT_FILTER, CHAT_TEST, CHAT_METHOD, CHAT_FUNCTION } ChatSort;
enum {
#define BUILTIN(sort, name, function, parameters) CHAT_##sort##_##function##_##name,
#include "runtime/text/chat_builtins.def"
    CHAT_BUILTINS
};
typedef struct ChatBuiltinRow {
    const char *name, *parameters; /* names behind the first argument; '!': must be given; '*': any number more */
    ChatBuiltin *call;
    ChatSort sort;
} ChatBuiltinRow;
extern const ChatBuiltinRow hf2c_chat_builtins[CHAT_BUILTINS];
#define BUILTIN(sort, name, function, parameters) ChatBuiltin hf2c_chat_##function;
#include "runtime/text/chat_builtins.def"

#endif
