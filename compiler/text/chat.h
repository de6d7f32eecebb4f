/* Chat templates (the Jinja subset that they use) compiled to programs for runtime/text/chat_machine.c. Private to compiler/text.
 *
 * Source -> tokens (chat_lexer.c) -> tree (chat_expression.c, chat_statement.c) -> instructions (chat_generate*.c). White space
 * around tags is treated as transformers sets Jinja: trim_blocks and lstrip_blocks. What is outside of the subset is refused with
 * its line. */
#ifndef HF2C_TEXT_CHAT_H
#define HF2C_TEXT_CHAT_H

#include "compiler/text/build.h"
#include "runtime/text/chat_work.h"

/* ---- tokens ---- */

typedef enum ChatTokenKind {
    TOKEN_TEXT, TOKEN_PRINT, TOKEN_BLOCK, TOKEN_PRINT_END, TOKEN_BLOCK_END, TOKEN_NAME, TOKEN_STRING, TOKEN_INTEGER, TOKEN_FLOAT,
    TOKEN_OPERATOR, TOKEN_END
} ChatTokenKind;

typedef struct ChatToken {
    ChatTokenKind kind;
    const char *text; /* string: contents, escapes resolved */
    size_t length;
    double number;
    uint32_t line;
} ChatToken;

typedef struct ChatLexer {
    Arena *arena;
    Err *err;
    const char *text;
    size_t length, at;
    uint32_t line;
    ChatTokenKind inside; /* TOKEN_TEXT, TOKEN_PRINT or TOKEN_BLOCK */
    int depth;            /* of brackets */
    bool line_starts;     /* what was read last ended a line */
} ChatLexer;

/* Line ends become "\n", and one at the end of the template is dropped. */
void chat_lexer_begin(ChatLexer *lexer, Arena *arena, const char *text, size_t length, Err *err);
bool chat_lexer_next(ChatLexer *lexer, ChatToken *token); /* false and the error on refusal */

/* ---- tree ---- */

typedef enum ChatNodeKind {
    NODE_NAME, NODE_STRING, NODE_INTEGER, NODE_FLOAT, NODE_NONE, NODE_BOOLEAN, NODE_LIST, NODE_MAP, NODE_ATTRIBUTE, NODE_INDEX, NODE_SLICE,
    NODE_NOT, NODE_NEGATE, NODE_POSITIVE, NODE_BINARY, NODE_AND, NODE_OR, NODE_TERNARY, NODE_CALL, NODE_KEYWORD, NODE_FILTER, NODE_TEST,
    NODE_TEXT, NODE_PRINT, NODE_IF, NODE_FOR, NODE_SET, NODE_SET_BLOCK, NODE_MACRO, NODE_FILTER_BLOCK, NODE_BODY, NODE_BREAK, NODE_CONTINUE
} ChatNodeKind;

typedef struct ChatNode ChatNode;
struct ChatNode {
    ChatNodeKind kind;
    uint32_t line, height; /* height: of the operators that hang below one another */
    const char *text; /* a name or the bytes of a string */
    size_t length;
    double number;
    uint32_t value;   /* ChatBinary; a boolean */
    ChatNode *a, *b, *c, *d;
    ChatNode *first;  /* items, arguments, statements ... */
    ChatNode *next;   /* ... each followed by its neighbour */
};

typedef struct ChatParser {
    ChatLexer lexer;
    ChatToken token; /* the current one */
    Arena *arena;
    Err *err;
    int depth;
} ChatParser;

bool chat_refuse(Err *err, uint32_t line, const char *construct, size_t length); /* "line 3: X is not supported"; false */
bool chat_is_token(const ChatToken *token, ChatTokenKind kind, const char *text);
bool chat_parser_next(ChatParser *parser);
bool chat_is(const ChatParser *parser, ChatTokenKind kind, const char *text); /* the current token, by kind and text */
bool chat_expect(ChatParser *parser, ChatTokenKind kind, const char *text);   /* moves behind it */
bool chat_accept(ChatParser *parser, const char *operation);                  /* moves behind an operator that is there */
ChatToken chat_look_ahead(const ChatParser *parser);
ChatNode *chat_node(ChatParser *parser, ChatNodeKind kind);
bool chat_enter(ChatParser *parser); /* one level deeper; false: too deep. parser->depth-- leaves it */

/* NULL and the error on refusal. */
ChatNode *chat_expression(ChatParser *parser, bool ternary);
ChatNode *chat_tuple(ChatParser *parser, bool ternary); /* an expression, or several with commas: a list */
ChatNode *chat_target(ChatParser *parser);              /* of a loop or a set: names, or a name with an attribute */
ChatNode *chat_filters(ChatParser *parser, ChatNode *node); /* the filters and tests that follow */
ChatNode *chat_filter(ChatParser *parser, ChatNode *node);  /* one, behind its '|' */
ChatNode *chat_statements(Arena *arena, const char *text, size_t length, Err *err); /* a whole template: NODE_BODY */

/* ---- instructions ---- */

typedef struct ChatConstant {
    const char *name, *value;
} ChatConstant;

/* A variable of a scope, or a macro. */
typedef struct ChatSymbol {
    const char *text;
    size_t length;
    uint32_t slot;  /* of a macro: its first one */
    uint32_t slots; /* macro: how many it has, */
    uint32_t start; /* ... where its instructions begin, */
    const ChatNode *node; /* ... and its definition */
    struct ChatSymbol *next;
} ChatSymbol;

typedef struct ChatScope {
    struct ChatScope *outer; /* NULL: the whole template */
    ChatSymbol *symbols;
    bool is_loop;
    uint32_t loop; /* slot of its list */
} ChatScope;

/* Jumps out of and to the next turn of a loop. */
typedef struct ChatLoopJumps {
    struct ChatLoopJumps *outer;
    size_t next, breaks[64], count;
    int captures;
} ChatLoopJumps;

typedef struct ChatMacroCall {
    size_t place; /* of its instruction */
    const ChatSymbol *macro;
    uint32_t arguments;
} ChatMacroCall;

typedef struct ChatGenerator {
    Arena *arena;
    Err *err;
    Str code, pool, starts, numbers; /* arrays of uint32_t, bytes, uint32_t, double */
    Str calls;                       /* array of ChatMacroCall, to be aimed when all macros are known */
    uint32_t slots;
    ChatScope *scope;
    ChatSymbol *macros;
    ChatLoopJumps *loop;
    int captures;
    Map *strings; /* text -> number + 1, for texts without NUL */
} ChatGenerator;

bool chat_emit(ChatGenerator *generator, ChatOperation operation, size_t operand);
size_t chat_emit_jump(ChatGenerator *generator, ChatOperation operation); /* to be aimed */
void chat_aim(ChatGenerator *generator, size_t jump);                     /* at what comes next */
size_t chat_place(const ChatGenerator *generator);                        /* of the next instruction */
void chat_emit_word(ChatGenerator *generator, uint32_t word);
bool chat_emit_string(ChatGenerator *generator, ChatOperation operation, const char *text, size_t length);
ChatSymbol *chat_symbol(ChatSymbol *symbols, const char *text, size_t length); /* NULL: not among them */
bool chat_load(ChatGenerator *generator, const char *text, size_t length);     /* a variable, looked for outwards */
bool chat_generate_expression(ChatGenerator *generator, const ChatNode *node);
bool chat_generate_filters(ChatGenerator *generator, const ChatNode *node); /* the innermost one's input is on the stack */
bool chat_generate_call(ChatGenerator *generator, const ChatNode *node);
bool chat_generate_test(ChatGenerator *generator, const ChatNode *node);

/* A template as a program; NULL and the error on refusal. */
const hf2c_chat_table *chat_compile(Arena *arena, const char *text, size_t length, const ChatConstant *constant, size_t constants, Err *err);

/* The template of a model's folder, if it has one: sets build->tokenizer->chat. One that is refused is left out with a warning. */
bool chat_build(TokenizerBuild *build, const Model *model, const cJSON *settings, const cJSON *map);

#endif
