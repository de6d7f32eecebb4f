/* spectra: logarithms of mel-spaced spectra.
 *
 * Every window of samples, shaped by Hann's curve, is taken apart into waves; a filter adds up the power of those that the ear takes for
 * one. Windows stand around their hop: before the beginning and behind the end the sound is mirrored. */
#include "runtime/audio/sound.h"

#include <math.h>
#include <string.h>

static const double pi = 3.14159265358979323846, highest_frequency = 8000;

/* ---- mel filters ---- */

static double mel_of(double frequency)
{
    return frequency < 1000 ? 3 * frequency / 200 : 15 + log(frequency / 1000) * 27 / log(6.4);
}

static double frequency_of(double mel) { return mel < 15 ? 200 * mel / 3 : 1000 * exp(log(6.4) / 27 * (mel - 15)); }

/* Corner number i of the triangles, of mels + 2. */
static double corner(const hf2c_sound_settings *s, int i) { return frequency_of(mel_of(highest_frequency) * i / (s->mels + 1)); }

void hf2c_mel_filters(const hf2c_sound_settings *s, float *filters)
{
    int bins = s->window / 2 + 1;
    for (int m = 0; m < s->mels; m++) {
        double low = corner(s, m), middle = corner(s, m + 1), high = corner(s, m + 2);
        for (int k = 0; k < bins; k++) {
            double f = (double)(s->rate / 2) * k / (bins - 1), up = (f - low) / (middle - low), down = (high - f) / (high - middle);
            double least = up < down ? up : down;
            filters[(size_t)m * (size_t)bins + (size_t)k] = (float)(least > 0 ? least * 2 / (high - low) : 0);
        }
    }
}

/* ---- waves ---- */

typedef struct Spectrum {
    const hf2c_sound_settings *settings;
    int bins;
    double *hann, *cosine, *sine; /* [window]; of a whole turn */
    double *even, *odd;    /* [window / 2 + 1] sums and differences of mirrored samples */
    double *power;         /* [bins] */
    float *filters;        /* [mels, bins] */
    int *first, *end;      /* [mels] where a filter is above 0 */
} Spectrum;

static void find_ends(Spectrum *s)
{
    for (int m = 0; m < s->settings->mels; m++) {
        const float *filter = s->filters + (size_t)m * (size_t)s->bins;
        s->first[m] = s->end[m] = 0;
        for (int k = 0; k < s->bins; k++) {
            if (filter[k] <= 0) continue;
            if (s->end[m] == 0) s->first[m] = k;
            s->end[m] = k + 1;
        }
    }
}

static hf2c_status spectrum_begin(Spectrum *s, const hf2c_sound_settings *settings, hf2c_scratch *scratch)
{
    int window = settings->window, bins = window / 2 + 1, mels = settings->mels;
    *s = (Spectrum){.settings = settings, .bins = bins};
    s->hann = HF2C_TAKE(scratch, double, window);
    s->cosine = HF2C_TAKE(scratch, double, window);
    s->sine = HF2C_TAKE(scratch, double, window);
    s->even = HF2C_TAKE(scratch, double, bins);
    s->odd = HF2C_TAKE(scratch, double, bins);
    s->power = HF2C_TAKE(scratch, double, bins);
    s->filters = HF2C_TAKE(scratch, float, (size_t)mels * (size_t)bins);
    s->first = HF2C_TAKE(scratch, int, mels);
    s->end = HF2C_TAKE(scratch, int, mels);
    if (!s->hann || !s->cosine || !s->sine || !s->even || !s->odd || !s->power || !s->filters || !s->first || !s->end) return HF2C_TOO_SMALL;
    for (int i = 0; i < window; i++) s->cosine[i] = cos(2 * pi * i / window), s->sine[i] = sin(2 * pi * i / window);
    for (int i = 0; i < window; i++) s->hann[i] = 0.5 - 0.5 * s->cosine[i];
    hf2c_mel_filters(settings, s->filters);
    find_ends(s);
    return HF2C_OK;
}

/* Sample number `at` of a sound that is mirrored at both ends. */
static double mirrored(const float *samples, int count, int64_t at)
{
    if (at < 0) at = -at;
    if (at >= count) at = 2 * (int64_t)(count - 1) - at;
    return (double)samples[at];
}

/* Waves see the same of a sample and of the one as far from the window's other end: sums for cosines, differences for sines. */
static void fold_window(Spectrum *s, const float *samples, int count, int64_t first)
{
    int n = s->settings->window, half = n / 2;
    s->even[0] = s->hann[0] * mirrored(samples, count, first);
    s->even[half] = s->hann[half] * mirrored(samples, count, first + half);
    s->odd[0] = s->odd[half] = 0;
    for (int i = 1; i < half; i++) {
        double a = s->hann[i] * mirrored(samples, count, first + i), b = s->hann[n - i] * mirrored(samples, count, first + n - i);
        s->even[i] = a + b;
        s->odd[i] = a - b;
    }
}

static void measure_power(Spectrum *s)
{
    int n = s->settings->window;
    for (int k = 0; k < s->bins; k++) {
        double real = 0, imaginary = 0;
        for (int i = 0, turn = 0; i <= n / 2; i++, turn = turn + k >= n ? turn + k - n : turn + k) {
            real += s->even[i] * s->cosine[turn];
            imaginary += s->odd[i] * s->sine[turn];
        }
        s->power[k] = real * real + imaginary * imaginary;
    }
}

static void filter_power(const Spectrum *s, float *mels)
{
    for (int m = 0; m < s->settings->mels; m++) {
        double sum = 0;
        const float *filter = s->filters + (size_t)m * (size_t)s->bins;
        for (int k = s->first[m]; k < s->end[m]; k++) sum += (double)filter[k] * s->power[k];
        mels[m] = (float)log10(sum > 1e-10 ? sum : 1e-10);
    }
}

/* ---- all of a sound ---- */

int hf2c_spectra_count(const hf2c_sound_settings *settings, int count) { return count / settings->hop; }

hf2c_status hf2c_spectra(const hf2c_sound_settings *settings, const float *samples, int count, hf2c_scratch *scratch, float *spectra)
{
    Spectrum s;
    int spectra_count = hf2c_spectra_count(settings, count);
    size_t values = (size_t)spectra_count * (size_t)settings->mels;
    hf2c_scratch before = *scratch;
    float most = -INFINITY;
    if (count <= settings->window / 2) return HF2C_BAD_ARGUMENT;
    hf2c_status status = spectrum_begin(&s, settings, scratch);
    for (int i = 0; i < spectra_count && status == HF2C_OK; i++) {
        fold_window(&s, samples, count, (int64_t)i * settings->hop - settings->window / 2);
        measure_power(&s);
        filter_power(&s, spectra + (size_t)i * (size_t)settings->mels);
    }
    *scratch = before;
    if (status != HF2C_OK) return status;
    for (size_t i = 0; i < values; i++) most = spectra[i] > most ? spectra[i] : most;
    for (size_t i = 0; i < values; i++) spectra[i] = ((spectra[i] > most - 8 ? spectra[i] : most - 8) + 4) / 4;
    return HF2C_OK;
}
