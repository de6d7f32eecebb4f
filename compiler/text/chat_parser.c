/* What the parsers of expressions and statements of chat templates share. */
#include "compiler/text/chat.h"

#include <string.h>

enum { DEPTH_MOST = 100 };

bool chat_refuse(Err *err, uint32_t line, const char *construct, size_t length)
{
    return err_set(err, "line %u: %.*s is not supported", line, length < 60 ? (int)length : 60, construct);
}

bool chat_parser_next(ChatParser *parser)
{
    return chat_lexer_next(&parser->lexer, &parser->token);
}

bool chat_is_token(const ChatToken *token, ChatTokenKind kind, const char *text)
{
    return token->kind == kind && token->length == strlen(text) && memcmp(token->text, text, token->length) == 0;
}

bool chat_is(const ChatParser *parser, ChatTokenKind kind, const char *text)
{
    return chat_is_token(&parser->token, kind, text);
}

bool chat_expect(ChatParser *parser, ChatTokenKind kind, const char *text)
{
    if (parser->token.kind != kind || (text != NULL && !chat_is(parser, kind, text))) {
        return err_set(parser->err, "line %u: found %.*s, wanted %s", parser->token.line, (int)(parser->token.length < 40 ? parser->token.length : 40),
                       parser->token.length > 0 ? parser->token.text : "", text != NULL ? text : kind == TOKEN_NAME ? "a name" : "the end of the tag");
    }
    return chat_parser_next(parser);
}

bool chat_accept(ChatParser *parser, const char *operation)
{
    return chat_is(parser, TOKEN_OPERATOR, operation) && chat_parser_next(parser);
}

ChatToken chat_look_ahead(const ChatParser *parser)
{
    ChatLexer ahead = parser->lexer;
    ChatToken token = {.kind = TOKEN_END};
    Err ignored = {{0}};

    ahead.err = &ignored;
    if (!chat_lexer_next(&ahead, &token)) {
        token.kind = TOKEN_END;
    }
    return token;
}

ChatNode *chat_node(ChatParser *parser, ChatNodeKind kind)
{
    ChatNode *node = ARENA_NEW(parser->arena, ChatNode);

    node->kind = kind;
    node->line = parser->token.line;
    node->text = parser->token.text;
    node->length = parser->token.length;
    node->number = parser->token.number;
    return node;
}

bool chat_enter(ChatParser *parser)
{
    if (++parser->depth > DEPTH_MOST) {
        return err_set(parser->err, "line %u: nested too deeply", parser->token.line);
    }
    return true;
}
