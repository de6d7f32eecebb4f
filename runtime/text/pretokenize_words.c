/* WhitespaceSplit and then Metaspace for each word, in one: what tokenizers with sentencepiece vocabularies mostly do. */
#include "runtime/text/unicode.h"
#include "runtime/text/work.h"

static size_t space_size(const uint8_t *text)
{
    size_t size;

    if (text[0] < 0x80) {
        return text[0] == ' ' || (text[0] >= 9 && text[0] <= 13) ? 1 : 0;
    }
    return hf2c_is_whitespace(hf2c_utf8_get(text, &size)) ? size : 0;
}

/* Writes the next word, with the replacement in front, to the line; 0: there is none. */
static int take_word(const hf2c_parameters *parameters, hf2c_splitter *splitter)
{
    const uint8_t *text = splitter->input.text;
    size_t bytes = splitter->input.bytes, at = splitter->at, start, size;
    hf2c_line *line = splitter->line;
    hf2c_line in = {.text = (uint8_t *)(uintptr_t)text, .origin = (uint32_t *)(uintptr_t)splitter->input.origin, .bytes = bytes};

    while (at < bytes && (size = space_size(text + at)) > 0) {
        at += size;
    }
    for (start = at; at < bytes && space_size(text + at) == 0; at += hf2c_utf8_size(text[at])) {
    }
    splitter->at = at;
    if (at == start) {
        return 0;
    }
    line->bytes = 0;
    if (at - start < parameters->text_bytes || memcmp(text + start, parameters->text, parameters->text_bytes) != 0) {
        hf2c_line_add(line, parameters->text, parameters->text_bytes, &in, start);
    }
    hf2c_line_copy(line, &in, start, at);
    splitter->match_start = 0;
    return !line->full;
}

/* text: the replacement of spaces. Where a word has it inside, it begins another piece. */
int hf2c_words(const hf2c_parameters *parameters, hf2c_splitter *splitter)
{
    hf2c_line *line = splitter->line;
    size_t width = parameters->text_bytes, start, end;

    if (splitter->match_start >= line->bytes && !take_word(parameters, splitter)) {
        return 0;
    }
    start = splitter->match_start;
    for (end = start + 1; end < line->bytes && (line->text[end] != parameters->text[0] || line->bytes - end < width ||
                                                memcmp(line->text + end, parameters->text, width) != 0); end++) {
    }
    splitter->match_start = end;
    splitter->piece.text = line->text + start;
    splitter->piece.origin = line->origin != NULL ? line->origin + 2 * start : NULL;
    splitter->piece.bytes = end - start;
    return 1;
}
