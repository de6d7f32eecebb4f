/* The decoder Replace with a regular expression. */
#include "runtime/text/work.h"

/* pattern: what to replace in each token; more: by what. A token that would become too long stays as it is. */
int hf2c_decode_replace_pattern(const hf2c_parameters *parameters, hf2c_decoding *decoding, uint32_t *state)
{
    uint8_t changed[HF2C_DECODE_BYTES];
    size_t at = 0, bytes = 0, start, end;

    (void)state;
    while (hf2c_scan_find(parameters->pattern, decoding->token, decoding->bytes, at, &start, &end)) {
        if (sizeof changed - bytes < start - at + parameters->more_bytes) {
            return 1;
        }
        memcpy(changed + bytes, decoding->token + at, start - at);
        bytes += start - at;
        memcpy(changed + bytes, parameters->more, parameters->more_bytes);
        bytes += parameters->more_bytes;
        at = end;
    }
    if (sizeof changed - bytes < decoding->bytes - at) {
        return 1;
    }
    memcpy(changed + bytes, decoding->token + at, decoding->bytes - at);
    decoding->bytes += bytes - at;
    memcpy(decoding->token, changed, decoding->bytes);
    return 1;
}
