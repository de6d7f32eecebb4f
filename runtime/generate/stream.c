#include "runtime/generate/stream.h"

#include <string.h>

enum {
    CAPACITY = 1 << 16,
    HELD = 12
}; /* bytes of a window's text; tokens held back at most for the rest of a character */

hf2c_status hf2c_stream_begin(hf2c_stream *stream, const hf2c_tokenizer *tokenizer, const int32_t *ids,
                              int skip_special, hf2c_sink *sink, hf2c_scratch *scratch)
{
    *stream = (hf2c_stream){
        .tokenizer = tokenizer, .sink = sink, .ids = ids, .skip_special = skip_special, .capacity = CAPACITY};
    stream->before = HF2C_TAKE(scratch, char, CAPACITY);
    stream->after = HF2C_TAKE(scratch, char, CAPACITY);
    return stream->before && stream->after ? HF2C_OK : HF2C_TOO_SMALL;
}

/* A character that is not complete yet decodes to U+FFFD. */
static int ends_unfinished(const char *text, size_t length)
{
    return length >= 3 && memcmp(text + length - 3, "\xEF\xBF\xBD", 3) == 0;
}

static size_t common_length(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t common = 0;
    while (common < a_length && common < b_length && a[common] == b[common]) common++;
    while (common > 0 && common < b_length && ((unsigned char)b[common] & 0xC0) == 0x80) common--;
    return common;
}

/* Decodes the window twice, without and with the new tokens: what a decoder makes of a token depends on its neighbours.
 */
hf2c_status hf2c_stream_push(hf2c_stream *stream, int count, int end)
{
    size_t before, after;
    const int32_t *ids = stream->ids + stream->window;
    if (count <= stream->shown) return HF2C_OK;
    hf2c_status status = hf2c_decode_clean(stream->tokenizer, ids, (size_t)(stream->shown - stream->window),
                                           stream->skip_special, stream->before, stream->capacity, &before);
    if (status == HF2C_OK)
        status = hf2c_decode_clean(stream->tokenizer, ids, (size_t)(count - stream->window), stream->skip_special,
                                   stream->after, stream->capacity, &after);
    if (status != HF2C_OK) return status;
    int held = !end && count - stream->shown < HELD && ends_unfinished(stream->after, after);
    if (held || (after <= before && !end)) return HF2C_OK;
    size_t common = common_length(stream->before, before, stream->after, after);
    hf2c_sink_bytes(stream->sink, stream->after + common, after - common);
    stream->window = stream->shown;
    stream->shown = count;
    return HF2C_OK;
}
