/* Classes of code points as HF tokenizers sees them: its crates carry tables of several Unicode versions. */
#include "compiler/text/unicode.h"

int unicode_is_numeric(uint32_t code)
{
    int kind = unicode_property(code) & PROPERTY_CATEGORY;

    if ((code >= 0x11de0 && code <= 0x11de9) || (code >= 0x16ff4 && code <= 0x16ff6)) { /* of Unicode 17 */
        return 1;
    }
    return kind >= CATEGORY_ND && kind <= CATEGORY_NO;
}

int unicode_is_punctuation(uint32_t code)
{
    int property;

    if (code < 0x80) {
        return code > ' ' && code < 0x7f && !(code >= '0' && code <= '9') && !((code | 32) >= 'a' && (code | 32) <= 'z');
    }
    if (code == 0x166d || code == 0x111c9) { /* symbols since, punctuation in Unicode 8 */
        return 1;
    }
    property = unicode_property(code);
    return (property & PROPERTY_AFTER_8) == 0 && (property & PROPERTY_CATEGORY) >= CATEGORY_PC &&
           (property & PROPERTY_CATEGORY) <= CATEGORY_PO;
}
