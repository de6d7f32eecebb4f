/* read: a sound from a file. */
#include "runtime/audio/sound.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static hf2c_status cannot_read(hf2c_message *message, const char *path)
{
    hf2c_message_set(message, "");
    hf2c_message_add(message, path, strlen(path));
    hf2c_message_add(message, ": ", 2);
    const char *why = errno ? strerror(errno) : "cannot be read";
    hf2c_message_add(message, why, strlen(why));
    return HF2C_BAD_ARGUMENT;
}

/* The bytes of a file, in the scratch. */
static hf2c_status read_bytes(FILE *file, hf2c_scratch *scratch, const uint8_t **bytes, size_t *count)
{
    long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (size < 0 || fseek(file, 0, SEEK_SET) != 0) return HF2C_BAD_ARGUMENT;
    uint8_t *memory = HF2C_TAKE(scratch, uint8_t, size);
    if (!memory) return HF2C_TOO_SMALL;
    *count = fread(memory, 1, (size_t)size, file);
    *bytes = memory;
    return ferror(file) ? HF2C_BAD_ARGUMENT : HF2C_OK;
}

hf2c_status hf2c_sound_read(const char *path, hf2c_scratch *scratch, hf2c_sound *sound, hf2c_message *message)
{
    const uint8_t *bytes = NULL;
    size_t count = 0;
    hf2c_wav wav;
    errno = 0;
    FILE *file = fopen(path, "rb");
    if (!file) return cannot_read(message, path);
    hf2c_status status = read_bytes(file, scratch, &bytes, &count);
    if (status == HF2C_BAD_ARGUMENT) cannot_read(message, path);
    fclose(file);
    if (status == HF2C_OK) status = hf2c_wav_parse(bytes, count, &wav, message);
    if (status != HF2C_OK) return status;
    float *samples = HF2C_TAKE(scratch, float, wav.frames);
    if (!samples) return HF2C_TOO_SMALL;
    *sound = (hf2c_sound){samples, wav.frames, wav.rate};
    return hf2c_wav_mix(&wav, samples, message);
}
