/* String methods and filters of templates. argument[0] is the string; filters take str() of anything. */
#include "runtime/text/chat_work.h"
#include "runtime/text/unicode.h"

size_t hf2c_chat_characters(const char *text, size_t bytes)
{
    size_t count = 0;

    for (size_t i = 0; i < bytes; i++) {
        count += ((uint8_t)text[i] & 0xc0) != 0x80;
    }
    return count;
}

size_t hf2c_chat_character_at(const char *text, size_t bytes, size_t character)
{
    size_t at = 0;

    while (at < bytes && character > 0) {
        at += hf2c_utf8_size((uint8_t)text[at]);
        character--;
    }
    return at;
}

static int is_space(uint32_t code)
{
    return hf2c_is_whitespace(code) || (code >= 0x1c && code <= 0x1f);
}

static int text_of(Chat *chat, const ChatValue *value, ChatValue *text)
{
    size_t from = chat->used;

    *text = *value;
    return value->kind == CHAT_STRING || (hf2c_chat_print(chat, value) && hf2c_chat_cut(chat, from, text));
}

static int wants_text(Chat *chat, const ChatValue *value)
{
    return value->kind == CHAT_STRING || hf2c_chat_fail_type(chat, "wanted a string, not ", value);
}

int hf2c_chat_text(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return text_of(chat, argument, result);
}

/* ---- strip ---- */

static int is_stripped(uint32_t code, const ChatValue *characters)
{
    if (characters->kind != CHAT_STRING) {
        return is_space(code);
    }
    for (size_t at = 0, size; at < characters->count; at += size) {
        if (hf2c_utf8_get((const uint8_t *)characters->as.text + at, &size) == code) {
            return 1;
        }
    }
    return 0;
}

static int strip(Chat *chat, const ChatValue *argument, int left, int right, ChatValue *result)
{
    ChatValue text;
    size_t from = 0, to, size;

    if (!text_of(chat, argument, &text) || !hf2c_chat_step(chat, text.count / 16)) {
        return 0;
    }
    to = text.count;
    while (left && from < to && is_stripped(hf2c_utf8_get((const uint8_t *)text.as.text + from, &size), &argument[1])) {
        from += size;
    }
    while (right && from < to && is_stripped(hf2c_utf8_before((const uint8_t *)text.as.text, to, &size), &argument[1])) {
        to -= size;
    }
    *result = hf2c_chat_string(text.as.text + from, to - from);
    return 1;
}

int hf2c_chat_strip(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return strip(chat, argument, 1, 1, result);
}

int hf2c_chat_lstrip(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return strip(chat, argument, 1, 0, result);
}

int hf2c_chat_rstrip(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return strip(chat, argument, 0, 1, result);
}

/* ---- find, replace, split ---- */

enum { NOWHERE = -1 };

static int64_t find(const ChatValue *text, const ChatValue *part, size_t from)
{
    for (size_t at = from; at + part->count <= text->count; at++) {
        if (memcmp(text->as.text + at, part->as.text, part->count) == 0) {
            return (int64_t)at;
        }
    }
    return NOWHERE;
}

static int64_t find_last(const ChatValue *text, const ChatValue *part, size_t end)
{
    for (size_t at = end; part->count <= end && at-- > part->count - 1;) {
        if (memcmp(text->as.text + at + 1 - part->count, part->as.text, part->count) == 0) {
            return (int64_t)(at + 1 - part->count);
        }
    }
    return NOWHERE;
}

int hf2c_chat_replace(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    int64_t most = argument[3].kind == CHAT_INTEGER && argument[3].as.integer >= 0 ? argument[3].as.integer : INT64_MAX, next;
    size_t from = chat->used, at = 0;
    ChatValue text;

    (void)count;
    if (!text_of(chat, argument, &text) || !wants_text(chat, &argument[1]) || !wants_text(chat, &argument[2])) {
        return 0;
    }
    if (argument[1].count == 0) {
        return hf2c_chat_fail(chat, "replace: nothing to replace", NULL);
    }
    for (; most > 0 && (next = find(&text, &argument[1], at)) != NOWHERE; most--) {
        if (!hf2c_chat_put(chat, text.as.text + at, (size_t)next - at) || !hf2c_chat_put(chat, argument[2].as.text, argument[2].count) ||
            !hf2c_chat_step(chat, 1)) {
            return 0;
        }
        at = (size_t)next + argument[1].count;
    }
    return hf2c_chat_put(chat, text.as.text + at, text.count - at) && hf2c_chat_cut(chat, from, result);
}

static int add_part(Chat *chat, ChatValue *list, const ChatValue *text, size_t from, size_t to)
{
    ChatValue part = hf2c_chat_string(text->as.text + from, to - from);

    return hf2c_chat_append(chat, list, &part);
}

static size_t skip_spaces(const ChatValue *text, size_t at, int spaces)
{
    for (size_t size; at < text->count; at += size) {
        if (is_space(hf2c_utf8_get((const uint8_t *)text->as.text + at, &size)) != spaces) {
            break;
        }
    }
    return at;
}

static int split_words(Chat *chat, const ChatValue *text, int64_t most, ChatValue *result)
{
    size_t at = skip_spaces(text, 0, 1);

    for (; at < text->count; most--) {
        size_t end = most > 0 ? skip_spaces(text, at, 0) : text->count;
        if (!add_part(chat, result, text, at, end)) {
            return 0;
        }
        at = skip_spaces(text, end, 1);
    }
    return 1;
}

static int64_t split_most(const ChatValue *value)
{
    return value->kind == CHAT_INTEGER && value->as.integer >= 0 ? value->as.integer : INT64_MAX;
}

int hf2c_chat_split(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    int64_t most = split_most(&argument[2]), next;
    size_t at = 0;

    (void)count;
    *result = hf2c_chat_kind(CHAT_LIST);
    if (argument[1].kind != CHAT_STRING) {
        return split_words(chat, argument, most, result);
    }
    if (argument[1].count == 0) {
        return hf2c_chat_fail(chat, "empty separator", NULL);
    }
    for (; most > 0 && (next = find(argument, &argument[1], at)) != NOWHERE; most--) {
        if (!add_part(chat, result, argument, at, (size_t)next)) {
            return 0;
        }
        at = (size_t)next + argument[1].count;
    }
    return hf2c_chat_step(chat, argument->count / 16) && add_part(chat, result, argument, at, argument->count);
}

int hf2c_chat_rsplit(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    int64_t most = split_most(&argument[2]), next;
    size_t end = argument->count;
    ChatValue parts = hf2c_chat_kind(CHAT_LIST), reversed[4] = {parts};

    if (argument[1].kind != CHAT_STRING && most == INT64_MAX) {
        return hf2c_chat_split(chat, argument, count, result);
    }
    if (argument[1].kind != CHAT_STRING || argument[1].count == 0) {
        return hf2c_chat_fail(chat, "rsplit: wanted a separator", NULL);
    }
    for (; most > 0 && (next = find_last(argument, &argument[1], end)) != NOWHERE; most--) {
        if (!add_part(chat, &parts, argument, (size_t)next + argument[1].count, end)) {
            return 0;
        }
        end = (size_t)next;
    }
    if (!add_part(chat, &parts, argument, 0, end)) {
        return 0;
    }
    reversed[0] = parts;
    reversed[3] = hf2c_chat_integer(-1);
    return hf2c_chat_slice(chat, reversed, result);
}

/* Bytes of the line end at `at`; 0: none. */
static size_t line_end(const ChatValue *text, size_t at)
{
    size_t size;
    uint32_t code = hf2c_utf8_get((const uint8_t *)text->as.text + at, &size);

    if (code == '\r' && at + 1 < text->count && text->as.text[at + 1] == '\n') {
        return 2;
    }
    return (code >= 10 && code <= 13) || (code >= 0x1c && code <= 0x1e) || code == 0x85 || code == 0x2028 || code == 0x2029 ? size : 0;
}

static int split_lines(Chat *chat, const ChatValue *text, int keep, ChatValue *result)
{
    size_t start = 0, end;

    *result = hf2c_chat_kind(CHAT_LIST);
    for (size_t at = 0; at < text->count;) {
        end = line_end(text, at);
        if (end > 0 && !add_part(chat, result, text, start, keep ? at + end : at)) {
            return 0;
        }
        at += end > 0 ? end : hf2c_utf8_size((uint8_t)text->as.text[at]);
        start = end > 0 ? at : start;
    }
    return hf2c_chat_step(chat, text->count / 8) && (start == text->count || add_part(chat, result, text, start, text->count));
}

int hf2c_chat_splitlines(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return split_lines(chat, argument, hf2c_chat_truth(&argument[1]), result);
}

static int begins(const ChatValue *text, const ChatValue *part, int at_end)
{
    return part->kind == CHAT_STRING && part->count <= text->count &&
           memcmp(text->as.text + (at_end ? text->count - part->count : 0), part->as.text, part->count) == 0;
}

static int begins_any(Chat *chat, const ChatValue *argument, int at_end, ChatValue *result)
{
    int truth = begins(argument, &argument[1], at_end);

    if (argument[1].kind != CHAT_LIST && !wants_text(chat, &argument[1])) {
        return 0;
    }
    for (uint32_t i = 0; argument[1].kind == CHAT_LIST && i < argument[1].count; i++) {
        truth = truth || begins(argument, &argument[1].as.items[i], at_end);
    }
    *result = hf2c_chat_boolean(truth);
    return 1;
}

int hf2c_chat_startswith(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return begins_any(chat, argument, 0, result);
}

int hf2c_chat_endswith(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return begins_any(chat, argument, 1, result);
}

int hf2c_chat_removeprefix(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    size_t cut = begins(argument, &argument[1], 0) ? argument[1].count : 0;

    (void)count;
    *result = hf2c_chat_string(argument->as.text + cut, argument->count - cut);
    return wants_text(chat, &argument[1]);
}

int hf2c_chat_removesuffix(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    size_t cut = begins(argument, &argument[1], 1) ? argument[1].count : 0;

    (void)count;
    *result = hf2c_chat_string(argument->as.text, argument->count - cut);
    return wants_text(chat, &argument[1]);
}

static int found_at(Chat *chat, const ChatValue *argument, int64_t at, ChatValue *result)
{
    *result = hf2c_chat_integer(at < 0 ? at : (int64_t)hf2c_chat_characters(argument->as.text, (size_t)at));
    return hf2c_chat_step(chat, argument->count / 16);
}

int hf2c_chat_find_text(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return wants_text(chat, &argument[1]) && found_at(chat, argument, find(argument, &argument[1], 0), result);
}

int hf2c_chat_rfind_text(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return wants_text(chat, &argument[1]) &&
           found_at(chat, argument, argument[1].count == 0 ? argument->count : find_last(argument, &argument[1], argument->count), result);
}

int hf2c_chat_index_of(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    int equal = 0;

    if (argument->kind == CHAT_STRING) {
        return hf2c_chat_find_text(chat, argument, count, result) &&
               (result->as.integer >= 0 || hf2c_chat_fail(chat, "substring not found", NULL));
    }
    for (uint32_t i = 0; argument->kind == CHAT_LIST && i < argument->count; i++) {
        if (!hf2c_chat_equal(chat, &argument->as.items[i], &argument[1], &equal)) {
            return 0;
        }
        if (equal) {
            *result = hf2c_chat_integer(i);
            return 1;
        }
    }
    return hf2c_chat_fail(chat, "index: the value is not in the list", NULL);
}

int hf2c_chat_count_of(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    int64_t found = 0, at, equal_count = 0;
    int equal = 0;

    (void)count;
    for (uint32_t i = 0; argument->kind == CHAT_LIST && i < argument->count; i++) {
        if (!hf2c_chat_equal(chat, &argument->as.items[i], &argument[1], &equal)) {
            return 0;
        }
        equal_count += equal;
    }
    if (argument->kind == CHAT_STRING) {
        if (!wants_text(chat, &argument[1]) || argument[1].count == 0) {
            return hf2c_chat_fail(chat, "count: wanted a string that is not empty", NULL);
        }
        for (size_t from = 0; (at = find(argument, &argument[1], from)) != NOWHERE; found++) {
            from = (size_t)at + argument[1].count;
        }
    }
    *result = hf2c_chat_integer(found + equal_count);
    return hf2c_chat_step(chat, argument->count / 16);
}
