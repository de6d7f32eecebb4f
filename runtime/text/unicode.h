/* Facts about code points. The tables come from the Unicode Character Database; each lies in a file of its own, so that a
 * program carries only those that its tokenizer asks for. */
#ifndef HF2C_TEXT_UNICODE_H
#define HF2C_TEXT_UNICODE_H

#include <stddef.h>
#include <stdint.h>

uint32_t hf2c_unicode_lower(uint32_t code); /* simple mapping */
uint8_t hf2c_unicode_combining_class(uint32_t code);

/* Full decompositions in UTF-16 by code point, in three stages; Hangul syllables are not among them. The tables are data that
 * functions are given, so that a program carries those of its normalization form only. */
enum { HF2C_DECOMPOSITION_LEAF = 3, HF2C_DECOMPOSITION_MIDDLE = 5 }; /* bits of a code point */
typedef struct hf2c_decompositions {
    const uint8_t *top;
    const uint16_t *middle;
    const uint16_t *leaf; /* 0, or place in the pool << 4 | which length */
    const uint16_t *pool;
    const uint8_t *length; /* in units */
    uint32_t tops;         /* the last one counts beyond */
} hf2c_decompositions;
extern const hf2c_decompositions hf2c_unicode_canonical;
extern const hf2c_decompositions hf2c_unicode_compatible; /* where it is not the canonical one */
/* No units when the code point is its own. */
const uint16_t *hf2c_unicode_decomposition(const hf2c_decompositions *table, uint32_t code, uint32_t *units);

typedef struct hf2c_compositions {
    const uint32_t *pair; /* [count][3] first, second, composite; sorted */
    uint32_t count;
} hf2c_compositions;
extern const hf2c_compositions hf2c_unicode_compositions;

uint8_t hf2c_unicode_grapheme_class(uint32_t code); /* hf2c_grapheme_class */

typedef enum hf2c_grapheme_class {
    HF2C_GRAPHEME_OTHER, HF2C_GRAPHEME_CR, HF2C_GRAPHEME_LF, HF2C_GRAPHEME_CONTROL, HF2C_GRAPHEME_EXTEND, HF2C_GRAPHEME_ZWJ,
    HF2C_GRAPHEME_REGIONAL, HF2C_GRAPHEME_PREPEND, HF2C_GRAPHEME_SPACING_MARK, HF2C_GRAPHEME_L, HF2C_GRAPHEME_V,
    HF2C_GRAPHEME_T, HF2C_GRAPHEME_LV, HF2C_GRAPHEME_LVT, HF2C_GRAPHEME_PICTOGRAPHIC
} hf2c_grapheme_class;

int hf2c_is_whitespace(uint32_t code);       /* White_Space */
int hf2c_is_word(uint32_t code);             /* \w of the Rust regex crate */
int hf2c_is_control(uint32_t code);          /* categories C of Unicode 8 but for unassigned, tab, LF and CR */
int hf2c_is_mark(uint32_t code);             /* categories M of Unicode 9 */
int hf2c_is_nonspacing_mark(uint32_t code);  /* category Mn of Unicode 8 */

#endif
