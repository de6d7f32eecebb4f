/* Checks text that comes from outside. */
#include "runtime/text/utf8.h"

#include <string.h>

/* The range of the second byte is what excludes overlong forms, surrogates and values beyond U+10FFFF. */
static size_t sequence_size(uint8_t first, uint8_t *low, uint8_t *high)
{
    *low = 0x80;
    *high = 0xbf;
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xc2 && first <= 0xdf) {
        return 2;
    }
    if (first >= 0xe0 && first <= 0xef) {
        *low = first == 0xe0 ? 0xa0 : 0x80;
        *high = first == 0xed ? 0x9f : 0xbf;
        return 3;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        *low = first == 0xf0 ? 0x90 : 0x80;
        *high = first == 0xf4 ? 0x8f : 0xbf;
        return 4;
    }
    return 0;
}

int hf2c_utf8_valid(const uint8_t *text, size_t bytes, size_t *size)
{
    uint8_t low, high;
    size_t wanted = sequence_size(text[0], &low, &high), have = 1;

    while (have < wanted && have < bytes && text[have] >= low && text[have] <= high) {
        low = 0x80;
        high = 0xbf;
        have++;
    }
    *size = have;
    return wanted > 0 && have == wanted;
}

size_t hf2c_utf8_valid_bytes(const uint8_t *text, size_t bytes)
{
    size_t at = 0, size;
    uint64_t word;

    while (at < bytes) {
        if (bytes - at >= sizeof word && (memcpy(&word, text + at, sizeof word), (word & 0x8080808080808080u) == 0)) {
            at += sizeof word;
        } else if (text[at] < 0x80) {
            at++;
        } else if (hf2c_utf8_valid(text + at, bytes - at, &size)) {
            at += size;
        } else {
            break;
        }
    }
    return at;
}
