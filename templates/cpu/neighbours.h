/* neighbours: each row with those around it, as a convolution over the rows of a sequence reads them. */
#ifndef HF2C_CPU_NEIGHBOURS_H
#define HF2C_CPU_NEIGHBOURS_H

#include "templates/cpu/sequence.h"

/* y: [rows, H, size], y[r][c][t] = x[r + t - origin][c], zero outside of the row's sequence. Work: rows. */
static inline void neighbours(const hf2c_team *team, float *y, const float *x, const hf2c_sequences *sequences, int rows,
                              const int64_t H, const int64_t ldx, const int size, const int origin)
{
    int first, end, s = 0;
    hf2c_share(team, rows, &first, &end);
    for (int r = first; r < end; r++) {
        while (sequences->start[s + 1] <= r) s++;
        for (int t = 0; t < size; t++) {
            int from = r + t - origin, inside = from >= sequences->start[s] && from < sequences->start[s + 1];
            float *to = y + r * H * size + t;
            for (int64_t c = 0; c < H; c++) to[c * size] = inside ? x[from * ldx + c] : 0;
        }
    }
}

#endif
