/* resample: a sound at another rate, by a windowed sinc whose taps are computed once for each of the phases that there are. */
#include "runtime/audio/sound.h"

#include <limits.h>
#include <math.h>

static const double pi = 3.14159265358979323846, zero_crossings = 6, roll_off = 0.99;

/* Rates without their common divisor, and the band that passes, in cycles of that. */
typedef struct Rates {
    int from, to;
    double band;
    int taps;
} Rates;

static Rates reduce(int from, int to)
{
    int a = from, b = to;
    while (b) {
        int rest = a % b;
        a = b;
        b = rest;
    }
    Rates r = {.from = from / a, .to = to / a};
    r.band = roll_off * (r.from < r.to ? r.from : r.to);
    r.taps = 2 * (int)ceil(zero_crossings * r.from / r.band) + 1;
    return r;
}

/* The first sample that result number phase (of the first `to`) is made of. */
static int64_t first_tap(const Rates *r, int phase)
{
    return (int64_t)ceil((double)phase * r->from / r->to - zero_crossings * r->from / r->band);
}

/* taps: [r->taps], 0 behind the window's end */
static void make_taps(const Rates *r, int phase, float *taps)
{
    int64_t first = first_tap(r, phase);
    for (int i = 0; i < r->taps; i++) {
        double t = ((double)(first + i) / r->from - (double)phase / r->to) * r->band;
        double window = cos(t * pi / zero_crossings / 2), sinc = t == 0 ? 1 : sin(t * pi) / (t * pi);
        taps[i] = fabs(t) < zero_crossings ? (float)(sinc * window * window * r->band / r->from) : 0;
    }
}

int hf2c_resampled_count(int count, int from, int to)
{
    Rates r = reduce(from, to);
    int64_t result = ((int64_t)count * r.to + r.from - 1) / r.from;
    return result > INT_MAX ? -1 : (int)result;
}

hf2c_status hf2c_resample(const hf2c_sound *sound, int rate, hf2c_scratch *scratch, hf2c_sound *resampled)
{
    Rates r = reduce(sound->rate, rate);
    int count = hf2c_resampled_count(sound->count, sound->rate, rate);
    *resampled = *sound;
    if (r.from == r.to) return HF2C_OK;
    if (count < 0) return HF2C_TOO_LONG;
    float *taps = HF2C_TAKE(scratch, float, (size_t)r.to * (size_t)r.taps), *to = HF2C_TAKE(scratch, float, count);
    if (!taps || !to) return HF2C_TOO_SMALL;
    for (int phase = 0; phase < r.to; phase++) make_taps(&r, phase, taps + (size_t)phase * (size_t)r.taps);
    for (int i = 0; i < count; i++) {
        const float *tap = taps + (size_t)(i % r.to) * (size_t)r.taps;
        int64_t first = first_tap(&r, i % r.to) + (int64_t)(i / r.to) * r.from;
        double sum = 0;
        for (int t = 0; t < r.taps; t++)
            if (first + t >= 0 && first + t < sound->count) sum += (double)tap[t] * (double)sound->samples[first + t];
        to[i] = (float)sum;
    }
    *resampled = (hf2c_sound){to, count, rate};
    return HF2C_OK;
}
