/* random: see random.h. */
#include "compiler/command/random.h"

#include <math.h>

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t bits(RandomStream stream, uint64_t index) { return mix(stream.key + (index + 1) * UINT64_C(0x9e3779b97f4a7c15)); }

RandomStream random_stream(uint64_t seed, const char *name)
{
    RandomStream stream = {mix(seed ^ UINT64_C(0x9e3779b97f4a7c15))};
    for (const char *c = name; *c; c++) stream.key = bits(stream, (unsigned char)*c);
    return stream;
}

double random_uniform(RandomStream stream, uint64_t index) { return (double)(bits(stream, index) >> 11) * 0x1p-53; }

double random_normal(RandomStream stream, uint64_t index)
{
    uint64_t pair = index & ~UINT64_C(1);
    double radius = sqrt(-2 * log(1 - random_uniform(stream, pair)));
    double angle = 2 * 3.14159265358979323846 * random_uniform(stream, pair + 1);
    return radius * (index & 1 ? sin(angle) : cos(angle));
}
