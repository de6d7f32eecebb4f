/* Expressions of chat templates, by precedence as Jinja has it: conditional, or, and, not, comparison, + -, ~, * / // %, **, signs, then
 * attributes, calls, filters and tests behind a value. */
#include "compiler/text/chat.h"

#include <string.h>

enum { HEIGHT_MOST = 128 };

/* A node above a (and b). What hangs below one another without brackets is bounded too: it is walked by recursion. */
static ChatNode *node_of(ChatParser *parser, ChatNodeKind kind, ChatNode *a, ChatNode *b)
{
    ChatNode *node = chat_node(parser, kind);

    node->a = a;
    node->b = b;
    node->height = a != NULL ? a->height + 1 : 0;
    if (node->height > HEIGHT_MOST) {
        err_set(parser->err, "line %u: this expression is too long", parser->token.line);
        return NULL;
    }
    return a == NULL ? NULL : node;
}

/* ---- values ---- */

static ChatNode *name(ChatParser *parser)
{
    static const struct { const char *text; ChatNodeKind kind; uint32_t value; } constants[] = {
        {"true", NODE_BOOLEAN, 1}, {"True", NODE_BOOLEAN, 1}, {"false", NODE_BOOLEAN, 0}, {"False", NODE_BOOLEAN, 0},
        {"none", NODE_NONE, 0}, {"None", NODE_NONE, 0}};
    ChatNode *node = chat_node(parser, NODE_NAME);

    for (size_t i = 0; i < COUNT_OF(constants); i++) {
        if (chat_is(parser, TOKEN_NAME, constants[i].text)) {
            node->kind = constants[i].kind;
            node->value = constants[i].value;
        }
    }
    return chat_parser_next(parser) ? node : NULL;
}

/* Neighbouring strings are one. */
static ChatNode *string(ChatParser *parser)
{
    ChatNode *node = chat_node(parser, NODE_STRING);
    Str joined = {0};
    bool good = true;

    while (good && parser->token.kind == TOKEN_STRING) {
        str_add(&joined, parser->token.text, parser->token.length);
        good = chat_parser_next(parser);
    }
    node->text = arena_copy_text(parser->arena, joined.data != NULL ? joined.data : "", joined.length);
    node->length = joined.length;
    str_free(&joined);
    return good ? node : NULL;
}

/* Items up to the closing bracket, with commas between them; a map has pairs. */
static ChatNode *items(ChatParser *parser, ChatNodeKind kind, const char *close)
{
    ChatNode *node = chat_node(parser, kind), **to = &node->first;

    while (!chat_is(parser, TOKEN_OPERATOR, close)) {
        *to = chat_expression(parser, true);
        if (*to != NULL && kind == NODE_MAP) {
            to = &(*to)->next;
            *to = chat_expect(parser, TOKEN_OPERATOR, ":") ? chat_expression(parser, true) : NULL;
        }
        if (*to == NULL) {
            return NULL;
        }
        to = &(*to)->next;
        if (!chat_accept(parser, ",")) {
            break;
        }
    }
    return chat_expect(parser, TOKEN_OPERATOR, close) ? node : NULL;
}

static ChatNode *in_parentheses(ChatParser *parser)
{
    ChatNode *node;

    if (chat_is(parser, TOKEN_OPERATOR, ")")) {
        return items(parser, NODE_LIST, ")");
    }
    node = chat_tuple(parser, true);
    return node != NULL && chat_expect(parser, TOKEN_OPERATOR, ")") ? node : NULL;
}

static ChatNode *number(ChatParser *parser)
{
    ChatNode *node = chat_node(parser, parser->token.kind == TOKEN_INTEGER ? NODE_INTEGER : NODE_FLOAT);

    return chat_parser_next(parser) ? node : NULL;
}

static ChatNode *primary(ChatParser *parser)
{
    switch (parser->token.kind) {
    case TOKEN_NAME: return name(parser);
    case TOKEN_STRING: return string(parser);
    case TOKEN_INTEGER:
    case TOKEN_FLOAT: return number(parser);
    default: break;
    }
    if (chat_accept(parser, "(")) {
        return in_parentheses(parser);
    }
    if (chat_accept(parser, "[")) {
        return items(parser, NODE_LIST, "]");
    }
    if (chat_accept(parser, "{")) {
        return items(parser, NODE_MAP, "}");
    }
    err_set(parser->err, "line %u: found %.*s, wanted a value", parser->token.line, (int)(parser->token.length < 40 ? parser->token.length : 40),
            parser->token.length > 0 ? parser->token.text : "");
    return NULL;
}

/* ---- behind a value ---- */

static bool arguments(ChatParser *parser, ChatNode *call)
{
    ChatNode **to = &call->first;

    while (!chat_is(parser, TOKEN_OPERATOR, ")")) {
        ChatToken ahead = chat_look_ahead(parser);
        ChatNode *keyword = NULL;
        if (parser->token.kind == TOKEN_NAME && chat_is_token(&ahead, TOKEN_OPERATOR, "=")) {
            keyword = chat_node(parser, NODE_KEYWORD);
            if (!chat_parser_next(parser) || !chat_parser_next(parser)) {
                return false;
            }
        }
        ChatNode *value = chat_expression(parser, true);
        if (value == NULL) {
            return false;
        }
        if (keyword != NULL) {
            keyword->a = value;
        }
        *to = keyword != NULL ? keyword : value;
        to = &(*to)->next;
        if (!chat_accept(parser, ",")) {
            break;
        }
    }
    return chat_expect(parser, TOKEN_OPERATOR, ")");
}

static ChatNode *call(ChatParser *parser, ChatNode *callee)
{
    ChatNode *node = node_of(parser, NODE_CALL, callee, NULL);

    return node != NULL && arguments(parser, node) ? node : NULL;
}

/* [index] or [start:stop:step]; what is left out is NULL. */
static ChatNode *subscript(ChatParser *parser, ChatNode *value)
{
    ChatNode *node = node_of(parser, NODE_INDEX, value, NULL), **part[3];

    if (node == NULL) {
        return NULL;
    }
    part[0] = &node->b;
    part[1] = &node->c;
    part[2] = &node->d;
    for (int i = 0; i < 3; i++) {
        if (!chat_is(parser, TOKEN_OPERATOR, ":") && !chat_is(parser, TOKEN_OPERATOR, "]")) {
            *part[i] = chat_expression(parser, true);
            if (*part[i] == NULL) {
                return NULL;
            }
        }
        if (!chat_is(parser, TOKEN_OPERATOR, ":") || i == 2) {
            break;
        }
        node->kind = NODE_SLICE;
        if (!chat_parser_next(parser)) {
            return NULL;
        }
    }
    if (node->kind == NODE_INDEX && node->b == NULL) {
        chat_refuse(parser->err, node->line, "an empty subscript", 18);
        return NULL;
    }
    return chat_expect(parser, TOKEN_OPERATOR, "]") ? node : NULL;
}

static ChatNode *attribute(ChatParser *parser, ChatNode *value)
{
    ChatNode *node = node_of(parser, NODE_ATTRIBUTE, value, NULL);

    if (node == NULL) {
        return NULL;
    }
    if (parser->token.kind == TOKEN_INTEGER) {
        node->kind = NODE_INDEX;
        node->b = number(parser);
        return node->b != NULL ? node : NULL;
    }
    return chat_expect(parser, TOKEN_NAME, NULL) ? node : NULL;
}

static ChatNode *postfix(ChatParser *parser, ChatNode *node)
{
    while (node != NULL && parser->err->text[0] == 0) {
        if (chat_accept(parser, ".")) {
            node = attribute(parser, node);
        } else if (chat_accept(parser, "[")) {
            node = subscript(parser, node);
        } else if (chat_accept(parser, "(")) {
            node = call(parser, node);
        } else {
            break;
        }
    }
    return node;
}

ChatNode *chat_filter(ChatParser *parser, ChatNode *node)
{
    ChatNode *filter = node != NULL ? node_of(parser, NODE_FILTER, node, NULL) : chat_node(parser, NODE_FILTER);

    if (filter == NULL || !chat_expect(parser, TOKEN_NAME, NULL)) {
        return NULL;
    }
    if (chat_accept(parser, "(") && !arguments(parser, filter)) {
        return NULL;
    }
    return filter;
}

static bool begins_argument(const ChatParser *parser)
{
    static const char *const words[] = {"else", "or", "and", "is", "if", "not", "in"};
    ChatTokenKind kind = parser->token.kind;

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (chat_is(parser, TOKEN_NAME, words[i])) {
            return false;
        }
    }
    return kind == TOKEN_NAME || kind == TOKEN_STRING || kind == TOKEN_INTEGER || kind == TOKEN_FLOAT ||
           chat_is(parser, TOKEN_OPERATOR, "[") || chat_is(parser, TOKEN_OPERATOR, "{");
}

static ChatNode *test(ChatParser *parser, ChatNode *value)
{
    ChatNode *node;
    bool negated = chat_is(parser, TOKEN_NAME, "not");

    if (negated && !chat_parser_next(parser)) {
        return NULL;
    }
    node = node_of(parser, NODE_TEST, value, NULL);
    if (node == NULL) {
        return NULL;
    }
    node->value = negated;
    if (!chat_expect(parser, TOKEN_NAME, NULL)) {
        return NULL;
    }
    if (chat_accept(parser, "(")) {
        return arguments(parser, node) ? node : NULL;
    }
    if (begins_argument(parser)) {
        node->first = postfix(parser, primary(parser));
        return node->first != NULL ? node : NULL;
    }
    return node;
}

ChatNode *chat_filters(ChatParser *parser, ChatNode *node)
{
    while (node != NULL && parser->err->text[0] == 0) {
        if (chat_accept(parser, "|")) {
            node = chat_filter(parser, node);
        } else if (chat_is(parser, TOKEN_NAME, "is")) {
            node = chat_parser_next(parser) ? test(parser, node) : NULL;
        } else if (chat_accept(parser, "(")) {
            node = call(parser, node);
        } else {
            break;
        }
    }
    return node;
}

/* ---- operators ---- */

static ChatNode *unary(ChatParser *parser, bool with_filters)
{
    ChatNode *node;
    bool minus = chat_is(parser, TOKEN_OPERATOR, "-"), sign = minus || chat_is(parser, TOKEN_OPERATOR, "+");

    if (!chat_enter(parser)) {
        return NULL;
    }
    if (sign) {
        node = chat_parser_next(parser) ? unary(parser, false) : NULL;
        node = node_of(parser, minus ? NODE_NEGATE : NODE_POSITIVE, node, NULL);
    } else {
        node = primary(parser);
    }
    node = postfix(parser, node);
    parser->depth--;
    return with_filters ? chat_filters(parser, node) : node;
}

typedef struct Level {
    const char *operation[6]; /* NULL behind the last */
    ChatBinary meaning[6];
} Level;

static const Level levels[] = {
    {{"+", "-"}, {CHAT_ADD, CHAT_SUBTRACT}},
    {{"~"}, {CHAT_CONCATENATE}},
    {{"*", "/", "//", "%"}, {CHAT_MULTIPLY, CHAT_DIVIDE, CHAT_FLOOR_DIVIDE, CHAT_MODULO}},
    {{"**"}, {CHAT_POWER}},
};

static ChatNode *binary(ChatParser *parser, ChatBinary operation, ChatNode *a, ChatNode *b)
{
    ChatNode *node = b != NULL ? node_of(parser, NODE_BINARY, a, b) : NULL;

    if (node != NULL) {
        node->value = operation;
    }
    return node;
}

static ChatNode *arithmetic(ChatParser *parser, size_t level)
{
    ChatNode *node = level == COUNT_OF(levels) ? unary(parser, true) : arithmetic(parser, level + 1);
    size_t which = 0;

    while (level < COUNT_OF(levels) && node != NULL) {
        const Level *here = &levels[level];
        for (which = 0; which < COUNT_OF(here->operation) && here->operation[which] != NULL; which++) {
            if (chat_is(parser, TOKEN_OPERATOR, here->operation[which])) {
                break;
            }
        }
        if (which == COUNT_OF(here->operation) || here->operation[which] == NULL) {
            break;
        }
        node = chat_parser_next(parser) ? binary(parser, here->meaning[which], node, arithmetic(parser, level + 1)) : NULL;
    }
    return node;
}

/* The comparison that stands here; -1: none. Moves behind it. */
static int comparison(ChatParser *parser)
{
    static const struct { const char *text; ChatBinary meaning; } operators[] = {
        {"==", CHAT_EQUAL}, {"!=", CHAT_NOT_EQUAL}, {"<", CHAT_LESS}, {"<=", CHAT_LESS_EQUAL}, {">", CHAT_GREATER}, {">=", CHAT_GREATER_EQUAL}};
    ChatToken ahead;

    for (size_t i = 0; i < COUNT_OF(operators); i++) {
        if (chat_accept(parser, operators[i].text)) {
            return (int)operators[i].meaning;
        }
    }
    if (chat_is(parser, TOKEN_NAME, "in")) {
        return chat_parser_next(parser) ? (int)CHAT_IN : -1;
    }
    if (chat_is(parser, TOKEN_NAME, "not")) {
        ahead = chat_look_ahead(parser);
        if (chat_is_token(&ahead, TOKEN_NAME, "in")) {
            return chat_parser_next(parser) && chat_parser_next(parser) ? (int)CHAT_NOT_IN : -1;
        }
    }
    return -1;
}

static ChatNode *compare(ChatParser *parser)
{
    ChatNode *node = arithmetic(parser, 0);
    int operation = node != NULL ? comparison(parser) : -1;

    if (operation < 0) {
        return parser->err->text[0] == 0 ? node : NULL;
    }
    node = binary(parser, (ChatBinary)operation, node, arithmetic(parser, 0));
    if (node != NULL && comparison(parser) >= 0) {
        chat_refuse(parser->err, node->line, "a chain of comparisons", 22);
        return NULL;
    }
    return node;
}

static ChatNode *negation(ChatParser *parser)
{
    ChatNode *node;

    if (!chat_is(parser, TOKEN_NAME, "not")) {
        return compare(parser);
    }
    if (!chat_enter(parser) || !chat_parser_next(parser)) {
        return NULL;
    }
    node = node_of(parser, NODE_NOT, negation(parser), NULL);
    parser->depth--;
    return node;
}

static ChatNode *conjunction(ChatParser *parser)
{
    ChatNode *node = negation(parser), *right;

    while (node != NULL && chat_is(parser, TOKEN_NAME, "and")) {
        right = chat_parser_next(parser) ? negation(parser) : NULL;
        node = right != NULL ? node_of(parser, NODE_AND, node, right) : NULL;
    }
    return node;
}

static ChatNode *disjunction(ChatParser *parser)
{
    ChatNode *node = conjunction(parser), *right;

    while (node != NULL && chat_is(parser, TOKEN_NAME, "or")) {
        right = chat_parser_next(parser) ? conjunction(parser) : NULL;
        node = right != NULL ? node_of(parser, NODE_OR, node, right) : NULL;
    }
    return node;
}

ChatNode *chat_expression(ChatParser *parser, bool ternary)
{
    ChatNode *node = chat_enter(parser) ? disjunction(parser) : NULL, *choice;

    while (node != NULL && ternary && chat_is(parser, TOKEN_NAME, "if")) {
        choice = chat_node(parser, NODE_TERNARY);
        choice->b = node;
        choice->a = chat_parser_next(parser) ? disjunction(parser) : NULL;
        node = choice->a != NULL ? choice : NULL;
        if (node != NULL && chat_is(parser, TOKEN_NAME, "else")) {
            choice->c = chat_parser_next(parser) ? chat_expression(parser, true) : NULL;
            node = choice->c != NULL ? choice : NULL;
        }
    }
    parser->depth--;
    return node;
}

ChatNode *chat_tuple(ChatParser *parser, bool ternary)
{
    ChatNode *node = chat_expression(parser, ternary), *list, **to;

    if (node == NULL || !chat_is(parser, TOKEN_OPERATOR, ",")) {
        return node;
    }
    list = chat_node(parser, NODE_LIST);
    list->first = node;
    to = &node->next;
    while (chat_accept(parser, ",")) {
        if (chat_is(parser, TOKEN_OPERATOR, ")") || parser->token.kind == TOKEN_BLOCK_END || parser->token.kind == TOKEN_PRINT_END) {
            return list;
        }
        *to = chat_expression(parser, ternary);
        if (*to == NULL) {
            return NULL;
        }
        to = &(*to)->next;
    }
    return parser->err->text[0] == 0 ? list : NULL;
}
