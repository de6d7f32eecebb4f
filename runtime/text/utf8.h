/* UTF-8, one code point at a time. */
#ifndef HF2C_TEXT_UTF8_H
#define HF2C_TEXT_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of a code point by its first byte; the text must be valid. */
static inline size_t hf2c_utf8_size(uint8_t first)
{
    return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Code point at text, which must be valid; *size receives its bytes. */
static inline uint32_t hf2c_utf8_get(const uint8_t *text, size_t *size)
{
    uint32_t first = text[0];

    if (first < 0x80) {
        *size = 1;
        return first;
    }
    if (first < 0xe0) {
        *size = 2;
        return (first & 31) << 6 | (text[1] & 63u);
    }
    if (first < 0xf0) {
        *size = 3;
        return (first & 15) << 12 | (text[1] & 63u) << 6 | (text[2] & 63u);
    }
    *size = 4;
    return (first & 7) << 18 | (text[1] & 63u) << 12 | (text[2] & 63u) << 6 | (text[3] & 63u);
}

/* Code point that ends before text + at; *size receives its bytes. at > 0. */
static inline uint32_t hf2c_utf8_before(const uint8_t *text, size_t at, size_t *size)
{
    size_t start = at - 1;

    while (start > 0 && (text[start] & 0xc0) == 0x80) {
        start--;
    }
    return hf2c_utf8_get(text + start, size);
}

/* Writes a code point; returns its bytes, at most 4. */
static inline size_t hf2c_utf8_put(uint8_t *text, uint32_t code)
{
    if (code < 0x80) {
        text[0] = (uint8_t)code;
        return 1;
    }
    if (code < 0x800) {
        text[0] = (uint8_t)(0xc0 | code >> 6);
        text[1] = (uint8_t)(0x80 | (code & 63));
        return 2;
    }
    if (code < 0x10000) {
        text[0] = (uint8_t)(0xe0 | code >> 12);
        text[1] = (uint8_t)(0x80 | (code >> 6 & 63));
        text[2] = (uint8_t)(0x80 | (code & 63));
        return 3;
    }
    text[0] = (uint8_t)(0xf0 | code >> 18);
    text[1] = (uint8_t)(0x80 | (code >> 12 & 63));
    text[2] = (uint8_t)(0x80 | (code >> 6 & 63));
    text[3] = (uint8_t)(0x80 | (code & 63));
    return 4;
}

/* Bytes of the longest valid start of a sequence at text, and whether it is a whole one: maximal subparts, as Unicode recommends
 * for replacement. bytes > 0; *size is at least 1. */
int hf2c_utf8_valid(const uint8_t *text, size_t bytes, size_t *size);
/* Bytes of valid text from the start. */
size_t hf2c_utf8_valid_bytes(const uint8_t *text, size_t bytes);

#endif
