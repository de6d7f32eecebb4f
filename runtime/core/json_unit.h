/* Inside json: the units of strings: UTF-8 sequences and \u escapes. */
#ifndef HF2C_CORE_JSON_UNIT_H
#define HF2C_CORE_JSON_UNIT_H

#include <stddef.h>
#include <stdint.h>

/* Length of the sequence at bytes, without overlong forms, surrogates and values above U+10FFFF; 0 when it is not
 * valid, and *wrong is then the length of its longest part that begins a valid one (at least 1). */
size_t hf2c_json_utf8_sequence(const uint8_t *bytes, size_t left, size_t *wrong);
size_t hf2c_json_utf8_encode(uint32_t code, char out[4]); /* returns the length */

/* The four hex digits of a \u escape, -1 when they are not. */
int32_t hf2c_json_hex_unit(const char *text, size_t left);

#endif
