/* What values of a template are to each other: truth, equality, order, membership, parts. As Python has it. */
#include "runtime/text/chat_work.h"

const char *hf2c_chat_type(const ChatValue *value)
{
    static const char *const names[] = {"nothing", "Undefined", "NoneType", "bool", "int", "float", "str", "list", "dict", "Namespace",
                                        "LoopContext"};

    return names[value->kind];
}

const ChatValue *hf2c_chat_pairs(const ChatValue *value, uint32_t *count)
{
    if (value->kind == CHAT_NAMESPACE) {
        *count = value->as.space->count;
        return value->as.space->items;
    }
    *count = value->kind == CHAT_MAP ? value->count : 0;
    return value->kind == CHAT_MAP ? value->as.items : NULL;
}

int hf2c_chat_truth(const ChatValue *value)
{
    switch ((ChatKind)value->kind) {
    case CHAT_BOOLEAN:
    case CHAT_INTEGER: return value->as.integer != 0;
    case CHAT_FLOAT: return value->as.number < 0 || value->as.number > 0;
    case CHAT_STRING:
    case CHAT_LIST:
    case CHAT_MAP: return value->count > 0;
    case CHAT_NAMESPACE:
    case CHAT_LOOP: return 1;
    default: return 0;
    }
}

static int same_text(const ChatValue *a, const ChatValue *b)
{
    return a->count == b->count && memcmp(a->as.text, b->as.text, a->count) == 0;
}

const ChatValue *hf2c_chat_find(Chat *chat, const ChatValue *map, const char *key, size_t bytes)
{
    uint32_t count;
    const ChatValue *pair = hf2c_chat_pairs(map, &count);

    if (!hf2c_chat_step(chat, count / 8)) {
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++, pair += 2) {
        if (pair->kind == CHAT_STRING && pair->count == bytes && memcmp(pair->as.text, key, bytes) == 0) {
            return pair + 1;
        }
    }
    return NULL;
}

/* The value of any key; NULL when there is none. */
static const ChatValue *find_key(Chat *chat, const ChatValue *map, const ChatValue *key)
{
    uint32_t count;
    const ChatValue *pair = hf2c_chat_pairs(map, &count);
    int equal = 0;

    if (key->kind == CHAT_STRING) {
        return hf2c_chat_find(chat, map, key->as.text, key->count);
    }
    for (uint32_t i = 0; i < count && key->kind < CHAT_LIST; i++, pair += 2) {
        if (!hf2c_chat_equal(chat, pair, key, &equal)) {
            return NULL;
        }
        if (equal) {
            return pair + 1;
        }
    }
    return NULL;
}

static int equal_at(Chat *chat, const ChatValue *a, const ChatValue *b, int depth, int *equal);

static int equal_items(Chat *chat, const ChatValue *a, const ChatValue *b, int depth, int *equal)
{
    *equal = a->count == b->count;
    for (uint32_t i = 0; i < a->count && *equal; i++) {
        if (!equal_at(chat, &a->as.items[i], &b->as.items[i], depth + 1, equal)) {
            return 0;
        }
    }
    return 1;
}

static int equal_pairs(Chat *chat, const ChatValue *a, const ChatValue *b, int depth, int *equal)
{
    *equal = a->count == b->count;
    for (uint32_t i = 0; i < a->count && *equal; i++) {
        const ChatValue *other = find_key(chat, b, &a->as.items[2 * i]);
        *equal = other != NULL;
        if (other != NULL && !equal_at(chat, &a->as.items[2 * i + 1], other, depth + 1, equal)) {
            return 0;
        }
    }
    return chat->status == HF2C_OK;
}

static int equal_at(Chat *chat, const ChatValue *a, const ChatValue *b, int depth, int *equal)
{
    if (depth > HF2C_CHAT_DEPTH) {
        return hf2c_chat_fail(chat, "values are nested too deeply", NULL);
    }
    if (!hf2c_chat_step(chat, 1)) {
        return 0;
    }
    *equal = 0;
    if (hf2c_chat_is_number(a) && hf2c_chat_is_number(b)) {
        int whole = a->kind != CHAT_FLOAT && b->kind != CHAT_FLOAT;
        double x = hf2c_chat_number(a), y = hf2c_chat_number(b);
        *equal = whole ? a->as.integer == b->as.integer : !(x < y) && !(x > y) && x - x <= 0 && y - y <= 0;
    } else if (a->kind == b->kind) {
        switch ((ChatKind)a->kind) {
        case CHAT_STRING: *equal = same_text(a, b); break;
        case CHAT_LIST: return equal_items(chat, a, b, depth, equal);
        case CHAT_MAP: return equal_pairs(chat, a, b, depth, equal);
        case CHAT_NAMESPACE: *equal = a->as.space == b->as.space; break;
        case CHAT_LOOP: *equal = a->as.integer == b->as.integer; break;
        default: *equal = 1; break;
        }
    }
    return 1;
}

int hf2c_chat_equal(Chat *chat, const ChatValue *a, const ChatValue *b, int *equal)
{
    return equal_at(chat, a, b, 0, equal);
}

int hf2c_chat_order(Chat *chat, const ChatValue *a, const ChatValue *b, int *order)
{
    if (hf2c_chat_is_number(a) && hf2c_chat_is_number(b)) {
        int whole = a->kind != CHAT_FLOAT && b->kind != CHAT_FLOAT;
        double x = hf2c_chat_number(a), y = hf2c_chat_number(b);
        *order = whole ? (a->as.integer > b->as.integer) - (a->as.integer < b->as.integer) : (x > y) - (x < y);
        return 1;
    }
    if (a->kind == CHAT_STRING && b->kind == CHAT_STRING) {
        size_t shorter = a->count < b->count ? a->count : b->count;
        int difference = memcmp(a->as.text, b->as.text, shorter);
        *order = difference != 0 ? (difference > 0) - (difference < 0) : (a->count > b->count) - (a->count < b->count);
        return 1;
    }
    if (a->kind == CHAT_UNDEFINED || b->kind == CHAT_UNDEFINED) {
        return hf2c_chat_undefined(chat, a->kind == CHAT_UNDEFINED ? a : b);
    }
    return hf2c_chat_fail_type(chat, "values that have no order: ", a->kind == CHAT_STRING ? b : a);
}

static int contains_text(const ChatValue *text, const ChatValue *part)
{
    for (uint32_t at = 0; at + part->count <= text->count; at++) {
        if (memcmp(text->as.text + at, part->as.text, part->count) == 0) {
            return 1;
        }
    }
    return 0;
}

int hf2c_chat_contains(Chat *chat, const ChatValue *container, const ChatValue *value, int *found)
{
    *found = 0;
    switch ((ChatKind)container->kind) {
    case CHAT_STRING:
        if (value->kind != CHAT_STRING) {
            return hf2c_chat_fail_type(chat, "'in <string>' requires string as left operand, not ", value);
        }
        *found = contains_text(container, value);
        return hf2c_chat_step(chat, container->count / 16);
    case CHAT_LIST:
        for (uint32_t i = 0; i < container->count && !*found; i++) {
            if (!hf2c_chat_equal(chat, &container->as.items[i], value, found)) {
                return 0;
            }
        }
        return 1;
    case CHAT_MAP: *found = find_key(chat, container, value) != NULL; return chat->status == HF2C_OK;
    case CHAT_UNDEFINED: return 1;
    default: return hf2c_chat_fail_type(chat, "nothing can be in a value of type ", container);
    }
}

/* ---- parts ---- */

static void undefined(ChatValue *result, const ChatValue *name)
{
    *result = hf2c_chat_kind(CHAT_UNDEFINED);
    result->as.text = name->kind == CHAT_STRING ? name->as.text : "";
    result->count = name->kind == CHAT_STRING ? name->count : 0;
}

int hf2c_chat_attribute(Chat *chat, const ChatValue *value, const ChatValue *name, ChatValue *result)
{
    const ChatValue *found;

    if (value->kind == CHAT_LOOP) {
        return hf2c_chat_loop_attribute(chat, value, name, result);
    }
    if (value->kind == CHAT_UNDEFINED) {
        return hf2c_chat_undefined(chat, value);
    }
    found = hf2c_chat_find(chat, value, name->as.text, name->count);
    if (found != NULL) {
        *result = *found;
    } else {
        undefined(result, name);
    }
    return chat->status == HF2C_OK;
}

static int character(Chat *chat, const ChatValue *text, int64_t index, ChatValue *result)
{
    int64_t count = (int64_t)hf2c_chat_characters(text->as.text, text->count);
    size_t from, to;

    index += index < 0 ? count : 0;
    if (index < 0 || index >= count) {
        *result = hf2c_chat_kind(CHAT_UNDEFINED);
        result->as.text = "";
        return 1;
    }
    from = hf2c_chat_character_at(text->as.text, text->count, (size_t)index);
    to = hf2c_chat_character_at(text->as.text, text->count, (size_t)index + 1);
    *result = hf2c_chat_string(text->as.text + from, to - from);
    return hf2c_chat_step(chat, text->count / 16);
}

int hf2c_chat_index(Chat *chat, const ChatValue *value, const ChatValue *index, ChatValue *result)
{
    const ChatValue *found;
    int whole = index->kind == CHAT_INTEGER || index->kind == CHAT_BOOLEAN;

    if (value->kind == CHAT_UNDEFINED) {
        return hf2c_chat_undefined(chat, value);
    }
    if (value->kind == CHAT_STRING && whole) {
        return character(chat, value, index->as.integer, result);
    }
    undefined(result, index);
    if (value->kind == CHAT_LIST && whole) {
        int64_t at = index->as.integer < 0 ? index->as.integer + value->count : index->as.integer;
        if (at >= 0 && at < (int64_t)value->count) {
            *result = value->as.items[at];
        }
    } else if (value->kind == CHAT_MAP || value->kind == CHAT_NAMESPACE) {
        found = find_key(chat, value, index);
        if (found != NULL) {
            *result = *found;
        }
    } else if (value->kind == CHAT_LOOP && index->kind == CHAT_STRING) {
        return hf2c_chat_attribute(chat, value, index, result);
    }
    return chat->status == HF2C_OK;
}

/* ---- slices ---- */

/* A bound as Python clips it: into [low, high]. */
static int bound(Chat *chat, const ChatValue *value, int64_t count, int64_t otherwise, int64_t low, int64_t high, int64_t *out)
{
    *out = otherwise;
    if (value->kind == CHAT_ABSENT || value->kind == CHAT_NONE) {
        return 1;
    }
    if (value->kind != CHAT_INTEGER && value->kind != CHAT_BOOLEAN) {
        return hf2c_chat_fail_type(chat, "slice indices must be integers, not ", value);
    }
    *out = value->as.integer < 0 ? value->as.integer + count : value->as.integer;
    *out = *out < low ? low : *out > high ? high : *out;
    return 1;
}

static int slice_list(Chat *chat, const ChatValue *list, int64_t start, int64_t count, int64_t step, ChatValue *result)
{
    ChatValue *items;

    *result = (ChatValue){.kind = CHAT_LIST, .count = (uint32_t)count};
    if (step == 1) {
        result->as.items = list->as.items + start;
        return 1;
    }
    items = hf2c_chat_take(chat, (size_t)count, sizeof *items);
    if (items == NULL) {
        return 0;
    }
    for (int64_t i = 0; i < count; i++) {
        items[i] = list->as.items[start + i * step];
    }
    result->as.items = items;
    return hf2c_chat_step(chat, (uint64_t)count);
}

static int slice_text(Chat *chat, const ChatValue *text, int64_t start, int64_t count, int64_t step, ChatValue *result)
{
    size_t from = hf2c_chat_character_at(text->as.text, text->count, (size_t)start), written = chat->used;

    if (step == 1) {
        size_t rest = hf2c_chat_character_at(text->as.text + from, text->count - from, (size_t)count);
        *result = hf2c_chat_string(text->as.text + from, rest);
        return hf2c_chat_step(chat, text->count / 16);
    }
    for (int64_t i = 0; i < count; i++) {
        ChatValue one;
        if (!character(chat, text, start + i * step, &one) || !hf2c_chat_put(chat, one.as.text, one.count)) {
            return 0;
        }
    }
    return hf2c_chat_cut(chat, written, result);
}

int hf2c_chat_slice(Chat *chat, const ChatValue *part, ChatValue *result)
{
    int64_t step = part[3].kind == CHAT_INTEGER ? part[3].as.integer : 1, start, stop, count, length;
    int text = part->kind == CHAT_STRING;

    if (part->kind == CHAT_UNDEFINED) {
        return hf2c_chat_undefined(chat, part);
    }
    if (!text && part->kind != CHAT_LIST) {
        return hf2c_chat_fail_type(chat, "no slices of a value of type ", part);
    }
    if (step == 0 || step > INT32_MAX || step < -INT32_MAX) {
        return hf2c_chat_fail(chat, "slice step is zero or too large", NULL);
    }
    length = text ? (int64_t)hf2c_chat_characters(part->as.text, part->count) : (int64_t)part->count;
    if (!bound(chat, &part[1], length, step > 0 ? 0 : length - 1, step > 0 ? 0 : -1, step > 0 ? length : length - 1, &start) ||
        !bound(chat, &part[2], length, step > 0 ? length : -1, step > 0 ? 0 : -1, step > 0 ? length : length - 1, &stop)) {
        return 0;
    }
    count = step > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step;
    if (count <= 0) {
        *result = text ? hf2c_chat_string("", 0) : hf2c_chat_kind(CHAT_LIST);
        return 1;
    }
    return text ? slice_text(chat, part, start, count, step, result) : slice_list(chat, part, start, count, step, result);
}

/* ---- lists ---- */

static int characters(Chat *chat, const ChatValue *text, ChatValue *list)
{
    size_t count = hf2c_chat_characters(text->as.text, text->count), at = 0;
    ChatValue *items = hf2c_chat_take(chat, count, sizeof *items);

    if (items == NULL) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        size_t size = hf2c_chat_character_at(text->as.text + at, text->count - at, 1);
        items[i] = hf2c_chat_string(text->as.text + at, size);
        at += size;
    }
    *list = (ChatValue){.kind = CHAT_LIST, .count = (uint32_t)count, .as = {.items = items}};
    return hf2c_chat_step(chat, count);
}

int hf2c_chat_items(Chat *chat, const ChatValue *value, ChatValue *list)
{
    uint32_t count;
    const ChatValue *pair = hf2c_chat_pairs(value, &count);
    ChatValue *keys;

    if (value->kind == CHAT_LIST) {
        *list = *value;
        return 1;
    }
    if (value->kind == CHAT_STRING) {
        return characters(chat, value, list);
    }
    if (value->kind != CHAT_MAP && value->kind != CHAT_UNDEFINED) {
        return hf2c_chat_fail_type(chat, "not iterable: a value of type ", value);
    }
    keys = hf2c_chat_take(chat, count, sizeof *keys);
    if (keys == NULL) {
        return 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        keys[i] = pair[2 * i];
    }
    *list = (ChatValue){.kind = CHAT_LIST, .count = count, .as = {.items = keys}};
    return hf2c_chat_step(chat, count);
}

/* The capacity follows from the count: 4, 8, 16 ... */
int hf2c_chat_append(Chat *chat, ChatValue *list, const ChatValue *item)
{
    uint32_t count = list->count;
    int full = count == 0 || (count >= 4 && (count & (count - 1)) == 0);
    ChatValue *items = (ChatValue *)(uintptr_t)list->as.items;

    if (full) {
        items = hf2c_chat_take(chat, count == 0 ? 4 : 2 * (size_t)count, sizeof *items);
        if (items == NULL) {
            return 0;
        }
        if (count > 0) {
            memcpy(items, list->as.items, count * sizeof *items);
        }
    }
    items[count] = *item;
    list->as.items = items;
    list->count = count + 1;
    return hf2c_chat_step(chat, 1 + (full ? count / 4 : 0));
}
