/* values: samples as a model wants them. */
#include "runtime/audio/sound.h"

#include <math.h>

void hf2c_sound_normalize(const float *samples, int count, float *to)
{
    double mean = 0, variance = 0;
    for (int i = 0; i < count; i++) mean += (double)samples[i];
    mean /= count;
    for (int i = 0; i < count; i++) variance += ((double)samples[i] - mean) * ((double)samples[i] - mean);
    double scale = 1 / sqrt(variance / count + 1e-7);
    for (int i = 0; i < count; i++) to[i] = (float)(((double)samples[i] - mean) * scale);
}
