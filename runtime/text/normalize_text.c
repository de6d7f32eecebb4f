/* Normalizers that need no Unicode tables: Replace, Prepend, Strip, Nmt. */
#include "runtime/text/unicode.h"
#include "runtime/text/work.h"

/* pattern: what to replace; text: by what. What is put in has the origin of the last byte that it replaces. */
void hf2c_normalize_replace(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out)
{
    size_t at = 0, start, end;

    while (hf2c_scan_find(parameters->pattern, in->text, in->bytes, at, &start, &end)) {
        hf2c_line_copy(out, in, at, start);
        hf2c_line_add(out, parameters->text, parameters->text_bytes, in, end - 1);
        at = end;
    }
    hf2c_line_copy(out, in, at, in->bytes);
}

void hf2c_normalize_prepend(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out)
{
    if (in->bytes > 0) {
        hf2c_line_add(out, parameters->text, parameters->text_bytes, in, 0);
    }
    hf2c_line_copy(out, in, 0, in->bytes);
}

void hf2c_normalize_strip(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out)
{
    size_t start = 0, end = in->bytes, size;

    while ((parameters->flags & HF2C_STRIP_LEFT) && start < end && hf2c_is_whitespace(hf2c_utf8_get(in->text + start, &size))) {
        start += size;
    }
    while ((parameters->flags & HF2C_STRIP_RIGHT) && start < end && hf2c_is_whitespace(hf2c_utf8_before(in->text, end, &size))) {
        end -= size;
    }
    hf2c_line_copy(out, in, start, end);
}

static int nmt_drops(uint32_t code)
{
    return (code >= 1 && code <= 8) || code == 0x0b || (code >= 0x0e && code <= 0x1f) || code == 0x7f || code == 0x8f ||
           code == 0x9f;
}

static int nmt_is_space(uint32_t code)
{
    return code == 9 || code == 10 || code == 12 || code == 13 || code == 0x1680 || (code >= 0x200b && code <= 0x200f) ||
           code == 0x2028 || code == 0x2029 || code == 0x2581 || code == 0xfeff || code == 0xfffd;
}

void hf2c_normalize_nmt(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out)
{
    size_t size;

    (void)parameters;
    for (size_t at = 0; at < in->bytes; at += size) {
        uint32_t code = hf2c_utf8_get(in->text + at, &size);
        if (!nmt_drops(code)) {
            hf2c_line_add_code(out, nmt_is_space(code) ? ' ' : code, in, at);
        }
    }
}
