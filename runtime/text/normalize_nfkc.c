/* NFKC; in a file of its own for the sake of the tables that it asks for. */
#include "runtime/text/normalize_form.h"

void hf2c_normalize_nfkc(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out)
{
    (void)parameters;
    hf2c_normalize_form(in, out, &hf2c_unicode_compatible, &hf2c_unicode_compositions);
}
