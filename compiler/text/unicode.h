/* What a character is, while pre-tokenizers and patterns are compiled; see runtime/text/unicode.h for what programs ask. */
#ifndef HF2C_TEXT_COMPILER_UNICODE_H
#define HF2C_TEXT_COMPILER_UNICODE_H

#include <stdint.h>

typedef enum UnicodeCategory {
    CATEGORY_LU, CATEGORY_LL, CATEGORY_LT, CATEGORY_LM, CATEGORY_LO, CATEGORY_MN, CATEGORY_MC, CATEGORY_ME, CATEGORY_ND, CATEGORY_NL,
    CATEGORY_NO, CATEGORY_PC, CATEGORY_PD, CATEGORY_PS, CATEGORY_PE, CATEGORY_PI, CATEGORY_PF, CATEGORY_PO, CATEGORY_SM, CATEGORY_SC,
    CATEGORY_SK, CATEGORY_SO, CATEGORY_ZS, CATEGORY_ZL, CATEGORY_ZP, CATEGORY_CC, CATEGORY_CF, CATEGORY_CS, CATEGORY_CO, CATEGORY_CN,
    CATEGORY_COUNT
} UnicodeCategory;

enum {
    PROPERTY_CATEGORY = 31, /* UnicodeCategory */
    PROPERTY_WORD = 32,     /* alphabetic, mark, decimal digit or connector */
    PROPERTY_AFTER_8 = 64,  /* assigned after Unicode 8 */
    PROPERTY_AFTER_9 = 128  /* assigned after Unicode 9 */
};

uint8_t unicode_property(uint32_t code);
uint8_t unicode_script(uint32_t code);      /* number of the name in unicode_script_names */
const char *unicode_script_names(void);     /* names one after another, each with a NUL */
int unicode_is_numeric(uint32_t code);      /* categories N */
int unicode_is_punctuation(uint32_t code);  /* ASCII punctuation and categories P of Unicode 8 */

#endif
