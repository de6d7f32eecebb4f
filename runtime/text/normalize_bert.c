/* The steps of BertNormalizer and StripAccents. */
#include "runtime/text/unicode.h"
#include "runtime/text/work.h"

/* The ranges that BERT sets apart. */
static int is_chinese(uint32_t code)
{
    return (code >= 0x4e00 && code <= 0x9fff) || (code >= 0x3400 && code <= 0x4dbf) || (code >= 0x20000 && code <= 0x2a6df) ||
           (code >= 0x2a700 && code <= 0x2b73f) || (code >= 0x2b740 && code <= 0x2b81f) ||
           (code >= 0x2b920 && code <= 0x2ceaf) || (code >= 0xf900 && code <= 0xfaff) || (code >= 0x2f800 && code <= 0x2fa1f);
}

void hf2c_normalize_clean(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out)
{
    size_t size;

    (void)parameters;
    for (size_t at = 0; at < in->bytes; at += size) {
        uint32_t code = hf2c_utf8_get(in->text + at, &size);
        if (code == 0 || code == 0xfffd || hf2c_is_control(code)) {
            continue;
        }
        hf2c_line_add_code(out, hf2c_is_whitespace(code) ? ' ' : code, in, at);
    }
}

void hf2c_normalize_chinese(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out)
{
    size_t size;

    (void)parameters;
    for (size_t at = 0; at < in->bytes; at += size) {
        int apart = is_chinese(hf2c_utf8_get(in->text + at, &size));
        if (apart) {
            hf2c_line_add(out, (const uint8_t *)" ", 1, in, at);
        }
        hf2c_line_add(out, in->text + at, size, in, at);
        if (apart) {
            hf2c_line_add(out, (const uint8_t *)" ", 1, in, at);
        }
    }
}

static void drop(const hf2c_line *in, hf2c_line *out, int (*is_dropped)(uint32_t code))
{
    size_t size;

    for (size_t at = 0; at < in->bytes; at += size) {
        if (!is_dropped(hf2c_utf8_get(in->text + at, &size))) {
            hf2c_line_add(out, in->text + at, size, in, at);
        }
    }
}

void hf2c_normalize_drop_nonspacing(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out)
{
    (void)parameters;
    drop(in, out, hf2c_is_nonspacing_mark);
}

void hf2c_normalize_drop_marks(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out)
{
    (void)parameters;
    drop(in, out, hf2c_is_mark);
}
