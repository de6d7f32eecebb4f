/* Facts about code points. The tables come from the Unicode Character Database; each lies in a file of its own, so that a
 * program carries only those that its tokenizer asks for. */
#ifndef HF2C_TEXT_UNICODE_H
#define HF2C_TEXT_UNICODE_H

#include <stddef.h>
#include <stdint.h>

typedef enum hf2c_category {
    HF2C_LU, HF2C_LL, HF2C_LT, HF2C_LM, HF2C_LO, HF2C_MN, HF2C_MC, HF2C_ME, HF2C_ND, HF2C_NL, HF2C_NO, HF2C_PC, HF2C_PD,
    HF2C_PS, HF2C_PE, HF2C_PI, HF2C_PF, HF2C_PO, HF2C_SM, HF2C_SC, HF2C_SK, HF2C_SO, HF2C_ZS, HF2C_ZL, HF2C_ZP, HF2C_CC,
    HF2C_CF, HF2C_CS, HF2C_CO, HF2C_CN, HF2C_CATEGORY_COUNT
} hf2c_category;

enum {
    HF2C_PROPERTY_CATEGORY = 31, /* hf2c_category */
    HF2C_PROPERTY_WORD = 32,     /* alphabetic, mark, decimal digit or connector */
    HF2C_PROPERTY_AFTER_8 = 64,  /* assigned after Unicode 8 */
    HF2C_PROPERTY_AFTER_9 = 128  /* assigned after Unicode 9 */
};

uint8_t hf2c_unicode_property(uint32_t code);
uint32_t hf2c_unicode_lower(uint32_t code); /* simple mapping */
uint8_t hf2c_unicode_combining_class(uint32_t code);
/* Full decomposition, length 0 when the code point is its own. Hangul syllables are not in the table. */
const uint32_t *hf2c_unicode_decomposition(uint32_t code, int compatible, uint32_t *length);
const uint32_t *hf2c_unicode_composition_pairs(uint32_t *count); /* [count][3] first, second, composite; sorted */
uint8_t hf2c_unicode_grapheme_class(uint32_t code);              /* hf2c_grapheme_class */
uint8_t hf2c_unicode_script(uint32_t code);                      /* number of the name in hf2c_unicode_script_names */
const char *hf2c_unicode_script_names(void);                     /* names one after another, each with a NUL */

typedef enum hf2c_grapheme_class {
    HF2C_GRAPHEME_OTHER, HF2C_GRAPHEME_CR, HF2C_GRAPHEME_LF, HF2C_GRAPHEME_CONTROL, HF2C_GRAPHEME_EXTEND, HF2C_GRAPHEME_ZWJ,
    HF2C_GRAPHEME_REGIONAL, HF2C_GRAPHEME_PREPEND, HF2C_GRAPHEME_SPACING_MARK, HF2C_GRAPHEME_L, HF2C_GRAPHEME_V,
    HF2C_GRAPHEME_T, HF2C_GRAPHEME_LV, HF2C_GRAPHEME_LVT, HF2C_GRAPHEME_PICTOGRAPHIC
} hf2c_grapheme_class;

int hf2c_is_whitespace(uint32_t code);       /* White_Space */
int hf2c_is_word(uint32_t code);             /* \w of the Rust regex crate */
int hf2c_is_numeric(uint32_t code);          /* categories N */
int hf2c_is_punctuation(uint32_t code);      /* ASCII punctuation and categories P of Unicode 8 */
int hf2c_is_control(uint32_t code);          /* categories C of Unicode 8 but for unassigned, tab, LF and CR */
int hf2c_is_mark(uint32_t code);             /* categories M of Unicode 9 */
int hf2c_is_nonspacing_mark(uint32_t code);  /* category Mn of Unicode 8 */
int hf2c_is_chinese(uint32_t code);          /* the ranges that BERT sets apart */

#endif
