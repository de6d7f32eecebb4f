/* Pre-tokenizers that rewrite the text before it is split: the space of ByteLevel, and Metaspace. */
#include "runtime/text/work.h"

/* Origins of an untouched part of the original follow from counting code points. */
static void add_view(hf2c_splitter *splitter, size_t from, size_t to, uint32_t *code)
{
    hf2c_line *line = splitter->line;

    if (line->capacity - line->bytes < to - from) {
        line->full = 1;
        return;
    }
    memcpy(line->text + line->bytes, splitter->input.text + from, to - from);
    if (line->origin == NULL) {
        line->bytes += to - from;
        return;
    }
    for (size_t i = from; i < to; i++) {
        uint32_t *origin = line->origin + 2 * line->bytes++;
        if (splitter->input.origin != NULL) {
            origin[0] = splitter->input.origin[2 * i];
            origin[1] = splitter->input.origin[2 * i + 1];
        } else {
            *code += (splitter->input.text[i] & 0xc0) != 0x80;
            origin[0] = *code - 1;
            origin[1] = *code;
        }
    }
}

/* Adds bytes with the origin of the first byte of the input. */
static void add_prefix(hf2c_splitter *splitter, const uint8_t *text, size_t bytes)
{
    uint32_t first[2] = {splitter->origin, splitter->origin + 1};
    hf2c_line from = {.origin = first};

    if (splitter->input.origin != NULL) {
        from.origin[0] = splitter->input.origin[0];
        from.origin[1] = splitter->input.origin[1];
    }
    hf2c_line_add(splitter->line, text, bytes, &from, 0);
}

static int finish(hf2c_splitter *splitter)
{
    splitter->piece.text = splitter->line->text;
    splitter->piece.origin = splitter->line->origin;
    splitter->piece.bytes = splitter->line->bytes;
    return splitter->piece.bytes > 0;
}

int hf2c_prefix_space(const hf2c_parameters *parameters, hf2c_splitter *splitter)
{
    uint32_t code = splitter->origin;

    (void)parameters;
    if (splitter->begun++ || splitter->input.bytes == 0) {
        return 0;
    }
    if (splitter->input.text[0] != ' ') {
        add_prefix(splitter, (const uint8_t *)" ", 1);
    }
    add_view(splitter, 0, splitter->input.bytes, &code);
    return finish(splitter);
}

/* text: the replacement of spaces; flags: when it is put in front. */
int hf2c_metaspace(const hf2c_parameters *parameters, hf2c_splitter *splitter)
{
    const uint8_t *text = splitter->input.text;
    size_t bytes = splitter->input.bytes, at = 0, width = parameters->text_bytes;
    uint32_t code = splitter->origin, first = splitter->input.origin != NULL ? splitter->input.origin[0] : splitter->origin;
    int prefixed;

    if (splitter->begun++ || bytes == 0) {
        return 0;
    }
    prefixed = text[0] == ' ' || (bytes >= width && memcmp(text, parameters->text, width) == 0);
    if (!prefixed && ((parameters->flags & HF2C_METASPACE_ALWAYS) || ((parameters->flags & HF2C_METASPACE_FIRST) && first == 0))) {
        add_prefix(splitter, parameters->text, width);
    }
    while (at < bytes) {
        size_t start = at;
        while (at < bytes && text[at] != ' ') {
            at++;
        }
        add_view(splitter, start, at, &code);
        if (at < bytes) {
            uint32_t origin[2] = {code, code + 1};
            hf2c_line from = {.origin = origin};
            if (splitter->input.origin != NULL) {
                memcpy(origin, splitter->input.origin + 2 * at, sizeof origin);
            }
            hf2c_line_add(splitter->line, parameters->text, width, &from, 0);
            code++;
            at++;
        }
    }
    return finish(splitter);
}
