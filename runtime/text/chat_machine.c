/* The machine that runs the program of a chat template. No recursion: macros and loops have frames of their own. */
#include "runtime/text/chat_work.h"

const ChatBuiltinRow hf2c_chat_builtins[CHAT_BUILTINS] = {
#define BUILTIN(sort, name, function, parameters) {#name, parameters, hf2c_chat_##function, CHAT_##sort},
#include "runtime/text/chat_builtins.def"
};

static ChatValue constant_string(const Chat *chat, uint32_t number)
{
    const uint32_t *from = chat->table->string + number;

    return hf2c_chat_string((const char *)chat->table->pool + from[0], from[1] - from[0]);
}

static int push(Chat *chat, ChatValue value)
{
    if (chat->height >= HF2C_CHAT_STACK) {
        return hf2c_chat_fail(chat, "an expression of the chat template is too deep", NULL);
    }
    chat->stack[chat->height++] = value;
    return 1;
}

/* Replaces the topmost values by one. */
static int replace(Chat *chat, uint32_t count, ChatValue value)
{
    chat->height -= count;
    return push(chat, value);
}

static ChatValue *top(const Chat *chat, uint32_t below)
{
    return chat->stack + chat->height - 1 - below;
}

/* ---- making values ---- */

static int make_list(Chat *chat, uint32_t count, uint32_t each)
{
    uint32_t values = count * each;
    ChatValue *items = hf2c_chat_take(chat, values, sizeof *items);

    if (items == NULL) {
        return 0;
    }
    if (values > 0) {
        memcpy(items, chat->stack + chat->height - values, values * sizeof *items);
    }
    return replace(chat, values, (ChatValue){.kind = each == 1 ? CHAT_LIST : CHAT_MAP, .count = count, .as = {.items = items}});
}

/* A repeated key: the last value counts, at the place of the first. */
static int make_map(Chat *chat, uint32_t count)
{
    ChatValue *pairs, map;
    const ChatValue *earlier;

    if (!make_list(chat, count, 2)) {
        return 0;
    }
    map = *top(chat, 0);
    pairs = (ChatValue *)(uintptr_t)map.as.items;
    map.count = 0;
    for (uint32_t i = 0; i < count; i++) {
        ChatValue key = pairs[2 * i], value = pairs[2 * i + 1];
        earlier = key.kind == CHAT_STRING ? hf2c_chat_find(chat, &map, key.as.text, key.count) : NULL;
        if (earlier != NULL) {
            pairs[earlier - pairs] = value;
        } else {
            pairs[2 * map.count] = key;
            pairs[2 * map.count + 1] = value;
            map.count++;
        }
    }
    *top(chat, 0) = map;
    return chat->status == HF2C_OK;
}

static int make_namespace(Chat *chat, uint32_t count)
{
    ChatSpace *space = hf2c_chat_take(chat, 1, sizeof *space);

    if (space == NULL || !make_list(chat, count, 2)) {
        return 0;
    }
    *space = (ChatSpace){.items = (ChatValue *)(uintptr_t)top(chat, 0)->as.items, .count = count, .capacity = count};
    top(chat, 0)->kind = CHAT_NAMESPACE;
    top(chat, 0)->as.space = space;
    return 1;
}

static int grow(Chat *chat, ChatSpace *space)
{
    uint32_t capacity = 2 * space->capacity + 4;
    ChatValue *items = hf2c_chat_take(chat, 2 * (size_t)capacity, sizeof *items);

    if (items == NULL) {
        return 0;
    }
    if (space->count > 0) {
        memcpy(items, space->items, 2 * space->count * sizeof *items);
    }
    space->items = items;
    space->capacity = capacity;
    return 1;
}

static int set_attribute(Chat *chat, uint32_t name)
{
    ChatValue key = constant_string(chat, name), *where = top(chat, 1);
    ChatSpace *space = where->as.space;
    const ChatValue *found;

    if (where->kind != CHAT_NAMESPACE) {
        return hf2c_chat_fail(chat, "cannot assign attribute on non-namespace object", NULL);
    }
    found = hf2c_chat_find(chat, where, key.as.text, key.count);
    if (found != NULL) {
        space->items[found - space->items] = *top(chat, 0);
    } else {
        if (space->count == space->capacity && !grow(chat, space)) {
            return 0;
        }
        space->items[2 * space->count] = key;
        space->items[2 * space->count + 1] = *top(chat, 0);
        space->count++;
    }
    chat->height -= 2;
    return 1;
}

/* ---- calls ---- */

/* Methods of strings take nothing else; those of maps and lists look themselves. */
static int has_method(Chat *chat, const ChatBuiltinRow *row, const ChatValue *value)
{
    int any = row->call == hf2c_chat_pairs_of || row->call == hf2c_chat_keys || row->call == hf2c_chat_values ||
              row->call == hf2c_chat_get || row->call == hf2c_chat_index_of || row->call == hf2c_chat_count_of;

    if (row->sort != CHAT_METHOD || value->kind == CHAT_STRING || (any && value->kind != CHAT_UNDEFINED)) {
        return 1;
    }
    return value->kind == CHAT_UNDEFINED ? hf2c_chat_undefined(chat, value)
                                         : hf2c_chat_fail_type(chat, "a method of strings is called on a value of type ", value);
}

static int call_builtin(Chat *chat, uint32_t operand)
{
    uint32_t count = operand >> 8;
    const ChatBuiltinRow *row = &hf2c_chat_builtins[operand & 255];
    ChatValue result = hf2c_chat_kind(CHAT_NONE);

    return has_method(chat, row, chat->stack + chat->height - count) && row->call(chat, chat->stack + chat->height - count, count, &result) &&
           replace(chat, count, result);
}

/* The macro's slots are put aside on the stack: it may call itself. */
static int call_macro(Chat *chat, uint32_t target)
{
    uint32_t first = chat->table->code[chat->at], word = chat->table->code[chat->at + 1], slots = word & 0xffff, arguments = word >> 16;
    ChatValue argument[HF2C_CHAT_PARAMETERS];

    if (chat->frames >= HF2C_CHAT_FRAMES || chat->height + slots > HF2C_CHAT_STACK) {
        return hf2c_chat_fail(chat, "macros of the chat template are nested too deeply", NULL);
    }
    chat->height -= arguments;
    memcpy(argument, chat->stack + chat->height, arguments * sizeof *argument);
    chat->frame[chat->frames++] = (ChatFrame){chat->at + 2, first, slots, chat->height, chat->used};
    for (uint32_t i = 0; i < slots; i++) {
        chat->stack[chat->height++] = chat->slot[first + i];
        chat->slot[first + i] = i < arguments ? argument[i] : hf2c_chat_kind(CHAT_UNDEFINED);
    }
    chat->at = target;
    return hf2c_chat_step(chat, slots);
}

static int return_macro(Chat *chat)
{
    const ChatFrame *frame = &chat->frame[--chat->frames];
    ChatValue text;

    for (uint32_t i = 0; i < frame->slots; i++) {
        chat->slot[frame->first + i] = chat->stack[frame->stack + i];
    }
    chat->height = frame->stack;
    chat->at = frame->back;
    return hf2c_chat_cut(chat, frame->output, &text) && push(chat, text);
}

/* ---- loops ---- */

static int begin_loop(Chat *chat, uint32_t slot)
{
    ChatValue list;

    if (!hf2c_chat_items(chat, top(chat, 0), &list)) {
        return 0;
    }
    chat->slot[slot] = list;
    chat->slot[slot + 1] = hf2c_chat_integer(-1);
    chat->height--;
    return 1;
}

static int next_item(Chat *chat, uint32_t slot)
{
    const ChatValue *list = &chat->slot[slot];
    int64_t at = ++chat->slot[slot + 1].as.integer;

    if (at >= (int64_t)list->count) {
        chat->at = chat->table->code[chat->at];
        return 1;
    }
    chat->at++;
    return push(chat, list->as.items[at]);
}

int hf2c_chat_loop_attribute(Chat *chat, const ChatValue *loop, const ChatValue *name, ChatValue *result)
{
    static const char *const names[] = {"index", "index0", "first", "last", "length", "revindex", "revindex0", "previtem", "nextitem"};
    const ChatValue *list = &chat->slot[loop->as.integer];
    int64_t at = list[1].as.integer, count = list->count;
    size_t which = 0;

    while (which < 9 && !(strlen(names[which]) == name->count && memcmp(names[which], name->as.text, name->count) == 0)) {
        which++;
    }
    *result = hf2c_chat_kind(CHAT_UNDEFINED);
    result->as.text = name->as.text;
    result->count = name->count;
    switch (which) {
    case 0: *result = hf2c_chat_integer(at + 1); break;
    case 1: *result = hf2c_chat_integer(at); break;
    case 2: *result = hf2c_chat_boolean(at == 0); break;
    case 3: *result = hf2c_chat_boolean(at + 1 == count); break;
    case 4: *result = hf2c_chat_integer(count); break;
    case 5: *result = hf2c_chat_integer(count - at); break;
    case 6: *result = hf2c_chat_integer(count - at - 1); break;
    case 7: *result = at > 0 && at <= count ? list->as.items[at - 1] : *result; break;
    case 8: *result = at + 1 < count ? list->as.items[at + 1] : *result; break;
    default: break;
    }
    return 1;
}

static int unpack(Chat *chat, uint32_t count)
{
    ChatValue list;

    if (!hf2c_chat_items(chat, top(chat, 0), &list)) {
        return 0;
    }
    if (list.count != count) {
        return hf2c_chat_fail(chat, "a list of another length is needed to unpack it", NULL);
    }
    chat->height--;
    for (uint32_t i = count; i > 0; i--) {
        if (!push(chat, list.as.items[i - 1])) {
            return 0;
        }
    }
    return 1;
}

/* ---- operators ---- */

static int negate(Chat *chat)
{
    ChatValue zero = hf2c_chat_integer(0), result;

    return hf2c_chat_binary(chat, CHAT_SUBTRACT, &zero, top(chat, 0), &result) && replace(chat, 1, result);
}

static int binary(Chat *chat, uint32_t operation)
{
    ChatValue result;

    return hf2c_chat_binary(chat, (ChatBinary)operation, top(chat, 1), top(chat, 0), &result) && replace(chat, 2, result);
}

static int keep_or_drop(Chat *chat, uint32_t target, int keep)
{
    if (keep) {
        chat->at = target;
    } else {
        chat->height--;
    }
    return 1;
}

static int captured(Chat *chat)
{
    ChatValue text;

    return hf2c_chat_cut(chat, (size_t)top(chat, 0)->as.integer, &text) && replace(chat, 1, text);
}

static int part(Chat *chat, ChatOperation operation, uint32_t operand)
{
    ChatValue result, name;

    switch (operation) {
    case CHAT_ATTRIBUTE:
        name = constant_string(chat, operand);
        return hf2c_chat_attribute(chat, top(chat, 0), &name, &result) && replace(chat, 1, result);
    case CHAT_INDEX: return hf2c_chat_index(chat, top(chat, 1), top(chat, 0), &result) && replace(chat, 2, result);
    case CHAT_SLICE: return hf2c_chat_slice(chat, top(chat, 3), &result) && replace(chat, 4, result);
    case CHAT_SET_ATTRIBUTE: return set_attribute(chat, operand);
    default: return unpack(chat, operand);
    }
}

static int push_constant(Chat *chat, ChatOperation operation, uint32_t operand)
{
    ChatValue value = constant_string(chat, 0);

    switch (operation) {
    case CHAT_PUSH_STRING: return push(chat, constant_string(chat, operand));
    case CHAT_PUSH_INTEGER: return push(chat, hf2c_chat_integer((int64_t)operand - HF2C_CHAT_INTEGER_BIAS));
    case CHAT_PUSH_WHOLE: return push(chat, hf2c_chat_integer((int64_t)chat->table->number[operand]));
    case CHAT_PUSH_FLOAT: return push(chat, hf2c_chat_float(chat->table->number[operand]));
    case CHAT_PUSH_BOOLEAN: return push(chat, hf2c_chat_boolean(operand != 0));
    case CHAT_PUSH_UNDEFINED:
        value = constant_string(chat, operand);
        value.kind = CHAT_UNDEFINED;
        return push(chat, value);
    case CHAT_PUSH_LOOP: return push(chat, (ChatValue){.kind = CHAT_LOOP, .as = {.integer = operand}});
    default:
        value = (ChatValue){.kind = operand, .as = {.text = ""}};
        return push(chat, value);
    }
}

/* ---- the machine ---- */

static int flow(Chat *chat, ChatOperation operation, uint32_t operand)
{
    switch (operation) {
    case CHAT_JUMP: chat->at = operand; return 1;
    case CHAT_JUMP_IF_FALSE:
        if (!hf2c_chat_truth(&chat->stack[--chat->height])) {
            chat->at = operand;
        }
        return 1;
    case CHAT_AND: return keep_or_drop(chat, operand, !hf2c_chat_truth(top(chat, 0)));
    case CHAT_OR: return keep_or_drop(chat, operand, hf2c_chat_truth(top(chat, 0)));
    case CHAT_CALL: return call_builtin(chat, operand);
    case CHAT_MACRO: return call_macro(chat, operand);
    case CHAT_RETURN: return return_macro(chat);
    case CHAT_BEGIN_LOOP: return begin_loop(chat, operand);
    default: return next_item(chat, operand);
    }
}

static int execute(Chat *chat, ChatOperation operation, uint32_t operand)
{
    ChatValue value;

    switch (operation) {
    case CHAT_TEXT: value = constant_string(chat, operand); return hf2c_chat_put(chat, value.as.text, value.count);
    case CHAT_PRINT: chat->height--; return hf2c_chat_print(chat, chat->stack + chat->height);
    case CHAT_LOAD: return push(chat, chat->slot[operand]);
    case CHAT_STORE: chat->slot[operand] = chat->stack[--chat->height]; return 1;
    case CHAT_GIVEN: return push(chat, hf2c_chat_boolean(chat->slot[operand].kind != CHAT_ABSENT));
    case CHAT_POP: chat->height--; return 1;
    case CHAT_MAKE_LIST: return make_list(chat, operand, 1);
    case CHAT_MAKE_MAP: return make_map(chat, operand);
    case CHAT_MAKE_NAMESPACE: return make_namespace(chat, operand);
    case CHAT_NOT: *top(chat, 0) = hf2c_chat_boolean(!hf2c_chat_truth(top(chat, 0))); return 1;
    case CHAT_NEGATE: return negate(chat);
    case CHAT_POSITIVE: return hf2c_chat_is_number(top(chat, 0)) || hf2c_chat_fail_type(chat, "no number: a value of type ", top(chat, 0));
    case CHAT_BINARY: return binary(chat, operand);
    case CHAT_CAPTURE: return push(chat, hf2c_chat_integer((int64_t)chat->used));
    case CHAT_CAPTURED: return captured(chat);
    case CHAT_APPEND: chat->height--; return hf2c_chat_append(chat, &chat->slot[operand], chat->stack + chat->height);
    case CHAT_ATTRIBUTE:
    case CHAT_INDEX:
    case CHAT_SLICE:
    case CHAT_SET_ATTRIBUTE:
    case CHAT_UNPACK: return part(chat, operation, operand);
    case CHAT_JUMP:
    case CHAT_JUMP_IF_FALSE:
    case CHAT_AND:
    case CHAT_OR:
    case CHAT_CALL:
    case CHAT_MACRO:
    case CHAT_RETURN:
    case CHAT_BEGIN_LOOP:
    case CHAT_NEXT: return flow(chat, operation, operand);
    default: return push_constant(chat, operation, operand);
    }
}

static void run(Chat *chat)
{
    while (chat->status == HF2C_OK) {
        uint32_t word = chat->table->code[chat->at++];
        if ((word & 255) == CHAT_END || !hf2c_chat_step(chat, 1) || !execute(chat, (ChatOperation)(word & 255), word >> 8)) {
            return;
        }
    }
}

/* ---- variables that the caller gives ---- */

static int is_name(const ChatValue *name, const char *text)
{
    return name->count == strlen(text) && memcmp(name->as.text, text, name->count) == 0;
}

static int read_optional(Chat *chat, const char *text, size_t bytes, const char *what, ChatValue *value)
{
    *value = hf2c_chat_kind(CHAT_NONE);
    return text == NULL || hf2c_chat_read_json(chat, text, bytes, what, value);
}

static int set_global(Chat *chat, const uint32_t *global, const ChatValue *variables)
{
    const hf2c_chat_request *request = chat->request;
    ChatValue name = constant_string(chat, global[1]), *value = &chat->slot[global[0]];
    const ChatValue *given = hf2c_chat_find(chat, variables, name.as.text, name.count);

    *value = name;
    value->kind = CHAT_UNDEFINED;
    if (given != NULL) {
        *value = *given;
    } else if (is_name(&name, "messages")) {
        return hf2c_chat_read_json(chat, request->messages, request->messages_bytes, "messages", value);
    } else if (is_name(&name, "tools")) {
        return read_optional(chat, request->tools, request->tools_bytes, "tools", value);
    } else if (is_name(&name, "documents")) {
        return read_optional(chat, request->documents, request->documents_bytes, "documents", value);
    } else if (is_name(&name, "add_generation_prompt")) {
        *value = hf2c_chat_boolean(request->add_generation_prompt);
    }
    return chat->status == HF2C_OK;
}

static int set_globals(Chat *chat)
{
    ChatValue variables;

    if (!read_optional(chat, chat->request->variables, chat->request->variables_bytes, "variables", &variables)) {
        return 0;
    }
    for (uint32_t i = 0; i < chat->table->slots; i++) {
        chat->slot[i] = (ChatValue){.kind = CHAT_UNDEFINED, .as = {.text = ""}};
    }
    for (uint32_t i = 0; i < chat->table->globals; i++) {
        if (!set_global(chat, chat->table->global + 2 * i, &variables)) {
            return 0;
        }
    }
    return 1;
}

hf2c_status hf2c_chat_render(const hf2c_chat_table *table, const hf2c_chat_request *request, char *text, size_t capacity, size_t *length,
                             hf2c_message *message, void *scratch, size_t scratch_bytes)
{
    Chat chat = {.table = table, .request = request, .message = message};
    size_t skip = (16 - (uintptr_t)scratch % 16) % 16;

    *length = 0;
    if (scratch_bytes < skip) {
        return HF2C_TOO_SMALL;
    }
    chat.memory = (uint8_t *)scratch + skip;
    chat.top = scratch_bytes - skip;
    chat.stack = hf2c_chat_take(&chat, HF2C_CHAT_STACK, sizeof *chat.stack);
    chat.slot = hf2c_chat_take(&chat, table->slots, sizeof *chat.slot);
    if (chat.stack != NULL && chat.slot != NULL && set_globals(&chat)) {
        run(&chat);
    }
    if (chat.status != HF2C_OK) {
        return chat.status;
    }
    *length = chat.used;
    if (chat.used > 0) {
        memcpy(text != NULL ? text : (char *)chat.memory, chat.memory, text == NULL ? 0 : chat.used < capacity ? chat.used : capacity);
    }
    return chat.used <= capacity ? HF2C_OK : HF2C_TOO_SMALL;
}
