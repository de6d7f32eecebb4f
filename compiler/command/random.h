/* random: the numbers of freshly initialised weights, the same on every machine for the same seed (up to the last bit of libm).
 *
 * A value depends on the seed, the tensor's name and the element's index alone, so any piece can be made at any time. Bits:
 * SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014) as a function of a counter. Normal numbers:
 * Box-Muller in double; elements 2i and 2i + 1 share one radius. */
#ifndef HF2C_COMMAND_RANDOM_H
#define HF2C_COMMAND_RANDOM_H

#include <stdint.h>

typedef struct RandomStream {
    uint64_t key;
} RandomStream;

RandomStream random_stream(uint64_t seed, const char *name);
double random_uniform(RandomStream stream, uint64_t index); /* in [0, 1), multiples of 2^-53 */
double random_normal(RandomStream stream, uint64_t index);  /* mean 0, deviation 1 */

#endif
