/* Runs the automaton of a regular expression. */
#include "runtime/text/work.h"

static uint32_t class_of(const hf2c_scanner *scanner, const uint8_t *text, size_t *size)
{
    uint32_t code, page;

    *size = 1;
    if (scanner->narrow[text[0]] != scanner->classes) {
        return scanner->narrow[text[0]];
    }
    code = hf2c_utf8_get(text, size);
    page = code >> 9;
    if (page >= scanner->page_count) {
        page = scanner->page_count - 1;
    }
    return scanner->block[(size_t)scanner->row[(size_t)scanner->page[page] << 5 | (code >> 4 & 31)] << 4 | (code & 15)];
}

static uint32_t state_before(const hf2c_scanner *scanner, const uint8_t *text, size_t at)
{
    size_t size, start = at - 1;

    if (at == 0 || scanner->after == NULL) {
        return scanner->start;
    }
    while (scanner->page != NULL && start > 0 && (text[start] & 0xc0) == 0x80) {
        start--;
    }
    return scanner->after[class_of(scanner, text + start, &size)];
}

int hf2c_scan(const hf2c_scanner *scanner, const uint8_t *text, size_t bytes, size_t at, size_t *end)
{
    const uint8_t *narrow = scanner->narrow;
    uint32_t state = state_before(scanner, text, at), classes = scanner->classes;
    size_t found = SIZE_MAX;

    while (state != 0) {
        const uint16_t *row = scanner->next + (size_t)state * (classes + 1);
        uint32_t next = 0;
        size_t size = 1;
        /* A state mostly leads to itself: such bytes need not wait for each other. */
        for (; at < bytes && ((next = row[narrow[text[at]]]) & (HF2C_MATCH - 1)) == state; at++) {
            found = next & HF2C_MATCH ? at : found;
        }
        if (at == bytes) {
            next = row[classes];
        } else if (narrow[text[at]] == classes) {
            next = row[class_of(scanner, text + at, &size)];
        }
        found = next & HF2C_MATCH ? at : found;
        state = next & (HF2C_MATCH - 1);
        at += size;
    }
    if (found == SIZE_MAX) {
        return 0;
    }
    *end = found;
    return 1;
}

int hf2c_scan_find(const hf2c_scanner *scanner, const uint8_t *text, size_t bytes, size_t at, size_t *start, size_t *end)
{
    while (at < bytes) {
        if (hf2c_scan(scanner, text, bytes, at, end) && *end > at) {
            *start = at;
            return 1;
        }
        at += scanner->page == NULL ? 1 : hf2c_utf8_size(text[at]);
    }
    return 0;
}
