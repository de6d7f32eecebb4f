/* wav: files of samples. Nothing of a header is believed before it is checked. */
#include "runtime/audio/sound.h"

#include <limits.h>
#include <math.h>
#include <string.h>

enum { MOST_CHANNELS = 8, MOST_RATE = 768000, CODING_PCM = 1, CODING_FLOAT = 3, CODING_EXTENSIBLE = 0xFFFE };

typedef struct Header {
    unsigned coding, channels, rate, block, bits;
} Header;

static unsigned little(const uint8_t *bytes, int count)
{
    unsigned value = 0;
    for (int i = count; i-- > 0;) value = value << 8 | bytes[i];
    return value;
}

static hf2c_status refuse(hf2c_message *message, const char *found, long long number, const char *wanted)
{
    hf2c_message_set(message, "WAV: found ", found);
    if (number >= 0) hf2c_message_add_number(message, number);
    hf2c_message_add(message, "; wanted ", 9);
    hf2c_message_add(message, wanted, strlen(wanted));
    return HF2C_BAD_ARGUMENT;
}

/* ---- chunks ---- */

/* The next chunk's contents from *at on, which moves behind it; false at the end. A size that reaches behind the file is cut. */
static int next_chunk(const uint8_t *file, size_t bytes, size_t *at, const uint8_t **contents, size_t *size)
{
    enum { HEAD = 8 };
    if (bytes - *at < HEAD) return 0;
    size_t left = bytes - *at - HEAD, told = little(file + *at + 4, 4);
    *contents = file + *at + HEAD;
    *size = told < left ? told : left;
    *at += HEAD + *size;
    if (*size % 2 && *at < bytes) (*at)++; /* chunks begin at even places */
    return 1;
}

static hf2c_status read_header(const uint8_t *chunk, size_t size, Header *header, hf2c_message *message)
{
    enum { LEAST = 16, EXTENDED = 40, SUBFORMAT = 24 };
    if (size < LEAST) return refuse(message, "a fmt chunk of bytes: ", (long long)size, "16 at least");
    *header = (Header){little(chunk, 2), little(chunk + 2, 2), little(chunk + 4, 4), little(chunk + 12, 2), little(chunk + 14, 2)};
    if (header->coding == CODING_EXTENSIBLE && size >= EXTENDED) header->coding = little(chunk + SUBFORMAT, 2);
    return HF2C_OK;
}

static int format_of(const Header *header, hf2c_sample_format *format)
{
    static const struct {
        unsigned coding, bits;
        hf2c_sample_format format;
    } known[] = {{CODING_PCM, 8, HF2C_SAMPLE_U8},    {CODING_PCM, 16, HF2C_SAMPLE_S16},   {CODING_PCM, 24, HF2C_SAMPLE_S24},
                 {CODING_PCM, 32, HF2C_SAMPLE_S32},  {CODING_FLOAT, 32, HF2C_SAMPLE_F32}, {CODING_FLOAT, 64, HF2C_SAMPLE_F64}};
    unsigned container = 8 * header->block / header->channels; /* samples of fewer bits stand at its upper end */
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].coding != header->coding || known[i].bits != container) continue;
        *format = known[i].format;
        return header->bits <= container && header->bits > 0;
    }
    return 0;
}

static const int sample_bytes[] = {1, 2, 3, 4, 4, 8};

static hf2c_status check_header(const Header *header, hf2c_wav *wav, hf2c_message *message)
{
    if (header->coding != CODING_PCM && header->coding != CODING_FLOAT)
        return refuse(message, "coding ", header->coding, "1 (PCM) or 3 (float)");
    if (header->channels < 1 || header->channels > MOST_CHANNELS) return refuse(message, "channels: ", header->channels, "1 to 8");
    if (header->rate < 1 || header->rate > MOST_RATE) return refuse(message, "samples per second: ", header->rate, "1 to 768000");
    if (header->block % header->channels || !format_of(header, &wav->format))
        return refuse(message, "bits of a sample: ", header->bits, "8, 16, 24 or 32 of PCM, 32 or 64 of float, in whole bytes");
    wav->channels = (int)header->channels;
    wav->rate = (int)header->rate;
    return HF2C_OK;
}

hf2c_status hf2c_wav_parse(const uint8_t *file, size_t bytes, hf2c_wav *wav, hf2c_message *message)
{
    size_t at = 12, size;
    const uint8_t *chunk;
    Header header = {0};
    int has_header = 0;
    if (bytes < at || memcmp(file, "RIFF", 4) != 0 || memcmp(file + 8, "WAVE", 4) != 0)
        return refuse(message, "no RIFF header", -1, "a WAV file");
    while (next_chunk(file, bytes, &at, &chunk, &size)) {
        if (memcmp(chunk - 8, "fmt ", 4) == 0) {
            hf2c_status status = read_header(chunk, size, &header, message);
            if (status == HF2C_OK) status = check_header(&header, wav, message);
            if (status != HF2C_OK) return status;
            has_header = 1;
        }
        if (memcmp(chunk - 8, "data", 4) != 0) continue;
        if (!has_header) return refuse(message, "data before any fmt chunk", -1, "it behind one");
        size_t frames = size / (size_t)(sample_bytes[wav->format] * wav->channels);
        if (frames > INT_MAX) return refuse(message, "too many samples", -1, "less than 2^31");
        wav->data = chunk;
        wav->frames = (int)frames;
        return frames ? HF2C_OK : refuse(message, "no samples", -1, "one at least");
    }
    return refuse(message, has_header ? "no data chunk" : "no fmt chunk", -1, "one");
}

/* ---- samples ---- */

static double read_double(const uint8_t *bytes)
{
    uint64_t bits = (uint64_t)little(bytes + 4, 4) << 32 | little(bytes, 4);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float read_float(const uint8_t *bytes)
{
    uint32_t bits = little(bytes, 4);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* count bytes at the upper end of 32 bits, as a share of 2^31 */
static float read_integer(const uint8_t *bytes, int count)
{
    int64_t value = (int64_t)((uint64_t)little(bytes, count) << (32 - 8 * count));
    return (float)((double)(value < (int64_t)1 << 31 ? value : value - ((int64_t)1 << 32)) / 2147483648.0);
}

static float read_sample(const uint8_t *bytes, hf2c_sample_format format)
{
    switch (format) {
    case HF2C_SAMPLE_U8: return ((float)bytes[0] - 128) / 128;
    case HF2C_SAMPLE_F32: return read_float(bytes);
    case HF2C_SAMPLE_F64: return (float)read_double(bytes);
    default: return read_integer(bytes, sample_bytes[format]);
    }
}

/* Shares of the speakers in one channel by their number, as ffmpeg takes them: front left and right, centre, low effects, behind. */
#define FRONT 0.70710678f
#define BEHIND 0.5f
static const float shares[MOST_CHANNELS + 1][MOST_CHANNELS] = {{0},
                                                               {1},
                                                               {FRONT, FRONT},
                                                               {FRONT, FRONT, 0},
                                                               {FRONT, FRONT, 1, BEHIND},
                                                               {FRONT, FRONT, 1, BEHIND, BEHIND},
                                                               {FRONT, FRONT, 1, 0, BEHIND, BEHIND},
                                                               {FRONT, FRONT, 1, 0, BEHIND, BEHIND, BEHIND},
                                                               {FRONT, FRONT, 1, 0, BEHIND, BEHIND, BEHIND, BEHIND}};

hf2c_status hf2c_wav_mix(const hf2c_wav *wav, float *samples, hf2c_message *message)
{
    const float *share = shares[wav->channels];
    int step = sample_bytes[wav->format];
    const uint8_t *at = wav->data;
    for (int i = 0; i < wav->frames; i++) {
        float sum = 0;
        for (int c = 0; c < wav->channels; c++, at += step) sum += share[c] * read_sample(at, wav->format);
        if (!isfinite(sum)) return refuse(message, "no number in sample ", i, "numbers");
        samples[i] = sum;
    }
    return HF2C_OK;
}
