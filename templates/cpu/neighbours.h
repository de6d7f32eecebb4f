/* neighbours: each row with those around it, as a convolution over the rows of a sequence reads them. */
#ifndef HF2C_CPU_NEIGHBOURS_H
#define HF2C_CPU_NEIGHBOURS_H

#include "templates/cpu/sequence.h"

/* y: [rows, H, size], y[r][c][t] = x[r * stride + t - origin][c], zero outside of the row's sequence; x has `multiple` rows for each
 * row of the sequences. Work: rows. */
static inline void neighbours(const hf2c_team *team, float *y, const float *x, const hf2c_sequences *sequences, int rows,
                              const int64_t H, const int64_t ldx, const int64_t size, const int64_t origin, const int64_t stride,
                              const int64_t multiple)
{
    int first, end, s = 0;
    hf2c_share(team, rows, &first, &end);
    for (int64_t r = first; r < end; r++) {
        while (sequences->start[s + 1] * multiple <= r * stride) s++;
        for (int64_t t = 0; t < size; t++) {
            int64_t from = r * stride + t - origin;
            int inside = from >= sequences->start[s] * multiple && from < sequences->start[s + 1] * multiple;
            float *to = y + r * H * size + t;
            for (int64_t c = 0; c < H; c++) to[c * size] = inside ? x[from * ldx + c] : 0;
        }
    }
}

#endif
