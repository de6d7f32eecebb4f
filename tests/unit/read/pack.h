/* safetensors files made by hand, right and wrong. */
#ifndef TESTS_PACK_H
#define TESTS_PACK_H

#include "tests/unit/scratch.h"

/* Writes a file with that header and that many bytes of data 0, 1, 2 ... */
static inline const char *pack_bytes(Arena *arena, const char *name, const char *header, size_t header_bytes,
                                     size_t data_bytes)
{
    Str s = {0};
    for (int i = 0; i < 8; i++) {
        char byte = (char)(header_bytes >> 8 * i & 0xff);
        str_add(&s, &byte, 1);
    }
    str_add(&s, header, header_bytes);
    for (size_t i = 0; i < data_bytes; i++) {
        char byte = (char)(i & 0x7f);
        str_add(&s, &byte, 1);
    }
    const char *path = scratch_write(arena, name, s.data, s.length);
    str_free(&s);
    return path;
}

static inline const char *pack(Arena *arena, const char *name, const char *header, size_t data_bytes)
{
    return pack_bytes(arena, name, header, strlen(header), data_bytes);
}

#endif
