/* Instructions of statements, and the program as a whole.
 *
 * Scopes as Jinja has them: loops and macros have their own variables, conditions do not. A variable that is set in a loop begins
 * each turn with what the name means outside. */
#include "compiler/text/chat.h"

#include <string.h>

static bool generate_all(ChatGenerator *generator, const ChatNode *first);

/* ---- scopes ---- */

static ChatSymbol *add_symbol(ChatGenerator *generator, ChatSymbol **symbols, const ChatNode *name)
{
    ChatSymbol *symbol = chat_symbol(*symbols, name->text, name->length);

    if (symbol == NULL) {
        symbol = ARENA_NEW(generator->arena, ChatSymbol);
        *symbol = (ChatSymbol){.text = name->text, .length = name->length, .slot = generator->slots++, .next = *symbols};
        *symbols = symbol;
    }
    return symbol;
}

static void add_targets(ChatGenerator *generator, const ChatNode *target)
{
    if (target->kind == NODE_NAME) {
        add_symbol(generator, &generator->scope->symbols, target);
    }
    for (const ChatNode *at = target->kind == NODE_LIST ? target->first : NULL; at != NULL; at = at->next) {
        add_symbol(generator, &generator->scope->symbols, at);
    }
}

/* What the statements set in this scope: each begins as what its name means outside. */
static bool add_set(ChatGenerator *generator, const ChatNode *target)
{
    const ChatNode *at = target->kind == NODE_LIST ? target->first : target;

    for (; at != NULL && at->kind == NODE_NAME; at = target->kind == NODE_LIST ? at->next : NULL) {
        ChatScope *scope = generator->scope;
        if (chat_symbol(scope->symbols, at->text, at->length) == NULL) {
            generator->scope = scope->outer;
            bool good = chat_load(generator, at->text, at->length);
            generator->scope = scope;
            if (!good || !chat_emit(generator, CHAT_STORE, add_symbol(generator, &scope->symbols, at)->slot)) {
                return false;
            }
        }
    }
    return true;
}

static bool add_sets(ChatGenerator *generator, const ChatNode *first)
{
    for (; first != NULL; first = first->next) {
        bool sets = first->kind == NODE_SET || first->kind == NODE_SET_BLOCK;
        bool inner = first->kind == NODE_IF || first->kind == NODE_FILTER_BLOCK || first->kind == NODE_SET_BLOCK || first->kind == NODE_BODY;
        if ((sets && !add_set(generator, first->a)) || (inner && !add_sets(generator, first->first)) ||
            (first->kind == NODE_FOR && first->d != NULL && !add_sets(generator, first->d->first)) ||
            (first->kind == NODE_IF && first->b != NULL &&
             !(first->b->kind == NODE_IF ? add_sets(generator, &(ChatNode){.kind = NODE_BODY, .first = first->b}) : add_sets(generator, first->b->first)))) {
            return false;
        }
    }
    return true;
}

static bool store(ChatGenerator *generator, const ChatNode *name)
{
    ChatSymbol *symbol = chat_symbol(generator->scope->symbols, name->text, name->length);

    return symbol != NULL ? chat_emit(generator, CHAT_STORE, symbol->slot) : chat_refuse(generator->err, name->line, name->text, name->length);
}

/* The value on the stack goes to a name or to several. */
static bool store_targets(ChatGenerator *generator, const ChatNode *target)
{
    size_t count = 0;

    if (target->kind == NODE_NAME) {
        return store(generator, target);
    }
    for (const ChatNode *at = target->first; at != NULL; at = at->next) {
        count++;
    }
    if (!chat_emit(generator, CHAT_UNPACK, count)) {
        return false;
    }
    for (const ChatNode *at = target->first; at != NULL; at = at->next) {
        if (!store(generator, at)) {
            return false;
        }
    }
    return true;
}

/* ---- set ---- */

static bool generate_set(ChatGenerator *generator, const ChatNode *node)
{
    bool attribute = node->a->kind == NODE_ATTRIBUTE;

    if (attribute && !chat_generate_expression(generator, node->a->a)) {
        return false;
    }
    if (node->kind == NODE_SET) {
        if (!chat_generate_expression(generator, node->b)) {
            return false;
        }
    } else {
        generator->captures += 1 + attribute;
        if (!chat_emit(generator, CHAT_CAPTURE, 0) || !generate_all(generator, node->first) || !chat_emit(generator, CHAT_CAPTURED, 0)) {
            return false;
        }
        generator->captures -= 1 + attribute;
    }
    return attribute ? chat_emit_string(generator, CHAT_SET_ATTRIBUTE, node->a->text, node->a->length) : store_targets(generator, node->a);
}

static bool generate_filter_block(ChatGenerator *generator, const ChatNode *node)
{
    generator->captures++;
    if (!chat_emit(generator, CHAT_CAPTURE, 0) || !generate_all(generator, node->first) || !chat_emit(generator, CHAT_CAPTURED, 0)) {
        return false;
    }
    generator->captures--;
    return chat_generate_filters(generator, node->a) && chat_emit(generator, CHAT_PRINT, 0);
}

/* ---- if ---- */

static bool generate_if(ChatGenerator *generator, const ChatNode *node)
{
    size_t other, end;

    if (!chat_generate_expression(generator, node->a)) {
        return false;
    }
    other = chat_emit_jump(generator, CHAT_JUMP_IF_FALSE);
    if (!generate_all(generator, node->first)) {
        return false;
    }
    if (node->b == NULL) {
        chat_aim(generator, other);
        return true;
    }
    end = chat_emit_jump(generator, CHAT_JUMP);
    chat_aim(generator, other);
    if (!(node->b->kind == NODE_IF ? generate_if(generator, node->b) : generate_all(generator, node->b->first))) {
        return false;
    }
    chat_aim(generator, end);
    return true;
}

/* ---- for ---- */

/* NEXT and the word that says where the loop ends; returns that word's place. */
static size_t emit_next(ChatGenerator *generator, uint32_t slot)
{
    chat_emit(generator, CHAT_NEXT, slot);
    chat_emit_word(generator, 0);
    return chat_place(generator) - 1;
}

static void aim_next(ChatGenerator *generator, size_t word)
{
    ((uint32_t *)(void *)generator->code.data)[word] = (uint32_t)chat_place(generator);
}

/* `for x in list if condition`: first the items that meet it; leaves their list on the stack. */
static bool generate_condition(ChatGenerator *generator, const ChatNode *node)
{
    ChatScope scope = {.outer = generator->scope};
    uint32_t slot = generator->slots, kept = slot + 2, item = slot + 3;
    size_t next, end, skip;

    generator->slots += 4;
    if (!chat_emit(generator, CHAT_BEGIN_LOOP, slot) || !chat_emit(generator, CHAT_MAKE_LIST, 0) || !chat_emit(generator, CHAT_STORE, kept)) {
        return false;
    }
    generator->scope = &scope;
    add_targets(generator, node->a);
    next = chat_place(generator);
    end = emit_next(generator, slot);
    if (!chat_emit(generator, CHAT_STORE, item) || !chat_emit(generator, CHAT_LOAD, item) || !store_targets(generator, node->a) ||
        !chat_generate_expression(generator, node->c)) {
        return false;
    }
    skip = chat_emit_jump(generator, CHAT_JUMP_IF_FALSE);
    chat_emit(generator, CHAT_LOAD, item);
    chat_emit(generator, CHAT_APPEND, kept);
    chat_aim(generator, skip);
    chat_emit(generator, CHAT_JUMP, next);
    aim_next(generator, end);
    generator->scope = scope.outer;
    return chat_emit(generator, CHAT_LOAD, kept);
}

static bool generate_turns(ChatGenerator *generator, const ChatNode *node, uint32_t slot)
{
    ChatScope scope = {.outer = generator->scope, .is_loop = true, .loop = slot};
    ChatLoopJumps jumps = {.outer = generator->loop, .next = chat_place(generator), .captures = generator->captures};
    size_t end = emit_next(generator, slot);

    generator->scope = &scope;
    generator->loop = &jumps;
    add_targets(generator, node->a);
    if (!store_targets(generator, node->a) || !add_sets(generator, node->first) || !generate_all(generator, node->first) ||
        !chat_emit(generator, CHAT_JUMP, jumps.next)) {
        return false;
    }
    aim_next(generator, end);
    for (size_t i = 0; i < jumps.count; i++) {
        chat_aim(generator, jumps.breaks[i]);
    }
    generator->loop = jumps.outer;
    generator->scope = scope.outer;
    return true;
}

static bool generate_for(ChatGenerator *generator, const ChatNode *node)
{
    uint32_t slot;
    size_t empty = 0, end;

    if (!chat_generate_expression(generator, node->b) || (node->c != NULL && !generate_condition(generator, node))) {
        return false;
    }
    slot = generator->slots;
    generator->slots += 2;
    if (!chat_emit(generator, CHAT_BEGIN_LOOP, slot)) {
        return false;
    }
    if (node->d != NULL) {
        if (!chat_emit(generator, CHAT_LOAD, slot)) {
            return false;
        }
        empty = chat_emit_jump(generator, CHAT_JUMP_IF_FALSE);
    }
    if (!generate_turns(generator, node, slot)) {
        return false;
    }
    if (node->d != NULL) {
        end = chat_emit_jump(generator, CHAT_JUMP);
        chat_aim(generator, empty);
        if (!generate_all(generator, node->d->first)) {
            return false;
        }
        chat_aim(generator, end);
    }
    return true;
}

/* break and continue drop what captures and macros between have written. */
static bool generate_jump(ChatGenerator *generator, const ChatNode *node)
{
    ChatLoopJumps *loop = generator->loop;

    if (loop == NULL || loop->captures != generator->captures || loop->count == COUNT_OF(loop->breaks)) {
        return chat_refuse(generator->err, node->line, "break or continue here", 22);
    }
    if (node->kind == NODE_CONTINUE) {
        return chat_emit(generator, CHAT_JUMP, loop->next);
    }
    loop->breaks[loop->count++] = chat_emit_jump(generator, CHAT_JUMP);
    return true;
}

/* ---- macros ---- */

static bool generate_defaults(ChatGenerator *generator, const ChatNode *parameter)
{
    for (; parameter != NULL; parameter = parameter->next) {
        uint32_t slot = chat_symbol(generator->scope->symbols, parameter->text, parameter->length)->slot;
        size_t given;
        chat_emit(generator, CHAT_GIVEN, slot);
        chat_emit(generator, CHAT_NOT, 0);
        given = chat_emit_jump(generator, CHAT_JUMP_IF_FALSE);
        if (!(parameter->a != NULL ? chat_generate_expression(generator, parameter->a)
                                   : chat_emit_string(generator, CHAT_PUSH_UNDEFINED, parameter->text, parameter->length)) ||
            !chat_emit(generator, CHAT_STORE, slot)) {
            return false;
        }
        chat_aim(generator, given);
    }
    return true;
}

static bool generate_macro(ChatGenerator *generator, const ChatNode *node)
{
    ChatSymbol *macro = chat_symbol(generator->macros, node->text, node->length);
    ChatScope scope = {.outer = generator->scope};
    ChatLoopJumps *loop = generator->loop;
    size_t over = chat_emit_jump(generator, CHAT_JUMP);

    macro->slot = generator->slots;
    macro->start = (uint32_t)chat_place(generator);
    generator->scope = &scope;
    generator->loop = NULL;
    for (const ChatNode *at = node->a; at != NULL; at = at->next) {
        if (chat_symbol(scope.symbols, at->text, at->length) != NULL) {
            return chat_refuse(generator->err, node->line, "a parameter given twice", 23);
        }
        add_symbol(generator, &scope.symbols, at);
    }
    if (!generate_defaults(generator, node->a) || !add_sets(generator, node->first) || !generate_all(generator, node->first) ||
        !chat_emit(generator, CHAT_RETURN, 0)) {
        return false;
    }
    macro->slots = generator->slots - macro->slot;
    generator->loop = loop;
    generator->scope = scope.outer;
    chat_aim(generator, over);
    return macro->slots < 0x10000 || chat_refuse(generator->err, node->line, "a macro of this size", 20);
}

static bool generate_statement(ChatGenerator *generator, const ChatNode *node)
{
    switch (node->kind) {
    case NODE_TEXT: return node->length == 0 || chat_emit_string(generator, CHAT_TEXT, node->text, node->length);
    case NODE_PRINT: return chat_generate_expression(generator, node->a) && chat_emit(generator, CHAT_PRINT, 0);
    case NODE_IF: return generate_if(generator, node);
    case NODE_FOR: return generate_for(generator, node);
    case NODE_SET:
    case NODE_SET_BLOCK: return generate_set(generator, node);
    case NODE_MACRO: return generate_macro(generator, node);
    case NODE_FILTER_BLOCK: return generate_filter_block(generator, node);
    case NODE_BREAK:
    case NODE_CONTINUE: return generate_jump(generator, node);
    default: return generate_all(generator, node->first);
    }
}

static bool generate_all(ChatGenerator *generator, const ChatNode *first)
{
    for (; first != NULL; first = first->next) {
        if (!generate_statement(generator, first) || generator->err->text[0] != 0) {
            return false;
        }
    }
    return true;
}

/* ---- the whole ---- */

/* Every name that appears may be a variable of the whole template; so all of them have slots before any macro takes its own. */
static bool add_names(ChatGenerator *generator, const ChatNode *node)
{
    const ChatNode *children[] = {node->a, node->b, node->c, node->d};

    if (node->kind == NODE_NAME) {
        add_symbol(generator, &generator->scope->symbols, node);
    }
    if (node->kind == NODE_MACRO) {
        if (chat_symbol(generator->macros, node->text, node->length) != NULL) {
            return err_set(generator->err, "line %u: two macros of the same name are not supported", node->line);
        }
        add_symbol(generator, &generator->macros, node)->node = node;
    }
    for (size_t i = 0; i < COUNT_OF(children); i++) {
        for (const ChatNode *at = children[i]; at != NULL; at = i == 0 && node->kind == NODE_MACRO ? at->next : NULL) {
            if (!add_names(generator, at)) {
                return false;
            }
        }
    }
    for (const ChatNode *at = node->first; at != NULL; at = at->next) {
        if (!add_names(generator, at)) {
            return false;
        }
    }
    return true;
}

static bool set_constants(ChatGenerator *generator, const ChatConstant *constant, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const ChatSymbol *symbol = chat_symbol(generator->scope->symbols, constant[i].name, strlen(constant[i].name));
        if (symbol != NULL && (!chat_emit_string(generator, CHAT_PUSH_STRING, constant[i].value, strlen(constant[i].value)) ||
                               !chat_emit(generator, CHAT_STORE, symbol->slot))) {
            return false;
        }
    }
    return true;
}

static void aim_calls(ChatGenerator *generator)
{
    const ChatMacroCall *call = (const ChatMacroCall *)(const void *)generator->calls.data;
    uint32_t *code = (uint32_t *)(void *)generator->code.data;

    for (size_t i = 0; i < generator->calls.length / sizeof *call; i++) {
        code[call[i].place] |= call[i].macro->start << 8;
        code[call[i].place + 1] = call[i].macro->slot;
        code[call[i].place + 2] = call[i].macro->slots | call[i].arguments << 16;
    }
}

static const void *keep(Arena *arena, const Str *bytes)
{
    void *copy = arena_alloc(arena, bytes->length + 8);

    if (bytes->length > 0) {
        memcpy(copy, bytes->data, bytes->length);
    }
    return copy;
}

static const hf2c_chat_table *make_table(ChatGenerator *generator)
{
    hf2c_chat_table *table = ARENA_NEW(generator->arena, hf2c_chat_table);
    uint32_t end, *global;

    for (const ChatSymbol *symbol = generator->scope->symbols; symbol != NULL; symbol = symbol->next) {
        table->globals++;
    }
    global = ARENA_ARRAY(generator->arena, uint32_t, 2 * (size_t)table->globals + 1);
    table->global = global;
    for (const ChatSymbol *symbol = generator->scope->symbols; symbol != NULL; symbol = symbol->next, global += 2) {
        size_t place = chat_place(generator);
        chat_emit_string(generator, CHAT_PUSH_STRING, symbol->text, symbol->length);
        global[0] = symbol->slot;
        global[1] = ((const uint32_t *)(const void *)generator->code.data)[place] >> 8;
        generator->code.length -= sizeof(uint32_t);
    }
    end = (uint32_t)generator->pool.length;
    table->strings = (uint32_t)(generator->starts.length / sizeof end);
    str_add(&generator->starts, (const char *)&end, sizeof end);
    table->instructions = (uint32_t)chat_place(generator);
    table->numbers = (uint32_t)(generator->numbers.length / sizeof(double));
    table->slots = generator->slots;
    table->code = keep(generator->arena, &generator->code);
    table->pool = keep(generator->arena, &generator->pool);
    table->string = keep(generator->arena, &generator->starts);
    table->number = keep(generator->arena, &generator->numbers);
    return table;
}

static bool generate(ChatGenerator *generator, const ChatNode *body, const ChatConstant *constant, size_t constants)
{
    if (!add_names(generator, body) || !set_constants(generator, constant, constants) || !generate_all(generator, body->first) ||
        !chat_emit(generator, CHAT_END, 0)) {
        return false;
    }
    aim_calls(generator);
    return true;
}

const hf2c_chat_table *chat_compile(Arena *arena, const char *text, size_t length, const ChatConstant *constant, size_t constants, Err *err)
{
    const ChatNode *body = chat_statements(arena, text, length, err);
    ChatScope scope = {0};
    ChatGenerator generator = {.arena = arena, .err = err, .scope = &scope, .strings = map_new(arena)};
    const hf2c_chat_table *table = NULL;

    if (body != NULL && generate(&generator, body, constant, constants)) {
        table = make_table(&generator);
    }
    str_free(&generator.code);
    str_free(&generator.pool);
    str_free(&generator.starts);
    str_free(&generator.numbers);
    str_free(&generator.calls);
    return err->text[0] == 0 ? table : NULL;
}
