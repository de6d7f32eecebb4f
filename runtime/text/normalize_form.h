/* What the four normalization forms share. */
#ifndef HF2C_TEXT_NORMALIZE_FORM_H
#define HF2C_TEXT_NORMALIZE_FORM_H

#include "runtime/text/unicode.h"
#include "runtime/text/work.h"

/* compatible NULL: canonical decompositions only; compositions NULL: what is decomposed stays so. */
void hf2c_normalize_form(const hf2c_line *in, hf2c_line *out, const hf2c_decompositions *compatible, const hf2c_compositions *compositions);

#endif
