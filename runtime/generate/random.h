/* random: SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014): the same numbers on
 * every platform. Stream i of a seed starts at mix(seed) + mix(i + 1). */
#ifndef HF2C_GENERATE_RANDOM_H
#define HF2C_GENERATE_RANDOM_H

#include <stdint.h>

typedef struct hf2c_random {
    uint64_t state;
} hf2c_random;

static inline uint64_t hf2c_random_mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94D049BB133111EB);
    return value ^ (value >> 31);
}

static inline hf2c_random hf2c_random_begin(uint64_t seed, uint64_t stream)
{
    hf2c_random random = {hf2c_random_mix(seed + UINT64_C(0x9E3779B97F4A7C15)) + hf2c_random_mix(stream + 1)};
    return random;
}

/* Uniform in [0, 1) with 53 bits. */
static inline double hf2c_random_next(hf2c_random *random)
{
    random->state += UINT64_C(0x9E3779B97F4A7C15);
    return (double)(hf2c_random_mix(random->state) >> 11) * (1.0 / 9007199254740992.0);
}

#endif
