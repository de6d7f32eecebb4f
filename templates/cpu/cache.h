/* cache: appends rows to the key or value cache of their sequences. */
#ifndef HF2C_CPU_CACHE_H
#define HF2C_CPU_CACHE_H

#include "templates/cpu/sequence.h"

/* cache: that tensor in slot 0, [positions, W]; row r of sequence s goes to position past[s] + r - start[s] of its slot
 */
static inline void cache(const hf2c_team *team, float *base, const float *x, const hf2c_sequences *sequences, int rows,
                         const int64_t W, const int64_t ldx)
{
    int first, end;
    hf2c_share(team, rows, &first, &end);
    for (int s = 0; s < sequences->count; s++) {
        int row = sequences->start[s] > first ? sequences->start[s] : first;
        int stop = sequences->start[s + 1] < end ? sequences->start[s + 1] : end;
        float *slot = sequence_cache(base, sequences, s);
        for (; row < stop; row++) {
            int64_t position = (int64_t)hf2c_past(sequences, s) + row - sequences->start[s];
            memcpy(slot + position * W, x + row * ldx, (size_t)W * sizeof(float));
        }
    }
}

#endif
