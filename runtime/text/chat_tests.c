/* Tests of templates: `value is NAME`. */
#include "runtime/text/chat_work.h"

#define TEST(name, truth)                                                                                  \
    int hf2c_chat_##name(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)          \
    {                                                                                                      \
        (void)argument;                                                                                    \
        (void)chat;                                                                                        \
        (void)count;                                                                                       \
        *result = hf2c_chat_boolean(truth);                                                                \
        return 1;                                                                                          \
    }

TEST(is_defined, argument->kind != CHAT_UNDEFINED)
TEST(is_undefined, argument->kind == CHAT_UNDEFINED)
TEST(is_none, argument->kind == CHAT_NONE)
TEST(is_boolean, argument->kind == CHAT_BOOLEAN)
TEST(is_true, argument->kind == CHAT_BOOLEAN && argument->as.integer)
TEST(is_false, argument->kind == CHAT_BOOLEAN && !argument->as.integer)
TEST(is_integer, argument->kind == CHAT_INTEGER)
TEST(is_float, argument->kind == CHAT_FLOAT)
TEST(is_number_value, hf2c_chat_is_number(argument))
TEST(is_string, argument->kind == CHAT_STRING)
TEST(is_mapping, argument->kind == CHAT_MAP)
TEST(is_iterable, argument->kind == CHAT_LIST || argument->kind == CHAT_MAP || argument->kind == CHAT_STRING || argument->kind == CHAT_UNDEFINED)
TEST(is_sequence, argument->kind == CHAT_LIST || argument->kind == CHAT_MAP || argument->kind == CHAT_STRING || argument->kind == CHAT_UNDEFINED)
TEST(is_callable, 0)

#define COMPARISON(name, operation)                                                                        \
    int hf2c_chat_##name(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)          \
    {                                                                                                      \
        (void)count;                                                                                       \
        return hf2c_chat_binary(chat, operation, argument, &argument[1], result);                          \
    }

COMPARISON(is_equal, CHAT_EQUAL)
COMPARISON(is_not_equal, CHAT_NOT_EQUAL)
COMPARISON(is_less, CHAT_LESS)
COMPARISON(is_less_equal, CHAT_LESS_EQUAL)
COMPARISON(is_greater, CHAT_GREATER)
COMPARISON(is_greater_equal, CHAT_GREATER_EQUAL)
COMPARISON(is_in, CHAT_IN)

/* Identity, as far as it can matter for constants: kind and value. */
int hf2c_chat_is_same(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    if (argument->kind != argument[1].kind) {
        *result = hf2c_chat_boolean(0);
        return 1;
    }
    return hf2c_chat_is_equal(chat, argument, count, result);
}

static int remainder_is(Chat *chat, const ChatValue *value, int64_t divisor, int64_t wanted, ChatValue *result)
{
    ChatValue by = hf2c_chat_integer(divisor), rest;

    if (!hf2c_chat_binary(chat, CHAT_MODULO, value, &by, &rest)) {
        return 0;
    }
    *result = hf2c_chat_boolean(rest.kind == CHAT_INTEGER && rest.as.integer == wanted);
    return 1;
}

int hf2c_chat_is_odd(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return remainder_is(chat, argument, 2, 1, result);
}

int hf2c_chat_is_even(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return remainder_is(chat, argument, 2, 0, result);
}

int hf2c_chat_is_divisible(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    if (argument[1].kind != CHAT_INTEGER) {
        return hf2c_chat_fail_type(chat, "divisibleby: wanted a whole number, not ", &argument[1]);
    }
    return remainder_is(chat, argument, argument[1].as.integer, 0, result);
}
