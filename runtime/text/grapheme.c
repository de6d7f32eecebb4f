/* Extended grapheme clusters (UAX 29). The rule for Indic conjuncts is left out: it only joins clusters that are too long for what
 * asks here. */
#include "runtime/text/unicode.h"
#include "runtime/text/work.h"

static int hangul_joins(int before, int after)
{
    if (before == HF2C_GRAPHEME_L) {
        return after == HF2C_GRAPHEME_L || after == HF2C_GRAPHEME_V || after == HF2C_GRAPHEME_LV || after == HF2C_GRAPHEME_LVT;
    }
    if (before == HF2C_GRAPHEME_LV || before == HF2C_GRAPHEME_V) {
        return after == HF2C_GRAPHEME_V || after == HF2C_GRAPHEME_T;
    }
    return (before == HF2C_GRAPHEME_LVT || before == HF2C_GRAPHEME_T) && after == HF2C_GRAPHEME_T;
}

static int is_break(int class)
{
    return class == HF2C_GRAPHEME_CR || class == HF2C_GRAPHEME_LF || class == HF2C_GRAPHEME_CONTROL;
}

/* picture: an emoji and extenders are before; flags: how many regional indicators are before. */
static int joins(int before, int after, int picture, int flags)
{
    if (before == HF2C_GRAPHEME_CR && after == HF2C_GRAPHEME_LF) {
        return 1;
    }
    if (is_break(before) || is_break(after)) {
        return 0;
    }
    if (after == HF2C_GRAPHEME_EXTEND || after == HF2C_GRAPHEME_ZWJ || after == HF2C_GRAPHEME_SPACING_MARK ||
        before == HF2C_GRAPHEME_PREPEND || hangul_joins(before, after)) {
        return 1;
    }
    if (before == HF2C_GRAPHEME_ZWJ && after == HF2C_GRAPHEME_PICTOGRAPHIC) {
        return picture;
    }
    return before == HF2C_GRAPHEME_REGIONAL && after == HF2C_GRAPHEME_REGIONAL && flags % 2 == 1;
}

size_t hf2c_grapheme_size(const uint8_t *text, size_t bytes)
{
    size_t size, at;
    int before = hf2c_unicode_grapheme_class(hf2c_utf8_get(text, &size));
    int picture = before == HF2C_GRAPHEME_PICTOGRAPHIC, flags = before == HF2C_GRAPHEME_REGIONAL;

    for (at = size; at < bytes; at += size) {
        int after = hf2c_unicode_grapheme_class(hf2c_utf8_get(text + at, &size));
        if (!joins(before, after, picture, flags)) {
            break;
        }
        if (after == HF2C_GRAPHEME_PICTOGRAPHIC) {
            picture = 1;
        } else if (after != HF2C_GRAPHEME_EXTEND && after != HF2C_GRAPHEME_ZWJ) {
            picture = 0;
        }
        flags = after == HF2C_GRAPHEME_REGIONAL ? flags + 1 : 0;
        before = after;
    }
    return at;
}
