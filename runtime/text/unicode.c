/* Classes of code points as HF tokenizers sees them: its crates carry tables of several Unicode versions. */
#include "runtime/text/unicode.h"

static int category(uint32_t code)
{
    return hf2c_unicode_property(code) & HF2C_PROPERTY_CATEGORY;
}

int hf2c_is_word(uint32_t code)
{
    return (hf2c_unicode_property(code) & HF2C_PROPERTY_WORD) != 0 || code == 0x200c || code == 0x200d;
}

int hf2c_is_numeric(uint32_t code)
{
    int kind = category(code);

    return kind >= HF2C_ND && kind <= HF2C_NO;
}

int hf2c_is_punctuation(uint32_t code)
{
    int property;

    if (code < 0x80) {
        return code > ' ' && code < 0x7f && !(code >= '0' && code <= '9') && !((code | 32) >= 'a' && (code | 32) <= 'z');
    }
    if (code == 0x166d || code == 0x111c9) { /* symbols since, punctuation in Unicode 8 */
        return 1;
    }
    property = hf2c_unicode_property(code);
    return (property & HF2C_PROPERTY_AFTER_8) == 0 && (property & HF2C_PROPERTY_CATEGORY) >= HF2C_PC &&
           (property & HF2C_PROPERTY_CATEGORY) <= HF2C_PO;
}

int hf2c_is_control(uint32_t code)
{
    int property;

    if (code == '\t' || code == '\n' || code == '\r') {
        return 0;
    }
    property = hf2c_unicode_property(code);
    return (property & HF2C_PROPERTY_AFTER_8) == 0 && (property & HF2C_PROPERTY_CATEGORY) >= HF2C_CC &&
           (property & HF2C_PROPERTY_CATEGORY) <= HF2C_CO;
}

int hf2c_is_mark(uint32_t code)
{
    int property = hf2c_unicode_property(code);

    if (code == 0x1cf2 || code == 0x1cf3) { /* letters since, marks in Unicode 9 */
        return 1;
    }
    if (code == 0x111c9) { /* a mark since, punctuation in Unicode 9 */
        return 0;
    }
    return (property & HF2C_PROPERTY_AFTER_9) == 0 && (property & HF2C_PROPERTY_CATEGORY) >= HF2C_MN &&
           (property & HF2C_PROPERTY_CATEGORY) <= HF2C_ME;
}

int hf2c_is_nonspacing_mark(uint32_t code)
{
    int property = hf2c_unicode_property(code);

    if (code == 0x1734) { /* a spacing mark since */
        return 1;
    }
    if (code == 0x1885 || code == 0x1886 || code == 0xa9bd || code == 0x111c9) { /* others in Unicode 8 */
        return 0;
    }
    return (property & HF2C_PROPERTY_AFTER_8) == 0 && (property & HF2C_PROPERTY_CATEGORY) == HF2C_MN;
}

int hf2c_is_chinese(uint32_t code)
{
    return (code >= 0x4e00 && code <= 0x9fff) || (code >= 0x3400 && code <= 0x4dbf) || (code >= 0x20000 && code <= 0x2a6df) ||
           (code >= 0x2a700 && code <= 0x2b73f) || (code >= 0x2b740 && code <= 0x2b81f) ||
           (code >= 0x2b920 && code <= 0x2ceaf) || (code >= 0xf900 && code <= 0xfaff) || (code >= 0x2f800 && code <= 0x2fa1f);
}
