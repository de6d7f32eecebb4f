/* Filters over lists and maps, and functions. argument[0] is what they are applied to. */
#include "runtime/text/chat_work.h"

static int given(const ChatValue *argument)
{
    return argument->kind != CHAT_ABSENT && argument->kind != CHAT_NONE;
}

int hf2c_chat_length(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    uint32_t pairs;

    (void)count;
    switch ((ChatKind)argument->kind) {
    case CHAT_STRING: *result = hf2c_chat_integer((int64_t)hf2c_chat_characters(argument->as.text, argument->count)); break;
    case CHAT_LIST: *result = hf2c_chat_integer(argument->count); break;
    case CHAT_MAP:
    case CHAT_NAMESPACE: hf2c_chat_pairs(argument, &pairs); *result = hf2c_chat_integer(pairs); break;
    case CHAT_UNDEFINED: *result = hf2c_chat_integer(0); break;
    default: return hf2c_chat_fail_type(chat, "no length: a value of type ", argument);
    }
    return 1;
}

int hf2c_chat_default(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    int missing = argument->kind == CHAT_UNDEFINED || (hf2c_chat_truth(&argument[2]) && !hf2c_chat_truth(argument));

    (void)chat;
    (void)count;
    *result = !missing ? *argument : argument[1].kind == CHAT_ABSENT ? hf2c_chat_string("", 0) : argument[1];
    return 1;
}

int hf2c_chat_list(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return hf2c_chat_items(chat, argument, result);
}

/* ---- maps ---- */

static int take_pairs(Chat *chat, const ChatValue *map, int keys, int values, ChatValue *result)
{
    uint32_t count;
    const ChatValue *pair = hf2c_chat_pairs(map, &count);
    ChatValue *items;

    if (map->kind != CHAT_MAP && map->kind != CHAT_UNDEFINED) {
        return hf2c_chat_fail_type(chat, "wanted a mapping, not ", map);
    }
    items = hf2c_chat_take(chat, count, sizeof *items);
    if (items == NULL || !hf2c_chat_step(chat, count)) {
        return 0;
    }
    for (uint32_t i = 0; i < count; i++, pair += 2) {
        items[i] = keys && values ? (ChatValue){.kind = CHAT_LIST, .count = 2, .as = {.items = pair}} : keys ? pair[0] : pair[1];
    }
    *result = (ChatValue){.kind = CHAT_LIST, .count = count, .as = {.items = items}};
    return 1;
}

int hf2c_chat_pairs_of(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return take_pairs(chat, argument, 1, 1, result);
}

int hf2c_chat_keys(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return take_pairs(chat, argument, 1, 0, result);
}

int hf2c_chat_values(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return take_pairs(chat, argument, 0, 1, result);
}

int hf2c_chat_get(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    if (argument->kind == CHAT_UNDEFINED) {
        return hf2c_chat_undefined(chat, argument);
    }
    if (argument->kind != CHAT_MAP) {
        return hf2c_chat_fail_type(chat, "wanted a mapping, not ", argument);
    }
    if (!hf2c_chat_index(chat, argument, &argument[1], result)) {
        return 0;
    }
    if (result->kind == CHAT_UNDEFINED) {
        *result = argument[2].kind == CHAT_ABSENT ? hf2c_chat_kind(CHAT_NONE) : argument[2];
    }
    return 1;
}

/* ---- attributes by a path ("function.name") ---- */

static int64_t digits_of(const ChatValue *word)
{
    int64_t value = word->count > 0 && word->count < 10 ? 0 : -1;

    for (uint32_t i = 0; i < word->count && value >= 0; i++) {
        value = word->as.text[i] >= '0' && word->as.text[i] <= '9' ? 10 * value + word->as.text[i] - '0' : -1;
    }
    return value;
}

static int by_path(Chat *chat, const ChatValue *value, const ChatValue *path, ChatValue *result)
{
    const char *at = path->as.text;
    size_t left = path->count;

    if (path->kind != CHAT_STRING) {
        return hf2c_chat_index(chat, value, path, result);
    }
    *result = *value;
    for (;;) {
        const char *dot = left > 0 ? memchr(at, '.', left) : NULL;
        ChatValue word = hf2c_chat_string(at, dot != NULL ? (size_t)(dot - at) : left), from = *result;
        int64_t number = digits_of(&word);
        word = number >= 0 && from.kind != CHAT_MAP ? hf2c_chat_integer(number) : word;
        if (!hf2c_chat_index(chat, &from, &word, result)) {
            return 0;
        }
        if (dot == NULL) {
            return 1;
        }
        left -= (size_t)(dot + 1 - at);
        at = dot + 1;
    }
}

/* ---- map, select and their like: what is applied to each item is argument[at], a builtin's number, with what follows it ---- */

static int apply(Chat *chat, const ChatValue *argument, uint32_t count, uint32_t at, const ChatValue *item, ChatValue *result)
{
    ChatValue call[HF2C_CHAT_ARGUMENTS] = {*item};

    if (argument[at].kind != CHAT_INTEGER || argument[at].as.integer < 0 || argument[at].as.integer >= CHAT_BUILTINS ||
        count - at > HF2C_CHAT_ARGUMENTS) {
        return hf2c_chat_fail(chat, "wanted the name of a filter or a test", NULL);
    }
    for (uint32_t i = at + 1; i < count; i++) {
        call[i - at] = argument[i];
    }
    *result = hf2c_chat_kind(CHAT_NONE);
    return hf2c_chat_step(chat, 4) && hf2c_chat_builtins[argument[at].as.integer].call(chat, call, count - at, result);
}

/* argument: list, attribute or None, default or absent, filter's number ... */
int hf2c_chat_map(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    ChatValue list, out = hf2c_chat_kind(CHAT_LIST), one;

    if (!hf2c_chat_items(chat, argument, &list)) {
        return 0;
    }
    for (uint32_t i = 0; i < list.count; i++) {
        int good = argument[1].kind != CHAT_NONE ? by_path(chat, &list.as.items[i], &argument[1], &one)
                                                 : apply(chat, argument, count, 3, &list.as.items[i], &one);
        if (good && one.kind == CHAT_UNDEFINED && argument[2].kind != CHAT_ABSENT) {
            one = argument[2];
        }
        if (!good || !hf2c_chat_append(chat, &out, &one)) {
            return 0;
        }
    }
    *result = out;
    return 1;
}

static int select_items(Chat *chat, const ChatValue *argument, uint32_t count, uint32_t test, int keep, ChatValue *result)
{
    ChatValue list, out = hf2c_chat_kind(CHAT_LIST), subject, verdict;

    if (!hf2c_chat_items(chat, argument, &list)) {
        return 0;
    }
    for (uint32_t i = 0; i < list.count; i++) {
        const ChatValue *item = &list.as.items[i];
        subject = *item;
        if (test == 2 && !by_path(chat, item, &argument[1], &subject)) {
            return 0;
        }
        verdict = subject;
        if (count > test && !apply(chat, argument, count, test, &subject, &verdict)) {
            return 0;
        }
        if (hf2c_chat_truth(&verdict) == keep && !hf2c_chat_append(chat, &out, item)) {
            return 0;
        }
    }
    *result = out;
    return 1;
}

int hf2c_chat_select(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    return select_items(chat, argument, count, 1, 1, result);
}

int hf2c_chat_reject(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    return select_items(chat, argument, count, 1, 0, result);
}

int hf2c_chat_selectattr(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    return select_items(chat, argument, count, 2, 1, result);
}

int hf2c_chat_rejectattr(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    return select_items(chat, argument, count, 2, 0, result);
}

/* ---- ends, order ---- */

static int end_of(Chat *chat, const ChatValue *value, int last, ChatValue *result)
{
    ChatValue list;

    if (!hf2c_chat_items(chat, value, &list)) {
        return 0;
    }
    *result = (ChatValue){.kind = CHAT_UNDEFINED, .as = {.text = ""}};
    if (list.count > 0) {
        *result = list.as.items[last ? list.count - 1 : 0];
    }
    return 1;
}

int hf2c_chat_first(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return end_of(chat, argument, 0, result);
}

int hf2c_chat_last(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return end_of(chat, argument, 1, result);
}

int hf2c_chat_reverse(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    ChatValue part[4] = {*argument};

    (void)count;
    if (argument->kind != CHAT_STRING && !hf2c_chat_items(chat, argument, &part[0])) {
        return 0;
    }
    part[3] = hf2c_chat_integer(-1);
    return hf2c_chat_slice(chat, part, result);
}

/* What an item is compared by: itself or its attribute, letters small unless they matter. */
static int key_of(Chat *chat, const ChatValue *item, const ChatValue *attribute, const ChatValue *case_sensitive, ChatValue *key)
{
    ChatValue found = *item;

    if (given(attribute) && !by_path(chat, item, attribute, &found)) {
        return 0;
    }
    *key = found;
    return found.kind != CHAT_STRING || hf2c_chat_truth(case_sensitive) || hf2c_chat_lower(chat, &found, 1, key);
}

/* Merges pairs (key, item) of two sorted neighbours. */
static int merge(Chat *chat, const ChatValue *from, ChatValue *to, uint32_t begin, uint32_t middle, uint32_t end, int down)
{
    uint32_t a = begin, b = middle;
    int order = 0;

    for (uint32_t i = begin; i < end; i++) {
        if (a < middle && b < end && !hf2c_chat_order(chat, &from[2 * a], &from[2 * b], &order)) {
            return 0;
        }
        uint32_t chosen = a < middle && (b >= end || (down ? order >= 0 : order <= 0)) ? a++ : b++;
        to[2 * i] = from[2 * chosen];
        to[2 * i + 1] = from[2 * chosen + 1];
    }
    return hf2c_chat_step(chat, end - begin);
}

static int sort_pairs(Chat *chat, ChatValue **pairs, uint32_t count, int down)
{
    ChatValue *from = *pairs, *to = hf2c_chat_take(chat, 2 * (size_t)count, sizeof *to);

    for (uint64_t width = 1; to != NULL && width < count; width *= 2) {
        for (uint64_t at = 0; at < count; at += 2 * width) {
            uint64_t middle = at + width < count ? at + width : count, end = at + 2 * width < count ? at + 2 * width : count;
            if (!merge(chat, from, to, (uint32_t)at, (uint32_t)middle, (uint32_t)end, down)) {
                return 0;
            }
        }
        ChatValue *swap = from;
        from = to;
        to = swap;
    }
    *pairs = from;
    return to != NULL;
}

static int sorted(Chat *chat, const ChatValue *value, const ChatValue *attribute, const ChatValue *case_sensitive, int down, ChatValue *result)
{
    ChatValue list, *pairs, *items;

    if (!hf2c_chat_items(chat, value, &list)) {
        return 0;
    }
    pairs = hf2c_chat_take(chat, 2 * (size_t)list.count, sizeof *pairs);
    for (uint32_t i = 0; pairs != NULL && i < list.count; i++) {
        pairs[2 * i + 1] = list.as.items[i];
        if (!key_of(chat, &list.as.items[i], attribute, case_sensitive, &pairs[2 * i])) {
            return 0;
        }
    }
    items = hf2c_chat_take(chat, list.count, sizeof *items);
    if (pairs == NULL || items == NULL || !sort_pairs(chat, &pairs, list.count, down)) {
        return 0;
    }
    for (uint32_t i = 0; i < list.count; i++) {
        items[i] = pairs[2 * i + 1];
    }
    *result = (ChatValue){.kind = CHAT_LIST, .count = list.count, .as = {.items = items}};
    return 1;
}

int hf2c_chat_sort(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return sorted(chat, argument, &argument[3], &argument[2], hf2c_chat_truth(&argument[1]), result);
}

int hf2c_chat_dictsort(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    ChatValue pairs, first = hf2c_chat_integer(0), absent = hf2c_chat_kind(CHAT_ABSENT);

    (void)count;
    return take_pairs(chat, argument, 1, 1, &pairs) && sorted(chat, &pairs, &first, &absent, 0, result);
}

static int extreme(Chat *chat, const ChatValue *argument, int sign, ChatValue *result)
{
    ChatValue list, best = hf2c_chat_kind(CHAT_NONE), key;
    int order = 0;

    if (!end_of(chat, argument, 0, result) || !hf2c_chat_items(chat, argument, &list)) {
        return 0;
    }
    for (uint32_t i = 0; i < list.count; i++) {
        if (!key_of(chat, &list.as.items[i], &argument[2], &argument[1], &key) || (i > 0 && !hf2c_chat_order(chat, &key, &best, &order))) {
            return 0;
        }
        if (i == 0 || order * sign > 0) {
            best = key;
            *result = list.as.items[i];
        }
    }
    return 1;
}

int hf2c_chat_least(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return extreme(chat, argument, -1, result);
}

int hf2c_chat_most(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return extreme(chat, argument, 1, result);
}

int hf2c_chat_unique(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    ChatValue list, keys = hf2c_chat_kind(CHAT_LIST), out = hf2c_chat_kind(CHAT_LIST), key;
    int found;

    (void)count;
    if (!hf2c_chat_items(chat, argument, &list)) {
        return 0;
    }
    for (uint32_t i = 0; i < list.count; i++) {
        if (!key_of(chat, &list.as.items[i], &argument[2], &argument[1], &key) || !hf2c_chat_contains(chat, &keys, &key, &found)) {
            return 0;
        }
        if (!found && (!hf2c_chat_append(chat, &keys, &key) || !hf2c_chat_append(chat, &out, &list.as.items[i]))) {
            return 0;
        }
    }
    *result = out;
    return 1;
}

int hf2c_chat_sum(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    ChatValue list, total = argument[2].kind == CHAT_ABSENT ? hf2c_chat_integer(0) : argument[2], item, next;

    (void)count;
    if (!hf2c_chat_items(chat, argument, &list)) {
        return 0;
    }
    for (uint32_t i = 0; i < list.count; i++) {
        item = list.as.items[i];
        if ((given(&argument[1]) && !by_path(chat, &list.as.items[i], &argument[1], &item)) ||
            !hf2c_chat_binary(chat, CHAT_ADD, &total, &item, &next)) {
            return 0;
        }
        total = next;
    }
    *result = total;
    return 1;
}

/* ---- join ---- */

static int join(Chat *chat, const ChatValue *value, const ChatValue *between, const ChatValue *attribute, ChatValue *result)
{
    size_t from = chat->used;
    ChatValue list, item;

    if (!hf2c_chat_items(chat, value, &list)) {
        return 0;
    }
    for (uint32_t i = 0; i < list.count; i++) {
        item = list.as.items[i];
        if (given(attribute) && !by_path(chat, &list.as.items[i], attribute, &item)) {
            return 0;
        }
        if ((i > 0 && given(between) && !hf2c_chat_print(chat, between)) || !hf2c_chat_print(chat, &item)) {
            return 0;
        }
    }
    return hf2c_chat_cut(chat, from, result);
}

int hf2c_chat_join(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return join(chat, argument, &argument[1], &argument[2], result);
}

int hf2c_chat_join_with(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    ChatValue absent = hf2c_chat_kind(CHAT_ABSENT);

    (void)count;
    return join(chat, &argument[1], argument, &absent, result);
}

/* ---- functions ---- */

int hf2c_chat_raise(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    size_t from = chat->used;

    (void)count;
    return hf2c_chat_print(chat, &argument[1]) && hf2c_chat_cut(chat, from, result) && hf2c_chat_fail(chat, "", result);
}

int hf2c_chat_range(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    enum { MOST = 100000 };
    int64_t start = 0, stop = argument[1].as.integer, step = argument[3].kind == CHAT_INTEGER ? argument[3].as.integer : 1, length;
    ChatValue *items;

    (void)count;
    if (argument[2].kind == CHAT_INTEGER) {
        start = stop;
        stop = argument[2].as.integer;
    }
    if (argument[1].kind != CHAT_INTEGER || (argument[2].kind != CHAT_ABSENT && argument[2].kind != CHAT_INTEGER) || step == 0 ||
        step > MOST || step < -MOST || start > INT32_MAX || start < -INT32_MAX || stop > INT32_MAX || stop < -INT32_MAX) {
        return hf2c_chat_fail(chat, "range: wanted small whole numbers", NULL);
    }
    length = step > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step;
    length = length < 0 ? 0 : length;
    if (length > MOST) {
        return hf2c_chat_fail(chat, "Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).", NULL);
    }
    items = hf2c_chat_take(chat, (size_t)length, sizeof *items);
    for (int64_t i = 0; items != NULL && i < length; i++) {
        items[i] = hf2c_chat_integer(start + i * step);
    }
    *result = (ChatValue){.kind = CHAT_LIST, .count = (uint32_t)length, .as = {.items = items}};
    return items != NULL && hf2c_chat_step(chat, (uint64_t)length);
}
