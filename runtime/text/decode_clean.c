/* The clean-up of spaces before English punctuation and contractions. */
#include "runtime/text/work.h"

size_t hf2c_replace_all(uint8_t *text, size_t bytes, size_t capacity, const char *what, size_t what_bytes, const char *with,
                        size_t with_bytes)
{
    size_t found = 0, to = 0, from = 0;

    if (what_bytes == 0) {
        return bytes;
    }
    for (size_t i = 0; i + what_bytes <= bytes;) {
        int match = memcmp(text + i, what, what_bytes) == 0;
        found += (size_t)match;
        i += match ? what_bytes : 1;
    }
    if (found == 0) {
        return bytes;
    }
    if (with_bytes > what_bytes) { /* makes room: the text moves to the end of where it will lie */
        size_t growth = found * (with_bytes - what_bytes);
        if (growth > capacity - bytes) {
            return capacity + 1;
        }
        memmove(text + growth, text, bytes);
        from = growth;
        bytes += growth;
    }
    while (from < bytes) {
        if (bytes - from >= what_bytes && memcmp(text + from, what, what_bytes) == 0) {
            memcpy(text + to, with, with_bytes);
            to += with_bytes;
            from += what_bytes;
        } else {
            text[to++] = text[from++];
        }
    }
    return to;
}

/* Whether any rule can apply: a space, then a mark, "n'" or "do". */
static int may_apply(const uint8_t *text, size_t bytes)
{
    for (size_t i = 0; i + 1 < bytes; i++) {
        uint8_t next = text[i + 1], then = i + 2 < bytes ? text[i + 2] : 0;
        if (text[i] == ' ' && (next == '.' || next == '?' || next == '!' || next == ',' || next == '\'' ||
                               (next == 'n' && then == '\'') || (next == 'd' && then == 'o'))) {
            return 1;
        }
    }
    return 0;
}

static size_t clean(uint8_t *text, size_t bytes, int wordpiece)
{
    static const char *const rule[][2] = {{" .", "."}, {" ?", "?"}, {" !", "!"}, {" ,", ","}, {" ' ", "'"}, {" n't", "n't"},
                                          {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};

    if (!may_apply(text, bytes)) {
        return bytes;
    }
    for (size_t i = 0; i < sizeof rule / sizeof *rule; i++) {
        size_t what = 0, with = 0;
        while (rule[i][0][what] != 0) {
            what++;
        }
        while (rule[i][1][with] != 0) {
            with++;
        }
        if (wordpiece || what != 7) { /* only the WordPiece decoder contracts "do not" */
            bytes = hf2c_replace_all(text, bytes, bytes, rule[i][0], what, rule[i][1], with);
        }
    }
    return bytes;
}

size_t hf2c_clean_up(uint8_t *text, size_t bytes)
{
    return clean(text, bytes, 1);
}

hf2c_status hf2c_decode_clean(const hf2c_tokenizer *tokenizer, const int32_t *ids, size_t count, int skip_special_tokens, char *text,
                              size_t capacity, size_t *length)
{
    hf2c_status status = hf2c_decode(tokenizer, ids, count, skip_special_tokens, text, capacity, length);

    if (status == HF2C_OK && tokenizer->clean_up) {
        *length = clean((uint8_t *)text, *length, 0);
    }
    return status;
}
