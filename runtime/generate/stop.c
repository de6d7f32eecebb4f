#include "runtime/generate/stop.h"
#include "runtime/text/tokenizer.h"

#include <limits.h>
#include <string.h>

/* The last token of a full context is not fed back, so that one more than max_sequence fits. */
static int context_limit(const hf2c_model *model, int padding)
{
    return model->max_sequence < INT_MAX - 1 - padding ? model->max_sequence + 1 + padding : INT_MAX;
}

static int asked_limit(const hf2c_generation *settings, int prompt, int padding)
{
    if (settings->max_new_tokens > 0) {
        int room = INT_MAX - prompt - padding;
        return prompt + padding + (settings->max_new_tokens < room ? settings->max_new_tokens : room);
    }
    return settings->max_length > 0 ? settings->max_length : 20;
}

int hf2c_stop_limit(const hf2c_generation *settings, const hf2c_model *model, int prompt, int padding)
{
    int asked = asked_limit(settings, prompt, padding), fits = context_limit(model, padding);
    return asked < fits ? asked : fits;
}

int hf2c_generate_capacity(const hf2c_generation *settings, const hf2c_model *model, int prompt, int padding)
{
    int limit = hf2c_stop_limit(settings, model, prompt, padding) - padding;
    return limit > prompt ? limit : prompt + 1;
}

static int is_in(hf2c_ids ids, int32_t id)
{
    for (int i = 0; i < ids.count; i++) {
        if (ids.ids[i] == id) return 1;
    }
    return 0;
}

/* Text of the ids into a buffer; ids are dropped in front until it fits. */
static size_t decode_tail(const hf2c_tokenizer *tokenizer, const int32_t *ids, int count, char *text, size_t capacity)
{
    size_t length = 0;
    for (; count > 0; ids++, count--) {
        if (hf2c_decode(tokenizer, ids, (size_t)count, 0, text, capacity, &length) == HF2C_OK) return length;
    }
    return 0;
}

static int contains_from(const char *text, size_t length, size_t first_end, hf2c_text wanted)
{
    for (size_t end = first_end > wanted.bytes ? first_end : wanted.bytes; end <= length; end++) {
        if (memcmp(text + end - wanted.bytes, wanted.text, wanted.bytes) == 0) return 1;
    }
    return 0;
}

/* Does a stop string end inside the last token? Only so much text is decoded as the longest of them can reach back. */
static int stops_by_string(const hf2c_generation *settings, const hf2c_model *model, const int32_t *ids, int count)
{
    enum { CAPACITY = 4096 };
    char with[CAPACITY], without[CAPACITY];
    size_t longest = 0;
    for (int i = 0; i < settings->stop_strings.count; i++) {
        size_t bytes = settings->stop_strings.texts[i].bytes;
        longest = bytes > longest ? bytes : longest;
    }
    int tail = longest + 4 < (size_t)count ? (int)longest + 4 : count;
    size_t length = decode_tail(hf2c_writing_tokenizer(model), ids + count - tail, tail, with, sizeof with);
    size_t before = decode_tail(hf2c_writing_tokenizer(model), ids + count - tail, tail - 1, without, sizeof without);
    for (int i = 0; i < settings->stop_strings.count; i++) {
        hf2c_text wanted = settings->stop_strings.texts[i];
        if (wanted.bytes > 0 && contains_from(with, length, before + 1, wanted)) return 1;
    }
    return 0;
}

hf2c_finish hf2c_stop_check(const hf2c_generation *settings, const hf2c_model *model, const int32_t *ids, int count,
                            int padding, int limit)
{
    if (is_in(settings->eos, ids[count - 1])) return HF2C_FINISH_EOS;
    if (settings->stop_strings.count > 0 && stops_by_string(settings, model, ids, count)) return HF2C_FINISH_STRING;
    if (padding + count < limit) return HF2C_FINISH_NONE;
    return limit == context_limit(model, padding) ? HF2C_FINISH_CONTEXT : HF2C_FINISH_LENGTH;
}
