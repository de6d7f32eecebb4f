/* sound: a WAV file as samples, and those as a model wants them. All memory is the caller's.
 *
 * A sound has one channel. Files with several are mixed as ffmpeg does it for `-ac 1`: two with 0.707 of each, more by the usual order of
 * speakers. Other rates are brought to the model's by a windowed sinc (Hann window over six zero crossings to each
 * side, roll-off 0.99), which is what torchaudio.functional.resample does by default. */
#ifndef HF2C_AUDIO_SOUND_H
#define HF2C_AUDIO_SOUND_H

#include "runtime/core/message.h"
#include "runtime/core/scratch.h"
#include "runtime/hf2c.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hf2c_sound {
    const float *samples; /* [count], -1 to 1 as a rule */
    int count;
    int rate; /* per second */
} hf2c_sound;

/* ---- WAV ---- */

typedef enum hf2c_sample_format {
    HF2C_SAMPLE_U8, HF2C_SAMPLE_S16, HF2C_SAMPLE_S24, HF2C_SAMPLE_S32, HF2C_SAMPLE_F32, HF2C_SAMPLE_F64
} hf2c_sample_format;

typedef struct hf2c_wav {
    const uint8_t *data; /* [frames * channels] samples, little-endian; borrowed */
    int frames, channels, rate;
    hf2c_sample_format format;
} hf2c_wav;

/* Reads the header of a file in memory. HF2C_BAD_ARGUMENT with a message: it is none, or of a kind that is not read. A file that ends
 * early has the samples that are there. */
hf2c_status hf2c_wav_parse(const uint8_t *file, size_t bytes, hf2c_wav *wav, hf2c_message *message);
/* Mixes into samples, [frames]. HF2C_BAD_ARGUMENT: one is not a finite number. */
hf2c_status hf2c_wav_mix(const hf2c_wav *wav, float *samples, hf2c_message *message);
/* Reads a file into the scratch; for hosted programs. */
hf2c_status hf2c_sound_read(const char *path, hf2c_scratch *scratch, hf2c_sound *sound, hf2c_message *message);

/* ---- rates ---- */

/* Samples that so many at one rate become at another: rounded up. -1: too many. */
int hf2c_resampled_count(int count, int from, int to);
/* The sound at another rate, in the scratch. */
hf2c_status hf2c_resample(const hf2c_sound *sound, int rate, hf2c_scratch *scratch, hf2c_sound *resampled);

/* ---- what models read ---- */

/* Scales to mean 0 and variance 1, as Wav2Vec2FeatureExtractor does. to may be samples. */
void hf2c_sound_normalize(const float *samples, int count, float *to);

/* Spectra of a sound: count / hop. */
int hf2c_spectra_count(const hf2c_sound_settings *settings, int count);
/* Logarithms of mel-spaced spectra as WhisperFeatureExtractor makes them of all the samples: spectra [hf2c_spectra_count, mels]. count: a
 * sound with its padding, more than half a window. */
hf2c_status hf2c_spectra(const hf2c_sound_settings *settings, const float *samples, int count, hf2c_scratch *scratch, float *spectra);
/* The filters: [mels, window / 2 + 1], Slaney's scale and areas, 0 to 8000 Hz. */
void hf2c_mel_filters(const hf2c_sound_settings *settings, float *filters);

#ifdef __cplusplus
}
#endif
#endif
