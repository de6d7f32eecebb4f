/* Capital and small letters, and what strings consist of. */
#include "runtime/text/chat_work.h"
#include "runtime/text/unicode.h"

typedef enum Case { SMALL, CAPITAL } Case;

/* Beyond ASCII: signs and scripts that know no capital letters. */
static int has_no_case(uint32_t code)
{
    static const uint32_t ranges[][2] = {{0x80, 0xa9}, {0xab, 0xb4}, {0xb6, 0xb9}, {0xbb, 0xbf}, {0xd7, 0xd7}, {0xf7, 0xf7},
                                         {0x590, 0x109f}, {0x1100, 0x139f}, {0x1400, 0x1c7f}, {0x2000, 0x2070}, {0x2072, 0x207e},
                                         {0x20a0, 0x20ff}, {0x2190, 0x245f}, {0x2500, 0x2bff}, {0x2e00, 0xa63f}, {0xac00, 0xfaff},
                                         {0xfb50, 0xff20}, {0x1f000, 0x1f12f}, {0x1f200, 0x10ffff}};

    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        if (code >= ranges[i][0] && code <= ranges[i][1]) {
            return 1;
        }
    }
    return 0;
}

/* A small letter whose capital lies where capitals of its block do; 0: another one. */
static uint32_t capital_of(uint32_t code)
{
    static const uint32_t distances[] = {32, 1, 48, 80};

    for (size_t i = 0; i < sizeof distances / sizeof *distances; i++) {
        if (hf2c_unicode_lower(code - distances[i]) == code) {
            return code - distances[i];
        }
    }
    return 0;
}

/* Sigma, dotted I, sharp s and others whose case depends on more than themselves are refused rather than guessed. */
static int put_letter(Chat *chat, uint32_t code, Case wanted)
{
    uint8_t text[4];
    uint32_t small = hf2c_unicode_lower(code), changed = code;

    if (wanted == SMALL) {
        changed = small;
    } else if (code >= 'a' && code <= 'z') {
        changed = code - 32;
    } else if (code >= 0x80 && !has_no_case(code) && small == code) {
        changed = code == 0xdf || code == 0x131 || code == 0x149 ? 0 : capital_of(code);
    }
    if (changed == 0 && code != 0) {
        return hf2c_chat_fail(chat, "this capital letter is not supported", NULL);
    }
    if (code == 0x130 || code == 0x3a3) {
        return hf2c_chat_fail(chat, "this small letter is not supported", NULL);
    }
    return hf2c_chat_put(chat, (char *)text, hf2c_utf8_put(text, changed));
}

/* first: of the first letter; rest: of the others; a word begins behind what `begins_word` accepts. */
static int change(Chat *chat, const ChatValue *value, Case first, Case rest, int (*begins_word)(uint32_t code), ChatValue *result)
{
    size_t from = chat->used, text_from, size;
    int begin = 1;
    ChatValue text = *value;

    if (value->kind != CHAT_STRING && !(hf2c_chat_print(chat, value) && hf2c_chat_cut(chat, from, &text))) {
        return 0;
    }
    text_from = chat->used;
    for (size_t at = 0; at < text.count; at += size) {
        uint32_t code = hf2c_utf8_get((const uint8_t *)text.as.text + at, &size);
        if (!put_letter(chat, code, begin ? first : rest)) {
            return 0;
        }
        begin = begins_word != NULL && begins_word(code);
    }
    return hf2c_chat_step(chat, text.count / 4) && hf2c_chat_cut(chat, text_from, result);
}

int hf2c_chat_upper(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return change(chat, argument, CAPITAL, CAPITAL, NULL, result);
}

int hf2c_chat_lower(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return change(chat, argument, SMALL, SMALL, NULL, result);
}

int hf2c_chat_capitalize(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return change(chat, argument, CAPITAL, SMALL, NULL, result);
}

static int separates_words(uint32_t code)
{
    return hf2c_is_whitespace(code) || code == '-' || code == '(' || code == '{' || code == '[' || code == '<';
}

int hf2c_chat_title(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return change(chat, argument, CAPITAL, SMALL, separates_words, result);
}

static int is_no_letter(uint32_t code)
{
    return code < 0x80 ? !((code | 32) >= 'a' && (code | 32) <= 'z') : has_no_case(code);
}

/* str.title(): every letter behind something that is none. */
int hf2c_chat_title_of(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return change(chat, argument, CAPITAL, SMALL, is_no_letter, result);
}

/* ---- what a string consists of ---- */

static int letters_are(Chat *chat, const ChatValue *value, Case wanted, ChatValue *result)
{
    int seen = 0, other = 0;
    size_t size;

    for (size_t at = 0; value->kind == CHAT_STRING && at < value->count; at += size) {
        uint32_t code = hf2c_utf8_get((const uint8_t *)value->as.text + at, &size);
        if (!is_no_letter(code)) {
            int capital = hf2c_unicode_lower(code) != code;
            seen = seen || capital == (wanted == CAPITAL);
            other = other || capital != (wanted == CAPITAL);
        }
    }
    *result = hf2c_chat_boolean(seen && !other);
    return hf2c_chat_step(chat, value->kind == CHAT_STRING ? value->count / 8 : 0);
}

int hf2c_chat_is_upper(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return letters_are(chat, argument, CAPITAL, result);
}

int hf2c_chat_is_lower(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    (void)count;
    return letters_are(chat, argument, SMALL, result);
}

int hf2c_chat_isdigit(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    int all = argument->count > 0;

    (void)count;
    for (uint32_t i = 0; i < argument->count; i++) {
        if ((uint8_t)argument->as.text[i] >= 0x80) {
            return hf2c_chat_fail(chat, "isdigit: only ASCII is supported", NULL);
        }
        all = all && argument->as.text[i] >= '0' && argument->as.text[i] <= '9';
    }
    *result = hf2c_chat_boolean(all);
    return 1;
}

int hf2c_chat_isspace(Chat *chat, const ChatValue *argument, uint32_t count, ChatValue *result)
{
    int all = argument->count > 0;
    size_t size;

    (void)count;
    for (size_t at = 0; all && at < argument->count; at += size) {
        uint32_t code = hf2c_utf8_get((const uint8_t *)argument->as.text + at, &size);
        all = hf2c_is_whitespace(code) || (code >= 0x1c && code <= 0x1f);
    }
    *result = hf2c_chat_boolean(all);
    return hf2c_chat_step(chat, argument->count / 16);
}
