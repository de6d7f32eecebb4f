/* tokenize_lines: requests to a tokenizer as lines of JSON. A line has one of the keys text, texts, decode, messages, which says what
 * is wanted, and options; the answer is one object, or {"error": ...} for that line alone. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compiler/command/tokenize.h"
#include "runtime/core/json.h"

enum { CHAT_MEMORY_MOST = 1 << 30 };

typedef struct Request {
    Arena *arena;
    const hf2c_tokenizer *tokenizer;
    Words text, pair;                /* contents of strings */
    Words texts, decode, messages;   /* JSON text of values; NULL: absent */
    Words tools, documents;
    Words template_variables;        /* of "chat_template_kwargs" */
    bool add_generation_prompt;
    bool skip_special_tokens;
    bool left;                       /* of the padding */
    bool padding;
    hf2c_encode_options options;
    Err *err;
} Request;

/* ---- reading ---- */

static bool json_fails(Request *r, const JsonScanner *scanner) { return err_set(r->err, "%s (column %zu)", scanner->error, scanner->error_at + 1); }

static Words string_of(Request *r, const JsonScanner *scanner)
{
    char *text = ARENA_ARRAY(r->arena, char, scanner->length + 1);
    return (Words){text, json_string(scanner, text, NULL)};
}

static bool read_text(Request *r, JsonScanner *scanner, const char *key, Words *text)
{
    if (scanner->kind == JSON_NULL) return true;
    if (scanner->kind != JSON_STRING) return err_set(r->err, "%s: wanted a string", key);
    *text = string_of(r, scanner);
    return true;
}

/* The value as it stands; moves behind it. */
static bool read_value(Request *r, JsonScanner *scanner, const char *key, JsonKind wanted, Words *raw)
{
    const char *start = scanner->start;
    if (scanner->kind == JSON_NULL && wanted != JSON_ARRAY) return true;
    if (scanner->kind != wanted) return err_set(r->err, "%s: wanted %s", key, wanted == JSON_ARRAY ? "a list" : "an object");
    if (!json_skip(scanner)) return json_fails(r, scanner);
    *raw = (Words){start, (size_t)(scanner->text + scanner->at - start)};
    return true;
}

static bool read_raw(Request *r, JsonScanner *scanner, const char *key, Words *raw) { return read_value(r, scanner, key, JSON_ARRAY, raw); }

static bool read_optional(Request *r, JsonScanner *scanner, const char *key, Words *raw)
{
    return scanner->kind == JSON_NULL || read_raw(r, scanner, key, raw);
}

static bool read_bool(Request *r, JsonScanner *scanner, const char *key, bool *value)
{
    *value = scanner->kind == JSON_TRUE;
    return *value || scanner->kind == JSON_FALSE || err_set(r->err, "%s: wanted true or false", key);
}

static bool read_count(Request *r, JsonScanner *scanner, const char *key, int *value)
{
    int64_t number;
    if (scanner->kind != JSON_NUMBER || !json_integer(scanner, &number) || number < 0 || number > INT32_MAX)
        return err_set(r->err, "%s: wanted a whole number", key);
    *value = (int)number;
    return true;
}

static bool read_choice(Request *r, JsonScanner *scanner, const char *key, const char *const *choices, size_t count, size_t *chosen)
{
    for (size_t i = 0; i < count; i++) {
        if (scanner->kind != JSON_STRING || !json_is(scanner, choices[i])) continue;
        *chosen = i;
        return true;
    }
    Str known = {0};
    for (size_t i = 0; i < count; i++) str_printf(&known, "%s%s", i ? ", " : "", choices[i]);
    err_set(r->err, "%s: wanted one of %s", key, known.data);
    str_free(&known);
    return false;
}

static bool read_strategy(Request *r, JsonScanner *scanner)
{
    static const char *const names[] = {"do_not_truncate", "longest_first", "only_first", "only_second"};
    size_t chosen = HF2C_TRUNCATE_NONE;
    if (!read_choice(r, scanner, "truncation.strategy", names, COUNT_OF(names), &chosen)) return false;
    r->options.truncation = (hf2c_truncation_strategy)chosen;
    return true;
}

static bool read_side(Request *r, JsonScanner *scanner, const char *key, bool *left)
{
    static const char *const sides[] = {"right", "left"};
    size_t chosen = 0;
    bool fine = read_choice(r, scanner, key, sides, COUNT_OF(sides), &chosen);
    *left = chosen == 1;
    return fine;
}

/* One key of the object; its value is next. */
static bool read_truncation_key(Request *r, JsonScanner *scanner)
{
    static const char *const keys[] = {"max_length", "stride", "strategy", "direction"};
    size_t key = 0;
    bool left = false;
    while (key < COUNT_OF(keys) && !json_is(scanner, keys[key])) key++;
    if (json_next(scanner) == JSON_ERROR) return json_fails(r, scanner);
    switch (key) {
    case 0: return read_count(r, scanner, "truncation.max_length", &r->options.max_length);
    case 1: return read_count(r, scanner, "truncation.stride", &r->options.stride);
    case 2: return read_strategy(r, scanner);
    case 3:
        if (!read_side(r, scanner, "truncation.direction", &left)) return false;
        r->options.left = left;
        return true;
    default: return err_set(r->err, "truncation: unknown key; known: max_length, stride, strategy, direction");
    }
}

static bool read_truncation(Request *r, JsonScanner *scanner)
{
    if (scanner->kind == JSON_NULL) return true;
    if (scanner->kind != JSON_OBJECT) return err_set(r->err, "truncation: wanted an object");
    r->options.truncation = HF2C_TRUNCATE_LONGEST_FIRST;
    r->options.max_length = -1;
    while (json_next(scanner) == JSON_KEY)
        if (!read_truncation_key(r, scanner)) return false;
    if (scanner->kind == JSON_ERROR) return json_fails(r, scanner);
    return r->options.max_length >= 0 || err_set(r->err, "truncation: wanted max_length");
}

static bool read_padding(Request *r, JsonScanner *scanner)
{
    if (scanner->kind == JSON_NULL) return true;
    r->padding = read_side(r, scanner, "padding", &r->left);
    return r->padding;
}

/* The scanner stands on a key; on return at the end of its value. */
static bool read_key(Request *r, JsonScanner *scanner)
{
    static const char *const keys[] = {"text", "pair", "texts", "decode", "messages", "truncation",
                                       "padding", "add_special_tokens", "skip_special_tokens", "add_generation_prompt",
                                       "tools", "documents", "chat_template_kwargs"};
    size_t key = 0;
    bool special = true;
    while (key < COUNT_OF(keys) && !json_is(scanner, keys[key])) key++;
    if (json_next(scanner) == JSON_ERROR) return json_fails(r, scanner);
    switch (key) {
    case 0: return read_text(r, scanner, "text", &r->text);
    case 1: return read_text(r, scanner, "pair", &r->pair);
    case 2: return read_raw(r, scanner, "texts", &r->texts);
    case 3: return read_raw(r, scanner, "decode", &r->decode);
    case 4: return read_raw(r, scanner, "messages", &r->messages);
    case 5: return read_truncation(r, scanner);
    case 6: return read_padding(r, scanner);
    case 7:
        if (!read_bool(r, scanner, keys[key], &special)) return false;
        r->options.add_special_tokens = special;
        return true;
    case 8: return read_bool(r, scanner, keys[key], &r->skip_special_tokens);
    case 9: return read_bool(r, scanner, keys[key], &r->add_generation_prompt);
    case 10: return read_optional(r, scanner, keys[key], &r->tools);
    case 11: return read_optional(r, scanner, keys[key], &r->documents);
    case 12: return read_value(r, scanner, keys[key], JSON_OBJECT, &r->template_variables);
    default: return err_set(r->err, "unknown key; known: text, pair, texts, decode, messages, truncation, padding, add_special_tokens, "
                                    "skip_special_tokens, add_generation_prompt, tools, documents, chat_template_kwargs");
    }
}

static bool read_request(Request *r, const char *line, size_t length)
{
    JsonScanner scanner;
    json_scan_begin(&scanner, line, length);
    if (json_next(&scanner) == JSON_ERROR) return json_fails(r, &scanner);
    if (scanner.kind == JSON_STRING) return read_text(r, &scanner, "text", &r->text) && (json_next(&scanner) == JSON_END || json_fails(r, &scanner));
    if (scanner.kind != JSON_OBJECT) return err_set(r->err, "wanted an object or a string");
    while (json_next(&scanner) == JSON_KEY)
        if (!read_key(r, &scanner)) return false;
    if (scanner.kind == JSON_ERROR || json_next(&scanner) == JSON_ERROR) return json_fails(r, &scanner);
    return true;
}

/* ---- answers ---- */

static void add_string(Str *out, Arena *arena, const char *text, size_t length)
{
    size_t needed = json_write_string(NULL, 0, text, length);
    char *quoted = ARENA_ARRAY(arena, char, needed + 1);
    json_write_string(quoted, needed, text, length);
    str_add(out, quoted, needed);
}

static void add_numbers(Str *out, const char *name, const int32_t *value, size_t count)
{
    str_printf(out, "\"%s\": [", name);
    for (size_t i = 0; i < count; i++) str_printf(out, "%s%" PRId32, i ? ", " : "", value[i]);
    str_printf(out, "]");
}

static void add_encoding(Str *out, Arena *arena, const hf2c_encoding *e)
{
    add_numbers(out, "ids", e->ids, e->count);
    str_printf(out, ", \"tokens\": [");
    for (size_t i = 0; i < e->count; i++) {
        if (i) str_printf(out, ", ");
        add_string(out, arena, e->spellings[i].text, e->spellings[i].length);
    }
    str_printf(out, "], \"offsets\": [");
    for (size_t i = 0; i < e->count; i++)
        str_printf(out, "%s[%" PRId32 ", %" PRId32 "]", i ? ", " : "", e->offsets[2 * i], e->offsets[2 * i + 1]);
    str_printf(out, "], ");
    add_numbers(out, "type_ids", e->type_ids, e->count);
    str_printf(out, ", \"word_ids\": [");
    for (size_t i = 0; i < e->count; i++) {
        if (e->word_ids[i] < 0) str_printf(out, "%snull", i ? ", " : "");
        else str_printf(out, "%s%" PRId32, i ? ", " : "", e->word_ids[i]);
    }
    str_printf(out, "]");
}

static bool answer_text(Request *r, Str *out)
{
    hf2c_encoding e;
    if (!tokens_encode(r->arena, r->tokenizer, r->text, r->pair, &r->options, &e, r->err)) return false;
    str_printf(out, "{");
    add_encoding(out, r->arena, &e);
    str_printf(out, "}");
    return true;
}

/* value, with `pad` up to `length`. */
static void add_padded(Str *out, const Request *r, const char *name, const int32_t *value, size_t count, size_t length, int32_t pad, int32_t all)
{
    size_t before = r->left ? length - count : 0;
    str_printf(out, "\"%s\": [", name);
    for (size_t i = 0; i < length; i++) {
        bool real = i >= before && i - before < count;
        str_printf(out, "%s%" PRId32, i ? ", " : "", !real ? pad : value ? value[i - before] : all);
    }
    str_printf(out, "]");
}

static size_t count_items(const Words *list)
{
    JsonScanner scanner;
    size_t count = 0;
    json_scan_begin(&scanner, list->text, list->bytes);
    for (json_next(&scanner); json_next(&scanner) != JSON_ARRAY_END; count++) json_skip(&scanner);
    return count;
}

static bool encode_all(Request *r, hf2c_encoding *e, size_t count, size_t *longest)
{
    JsonScanner scanner;
    json_scan_begin(&scanner, r->texts.text, r->texts.bytes);
    json_next(&scanner);
    for (size_t i = 0; i < count; i++) {
        if (json_next(&scanner) != JSON_STRING) return err_set(r->err, "texts: wanted a list of strings");
        if (!tokens_encode(r->arena, r->tokenizer, string_of(r, &scanner), (Words){0}, &r->options, &e[i], r->err)) return false;
        if (e[i].count > *longest) *longest = e[i].count;
    }
    return true;
}

static bool answer_texts(Request *r, Str *out)
{
    size_t count = count_items(&r->texts), longest = 0;
    hf2c_encoding *e = ARENA_ARRAY(r->arena, hf2c_encoding, count + 1);
    if (!encode_all(r, e, count, &longest)) return false;
    int32_t pad = hf2c_special_id(r->tokenizer, HF2C_PAD);
    str_printf(out, "{\"encodings\": [");
    for (size_t i = 0; i < count; i++) {
        size_t length = r->padding ? longest : e[i].count;
        str_printf(out, "%s{", i ? ", " : "");
        add_padded(out, r, "ids", e[i].ids, e[i].count, length, pad < 0 ? 0 : pad, 0);
        str_printf(out, ", ");
        add_padded(out, r, "attention_mask", NULL, e[i].count, length, 0, 1);
        str_printf(out, ", ");
        add_padded(out, r, "type_ids", e[i].type_ids, e[i].count, length, 0, 0);
        str_printf(out, "}");
    }
    str_printf(out, "]}");
    return true;
}

static bool answer_decode(Request *r, Str *out)
{
    JsonScanner scanner;
    size_t count = count_items(&r->decode), length = 0;
    int32_t *ids = ARENA_ARRAY(r->arena, int32_t, count + 1);
    json_scan_begin(&scanner, r->decode.text, r->decode.bytes);
    json_next(&scanner);
    for (size_t i = 0; i < count; i++) {
        json_next(&scanner);
        if (!read_count(r, &scanner, "decode", &ids[i])) return false;
    }
    hf2c_status status = hf2c_decode(r->tokenizer, ids, count, r->skip_special_tokens, NULL, 0, &length);
    char *text = ARENA_ARRAY(r->arena, char, length + 1);
    if (status == HF2C_OK || status == HF2C_TOO_SMALL)
        status = hf2c_decode(r->tokenizer, ids, count, r->skip_special_tokens, text, length, &length);
    if (status != HF2C_OK) return err_set(r->err, "%s", hf2c_status_text(status));
    str_printf(out, "{\"text\": ");
    add_string(out, r->arena, text, length);
    str_printf(out, "}");
    return true;
}

/* Seconds since 1970 by the clock on the wall, which templates may show. */
static int64_t local_now(void)
{
    time_t now = time(NULL);
    struct tm local, world;
    if (!localtime_r(&now, &local) || !gmtime_r(&now, &world)) return 0;
    world.tm_isdst = local.tm_isdst;
    return (int64_t)now + (int64_t)difftime(mktime(&local), mktime(&world));
}

static bool chat_text(Request *r, Words *text)
{
    hf2c_chat_request request = {r->messages.text, r->messages.bytes, r->tools.text, r->documents.text, r->template_variables.text,
                                 r->tools.bytes, r->documents.bytes, r->template_variables.bytes, r->add_generation_prompt, local_now()};
    hf2c_message message = {""};
    size_t bytes = hf2c_chat_scratch(r->tokenizer, &request), length, capacity;
    hf2c_status status;
    if (bytes > CHAT_MEMORY_MOST) return err_set(r->err, "the conversation is too long");
    for (status = HF2C_TOO_SMALL; status == HF2C_TOO_SMALL && bytes <= CHAT_MEMORY_MOST; bytes *= 4) {
        Arena *arena = arena_new();
        char *out = arena_alloc(r->arena, capacity = bytes / 2);
        message.text[0] = '\0';
        status = hf2c_chat(r->tokenizer, &request, out, capacity, &length, &message, arena_alloc(arena, bytes), bytes);
        *text = (Words){out, length};
        arena_free(arena);
    }
    if (status == HF2C_NOT_SUPPORTED) return err_set(r->err, "messages: this tokenizer has no chat template that hf2c compiles");
    return status == HF2C_OK || err_set(r->err, "%s", message.text[0] ? message.text : hf2c_status_text(status));
}

static bool answer_messages(Request *r, Str *out)
{
    hf2c_encode_options plain = {.add_special_tokens = 0};
    hf2c_encoding e;
    Words text;
    if (!chat_text(r, &text) || !tokens_encode(r->arena, r->tokenizer, text, (Words){0}, &plain, &e, r->err)) return false;
    str_printf(out, "{\"text\": ");
    add_string(out, r->arena, text.text, text.bytes);
    str_printf(out, ", ");
    add_numbers(out, "ids", e.ids, e.count);
    str_printf(out, "}");
    return true;
}

static bool answer(Request *r, Str *out)
{
    int wanted = !!r->text.text + !!r->texts.text + !!r->decode.text + !!r->messages.text;
    if (wanted != 1) return err_set(r->err, "wanted one of text, texts, decode, messages");
    if (r->messages.text) return answer_messages(r, out);
    if (r->texts.text) return answer_texts(r, out);
    return r->decode.text ? answer_decode(r, out) : answer_text(r, out);
}

static void answer_line(const hf2c_tokenizer *tokenizer, const char *line, size_t length)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    Str out = {0};
    Request r = {.arena = arena, .tokenizer = tokenizer, .skip_special_tokens = true, .options = {.add_special_tokens = 1}, .err = &err};
    if (!read_request(&r, line, length) || !answer(&r, &out)) {
        out.length = 0;
        str_printf(&out, "{\"error\": ");
        add_string(&out, arena, err.text, strlen(err.text));
        str_printf(&out, "}");
    }
    puts(out.data);
    fflush(stdout);
    str_free(&out);
    arena_free(arena);
}

void tokenize_lines(const hf2c_tokenizer *tokenizer)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    while ((length = getline(&line, &capacity, stdin)) >= 0) {
        while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r')) length--;
        if (length > 0) answer_line(tokenizer, line, (size_t)length);
    }
    free(line);
}
