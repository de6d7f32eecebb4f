/* Lower case. */
#include "runtime/text/unicode.h"
#include "runtime/text/work.h"

void hf2c_normalize_lowercase(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out)
{
    size_t size;

    (void)parameters;
    for (size_t at = 0; at < in->bytes; at += size) {
        uint32_t code = hf2c_utf8_get(in->text + at, &size);
        if (code == 0x130) { /* the only one that becomes two: i and a dot above */
            hf2c_line_add(out, (const uint8_t *)"i\xcc\x87", 3, in, at);
        } else if (code < 0x80) {
            hf2c_line_add_code(out, code >= 'A' && code <= 'Z' ? code + 32 : code, in, at);
        } else {
            hf2c_line_add_code(out, hf2c_unicode_lower(code), in, at);
        }
    }
}
