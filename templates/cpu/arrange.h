/* arrange: rows of an image chosen by number: patches, windows, what a convolution reads. */
#ifndef HF2C_CPU_ARRANGE_H
#define HF2C_CPU_ARRANGE_H

#include "templates/cpu/cells.h"

/* y: [images, n, H]; x: [images, R, H]; index: [n], whole numbers: a row of the image, R + j for row j of extra, -1 for `value`.
 * Work: rows. */
static inline void arrange(const hf2c_team *team, float *y, const float *x, const float *index, const float *extra, int images,
                           const int64_t H, const int64_t R, const int64_t n, const float value)
{
    int first, end;
    hf2c_share(team, (int)(images * n), &first, &end);
    for (int64_t i = first; i < end; i++) {
        int64_t row = (int64_t)index[i % n];
        float *to = y + i * H;
        if (row < 0)
            for (int64_t c = 0; c < H; c++) to[c] = value;
        else
            cells_copy(to, row < R ? x + (i / n * R + row) * H : extra + (row - R) * H, H);
    }
}

#endif
