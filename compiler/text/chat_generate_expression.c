/* Instructions of expressions: each leaves one value on the stack. */
#include "compiler/text/chat.h"

#include <string.h>

static bool is_text(const ChatNode *node, const char *text)
{
    return node->length == strlen(text) && memcmp(node->text, text, node->length) == 0;
}

/* ---- filters, tests, methods, functions ---- */

/* The row of a name; CHAT_BUILTINS: none. */
static size_t builtin_of(ChatSort sort, const char *name, size_t length)
{
    static const char *const signs[][2] = {{"==", "eq"}, {"!=", "ne"}, {"<", "lt"}, {"<=", "le"}, {">", "gt"}, {">=", "ge"}};
    size_t i = 0;

    for (size_t s = 0; s < COUNT_OF(signs) && sort == CHAT_TEST; s++) {
        if (strlen(signs[s][0]) == length && memcmp(signs[s][0], name, length) == 0) {
            name = signs[s][1];
            length = 2;
        }
    }
    while (i < CHAT_BUILTINS && !(hf2c_chat_builtins[i].sort == sort && strlen(hf2c_chat_builtins[i].name) == length &&
                                  memcmp(hf2c_chat_builtins[i].name, name, length) == 0)) {
        i++;
    }
    return i;
}

static bool refuse_name(ChatGenerator *generator, const ChatNode *node, const char *what)
{
    return err_set(generator->err, "line %u: %s %.*s is not supported", node->line, what, (int)(node->length < 60 ? node->length : 60), node->text);
}

/* The argument for a parameter: by its name, else by its place. NULL: not given. */
static const ChatNode *argument_for(const ChatNode *first, const char *name, size_t length, size_t place)
{
    const ChatNode *found = NULL;

    for (const ChatNode *at = first; at != NULL; at = at->next) {
        if (at->kind == NODE_KEYWORD && at->length == length && memcmp(at->text, name, length) == 0) {
            found = at->a;
        } else if (at->kind != NODE_KEYWORD && place-- == 0) {
            found = at;
        }
    }
    return found;
}

static size_t count_nodes(const ChatNode *first)
{
    size_t count = 0;

    for (; first != NULL; first = first->next) {
        count++;
    }
    return count;
}

static bool bad_arguments(ChatGenerator *generator, const ChatNode *node)
{
    return err_set(generator->err, "line %u: the arguments of %.*s are not supported", node->line, (int)(node->length < 60 ? node->length : 60),
                   node->text);
}

/* Pushes what each parameter gets, ABSENT for none; *count is how many there are. */
static bool generate_parameters(ChatGenerator *generator, const ChatNode *node, const char *parameters, size_t *count)
{
    size_t used = 0;

    for (*count = 0; *parameters != 0; (*count)++) {
        size_t length = strcspn(parameters, "! ");
        const ChatNode *value = argument_for(node->first, parameters, length, *count);
        if (value == NULL && parameters[length] == '!') {
            return bad_arguments(generator, node);
        }
        if (!(value != NULL ? chat_generate_expression(generator, value) : chat_emit(generator, CHAT_PUSH_KIND, CHAT_ABSENT))) {
            return false;
        }
        used += value != NULL;
        parameters += length + strspn(parameters + length, "! ");
    }
    return used == count_nodes(node->first) || bad_arguments(generator, node);
}

static bool generate_builtin(ChatGenerator *generator, const ChatNode *node, size_t builtin)
{
    size_t count;

    return generate_parameters(generator, node, hf2c_chat_builtins[builtin].parameters, &count) &&
           chat_emit(generator, CHAT_CALL, builtin | (count + 1) << 8);
}

/* What map and select apply: its number, then its arguments. */
static bool generate_applied(ChatGenerator *generator, const ChatNode *node, const ChatNode *name, ChatSort sort, size_t *count)
{
    size_t builtin = name->kind == NODE_STRING ? builtin_of(sort, name->text, name->length) : CHAT_BUILTINS;

    if (builtin == CHAT_BUILTINS || hf2c_chat_builtins[builtin].parameters[0] == '*') {
        return refuse_name(generator, name, sort == CHAT_TEST ? "test" : "filter");
    }
    *count += 1;
    if (!chat_emit(generator, CHAT_PUSH_INTEGER, builtin + HF2C_CHAT_INTEGER_BIAS)) {
        return false;
    }
    for (const ChatNode *at = name->next; at != NULL; at = at->next, (*count)++) {
        if (at->kind == NODE_KEYWORD || *count >= HF2C_CHAT_ARGUMENTS) {
            return bad_arguments(generator, node);
        }
        if (!chat_generate_expression(generator, at)) {
            return false;
        }
    }
    return true;
}

static bool generate_map(ChatGenerator *generator, const ChatNode *node, size_t *count)
{
    const ChatNode *attribute = argument_for(node->first, "attribute", 9, SIZE_MAX), *otherwise = argument_for(node->first, "default", 7, SIZE_MAX);

    *count = 3;
    if (attribute == NULL) {
        return chat_emit(generator, CHAT_PUSH_KIND, CHAT_NONE) && chat_emit(generator, CHAT_PUSH_KIND, CHAT_ABSENT) &&
               generate_applied(generator, node, node->first, CHAT_FILTER, count);
    }
    if (count_nodes(node->first) != 1u + (otherwise != NULL)) {
        return bad_arguments(generator, node);
    }
    return chat_generate_expression(generator, attribute) &&
           (otherwise != NULL ? chat_generate_expression(generator, otherwise) : chat_emit(generator, CHAT_PUSH_KIND, CHAT_ABSENT));
}

static bool generate_select(ChatGenerator *generator, const ChatNode *node, bool attribute, size_t *count)
{
    const ChatNode *test = node->first;

    *count = 1;
    if (attribute) {
        if (test == NULL || test->kind == NODE_KEYWORD) {
            return bad_arguments(generator, node);
        }
        if (!chat_generate_expression(generator, test)) {
            return false;
        }
        *count = 2;
        test = test->next;
    }
    return test == NULL || generate_applied(generator, node, test, CHAT_TEST, count);
}

/* map, select, reject, selectattr, rejectattr */
static bool generate_variadic(ChatGenerator *generator, const ChatNode *node, size_t builtin)
{
    bool map = is_text(node, "map"), good;
    size_t count;

    if (map && node->first == NULL) {
        return bad_arguments(generator, node);
    }
    good = map ? generate_map(generator, node, &count) : generate_select(generator, node, node->length > 6, &count);
    return good && chat_emit(generator, CHAT_CALL, builtin | count << 8);
}

bool chat_generate_filters(ChatGenerator *generator, const ChatNode *node)
{
    size_t builtin = builtin_of(CHAT_FILTER, node->text, node->length);

    if (node->kind != NODE_FILTER) {
        return chat_refuse(generator->err, node->line, "this filter block", 17);
    }
    if (node->a != NULL && !chat_generate_filters(generator, node->a)) {
        return false;
    }
    if (builtin == CHAT_BUILTINS) {
        return refuse_name(generator, node, "filter");
    }
    return hf2c_chat_builtins[builtin].parameters[0] == '*' ? generate_variadic(generator, node, builtin)
                                                            : generate_builtin(generator, node, builtin);
}

static bool generate_filter(ChatGenerator *generator, const ChatNode *node)
{
    ChatNode alone = *node;

    alone.a = NULL;
    return chat_generate_expression(generator, node->a) && chat_generate_filters(generator, &alone);
}

/* Functions and macros are there, though they are no variables. */
static bool is_function(const ChatGenerator *generator, const ChatNode *node)
{
    return node->kind == NODE_NAME && (builtin_of(CHAT_FUNCTION, node->text, node->length) != CHAT_BUILTINS || is_text(node, "namespace") ||
                                       is_text(node, "dict") || chat_symbol(generator->macros, node->text, node->length) != NULL);
}

bool chat_generate_test(ChatGenerator *generator, const ChatNode *node)
{
    size_t builtin = builtin_of(CHAT_TEST, node->text, node->length);
    bool defined = is_text(node, "defined") || is_text(node, "callable");

    if (builtin == CHAT_BUILTINS) {
        return refuse_name(generator, node, "test");
    }
    if (is_function(generator, node->a)) {
        return chat_emit(generator, CHAT_PUSH_BOOLEAN, defined != (node->value != 0));
    }
    return chat_generate_expression(generator, node->a) && generate_builtin(generator, node, builtin) &&
           (!node->value || chat_emit(generator, CHAT_NOT, 0));
}

/* ---- calls ---- */

/* namespace(name=value ...), dict(name=value ...) */
static bool generate_named(ChatGenerator *generator, const ChatNode *node, ChatOperation operation)
{
    size_t count = 0;

    for (const ChatNode *at = node->first; at != NULL; at = at->next, count++) {
        if (at->kind != NODE_KEYWORD) {
            return bad_arguments(generator, node->a);
        }
        if (!chat_emit_string(generator, CHAT_PUSH_STRING, at->text, at->length) || !chat_generate_expression(generator, at->a)) {
            return false;
        }
    }
    return chat_emit(generator, operation, count);
}

static bool generate_macro(ChatGenerator *generator, const ChatNode *node, const ChatSymbol *macro)
{
    size_t count = 0, used = 0;
    ChatMacroCall call;

    for (const ChatNode *at = macro->node->a; at != NULL; at = at->next, count++) {
        const ChatNode *value = argument_for(node->first, at->text, at->length, count);
        used += value != NULL;
        if (!(value != NULL ? chat_generate_expression(generator, value) : chat_emit(generator, CHAT_PUSH_KIND, CHAT_ABSENT))) {
            return false;
        }
    }
    if (used != count_nodes(node->first) || count > HF2C_CHAT_PARAMETERS) {
        return bad_arguments(generator, node->a);
    }
    call = (ChatMacroCall){chat_place(generator), macro, (uint32_t)count};
    str_add(&generator->calls, (const char *)&call, sizeof call);
    chat_emit_word(generator, CHAT_MACRO);
    chat_emit_word(generator, 0);
    chat_emit_word(generator, 0);
    return true;
}

static bool generate_cycle(ChatGenerator *generator, const ChatNode *node)
{
    size_t count = count_nodes(node->first);

    for (const ChatNode *at = node->first; at != NULL; at = at->next) {
        if (at->kind == NODE_KEYWORD || !chat_generate_expression(generator, at)) {
            return bad_arguments(generator, node->a);
        }
    }
    return count > 0 && chat_emit(generator, CHAT_MAKE_LIST, count) && chat_load(generator, "loop", 4) &&
           chat_emit_string(generator, CHAT_ATTRIBUTE, "index0", 6) && chat_emit(generator, CHAT_PUSH_INTEGER, count + HF2C_CHAT_INTEGER_BIAS) &&
           chat_emit(generator, CHAT_BINARY, CHAT_MODULO) && chat_emit(generator, CHAT_INDEX, 0);
}

static bool generate_method(ChatGenerator *generator, const ChatNode *node)
{
    const ChatNode *callee = node->a;
    size_t builtin = builtin_of(CHAT_METHOD, callee->text, callee->length);
    ChatNode call = *node;

    if (callee->a->kind == NODE_NAME && is_text(callee->a, "loop") && is_text(callee, "cycle")) {
        return generate_cycle(generator, node);
    }
    if (builtin == CHAT_BUILTINS) {
        return refuse_name(generator, callee, "method");
    }
    call.text = callee->text;
    call.length = callee->length;
    return chat_generate_expression(generator, callee->a) && generate_builtin(generator, &call, builtin);
}

bool chat_generate_call(ChatGenerator *generator, const ChatNode *node)
{
    const ChatNode *callee = node->a;
    ChatNode call = *node;
    const ChatSymbol *macro;
    size_t builtin;

    if (callee->kind == NODE_ATTRIBUTE) {
        return generate_method(generator, node);
    }
    if (callee->kind != NODE_NAME) {
        return chat_refuse(generator->err, node->line, "a call of a value", 17);
    }
    macro = chat_symbol(generator->macros, callee->text, callee->length);
    builtin = builtin_of(CHAT_FUNCTION, callee->text, callee->length);
    if (macro != NULL) {
        return generate_macro(generator, node, macro);
    }
    if (is_text(callee, "namespace") || is_text(callee, "dict")) {
        return generate_named(generator, node, is_text(callee, "dict") ? CHAT_MAKE_MAP : CHAT_MAKE_NAMESPACE);
    }
    if (builtin == CHAT_BUILTINS) {
        return refuse_name(generator, callee, "function");
    }
    call.text = callee->text;
    call.length = callee->length;
    return chat_emit(generator, CHAT_PUSH_KIND, CHAT_ABSENT) && generate_builtin(generator, &call, builtin);
}

/* ---- the rest ---- */

static bool generate_number(ChatGenerator *generator, const ChatNode *node)
{
    size_t number = generator->numbers.length / sizeof(double);

    if (node->kind == NODE_INTEGER && node->number < HF2C_CHAT_INTEGER_BIAS) {
        return chat_emit(generator, CHAT_PUSH_INTEGER, (size_t)node->number + HF2C_CHAT_INTEGER_BIAS);
    }
    str_add(&generator->numbers, (const char *)&node->number, sizeof node->number);
    return chat_emit(generator, node->kind == NODE_INTEGER ? CHAT_PUSH_WHOLE : CHAT_PUSH_FLOAT, number);
}

static bool generate_items(ChatGenerator *generator, const ChatNode *node)
{
    size_t count = 0;

    for (const ChatNode *at = node->first; at != NULL; at = at->next, count++) {
        if (!chat_generate_expression(generator, at)) {
            return false;
        }
    }
    return node->kind == NODE_LIST ? chat_emit(generator, CHAT_MAKE_LIST, count) : chat_emit(generator, CHAT_MAKE_MAP, count / 2);
}

static bool generate_optional(ChatGenerator *generator, const ChatNode *node)
{
    return node != NULL ? chat_generate_expression(generator, node) : chat_emit(generator, CHAT_PUSH_KIND, CHAT_ABSENT);
}

static bool generate_slice(ChatGenerator *generator, const ChatNode *node)
{
    return chat_generate_expression(generator, node->a) && generate_optional(generator, node->b) && generate_optional(generator, node->c) &&
           generate_optional(generator, node->d) && chat_emit(generator, CHAT_SLICE, 0);
}

static bool generate_either(ChatGenerator *generator, const ChatNode *node)
{
    size_t jump;

    if (!chat_generate_expression(generator, node->a)) {
        return false;
    }
    jump = chat_emit_jump(generator, node->kind == NODE_AND ? CHAT_AND : CHAT_OR);
    if (!chat_generate_expression(generator, node->b)) {
        return false;
    }
    chat_aim(generator, jump);
    return true;
}

static bool generate_ternary(ChatGenerator *generator, const ChatNode *node)
{
    size_t other, end;

    if (!chat_generate_expression(generator, node->a)) {
        return false;
    }
    other = chat_emit_jump(generator, CHAT_JUMP_IF_FALSE);
    if (!chat_generate_expression(generator, node->b)) {
        return false;
    }
    end = chat_emit_jump(generator, CHAT_JUMP);
    chat_aim(generator, other);
    if (!(node->c != NULL ? chat_generate_expression(generator, node->c) : chat_emit_string(generator, CHAT_PUSH_UNDEFINED, "", 0))) {
        return false;
    }
    chat_aim(generator, end);
    return true;
}

static bool generate_unary(ChatGenerator *generator, const ChatNode *node)
{
    ChatOperation operation = node->kind == NODE_NOT ? CHAT_NOT : node->kind == NODE_NEGATE ? CHAT_NEGATE : CHAT_POSITIVE;

    return chat_generate_expression(generator, node->a) && chat_emit(generator, operation, 0);
}

bool chat_generate_expression(ChatGenerator *generator, const ChatNode *node)
{
    switch (node->kind) {
    case NODE_NAME: return chat_load(generator, node->text, node->length);
    case NODE_STRING: return chat_emit_string(generator, CHAT_PUSH_STRING, node->text, node->length);
    case NODE_INTEGER:
    case NODE_FLOAT: return generate_number(generator, node);
    case NODE_NONE: return chat_emit(generator, CHAT_PUSH_KIND, CHAT_NONE);
    case NODE_BOOLEAN: return chat_emit(generator, CHAT_PUSH_BOOLEAN, node->value);
    case NODE_LIST:
    case NODE_MAP: return generate_items(generator, node);
    case NODE_ATTRIBUTE:
        return chat_generate_expression(generator, node->a) && chat_emit_string(generator, CHAT_ATTRIBUTE, node->text, node->length);
    case NODE_INDEX:
        return chat_generate_expression(generator, node->a) && chat_generate_expression(generator, node->b) && chat_emit(generator, CHAT_INDEX, 0);
    case NODE_SLICE: return generate_slice(generator, node);
    case NODE_NOT:
    case NODE_NEGATE:
    case NODE_POSITIVE: return generate_unary(generator, node);
    case NODE_BINARY:
        return chat_generate_expression(generator, node->a) && chat_generate_expression(generator, node->b) &&
               chat_emit(generator, CHAT_BINARY, node->value);
    case NODE_AND:
    case NODE_OR: return generate_either(generator, node);
    case NODE_TERNARY: return generate_ternary(generator, node);
    case NODE_CALL: return chat_generate_call(generator, node);
    case NODE_FILTER: return generate_filter(generator, node);
    case NODE_TEST: return chat_generate_test(generator, node);
    default: return chat_refuse(generator->err, node->line, "an argument here", 16);
    }
}
