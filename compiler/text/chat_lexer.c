/* Tokens of chat templates, with the white space that tags take away. */
#include "compiler/text/chat.h"

#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x1f);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool begins_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

void chat_lexer_begin(ChatLexer *lexer, Arena *arena, const char *text, size_t length, Err *err)
{
    char *copy = arena_alloc(arena, length + 1);
    size_t to = 0;

    for (size_t i = 0; i < length; i++) {
        copy[to++] = text[i] == '\r' ? '\n' : text[i];
        i += text[i] == '\r' && i + 1 < length && text[i + 1] == '\n';
    }
    to -= to > 0 && copy[to - 1] == '\n';
    copy[to] = 0;
    *lexer = (ChatLexer){.arena = arena, .err = err, .text = copy, .length = to, .line = 1, .inside = TOKEN_TEXT,
                         .line_starts = true};
}

static bool has(const ChatLexer *lexer, size_t at, const char *text)
{
    size_t length = strlen(text);

    return at <= lexer->length && length <= lexer->length - at && memcmp(lexer->text + at, text, length) == 0;
}

/* Moves to a place further on and counts the lines. */
static void move(ChatLexer *lexer, size_t to)
{
    for (; lexer->at < to; lexer->at++) {
        lexer->line += lexer->text[lexer->at] == '\n';
    }
}

/* Behind the end of a tag: '-' takes all white space, '+' nothing, else a line end goes. */
static void trim_after(ChatLexer *lexer, char sign, bool trims_line)
{
    size_t at = lexer->at;

    while (sign == '-' && at < lexer->length && is_space(lexer->text[at])) {
        at++;
    }
    if (sign != '-' && sign != '+' && trims_line && at < lexer->length && lexer->text[at] == '\n') {
        at++;
    }
    lexer->line_starts = at > lexer->at && lexer->text[at - 1] == '\n';
    move(lexer, at);
}

/* The text before a tag, without what the tag takes away. */
static size_t trim_before(const ChatLexer *lexer, size_t tag)
{
    size_t end = tag, line;
    char sign = tag + 2 < lexer->length ? lexer->text[tag + 2] : 0;

    if (sign == '-') {
        while (end > lexer->at && is_space(lexer->text[end - 1])) {
            end--;
        }
        return end;
    }
    if (sign == '+' || has(lexer, tag, "{{")) {
        return tag;
    }
    for (line = tag; line > lexer->at && lexer->text[line - 1] != '\n'; line--) {
    }
    if (line == lexer->at && !lexer->line_starts) {
        return tag;
    }
    for (end = line; end < tag && is_space(lexer->text[end]); end++) {
    }
    return end == tag ? line : tag;
}

static bool fails(ChatLexer *lexer, const char *what)
{
    return err_set(lexer->err, "line %u: %s", lexer->line, what);
}

static bool skip_comment(ChatLexer *lexer, size_t tag)
{
    size_t at = tag + 2;

    while (at < lexer->length && !has(lexer, at, "#}")) {
        at++;
    }
    if (at >= lexer->length) {
        return fails(lexer, "a comment does not end");
    }
    move(lexer, at + 2);
    trim_after(lexer, at > tag + 2 ? lexer->text[at - 1] : 0, true);
    return true;
}

/* Length of "{% WORD %}" here, with signs; 0: it is not. */
static size_t word_tag(const ChatLexer *lexer, size_t tag, const char *word)
{
    size_t at = tag + 2;

    if (!has(lexer, tag, "{%")) {
        return 0;
    }
    at += at < lexer->length && (lexer->text[at] == '-' || lexer->text[at] == '+');
    while (at < lexer->length && is_space(lexer->text[at])) {
        at++;
    }
    if (!has(lexer, at, word)) {
        return 0;
    }
    at += strlen(word);
    while (at < lexer->length && is_space(lexer->text[at])) {
        at++;
    }
    at += at < lexer->length && (lexer->text[at] == '-' || lexer->text[at] == '+');
    return has(lexer, at, "%}") ? at + 2 - tag : 0;
}

/* {% raw %} ... {% endraw %}: its contents are the token. */
static bool read_raw(ChatLexer *lexer, size_t tag, size_t length, ChatToken *token)
{
    size_t end_length = 0, end;

    move(lexer, tag + length);
    trim_after(lexer, lexer->text[lexer->at - 3], false);
    for (end = lexer->at; end < lexer->length && end_length == 0; end += end_length == 0) {
        end_length = word_tag(lexer, end, "endraw");
    }
    if (end_length == 0) {
        return fails(lexer, "raw does not end");
    }
    *token = (ChatToken){.kind = TOKEN_TEXT, .text = lexer->text + lexer->at, .length = trim_before(lexer, end) - lexer->at, .line = lexer->line};
    move(lexer, end + end_length);
    trim_after(lexer, lexer->text[lexer->at - 3], true);
    return true;
}

static size_t find_tag(const ChatLexer *lexer)
{
    size_t at = lexer->at;

    while (at < lexer->length && !has(lexer, at, "{{") && !has(lexer, at, "{%") && !has(lexer, at, "{#")) {
        at++;
    }
    return at;
}

static void open_tag(ChatLexer *lexer, ChatToken *token)
{
    *token = (ChatToken){.kind = has(lexer, lexer->at, "{{") ? TOKEN_PRINT : TOKEN_BLOCK, .line = lexer->line};
    lexer->inside = token->kind;
    lexer->depth = 0;
    move(lexer, lexer->at + 2);
    move(lexer, lexer->at + (lexer->at < lexer->length && (lexer->text[lexer->at] == '-' || lexer->text[lexer->at] == '+')));
}

static bool next_text(ChatLexer *lexer, ChatToken *token)
{
    size_t tag = find_tag(lexer), end, raw;

    for (; tag == lexer->at && has(lexer, tag, "{#"); tag = find_tag(lexer)) {
        if (!skip_comment(lexer, tag)) {
            return false;
        }
    }
    if (lexer->at == lexer->length) {
        *token = (ChatToken){.kind = TOKEN_END, .line = lexer->line};
        return true;
    }
    end = tag < lexer->length ? trim_before(lexer, tag) : tag;
    raw = word_tag(lexer, tag, "raw");
    if (end == lexer->at && raw > 0) {
        return read_raw(lexer, tag, raw, token);
    }
    *token = (ChatToken){.kind = TOKEN_TEXT, .text = lexer->text + lexer->at, .length = end - lexer->at, .line = lexer->line};
    if (tag == lexer->at) {
        open_tag(lexer, token);
    } else {
        move(lexer, tag);
    }
    return true;
}

/* ---- inside of tags ---- */

static size_t put_code(char *out, uint32_t code)
{
    return hf2c_utf8_put((uint8_t *)out, (code >= 0xd800 && code < 0xe000) || code > 0x10ffff ? 0xfffd : code);
}

/* "\x41", "\u00e9", "\U0001f600"; returns the characters used, 0 when it is none. */
static size_t hex_escape(const char *text, size_t length, char *out, size_t *written)
{
    size_t digits = text[0] == 'x' ? 2 : text[0] == 'u' ? 4 : 8;
    uint32_t code = 0;

    if (length <= digits) {
        return 0;
    }
    for (size_t i = 1; i <= digits; i++) {
        char c = (char)(text[i] | 32);
        if (!is_digit(text[i]) && !(c >= 'a' && c <= 'f')) {
            return 0;
        }
        code = code << 4 | (uint32_t)(is_digit(text[i]) ? text[i] - '0' : c - 'a' + 10);
    }
    *written = put_code(out, code);
    return digits + 1;
}

static void unescape(ChatLexer *lexer, size_t from, size_t to, ChatToken *token)
{
    static const char letters[] = "ntr\\'\"abfv0", meanings[] = "\n\t\r\\'\"\a\b\f\v";
    char *out = arena_alloc(lexer->arena, to - from + 1);
    size_t count = 0;

    for (size_t at = from; at < to; at++) {
        const char *text = lexer->text + at + 1, *letter = lexer->text[at] == '\\' && at + 1 < to ? strchr(letters, *text) : NULL;
        size_t used = 0, written = 0;
        if (letter == NULL && lexer->text[at] == '\\' && at + 1 < to && (*text == 'x' || *text == 'u' || *text == 'U')) {
            used = hex_escape(text, to - at - 1, out + count, &written);
        }
        if (used > 0) {
            count += written;
            at += used;
        } else if (letter != NULL) {
            out[count++] = meanings[letter - letters];
            at++;
        } else if (lexer->text[at] == '\\' && at + 1 < to && *text == '\n') {
            at++;
        } else {
            out[count++] = lexer->text[at];
        }
    }
    token->text = out;
    token->length = count;
}

static bool read_string(ChatLexer *lexer, ChatToken *token)
{
    char quote = lexer->text[lexer->at];
    size_t at = lexer->at + 1;

    while (at < lexer->length && lexer->text[at] != quote) {
        at += lexer->text[at] == '\\' ? 2 : 1;
    }
    if (at >= lexer->length) {
        return fails(lexer, "a string does not end");
    }
    token->kind = TOKEN_STRING;
    unescape(lexer, lexer->at + 1, at, token);
    move(lexer, at + 1);
    return true;
}

static bool read_number(ChatLexer *lexer, ChatToken *token)
{
    double scale = 1;

    token->kind = TOKEN_INTEGER;
    for (; lexer->at < lexer->length && (is_digit(lexer->text[lexer->at]) || lexer->text[lexer->at] == '_'); lexer->at++) {
        token->number = lexer->text[lexer->at] == '_' ? token->number : 10 * token->number + (lexer->text[lexer->at] - '0');
    }
    if (lexer->at + 1 < lexer->length && lexer->text[lexer->at] == '.' && is_digit(lexer->text[lexer->at + 1])) {
        double digits = 0;
        token->kind = TOKEN_FLOAT;
        for (lexer->at++; lexer->at < lexer->length && is_digit(lexer->text[lexer->at]) && scale < 1e15; lexer->at++) {
            digits = 10 * digits + (lexer->text[lexer->at] - '0');
            scale *= 10;
        }
        token->number = (token->number * scale + digits) / scale;
    }
    if (token->number > 9007199254740992.0 || (lexer->at < lexer->length && (begins_name(lexer->text[lexer->at]) || is_digit(lexer->text[lexer->at])))) {
        return fails(lexer, "this number is not supported");
    }
    return true;
}

static bool read_operator(ChatLexer *lexer, ChatToken *token)
{
    static const char *const operators[] = {"**", "//", "==", "!=", ">=", "<=", "+", "-", "*", "/", "%", "~", "[", "]",
                                            "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"};

    for (size_t i = 0; i < COUNT_OF(operators); i++) {
        if (has(lexer, lexer->at, operators[i])) {
            token->kind = TOKEN_OPERATOR;
            token->text = operators[i];
            token->length = strlen(operators[i]);
            lexer->at += token->length;
            lexer->depth += token->length == 1 && strchr("([{", operators[i][0]) != NULL;
            lexer->depth -= token->length == 1 && strchr(")]}", operators[i][0]) != NULL;
            return true;
        }
    }
    return err_set(lexer->err, "line %u: character %d is not supported", lexer->line, (unsigned char)lexer->text[lexer->at]);
}

/* The end of the tag, if it is here. */
static bool read_end(ChatLexer *lexer, ChatToken *token)
{
    const char *end = lexer->inside == TOKEN_PRINT ? "}}" : "%}";
    char sign = lexer->text[lexer->at];
    bool is_signed = (sign == '-' || (sign == '+' && lexer->inside == TOKEN_BLOCK)) && has(lexer, lexer->at + 1, end);

    if (lexer->depth > 0 || (!is_signed && !has(lexer, lexer->at, end))) {
        return false;
    }
    token->kind = lexer->inside == TOKEN_PRINT ? TOKEN_PRINT_END : TOKEN_BLOCK_END;
    move(lexer, lexer->at + 2 + is_signed);
    trim_after(lexer, is_signed ? sign : 0, lexer->inside == TOKEN_BLOCK);
    lexer->inside = TOKEN_TEXT;
    return true;
}

static bool next_inside(ChatLexer *lexer, ChatToken *token)
{
    size_t at = lexer->at;

    while (at < lexer->length && is_space(lexer->text[at])) {
        at++;
    }
    move(lexer, at);
    *token = (ChatToken){.kind = TOKEN_NAME, .text = lexer->text + at, .line = lexer->line};
    if (at >= lexer->length) {
        return fails(lexer, "a tag does not end");
    }
    if (read_end(lexer, token)) {
        return true;
    }
    if (lexer->text[at] == '"' || lexer->text[at] == '\'') {
        return read_string(lexer, token);
    }
    if (is_digit(lexer->text[at])) {
        return read_number(lexer, token);
    }
    if (!begins_name(lexer->text[at])) {
        return read_operator(lexer, token);
    }
    while (lexer->at < lexer->length && (begins_name(lexer->text[lexer->at]) || is_digit(lexer->text[lexer->at]))) {
        lexer->at++;
    }
    token->length = lexer->at - at;
    return true;
}

bool chat_lexer_next(ChatLexer *lexer, ChatToken *token)
{
    return lexer->inside == TOKEN_TEXT ? next_text(lexer, token) : next_inside(lexer, token);
}
