/* Decodes sentencepiece's precompiled charsmap and checks it. */
#include <string.h>

#include "compiler/text/build.h"

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool decode(Arena *arena, const char *text, uint8_t **bytes, size_t *count)
{
    size_t length = strlen(text);
    uint32_t bits = 0;
    int have = 0;

    *bytes = arena_alloc(arena, length);
    *count = 0;
    while (length > 0 && text[length - 1] == '=') {
        length--;
    }
    for (size_t i = 0; i < length; i++) {
        int value = base64_value(text[i]);
        if (value < 0) {
            return false;
        }
        bits = bits << 6 | (uint32_t)value;
        have += 6;
        if (have >= 8) {
            have -= 8;
            (*bytes)[(*count)++] = (uint8_t)(bits >> have);
        }
    }
    return true;
}

static uint32_t little(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* The longest replacement bounds what a byte can become. */
static uint32_t longest(const uint8_t *text, size_t bytes)
{
    size_t most = 1, start = 0;

    for (size_t i = 0; i < bytes; i++) {
        if (text[i] == 0) {
            most = i - start > most ? i - start : most;
            start = i + 1;
        }
    }
    return (uint32_t)most;
}

/* ASCII characters that the map leaves alone. A carriage return may form one character with the line feed behind it. */
static const uint8_t *plain_characters(TokenizerBuild *build, hf2c_charsmap *map)
{
    uint8_t *plain = arena_alloc(build->arena, 32), text, changed[64];
    hf2c_parameters parameters = {.charsmap = map};

    map->plain = plain;
    for (unsigned i = 0; i < 0x80; i++) {
        hf2c_line in = {.text = &text, .bytes = 1}, out = {.text = changed, .capacity = sizeof changed};
        text = (uint8_t)i;
        hf2c_normalize_charsmap(&parameters, &in, &out);
        plain[i >> 3] |= (uint8_t)((i != '\r' && !out.full && out.bytes == 1 && changed[0] == text) << (i & 7));
    }
    return plain;
}

bool charsmap_build(TokenizerBuild *build, const char *base64, const hf2c_charsmap **result, uint32_t *growth)
{
    hf2c_charsmap *map = ARENA_NEW(build->arena, hf2c_charsmap);
    uint8_t *bytes;
    uint32_t *unit, size;
    size_t count;

    if (!decode(build->arena, base64, &bytes, &count) || count < 4) {
        return build_refuse(build, "precompiled_charsmap", "bad base64", "a map");
    }
    size = little(bytes);
    if (size % 4 != 0 || size > count - 4 || count - 4 - size > UINT32_MAX / 2) {
        return build_refuse(build, "precompiled_charsmap", "a size beyond its end", "the size of its trie");
    }
    unit = ARENA_ARRAY(build->arena, uint32_t, size / 4 + 1);
    for (uint32_t i = 0; i < size / 4; i++) {
        unit[i] = little(bytes + 4 + 4 * (size_t)i);
    }
    map->unit = unit;
    map->units = size / 4;
    map->text = bytes + 4 + size;
    map->text_bytes = (uint32_t)(count - 4 - size);
    if (map->text_bytes > 0 && (map->text[map->text_bytes - 1] != 0 ||
                                hf2c_utf8_valid_bytes(map->text, map->text_bytes) != map->text_bytes)) {
        return build_refuse(build, "precompiled_charsmap", "replacements that are cut off or not UTF-8", "texts with a NUL each");
    }
    map->plain = plain_characters(build, map);
    *growth = longest(map->text, map->text_bytes);
    *growth = *growth > 36 ? 36 : *growth < 3 ? 3 : (*growth + 2) / 3 + 2;
    *result = map;
    return true;
}
