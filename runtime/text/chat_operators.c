/* Arithmetic and comparison of templates, as Python has it. */
#include "runtime/text/chat_work.h"

enum { WHOLE_BITS = 62 }; /* whole numbers are kept below, so that sums do not overflow */

static int both_whole(const ChatValue *a, const ChatValue *b)
{
    return a->kind != CHAT_FLOAT && b->kind != CHAT_FLOAT;
}

static int too_large(Chat *chat)
{
    return hf2c_chat_fail(chat, "a number is too large", NULL);
}

static int multiply(Chat *chat, int64_t a, int64_t b, int64_t *result)
{
    int64_t limit = (int64_t)1 << WHOLE_BITS;

    if (a != 0 && (b > limit / (a < 0 ? -a : a) || b < -(limit / (a < 0 ? -a : a)))) {
        return too_large(chat);
    }
    *result = a * b;
    return 1;
}

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - ((a % b != 0) && ((a < 0) != (b < 0)));
}

static int whole_power(Chat *chat, int64_t base, int64_t exponent, int64_t *result)
{
    *result = 1;
    if (exponent > 64) {
        return too_large(chat);
    }
    for (int64_t i = 0; i < exponent; i++) {
        if (!multiply(chat, *result, base, result)) {
            return 0;
        }
    }
    return 1;
}

static int whole(Chat *chat, ChatBinary operation, int64_t a, int64_t b, ChatValue *result)
{
    int64_t limit = (int64_t)1 << WHOLE_BITS, value = 0;

    if (a > limit || a < -limit || b > limit || b < -limit) {
        return too_large(chat);
    }
    if ((operation == CHAT_FLOOR_DIVIDE || operation == CHAT_MODULO) && b == 0) {
        return hf2c_chat_fail(chat, "integer division or modulo by zero", NULL);
    }
    switch (operation) {
    case CHAT_ADD: value = a + b; break;
    case CHAT_SUBTRACT: value = a - b; break;
    case CHAT_MULTIPLY:
        if (!multiply(chat, a, b, &value)) {
            return 0;
        }
        break;
    case CHAT_FLOOR_DIVIDE: value = floor_divide(a, b); break;
    case CHAT_MODULO: value = a - b * floor_divide(a, b); break;
    default:
        if (b < 0) {
            return hf2c_chat_fail(chat, "a negative exponent", NULL);
        }
        if (!whole_power(chat, a, b, &value)) {
            return 0;
        }
    }
    *result = hf2c_chat_integer(value);
    return 1;
}

static int fraction(Chat *chat, ChatBinary operation, double a, double b, ChatValue *result)
{
    double quotient;

    if ((operation == CHAT_DIVIDE || operation == CHAT_FLOOR_DIVIDE || operation == CHAT_MODULO) && !(b < 0) && !(b > 0)) {
        return hf2c_chat_fail(chat, "division by zero", NULL);
    }
    switch (operation) {
    case CHAT_ADD: *result = hf2c_chat_float(a + b); return 1;
    case CHAT_SUBTRACT: *result = hf2c_chat_float(a - b); return 1;
    case CHAT_MULTIPLY: *result = hf2c_chat_float(a * b); return 1;
    case CHAT_DIVIDE: *result = hf2c_chat_float(a / b); return 1;
    default: break;
    }
    quotient = a / b;
    if (operation == CHAT_POWER || !(quotient < 9e15 && quotient > -9e15)) {
        return hf2c_chat_fail(chat, "this arithmetic of fractions is not supported", NULL);
    }
    quotient = (double)(int64_t)quotient - (quotient < (double)(int64_t)quotient);
    *result = hf2c_chat_float(operation == CHAT_MODULO ? a - b * quotient : quotient);
    return 1;
}

static int repeat(Chat *chat, const ChatValue *text, int64_t times, ChatValue *result)
{
    size_t from = chat->used;

    for (int64_t i = 0; i < times; i++) {
        if (!hf2c_chat_put(chat, text->as.text, text->count) || !hf2c_chat_step(chat, 1)) {
            return 0;
        }
    }
    return hf2c_chat_cut(chat, from, result);
}

static int join_lists(Chat *chat, const ChatValue *a, const ChatValue *b, ChatValue *result)
{
    size_t count = (size_t)a->count + b->count;
    ChatValue *items = hf2c_chat_take(chat, count, sizeof *items);

    if (items == NULL || !hf2c_chat_step(chat, count / 4)) {
        return 0;
    }
    if (a->count > 0) {
        memcpy(items, a->as.items, a->count * sizeof *items);
    }
    if (b->count > 0) {
        memcpy(items + a->count, b->as.items, b->count * sizeof *items);
    }
    *result = (ChatValue){.kind = CHAT_LIST, .count = (uint32_t)count, .as = {.items = items}};
    return 1;
}

static int join_texts(Chat *chat, const ChatValue *a, const ChatValue *b, ChatValue *result)
{
    size_t from = chat->used;

    return hf2c_chat_print(chat, a) && hf2c_chat_print(chat, b) && hf2c_chat_cut(chat, from, result);
}

static int arithmetic(Chat *chat, ChatBinary operation, const ChatValue *a, const ChatValue *b, ChatValue *result)
{
    if (a->kind == CHAT_UNDEFINED || b->kind == CHAT_UNDEFINED) {
        return hf2c_chat_undefined(chat, a->kind == CHAT_UNDEFINED ? a : b);
    }
    if (operation == CHAT_ADD && a->kind == CHAT_STRING && b->kind == CHAT_STRING) {
        return join_texts(chat, a, b, result);
    }
    if (operation == CHAT_ADD && a->kind == CHAT_LIST && b->kind == CHAT_LIST) {
        return join_lists(chat, a, b, result);
    }
    if (operation == CHAT_MULTIPLY && a->kind == CHAT_STRING && b->kind == CHAT_INTEGER) {
        return repeat(chat, a, b->as.integer, result);
    }
    if (operation == CHAT_MULTIPLY && b->kind == CHAT_STRING && a->kind == CHAT_INTEGER) {
        return repeat(chat, b, a->as.integer, result);
    }
    if (!hf2c_chat_is_number(a) || !hf2c_chat_is_number(b)) {
        return operation == CHAT_ADD && a->kind == CHAT_STRING
                   ? hf2c_chat_fail_type(chat, "can only concatenate str to str, not ", b)
                   : hf2c_chat_fail_type(chat, "unsupported operand: a value of type ", hf2c_chat_is_number(a) ? b : a);
    }
    if (both_whole(a, b) && operation != CHAT_DIVIDE) {
        return whole(chat, operation, a->as.integer, b->as.integer, result);
    }
    return fraction(chat, operation, hf2c_chat_number(a), hf2c_chat_number(b), result);
}

static int compare(Chat *chat, ChatBinary operation, const ChatValue *a, const ChatValue *b, int *truth)
{
    int order;

    if (operation == CHAT_EQUAL || operation == CHAT_NOT_EQUAL) {
        return hf2c_chat_equal(chat, a, b, truth);
    }
    if (operation == CHAT_IN || operation == CHAT_NOT_IN) {
        return hf2c_chat_contains(chat, b, a, truth);
    }
    if (!hf2c_chat_order(chat, a, b, &order)) {
        return 0;
    }
    *truth = operation == CHAT_LESS         ? order < 0
             : operation == CHAT_LESS_EQUAL ? order <= 0
             : operation == CHAT_GREATER    ? order > 0
                                            : order >= 0;
    return 1;
}

int hf2c_chat_binary(Chat *chat, ChatBinary operation, const ChatValue *a, const ChatValue *b, ChatValue *result)
{
    int truth = 0;

    if (operation == CHAT_CONCATENATE) {
        return join_texts(chat, a, b, result);
    }
    if (operation < CHAT_CONCATENATE) {
        return arithmetic(chat, operation, a, b, result);
    }
    if (!compare(chat, operation, a, b, &truth)) {
        return 0;
    }
    *result = hf2c_chat_boolean(operation == CHAT_NOT_EQUAL || operation == CHAT_NOT_IN ? !truth : truth);
    return 1;
}
