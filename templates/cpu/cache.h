/* cache: appends rows to the key or value cache of their sequences. */
#ifndef HF2C_CPU_CACHE_H
#define HF2C_CPU_CACHE_H

#include "templates/cpu/sequence.h"

/* base: that tensor in slot 0, [heads, positions, W / heads]; row r of sequence s is position past[s] + r - start[s] of its slot, at that
 * number % positions */
static inline void cache(const hf2c_team *team, float *base, const float *x, const hf2c_sequences *sequences, int rows,
                         const int64_t W, const int64_t ldx, const int64_t heads, const int64_t positions)
{
    const int64_t size = W / heads;
    int first, end;
    hf2c_share(team, rows, &first, &end);
    for (int s = 0; s < sequences->count; s++) {
        int row = sequences->start[s] > first ? sequences->start[s] : first;
        int stop = sequences->start[s + 1] < end ? sequences->start[s + 1] : end;
        float *slot = base + sequence_slot(sequences, hf2c_slot(sequences, s));
        for (; row < stop; row++) {
            int64_t position = ((int64_t)hf2c_past(sequences, s) + row - sequences->start[s]) % positions;
            for (int64_t h = 0; h < heads; h++)
                memcpy(slot + (h * positions + position) * size, x + row * ldx + h * size, (size_t)size * sizeof(float));
        }
    }
}

#endif
