/* Scratch memory, and text that remembers its origin. */
#include "runtime/text/work.h"

void *hf2c_text_take(hf2c_text_scratch *scratch, size_t count, size_t size)
{
    size_t left = (size_t)(scratch->top - scratch->bottom), bytes;
    void *taken = scratch->bottom;

    if (size != 0 && count > left / size) {
        return NULL;
    }
    bytes = (count * size + HF2C_SCRATCH_ALIGNMENT - 1) & ~(size_t)(HF2C_SCRATCH_ALIGNMENT - 1);
    if (bytes > left) {
        return NULL;
    }
    scratch->bottom += bytes;
    return taken;
}

int hf2c_line_take(hf2c_line *line, hf2c_text_scratch *scratch, size_t capacity, int tracked)
{
    line->text = hf2c_text_take(scratch, capacity, 1);
    line->origin = line->text && tracked ? hf2c_text_take(scratch, capacity, 2 * sizeof *line->origin) : NULL;
    line->bytes = 0;
    line->capacity = capacity;
    line->full = 0;
    return tracked ? line->origin != NULL : line->text != NULL;
}

void hf2c_line_add(hf2c_line *line, const uint8_t *text, size_t bytes, const hf2c_line *in, size_t from)
{
    if (line->capacity - line->bytes < bytes) {
        line->full = 1;
        return;
    }
    for (size_t i = 0; i < bytes; i++) {
        line->text[line->bytes + i] = text[i];
    }
    for (size_t i = 0; line->origin != NULL && i < bytes; i++) {
        line->origin[2 * (line->bytes + i)] = in->origin[2 * from];
        line->origin[2 * (line->bytes + i) + 1] = in->origin[2 * from + 1];
    }
    line->bytes += bytes;
}

void hf2c_line_add_code(hf2c_line *line, uint32_t code, const hf2c_line *in, size_t from)
{
    uint8_t text[4];

    hf2c_line_add(line, text, hf2c_utf8_put(text, code), in, from);
}

void hf2c_line_copy(hf2c_line *line, const hf2c_line *in, size_t from, size_t to)
{
    if (line->capacity - line->bytes < to - from) {
        line->full = 1;
        return;
    }
    memcpy(line->text + line->bytes, in->text + from, to - from);
    if (line->origin != NULL) {
        memcpy(line->origin + 2 * line->bytes, in->origin + 2 * from, 2 * (to - from) * sizeof *in->origin);
    }
    line->bytes += to - from;
}

void hf2c_rewrite_skip(hf2c_rewriter *rewriter, int32_t codes)
{
    for (int32_t i = 0; i < codes && rewriter->at < rewriter->in->bytes; i++) {
        rewriter->at += hf2c_utf8_size(rewriter->in->text[rewriter->at]);
    }
}

void hf2c_rewrite(hf2c_rewriter *rewriter, uint32_t code, int32_t change)
{
    size_t from = rewriter->at;

    if (change > 0 || from >= rewriter->in->bytes) {
        from = from > 0 ? from - 1 : 0;
    }
    hf2c_line_add_code(rewriter->out, code, rewriter->in, from);
    if (change <= 0) {
        hf2c_rewrite_skip(rewriter, 1 - change);
    }
}
