/* Filters that turn values into numbers and text: int, float, round, indent, tojson, and the date. */
#include "runtime/core/json.h"
#include "runtime/text/chat_work.h"

static int is_given(const ChatValue *argument)
{
    return argument->kind != CHAT_ABSENT && argument->kind != CHAT_NONE;
}

/* ---- numbers ---- */

/* The number that a text spells, white space around it left aside. */
static int number_of(Chat *chat, const ChatValue *value, ChatValue *number)
{
    ChatValue call[2] = {*value, hf2c_chat_kind(CHAT_ABSENT)}, text;
    JsonScanner scanner;
    int64_t integer;
    double fraction;

    if (!hf2c_chat_strip(chat, call, 2, &text)) {
        return 0;
    }
    if (text.count > 1 && text.as.text[0] == '+') {
        text = hf2c_chat_string(text.as.text + 1, text.count - 1);
    }
    json_scan_begin(&scanner, text.as.text, text.count);
    *number = hf2c_chat_kind(CHAT_NONE);
    if (json_next(&scanner) == JSON_NUMBER) {
        if (memchr(scanner.start, '.', scanner.length) == NULL && json_integer(&scanner, &integer)) {
            *number = hf2c_chat_integer(integer);
        } else if (json_double(&scanner, &fraction)) {
            *number = hf2c_chat_float(fraction);
        }
        if (json_next(&scanner) != JSON_END) {
            *number = hf2c_chat_kind(CHAT_NONE);
        }
    }
    return 1;
}

int hf2c_chat_whole(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    ChatValue number = *argument;

    (void)count;
    if (argument->kind == CHAT_STRING && !number_of(chat, argument, &number)) {
        return 0;
    }
    *result = argument[1].kind == CHAT_ABSENT ? hf2c_chat_integer(0) : argument[1];
    if (number.kind == CHAT_INTEGER || number.kind == CHAT_BOOLEAN) {
        *result = hf2c_chat_integer(number.as.integer);
    } else if (number.kind == CHAT_FLOAT && number.as.number < 9e18 && number.as.number > -9e18) {
        *result = hf2c_chat_integer((int64_t)number.as.number);
    }
    return 1;
}

int hf2c_chat_float_of(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    ChatValue number = *argument;

    (void)count;
    if (argument->kind == CHAT_STRING && !number_of(chat, argument, &number)) {
        return 0;
    }
    *result = argument[1].kind == CHAT_ABSENT ? hf2c_chat_float(0) : argument[1];
    if (hf2c_chat_is_number(&number)) {
        *result = hf2c_chat_float(hf2c_chat_number(&number));
    }
    return 1;
}

int hf2c_chat_absolute(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    ChatValue zero = hf2c_chat_integer(0);

    (void)count;
    if (!hf2c_chat_is_number(argument)) {
        return hf2c_chat_fail_type(chat, "abs: no number: a value of type ", argument);
    }
    return hf2c_chat_binary(chat, hf2c_chat_number(argument) < 0 ? CHAT_SUBTRACT : CHAT_ADD, &zero, argument, result);
}

/* To the nearest, halves to the even one. */
int hf2c_chat_round(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    enum { DIGITS_MOST = 9 };
    int64_t digits = argument[1].kind == CHAT_INTEGER ? argument[1].as.integer : 0, whole;
    double scale = 1, value, rest;

    (void)count;
    if (!hf2c_chat_is_number(argument) || digits < 0 || digits > DIGITS_MOST || is_given(&argument[2])) {
        return hf2c_chat_fail(chat, "round: wanted a number and at most 9 digits", NULL);
    }
    for (int64_t i = 0; i < digits; i++) {
        scale *= 10;
    }
    value = hf2c_chat_number(argument) * scale;
    if (!(value < 9e15 && value > -9e15)) {
        *result = hf2c_chat_float(hf2c_chat_number(argument));
        return 1;
    }
    whole = (int64_t)value - (value < (double)(int64_t)value);
    rest = value - (double)whole;
    whole += rest > 0.5 || (rest >= 0.5 && whole % 2 != 0);
    *result = hf2c_chat_float((double)whole / scale);
    return 1;
}

/* ---- text ---- */

static int put_spaces(Chat *chat, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        if (!hf2c_chat_put(chat, " ", 1)) {
            return 0;
        }
    }
    return 1;
}

int hf2c_chat_indent(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    enum { WIDTH_MOST = 1024 };
    int64_t width = argument[1].kind == CHAT_INTEGER ? argument[1].as.integer : 4;
    size_t from = chat->used;
    ChatValue call[2] = {*argument, hf2c_chat_kind(CHAT_ABSENT)}, lines;

    (void)count;
    if (width < 0 || width > WIDTH_MOST || argument->kind != CHAT_STRING || (is_given(&argument[1]) && argument[1].kind != CHAT_INTEGER)) {
        return hf2c_chat_fail(chat, "indent: wanted a string and a width", NULL);
    }
    if (!hf2c_chat_put(chat, argument->as.text, argument->count) || !hf2c_chat_put(chat, "\n", 1) || !hf2c_chat_cut(chat, from, &call[0]) ||
        !hf2c_chat_splitlines(chat, call, 2, &lines)) {
        return 0;
    }
    for (uint32_t i = 0; i < lines.count; i++) {
        const ChatValue *line = &lines.as.items[i];
        int indented = i == 0 ? hf2c_chat_truth(&argument[2]) : line->count > 0 || hf2c_chat_truth(&argument[3]);
        if ((i > 0 && !hf2c_chat_put(chat, "\n", 1)) || (indented && !put_spaces(chat, width)) ||
            !hf2c_chat_put(chat, line->as.text, line->count)) {
            return 0;
        }
    }
    return hf2c_chat_cut(chat, from, result);
}

/* json.dumps(value, ensure_ascii=False), as transformers has it. */
int hf2c_chat_tojson(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    enum { INDENT_MOST = 64 };
    ChatValue item = hf2c_chat_string(is_given(&argument[2]) ? "," : ", ", is_given(&argument[2]) ? 1 : 2), key = hf2c_chat_string(": ", 2);
    ChatJson how = {.item_separator = &item, .key_separator = &key, .indent = -1};
    const ChatValue *separators = &argument[3];
    size_t from = chat->used;

    (void)count;
    how.ascii = hf2c_chat_truth(&argument[1]);
    how.sort = hf2c_chat_truth(&argument[4]);
    if (is_given(&argument[2])) {
        if (argument[2].kind != CHAT_INTEGER || argument[2].as.integer < 0 || argument[2].as.integer > INDENT_MOST) {
            return hf2c_chat_fail(chat, "tojson: indent: wanted a small whole number", NULL);
        }
        how.indent = (int)argument[2].as.integer;
    }
    if (is_given(separators)) {
        if (separators->kind != CHAT_LIST || separators->count != 2 || separators->as.items[0].kind != CHAT_STRING ||
            separators->as.items[1].kind != CHAT_STRING) {
            return hf2c_chat_fail(chat, "tojson: separators: wanted two strings", NULL);
        }
        item = separators->as.items[0];
        key = separators->as.items[1];
    }
    return hf2c_chat_write_json(chat, argument, &how, 0) && hf2c_chat_cut(chat, from, result);
}

/* ---- the date ---- */

typedef struct Date {
    int year, month, day, weekday; /* month from 1; weekday from Sunday */
    int hour, minute, second;
} Date;

/* The Gregorian calendar counted in years that begin with March. */
static Date date_of(int64_t seconds)
{
    enum { DAY = 86400, ERA_DAYS = 146097, MARCH_0 = 719468 };
    int64_t days = seconds / DAY - (seconds % DAY < 0), rest = seconds - days * DAY, shifted = days + MARCH_0;
    int64_t era = (shifted >= 0 ? shifted : shifted - (ERA_DAYS - 1)) / ERA_DAYS, of_era = shifted - era * ERA_DAYS;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
    Date date;

    date.day = (int)(of_year - (153 * month + 2) / 5 + 1);
    date.month = (int)(month < 10 ? month + 3 : month - 9);
    date.year = (int)(year + era * 400 + (date.month <= 2));
    date.weekday = (int)(((days + 4) % 7 + 7) % 7);
    date.hour = (int)(rest / 3600);
    date.minute = (int)(rest / 60 % 60);
    date.second = (int)(rest % 60);
    return date;
}

static int put_digits(Chat *chat, int value, int width)
{
    char digits[8];

    for (int i = width; i > 0; i--, value /= 10) {
        digits[i - 1] = (char)('0' + value % 10);
    }
    return hf2c_chat_put(chat, digits, (size_t)width);
}

static int put_name(Chat *chat, const char *name, size_t most)
{
    size_t length = strlen(name);

    return hf2c_chat_put(chat, name, length < most ? length : most);
}

static int put_field(Chat *chat, const Date *date, char field)
{
    static const char *const months[] = {"January", "February", "March", "April", "May", "June", "July", "August", "September",
                                         "October", "November", "December"};
    static const char *const days[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

    switch (field) {
    case 'Y': return put_digits(chat, date->year, 4);
    case 'y': return put_digits(chat, date->year % 100, 2);
    case 'm': return put_digits(chat, date->month, 2);
    case 'd': return put_digits(chat, date->day, 2);
    case 'H': return put_digits(chat, date->hour, 2);
    case 'I': return put_digits(chat, (date->hour + 11) % 12 + 1, 2);
    case 'M': return put_digits(chat, date->minute, 2);
    case 'S': return put_digits(chat, date->second, 2);
    case 'p': return hf2c_chat_put(chat, date->hour < 12 ? "AM" : "PM", 2);
    case 'B': return put_name(chat, months[date->month - 1], 16);
    case 'b': return put_name(chat, months[date->month - 1], 3);
    case 'A': return put_name(chat, days[date->weekday], 16);
    case 'a': return put_name(chat, days[date->weekday], 3);
    case '%': return hf2c_chat_put(chat, "%", 1);
    default: return hf2c_chat_fail(chat, "strftime_now: this part of the format is not supported", NULL);
    }
}

int hf2c_chat_strftime_now(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    const ChatValue *format = &argument[1];
    size_t from = chat->used;
    Date date = date_of(chat->request->now);

    (void)count;
    if (chat->request->now <= 0 || chat->request->now >= (int64_t)1 << 37) {
        return hf2c_chat_fail(chat, "the chat template asks for the date, which was not given", NULL);
    }
    for (uint32_t i = 0; format->kind == CHAT_STRING && i < format->count; i++) {
        int field = format->as.text[i] == '%' && i + 1 < format->count;
        i += (uint32_t)field;
        if (field ? !put_field(chat, &date, format->as.text[i]) : !hf2c_chat_put(chat, format->as.text + i, 1)) {
            return 0;
        }
    }
    return hf2c_chat_cut(chat, from, result);
}
