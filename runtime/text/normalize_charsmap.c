/* sentencepiece's precompiled character map, applied as HF tokenizers does: to short grapheme clusters as a whole, else to each
 * code point, and by the first key that is a prefix. */
#include "runtime/text/work.h"

/* Units of the trie: darts-clone, 32 bits. */
static uint32_t unit_offset(uint32_t unit)
{
    return (unit >> 10) << ((unit & (1u << 9)) >> 6);
}

/* The replacement of the first key that begins this text; NULL: none. */
static const uint8_t *find(const hf2c_charsmap *map, const uint8_t *text, size_t bytes, size_t *length)
{
    uint32_t node, unit, value;

    if (map->units == 0) {
        return NULL;
    }
    unit = map->unit[0];
    node = unit_offset(unit);
    for (size_t i = 0; i < bytes && text[i] != 0; i++) {
        node ^= text[i];
        if (node >= map->units || (map->unit[node] & (1u << 31 | 0xff)) != text[i]) {
            return NULL;
        }
        unit = map->unit[node];
        node ^= unit_offset(unit);
        if (unit & 1u << 8) {
            value = node < map->units ? map->unit[node] & 0x7fffffff : map->text_bytes;
            if (value >= map->text_bytes) {
                return NULL;
            }
            *length = 0;
            while (map->text[value + *length] != 0) {
                (*length)++;
            }
            return map->text + value;
        }
    }
    return NULL;
}

static int32_t count_codes(const uint8_t *text, size_t bytes)
{
    int32_t count = 0;

    for (size_t i = 0; i < bytes; i++) {
        count += (text[i] & 0xc0) != 0x80;
    }
    return count;
}

/* The last code point is held back: what vanishes behind it becomes part of its change. */
typedef struct Changes {
    hf2c_rewriter rewriter;
    uint32_t code;
    int32_t change;
    int held;
} Changes;

static void flush(Changes *changes)
{
    if (changes->held) {
        hf2c_rewrite(&changes->rewriter, changes->code, changes->change);
    }
}

static void put(Changes *changes, const uint8_t *text, size_t bytes, int32_t replaced)
{
    int32_t count = count_codes(text, bytes), i = 0;
    size_t size;

    for (size_t at = 0; at < bytes; at += size, i++) {
        flush(changes);
        changes->code = hf2c_utf8_get(text + at, &size);
        changes->change = i >= replaced;
        changes->held = 1;
    }
    if (replaced > count) { /* at the very start, nothing stands for what vanished */
        changes->change -= replaced - count;
    }
}

static int is_plain(const hf2c_charsmap *map, uint8_t byte)
{
    return byte < 0x80 && (map->plain[byte >> 3] >> (byte & 7) & 1);
}

/* End of the characters from here on that stay as they are. The last one may be followed by what joins it. */
static size_t plain_end(const hf2c_charsmap *map, const hf2c_line *in, size_t at)
{
    while (at < in->bytes && is_plain(map, in->text[at])) {
        at++;
    }
    return at > 0 && at < in->bytes && in->text[at] >= 0x80 ? at - 1 : at;
}

/* Copies what is plain; the last character is held back as all are. */
static size_t copy_plain(const hf2c_charsmap *map, Changes *changes, size_t at)
{
    hf2c_rewriter *rewriter = &changes->rewriter;
    size_t end = plain_end(map, rewriter->in, at);

    if (end < at + 2) {
        return at;
    }
    flush(changes);
    changes->held = 0;
    if (rewriter->at != at) { /* what vanished at the start has no one to stand for it */
        return at;
    }
    hf2c_line_copy(rewriter->out, rewriter->in, at, end - 1);
    rewriter->at = end - 1;
    put(changes, rewriter->in->text + end - 1, 1, 1);
    return end;
}

void hf2c_normalize_charsmap(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out)
{
    Changes changes = {.rewriter = {in, out, 0}};
    size_t at = 0, length, cluster;

    while (at < in->bytes) {
        const uint8_t *found = NULL;
        at = copy_plain(parameters->charsmap, &changes, at);
        if (at == in->bytes) {
            break;
        }
        cluster = hf2c_grapheme_size(in->text + at, in->bytes - at);
        if (cluster < 6) {
            found = find(parameters->charsmap, in->text + at, cluster, &length);
        }
        if (found != NULL) {
            put(&changes, found, length, count_codes(in->text + at, cluster));
            at += cluster;
            continue;
        }
        for (size_t end = at + cluster; at < end;) {
            size_t size = hf2c_utf8_size(in->text[at]);
            found = find(parameters->charsmap, in->text + at, size, &length);
            put(&changes, found != NULL ? found : in->text + at, found != NULL ? length : size, 1);
            at += size;
        }
    }
    flush(&changes);
}
