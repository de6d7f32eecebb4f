/* Statements of chat templates. */
#include "compiler/text/chat.h"

#include <string.h>

static ChatNode *body(ChatParser *parser, const char *const *ends);

/* A name, or names with commas, or NAME.ATTRIBUTE. */
ChatNode *chat_target(ChatParser *parser)
{
    ChatNode *node = chat_node(parser, NODE_NAME), *list = NULL, **to = &node->next;

    if (!chat_expect(parser, TOKEN_NAME, NULL)) {
        return NULL;
    }
    if (chat_accept(parser, ".")) {
        ChatNode *attribute = chat_node(parser, NODE_ATTRIBUTE);
        attribute->a = node;
        return chat_expect(parser, TOKEN_NAME, NULL) ? attribute : NULL;
    }
    while (parser->err->text[0] == 0 && chat_accept(parser, ",")) {
        if (list == NULL) {
            list = chat_node(parser, NODE_LIST);
            list->first = node;
        }
        *to = chat_node(parser, NODE_NAME);
        if (!chat_expect(parser, TOKEN_NAME, NULL)) {
            return NULL;
        }
        to = &(*to)->next;
    }
    return list != NULL ? list : node;
}

static ChatNode *loop_target(ChatParser *parser)
{
    bool parentheses = chat_accept(parser, "(");
    ChatNode *target = chat_target(parser);

    return target != NULL && target->kind != NODE_ATTRIBUTE && (!parentheses || chat_expect(parser, TOKEN_OPERATOR, ")")) ? target : NULL;
}

/* The words that end a body; the parser stands on one of them after it. */
static bool ends_tag(ChatParser *parser)
{
    return chat_parser_next(parser) && chat_expect(parser, TOKEN_BLOCK_END, NULL);
}

static ChatNode *if_statement(ChatParser *parser)
{
    static const char *const ends[] = {"elif", "else", "endif", NULL}, *const last[] = {"endif", NULL};
    ChatNode *node = chat_node(parser, NODE_IF), *content;

    node->a = chat_tuple(parser, false);
    content = node->a != NULL && chat_expect(parser, TOKEN_BLOCK_END, NULL) ? body(parser, ends) : NULL;
    if (content == NULL) {
        return NULL;
    }
    node->first = content->first;
    if (chat_is(parser, TOKEN_NAME, "elif")) {
        if (!chat_enter(parser) || !chat_parser_next(parser)) {
            return NULL;
        }
        node->b = if_statement(parser);
        parser->depth--;
        return node->b != NULL ? node : NULL;
    }
    if (chat_is(parser, TOKEN_NAME, "else")) {
        node->b = ends_tag(parser) ? body(parser, last) : NULL;
        if (node->b == NULL) {
            return NULL;
        }
    }
    return ends_tag(parser) ? node : NULL;
}

static bool loop_head(ChatParser *parser, ChatNode *node)
{
    node->a = loop_target(parser);
    if (node->a == NULL || !chat_expect(parser, TOKEN_NAME, "in")) {
        return false;
    }
    node->b = chat_tuple(parser, false);
    if (node->b != NULL && chat_is(parser, TOKEN_NAME, "if")) {
        node->c = chat_parser_next(parser) ? chat_expression(parser, true) : NULL;
        if (node->c == NULL) {
            return false;
        }
    }
    if (chat_is(parser, TOKEN_NAME, "recursive")) {
        return chat_refuse(parser->err, node->line, "a recursive loop", 16);
    }
    return node->b != NULL && chat_expect(parser, TOKEN_BLOCK_END, NULL);
}

static ChatNode *for_statement(ChatParser *parser)
{
    static const char *const ends[] = {"else", "endfor", NULL}, *const last[] = {"endfor", NULL};
    ChatNode *node = chat_node(parser, NODE_FOR), *content = loop_head(parser, node) ? body(parser, ends) : NULL;

    if (content == NULL) {
        return NULL;
    }
    node->first = content->first;
    if (chat_is(parser, TOKEN_NAME, "else")) {
        node->d = ends_tag(parser) ? body(parser, last) : NULL;
        if (node->d == NULL) {
            return NULL;
        }
    }
    return ends_tag(parser) ? node : NULL;
}

/* Content up to a word that ends it, as the statements of the node. */
static ChatNode *with_content(ChatParser *parser, ChatNode *node, const char *const *ends)
{
    ChatNode *content = chat_expect(parser, TOKEN_BLOCK_END, NULL) ? body(parser, ends) : NULL;

    if (content == NULL || !ends_tag(parser)) {
        return NULL;
    }
    node->first = content->first;
    return node;
}

static ChatNode *set_statement(ChatParser *parser)
{
    static const char *const ends[] = {"endset", NULL};
    ChatNode *node = chat_node(parser, NODE_SET);

    node->a = chat_target(parser);
    if (node->a == NULL) {
        return NULL;
    }
    if (chat_accept(parser, "=")) {
        node->b = chat_tuple(parser, true);
        return node->b != NULL && chat_expect(parser, TOKEN_BLOCK_END, NULL) ? node : NULL;
    }
    node->kind = NODE_SET_BLOCK;
    if (chat_is(parser, TOKEN_OPERATOR, "|")) {
        chat_refuse(parser->err, node->line, "a filter of a set block", 23);
        return NULL;
    }
    return with_content(parser, node, ends);
}

/* (name, name=default ...) */
static bool parameters(ChatParser *parser, ChatNode *macro)
{
    ChatNode **to = &macro->a;

    while (!chat_is(parser, TOKEN_OPERATOR, ")")) {
        ChatNode *parameter = chat_node(parser, NODE_NAME);
        if (!chat_expect(parser, TOKEN_NAME, NULL)) {
            return false;
        }
        if (chat_accept(parser, "=")) {
            parameter->a = chat_expression(parser, true);
            if (parameter->a == NULL) {
                return false;
            }
        }
        *to = parameter;
        to = &parameter->next;
        if (!chat_accept(parser, ",")) {
            break;
        }
    }
    return chat_expect(parser, TOKEN_OPERATOR, ")");
}

static ChatNode *macro_statement(ChatParser *parser)
{
    static const char *const ends[] = {"endmacro", NULL};
    ChatNode *node = chat_node(parser, NODE_MACRO);

    if (!chat_expect(parser, TOKEN_NAME, NULL) || !chat_expect(parser, TOKEN_OPERATOR, "(") || !parameters(parser, node)) {
        return NULL;
    }
    return with_content(parser, node, ends);
}

static ChatNode *filter_statement(ChatParser *parser)
{
    static const char *const ends[] = {"endfilter", NULL};
    ChatNode *node = chat_node(parser, NODE_FILTER_BLOCK);

    node->a = chat_filter(parser, NULL);
    node->a = node->a != NULL ? chat_filters(parser, node->a) : NULL;
    return node->a != NULL ? with_content(parser, node, ends) : NULL;
}

/* The assistant's part, which transformers marks for training: its content. */
static ChatNode *generation_statement(ChatParser *parser)
{
    static const char *const ends[] = {"endgeneration", NULL};

    return with_content(parser, chat_node(parser, NODE_BODY), ends);
}

static ChatNode *jump_statement(ChatParser *parser, ChatNodeKind kind)
{
    ChatNode *node = chat_node(parser, kind);

    return chat_expect(parser, TOKEN_BLOCK_END, NULL) ? node : NULL;
}

/* The parser stands on the first word of a tag. */
static ChatNode *statement(ChatParser *parser)
{
    static ChatNode *(*const readers[])(ChatParser *parser) = {if_statement, for_statement, set_statement, macro_statement, filter_statement,
                                                               generation_statement};
    static const char *const words[] = {"if", "for", "set", "macro", "filter", "generation", "break", "continue"};
    ChatToken word = parser->token;
    size_t which = 0;

    while (which < COUNT_OF(words) && !chat_is(parser, TOKEN_NAME, words[which])) {
        which++;
    }
    if (which == COUNT_OF(words)) {
        chat_refuse(parser->err, word.line, word.length > 0 ? word.text : "an empty tag", word.length > 0 ? word.length : 12);
        return NULL;
    }
    if (!chat_parser_next(parser)) {
        return NULL;
    }
    if (which >= COUNT_OF(readers)) {
        return jump_statement(parser, which == COUNT_OF(readers) ? NODE_BREAK : NODE_CONTINUE);
    }
    return readers[which](parser);
}

static ChatNode *print(ChatParser *parser)
{
    ChatNode *node = chat_node(parser, NODE_PRINT);

    node->a = chat_parser_next(parser) ? chat_tuple(parser, true) : NULL;
    return node->a != NULL && chat_expect(parser, TOKEN_PRINT_END, NULL) ? node : NULL;
}

static bool is_end(const ChatParser *parser, const char *const *ends)
{
    for (; ends != NULL && *ends != NULL; ends++) {
        if (chat_is(parser, TOKEN_NAME, *ends)) {
            return true;
        }
    }
    return false;
}

static ChatNode *text(ChatParser *parser)
{
    ChatNode *node = chat_node(parser, NODE_TEXT);

    return chat_parser_next(parser) ? node : NULL;
}

/* Up to a tag that begins with one of the words; NULL: up to the end of the template. */
static ChatNode *body(ChatParser *parser, const char *const *ends)
{
    ChatNode *node = chat_node(parser, NODE_BODY), **to = &node->first;

    if (!chat_enter(parser)) {
        return NULL;
    }
    while (parser->token.kind != TOKEN_END) {
        if (parser->token.kind == TOKEN_BLOCK) {
            if (!chat_parser_next(parser)) {
                return NULL;
            }
            if (is_end(parser, ends)) {
                parser->depth--;
                return node;
            }
            *to = statement(parser);
        } else {
            *to = parser->token.kind == TOKEN_PRINT ? print(parser) : text(parser);
        }
        if (*to == NULL) {
            return NULL;
        }
        to = &(*to)->next;
    }
    parser->depth--;
    if (ends != NULL) {
        err_set(parser->err, "line %u: %s is missing", node->line, ends[1] == NULL ? ends[0] : ends[2] == NULL ? ends[1] : ends[2]);
    }
    return ends == NULL ? node : NULL;
}

ChatNode *chat_statements(Arena *arena, const char *source, size_t length, Err *err)
{
    ChatParser parser = {.arena = arena, .err = err};

    chat_lexer_begin(&parser.lexer, arena, source, length, err);
    return chat_parser_next(&parser) ? body(&parser, NULL) : NULL;
}
