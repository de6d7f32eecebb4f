/* Unicode normalization forms. Runs of marks are put in order by one pass per class that occurs in them, so that time stays
 * linear and no buffer is needed. */
#include "runtime/text/normalize_form.h"

enum {
    HANGUL_S = 0xac00, HANGUL_L = 0x1100, HANGUL_V = 0x1161, HANGUL_T = 0x11a7,
    HANGUL_V_COUNT = 21, HANGUL_T_COUNT = 28, HANGUL_COUNT = 19 * 21 * 28
};
enum { SURROGATE_HIGH = 0xd800, SURROGATE_LOW = 0xdc00 };

const uint16_t *hf2c_unicode_decomposition(const hf2c_decompositions *table, uint32_t code, uint32_t *units)
{
    uint32_t top = code >> (HF2C_DECOMPOSITION_LEAF + HF2C_DECOMPOSITION_MIDDLE), middle, leaf;

    top = table->top[top < table->tops ? top : table->tops - 1];
    middle = top << HF2C_DECOMPOSITION_MIDDLE | (code >> HF2C_DECOMPOSITION_LEAF & ((1u << HF2C_DECOMPOSITION_MIDDLE) - 1));
    leaf = table->leaf[(uint32_t)table->middle[middle] << HF2C_DECOMPOSITION_LEAF | (code & ((1u << HF2C_DECOMPOSITION_LEAF) - 1))];
    *units = table->length[leaf & 15];
    return table->pool + (leaf >> 4);
}

/* Yields the decomposed code points of a line one by one. */
typedef struct Walker {
    const hf2c_line *in;
    size_t at;
    const hf2c_decompositions *compatible; /* NULL: canonical ones only */
    uint16_t part[3];      /* of a Hangul syllable or a code point that stays */
    const uint16_t *parts; /* in UTF-16; NULL: part; walkers are copied */
    uint32_t units, next;
} Walker;

static void walker_load(Walker *walker)
{
    size_t size;
    uint32_t code = hf2c_utf8_get(walker->in->text + walker->at, &size), syllable = code - HANGUL_S;

    walker->at += size;
    walker->next = 0;
    walker->units = 0;
    if (code >= 0xa0 && syllable >= HANGUL_COUNT) {
        if (walker->compatible != NULL) {
            walker->parts = hf2c_unicode_decomposition(walker->compatible, code, &walker->units);
        }
        if (walker->units == 0) {
            walker->parts = hf2c_unicode_decomposition(&hf2c_unicode_canonical, code, &walker->units);
        }
    }
    if (walker->units > 0) {
        return;
    }
    walker->parts = NULL;
    if (syllable < HANGUL_COUNT) {
        walker->part[0] = (uint16_t)(HANGUL_L + syllable / (HANGUL_V_COUNT * HANGUL_T_COUNT));
        walker->part[1] = (uint16_t)(HANGUL_V + syllable / HANGUL_T_COUNT % HANGUL_V_COUNT);
        walker->part[2] = (uint16_t)(HANGUL_T + syllable % HANGUL_T_COUNT);
        walker->units = syllable % HANGUL_T_COUNT != 0 ? 3 : 2;
    } else if (code < 0x10000) {
        walker->part[0] = (uint16_t)code;
        walker->units = 1;
    } else {
        walker->part[0] = (uint16_t)(SURROGATE_HIGH - (0x10000 >> 10) + (code >> 10));
        walker->part[1] = (uint16_t)(SURROGATE_LOW + (code & 1023));
        walker->units = 2;
    }
}

static int walker_next(Walker *walker, uint32_t *code, int32_t *change)
{
    const uint16_t *parts;

    if (walker->next == walker->units) {
        if (walker->at >= walker->in->bytes) {
            return 0;
        }
        walker_load(walker);
    }
    parts = walker->parts == NULL ? walker->part : walker->parts;
    *change = walker->next > 0;
    *code = parts[walker->next++];
    if (*code - SURROGATE_HIGH < 1024) {
        *code = 0x10000 + ((*code - SURROGATE_HIGH) << 10) + (parts[walker->next++] - (uint32_t)SURROGATE_LOW);
    }
    return 1;
}

/* Where the ordered code points go: written as they come, or composed first. */
typedef struct Sink {
    hf2c_rewriter rewriter;
    const hf2c_compositions *compositions; /* NULL: written as they come */
    /* a starter and the marks behind it that are not yet written; changes lie in the origins until then */
    size_t begin;
    int has_starter, last_class; /* -1: no mark since the starter */
    uint32_t starter;
} Sink;

static void sink_flush(Sink *sink)
{
    hf2c_line *out = sink->rewriter.out;
    const hf2c_line *in = sink->rewriter.in;

    for (size_t at = sink->begin; at < out->bytes;) {
        size_t size = hf2c_utf8_size(out->text[at]), from = sink->rewriter.at;
        int32_t change = (int32_t)out->origin[2 * at];
        if (change > 0 || from >= in->bytes) {
            from = from > 0 ? from - 1 : 0;
        }
        for (size_t i = at; i < at + size; i++) {
            out->origin[2 * i] = in->origin[2 * from];
            out->origin[2 * i + 1] = in->origin[2 * from + 1];
        }
        if (change <= 0) {
            hf2c_rewrite_skip(&sink->rewriter, 1 - change);
        }
        at += size;
    }
    sink->begin = out->bytes;
}

static void sink_append(Sink *sink, uint32_t code, int32_t change)
{
    hf2c_line *out = sink->rewriter.out;
    size_t at = out->bytes;

    hf2c_line_add_code(out, code, sink->rewriter.in, 0);
    if (out->bytes > at) {
        out->origin[2 * at] = (uint32_t)change;
    }
}

static uint32_t compose_hangul(uint32_t first, uint32_t second)
{
    if (first - HANGUL_L < 19 && second - HANGUL_V < HANGUL_V_COUNT) {
        return HANGUL_S + ((first - HANGUL_L) * HANGUL_V_COUNT + (second - HANGUL_V)) * HANGUL_T_COUNT;
    }
    if (first - HANGUL_S < HANGUL_COUNT && (first - HANGUL_S) % HANGUL_T_COUNT == 0 && second > HANGUL_T &&
        second < HANGUL_T + HANGUL_T_COUNT) {
        return first + (second - HANGUL_T);
    }
    return 0;
}

/* The composite of two code points, 0 when there is none. */
static uint32_t compose(const hf2c_compositions *compositions, uint32_t first, uint32_t second)
{
    uint32_t low = 0, high = compositions->count;

    if (second < 0x300) {
        return 0;
    }
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        const uint32_t *entry = compositions->pair + 3 * (size_t)middle;
        if (entry[0] == first && entry[1] == second) {
            return entry[2];
        }
        if (entry[0] < first || (entry[0] == first && entry[1] < second)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return compose_hangul(first, second);
}

/* Puts the composite in the starter's place; the marks behind it move when its size changes. */
static void sink_replace_starter(Sink *sink, uint32_t code, int32_t change)
{
    hf2c_line *out = sink->rewriter.out;
    uint8_t text[4];
    size_t size = hf2c_utf8_put(text, code), old = hf2c_utf8_size(out->text[sink->begin]);
    size_t rest = out->bytes - sink->begin - old;
    uint32_t sum = out->origin[2 * sink->begin] + (uint32_t)change - 1;

    if (out->capacity - out->bytes + old < size) {
        out->full = 1;
        return;
    }
    memmove(out->text + sink->begin + size, out->text + sink->begin + old, rest);
    memmove(out->origin + 2 * (sink->begin + size), out->origin + 2 * (sink->begin + old), rest * 2 * sizeof *out->origin);
    memcpy(out->text + sink->begin, text, size);
    out->origin[2 * sink->begin] = sum;
    out->bytes = out->bytes - old + size;
    sink->starter = code;
}

static void sink_compose(Sink *sink, uint32_t code, int32_t change)
{
    int class = hf2c_unicode_combining_class(code);
    uint32_t composite = 0;

    if (!sink->has_starter && class != 0) {
        sink_append(sink, code, change);
        sink_flush(sink);
        return;
    }
    if (sink->has_starter && !sink->rewriter.out->full && (sink->last_class < 0 || sink->last_class < class)) {
        composite = compose(sink->compositions, sink->starter, code);
    }
    if (composite != 0) {
        sink_replace_starter(sink, composite, change);
        return;
    }
    if (class == 0) {
        sink_flush(sink);
        sink->has_starter = 1;
        sink->starter = code;
        sink->last_class = -1;
    } else {
        sink->last_class = class;
    }
    sink_append(sink, code, change);
}

static void sink_put(Sink *sink, uint32_t code, int32_t change)
{
    if (sink->compositions != NULL) {
        sink_compose(sink, code, change);
    } else {
        hf2c_rewrite(&sink->rewriter, code, change);
    }
}

/* Puts `count` marks from a place on in order of their classes. */
static void put_marks(Sink *sink, const Walker *from, size_t count, const uint32_t classes[8])
{
    for (int class = 1; class < 256; class++) {
        Walker walker = *from;
        uint32_t code;
        int32_t change;
        if ((classes[class >> 5] >> (class & 31) & 1) == 0) {
            continue;
        }
        for (size_t i = 0; i < count && walker_next(&walker, &code, &change); i++) {
            if (hf2c_unicode_combining_class(code) == class) {
                sink_put(sink, code, change);
            }
        }
    }
}

void hf2c_normalize_form(const hf2c_line *in, hf2c_line *out, const hf2c_decompositions *compatible, const hf2c_compositions *compositions)
{
    Walker walker = {.in = in, .compatible = compatible}, run = walker, before = walker;
    Sink sink = {.rewriter = {in, out, 0}, .compositions = compositions, .last_class = -1};
    uint32_t classes[8] = {0}, code;
    size_t marks = 0;
    int32_t change;

    while (walker_next(&walker, &code, &change)) {
        int class = code < 0x300 ? 0 : hf2c_unicode_combining_class(code);
        if (class != 0) {
            if (marks++ == 0) {
                run = before;
            }
            classes[class >> 5] |= 1u << (class & 31);
        } else {
            if (marks > 0) {
                put_marks(&sink, &run, marks, classes);
                memset(classes, 0, sizeof classes);
                marks = 0;
            }
            sink_put(&sink, code, change);
        }
        before = walker;
    }
    put_marks(&sink, &run, marks, classes);
    if (compositions != NULL) {
        sink_flush(&sink);
    }
}
