/* JSON in, JSON and Python's str() out. */
#include "runtime/core/json.h"
#include "runtime/text/chat_work.h"

static int put_text(Chat *chat, const char *text)
{
    return hf2c_chat_put(chat, text, strlen(text));
}

/* ---- in ---- */

typedef struct Container {
    ChatValue *items;
    uint32_t count;
    int map;
} Container;

static int broken(Chat *chat, const JsonScanner *scanner, const char *what)
{
    if (chat->status == HF2C_OK) {
        chat->status = HF2C_BAD_TEXT;
        hf2c_message_set(chat->message, what, ": ", scanner->kind == JSON_ERROR ? scanner->error : "broken JSON");
    }
    return 0;
}

static int read_string(Chat *chat, const JsonScanner *scanner, ChatValue *value)
{
    char *text;

    if (memchr(scanner->start, '\\', scanner->length) == NULL) {
        *value = hf2c_chat_string(scanner->start, scanner->length);
        return 1;
    }
    text = hf2c_chat_take(chat, scanner->length + 1, 1);
    if (text != NULL) {
        *value = hf2c_chat_string(text, json_string(scanner, text, NULL));
    }
    return text != NULL;
}

static int read_number(Chat *chat, const JsonScanner *scanner, ChatValue *value)
{
    int64_t integer;
    double number;
    int whole = 1;

    for (size_t i = 0; i < scanner->length; i++) {
        whole = whole && scanner->start[i] != '.' && scanner->start[i] != 'e' && scanner->start[i] != 'E';
    }
    if (whole && json_integer(scanner, &integer)) {
        *value = hf2c_chat_integer(integer);
    } else if (!whole && json_double(scanner, &number)) {
        *value = hf2c_chat_float(number);
    } else {
        return hf2c_chat_fail(chat, "a number is too large", NULL);
    }
    return 1;
}

/* Items of the container that begins here, keys and values of a map both. */
static int count_items(const JsonScanner *scanner, size_t *count)
{
    JsonScanner ahead = *scanner;

    for (*count = 0; json_next(&ahead) != JSON_ARRAY_END && ahead.kind != JSON_OBJECT_END; (*count)++) {
        if (ahead.kind == JSON_ERROR || ahead.kind == JSON_END || !json_skip(&ahead)) {
            return 0;
        }
    }
    return 1;
}

static int read_scalar(Chat *chat, const JsonScanner *scanner, ChatValue *value)
{
    switch (scanner->kind) {
    case JSON_KEY:
    case JSON_STRING: return read_string(chat, scanner, value);
    case JSON_NUMBER: return read_number(chat, scanner, value);
    case JSON_TRUE:
    case JSON_FALSE: *value = hf2c_chat_boolean(scanner->kind == JSON_TRUE); return 1;
    default: *value = hf2c_chat_kind(CHAT_NONE); return 1;
    }
}

/* A repeated key: the last value counts, at the place of the first. */
static void drop_repeated(Chat *chat, Container *map)
{
    ChatValue so_far = {.kind = CHAT_MAP, .count = map->count / 2 - 1, .as = {.items = map->items}};
    const ChatValue *key = &map->items[map->count - 2];
    const ChatValue *earlier = hf2c_chat_find(chat, &so_far, key->as.text, key->count);

    if (earlier != NULL) {
        map->items[earlier - map->items] = map->items[map->count - 1];
        map->count -= 2;
    }
}

static int begin_container(Chat *chat, const JsonScanner *scanner, Container *container)
{
    size_t count;

    if (!count_items(scanner, &count) || count > UINT32_MAX || !hf2c_chat_step(chat, count / 4)) {
        return 0;
    }
    *container = (Container){.items = hf2c_chat_take(chat, count, sizeof(ChatValue)), .map = scanner->kind == JSON_OBJECT};
    return container->items != NULL;
}

int hf2c_chat_read_json(Chat *chat, const char *text, size_t bytes, const char *what, ChatValue *result)
{
    Container open[JSON_SCAN_DEPTH + 1] = {{.items = result}};
    JsonScanner scanner;
    int depth = 0;

    json_scan_begin(&scanner, text, bytes);
    while (json_next(&scanner) != JSON_END) {
        Container *into = &open[depth];
        ChatValue value;
        if (scanner.kind == JSON_ERROR || !hf2c_chat_step(chat, 1)) {
            return broken(chat, &scanner, what);
        }
        if (scanner.kind == JSON_OBJECT || scanner.kind == JSON_ARRAY) {
            if (!begin_container(chat, &scanner, &open[++depth])) {
                return broken(chat, &scanner, what);
            }
            continue;
        }
        if (scanner.kind == JSON_OBJECT_END || scanner.kind == JSON_ARRAY_END) {
            value = (ChatValue){.kind = into->map ? CHAT_MAP : CHAT_LIST, .count = into->map ? into->count / 2 : into->count,
                                .as = {.items = into->items}};
            into = &open[--depth];
        } else if (!read_scalar(chat, &scanner, &value)) {
            return 0;
        }
        into->items[into->count++] = value;
        if (into->map && into->count % 2 == 0) {
            drop_repeated(chat, into);
        }
    }
    return chat->status == HF2C_OK;
}

/* ---- numbers and quoted text ---- */

static int put_integer(Chat *chat, int64_t value)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0) {
        digits[--at] = '-';
    }
    return hf2c_chat_put(chat, digits + at, sizeof digits - at);
}

static int put_float(Chat *chat, double value, int json)
{
    char text[32];
    size_t length = json_write_float(text, sizeof text, value);

    if (!json && !(value - value <= 0)) {
        return put_text(chat, value > 0 ? "inf" : value < 0 ? "-inf" : "nan");
    }
    return hf2c_chat_put(chat, text, length);
}

static int put_escape(Chat *chat, char kind, uint32_t code, int digits)
{
    char text[12] = {'\\', kind};

    for (int i = 0; i < digits; i++) {
        text[2 + i] = "0123456789abcdef"[code >> 4 * (digits - 1 - i) & 15];
    }
    return hf2c_chat_put(chat, text, 2 + (size_t)digits);
}

static int put_json_character(Chat *chat, const char *text, size_t size, uint32_t code, int ascii)
{
    static const char specials[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *special = code != 0 && code < 0x80 ? strchr(specials, (int)code) : NULL;

    if (special != NULL) {
        return put_escape(chat, letters[special - specials], 0, 0);
    }
    if (code < 0x20) {
        return put_escape(chat, 'u', code, 4);
    }
    if (code < 0x80 || !ascii) {
        return hf2c_chat_put(chat, text, size);
    }
    if (code < 0x10000) {
        return put_escape(chat, 'u', code, 4);
    }
    return put_escape(chat, 'u', 0xd800 + ((code - 0x10000) >> 10), 4) && put_escape(chat, 'u', 0xdc00 + ((code - 0x10000) & 0x3ff), 4);
}

static int put_json_string(Chat *chat, const ChatValue *value, int ascii)
{
    if (!put_text(chat, "\"") || !hf2c_chat_step(chat, value->count / 4)) {
        return 0;
    }
    for (size_t at = 0, size; at < value->count; at += size) {
        uint32_t code = hf2c_utf8_get((const uint8_t *)value->as.text + at, &size);
        if (!put_json_character(chat, value->as.text + at, size, code, ascii)) {
            return 0;
        }
    }
    return put_text(chat, "\"");
}

/* ---- JSON out ---- */

static int new_line(Chat *chat, const ChatJson *how, int depth)
{
    if (how->indent < 0) {
        return 1;
    }
    if (!put_text(chat, "\n")) {
        return 0;
    }
    for (int i = 0; i < depth * how->indent; i++) {
        if (!put_text(chat, " ")) {
            return 0;
        }
    }
    return 1;
}

static int put_key(Chat *chat, const ChatValue *key, const ChatJson *how)
{
    if (key->kind == CHAT_STRING) {
        return put_json_string(chat, key, how->ascii);
    }
    return put_text(chat, "\"") && hf2c_chat_write_json(chat, key, how, HF2C_CHAT_DEPTH) && put_text(chat, "\"");
}

/* The pair that comes next in the order of keys behind `last` (NULL: the first). */
static const ChatValue *next_sorted(const ChatValue *pair, uint32_t count, const ChatValue *last, Chat *chat)
{
    const ChatValue *best = NULL;
    int order;

    for (uint32_t i = 0; i < count; i++, pair += 2) {
        if (last != NULL && (!hf2c_chat_order(chat, pair, last, &order) || order <= 0)) {
            continue;
        }
        if (best == NULL || (hf2c_chat_order(chat, pair, best, &order) && order < 0)) {
            best = pair;
        }
    }
    return best;
}

static int write_pairs(Chat *chat, const ChatValue *value, const ChatJson *how, int depth)
{
    const ChatValue *pair = value->as.items, *last = NULL;

    for (uint32_t i = 0; i < value->count; i++) {
        if (how->sort) {
            pair = last = next_sorted(value->as.items, value->count, last, chat);
            if (pair == NULL || chat->status != HF2C_OK || !hf2c_chat_step(chat, value->count)) {
                return 0;
            }
        }
        if ((i > 0 && !hf2c_chat_put(chat, how->item_separator->as.text, how->item_separator->count)) || !new_line(chat, how, depth + 1) ||
            !put_key(chat, pair, how) || !hf2c_chat_put(chat, how->key_separator->as.text, how->key_separator->count) ||
            !hf2c_chat_write_json(chat, pair + 1, how, depth + 1)) {
            return 0;
        }
        pair += 2;
    }
    return value->count == 0 || new_line(chat, how, depth);
}

static int write_items(Chat *chat, const ChatValue *value, const ChatJson *how, int depth)
{
    for (uint32_t i = 0; i < value->count; i++) {
        if ((i > 0 && !hf2c_chat_put(chat, how->item_separator->as.text, how->item_separator->count)) || !new_line(chat, how, depth + 1) ||
            !hf2c_chat_write_json(chat, &value->as.items[i], how, depth + 1)) {
            return 0;
        }
    }
    return value->count == 0 || new_line(chat, how, depth);
}

int hf2c_chat_write_json(Chat *chat, const ChatValue *value, const ChatJson *how, int depth)
{
    if (depth > HF2C_CHAT_DEPTH) {
        return hf2c_chat_fail(chat, "values are nested too deeply", NULL);
    }
    if (!hf2c_chat_step(chat, 1)) {
        return 0;
    }
    switch ((ChatKind)value->kind) {
    case CHAT_NONE: return put_text(chat, "null");
    case CHAT_BOOLEAN: return put_text(chat, value->as.integer ? "true" : "false");
    case CHAT_INTEGER: return put_integer(chat, value->as.integer);
    case CHAT_FLOAT: return put_float(chat, value->as.number, 1);
    case CHAT_STRING: return put_json_string(chat, value, how->ascii);
    case CHAT_LIST: return put_text(chat, "[") && write_items(chat, value, how, depth) && put_text(chat, "]");
    case CHAT_MAP: return put_text(chat, "{") && write_pairs(chat, value, how, depth) && put_text(chat, "}");
    default: return hf2c_chat_fail_type(chat, "not JSON serializable: a value of type ", value);
    }
}

/* ---- str() ---- */

static int put_repr_character(Chat *chat, const char *text, size_t size, uint32_t code, char quote)
{
    if (code == '\n' || code == '\r' || code == '\t') {
        return put_escape(chat, code == '\n' ? 'n' : code == '\r' ? 'r' : 't', 0, 0);
    }
    if (code == '\\' || code == (uint32_t)quote) {
        return put_escape(chat, (char)code, 0, 0);
    }
    if (code < 0x20 || (code >= 0x7f && code <= 0xa0) || code == 0xad) {
        return put_escape(chat, 'x', code, 2);
    }
    return hf2c_chat_put(chat, text, size);
}

static int put_repr(Chat *chat, const ChatValue *value)
{
    char quote = memchr(value->as.text, '\'', value->count) != NULL && memchr(value->as.text, '"', value->count) == NULL ? '"' : '\'';

    if (!hf2c_chat_put(chat, &quote, 1) || !hf2c_chat_step(chat, value->count / 4)) {
        return 0;
    }
    for (size_t at = 0, size; at < value->count; at += size) {
        uint32_t code = hf2c_utf8_get((const uint8_t *)value->as.text + at, &size);
        if (!put_repr_character(chat, value->as.text + at, size, code, quote)) {
            return 0;
        }
    }
    return hf2c_chat_put(chat, &quote, 1);
}

static int print_at(Chat *chat, const ChatValue *value, int depth);

static int print_items(Chat *chat, const ChatValue *value, int depth)
{
    int map = value->kind == CHAT_MAP;
    uint32_t count = map ? 2 * value->count : value->count;

    if (!put_text(chat, map ? "{" : "[")) {
        return 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        const char *between = i == 0 ? "" : map && i % 2 == 1 ? ": " : ", ";
        if (!put_text(chat, between) || !print_at(chat, &value->as.items[i], depth + 1)) {
            return 0;
        }
    }
    return put_text(chat, map ? "}" : "]");
}

static int print_at(Chat *chat, const ChatValue *value, int depth)
{
    if (depth > HF2C_CHAT_DEPTH) {
        return hf2c_chat_fail(chat, "values are nested too deeply", NULL);
    }
    if (!hf2c_chat_step(chat, 1)) {
        return 0;
    }
    switch ((ChatKind)value->kind) {
    case CHAT_ABSENT:
    case CHAT_UNDEFINED: return put_text(chat, depth > 0 ? "Undefined" : "");
    case CHAT_NONE: return put_text(chat, "None");
    case CHAT_BOOLEAN: return put_text(chat, value->as.integer ? "True" : "False");
    case CHAT_INTEGER: return put_integer(chat, value->as.integer);
    case CHAT_FLOAT: return put_float(chat, value->as.number, 0);
    case CHAT_STRING: return depth == 0 ? hf2c_chat_put(chat, value->as.text, value->count) : put_repr(chat, value);
    case CHAT_LIST:
    case CHAT_MAP: return print_items(chat, value, depth);
    default: return hf2c_chat_fail_type(chat, "cannot be written: a value of type ", value);
    }
}

int hf2c_chat_print(Chat *chat, const ChatValue *value)
{
    return print_at(chat, value, 0);
}
