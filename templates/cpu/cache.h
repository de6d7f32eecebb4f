/* cache: appends rows to the key or value cache of their sequences. */
#ifndef HF2C_CPU_CACHE_H
#define HF2C_CPU_CACHE_H

#include "templates/cpu/row.h"
#include "templates/cpu/sequence.h"

SIMD_INLINE void cache_rows(const int format, const hf2c_team *team, char *base, const float *x, const hf2c_sequences *sequences, int rows,
                            const int64_t W, const int64_t ldx, const int64_t heads, const int64_t positions)
{
    const int64_t size = W / heads, bytes = row_bytes(format, size);
    int first, end;
    hf2c_share(team, rows, &first, &end);
    for (int s = 0; s < sequences->count; s++) {
        int row = sequences->start[s] > first ? sequences->start[s] : first;
        int stop = sequences->start[s + 1] < end ? sequences->start[s + 1] : end;
        char *slot = base + sequence_slot(sequences, hf2c_slot(sequences, s));
        for (; row < stop; row++) {
            int64_t position = ((int64_t)hf2c_past(sequences, s) + row - sequences->start[s]) % positions;
            for (int64_t h = 0; h < heads; h++)
                row_encode(format, slot + (h * positions + position) * bytes, x + row * ldx + h * size, size);
        }
    }
}

/* to: that tensor in slot 0, [heads, positions] rows of W / heads numbers; row r of sequence s is position past[s] + r - start[s] of its
 * slot, at that number % positions */
#define CACHE(format, suffix)                                                                                                        \
    static inline void cache##suffix(const hf2c_team *team, void *to, const float *x, const hf2c_sequences *sequences, int rows,     \
                                     const int64_t W, const int64_t ldx, const int64_t heads, const int64_t positions)               \
    {                                                                                                                                \
        cache_rows(WEIGHT_##format, team, to, x, sequences, rows, W, ldx, heads, positions);                                         \
    }
#include "templates/format/caches.def"

#endif
