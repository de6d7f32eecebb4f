/* WAV files of any bytes: parsed, and their samples mixed where a header is believed. */
#include <stdlib.h>

#include "runtime/audio/sound.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hf2c_wav wav;
    hf2c_message message = {""};
    if (hf2c_wav_parse(data, size, &wav, &message) != HF2C_OK) {
        if (message.text[0] == '\0') abort();
        return 0;
    }
    float *samples = malloc((size_t)wav.frames * sizeof *samples);
    if (!samples) return 0;
    hf2c_wav_mix(&wav, samples, &message);
    free(samples);
    return 0;
}
