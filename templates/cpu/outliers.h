/* outliers: columns that hold a large number somewhere, the others zero. */
#ifndef HF2C_CPU_OUTLIERS_H
#define HF2C_CPU_OUTLIERS_H

#include <math.h>

#include "templates/kernel.h"

enum { OUTLIERS_COLUMNS = 64 /* that are looked at together */ };

/* y [rows, K]; x: [rows, K], stride ldx */
static inline void outliers(const hf2c_team *team, float *y, const float *x, int rows, const int64_t K, const int64_t ldx, const float limit)
{
    int begin, end;
    hf2c_share(team, (int)K, &begin, &end);
    for (int64_t first = begin; first < end; first += OUTLIERS_COLUMNS) {
        const int64_t count = end - first < OUTLIERS_COLUMNS ? end - first : OUTLIERS_COLUMNS;
        float largest[OUTLIERS_COLUMNS] = {0};
        for (int64_t r = 0; r < rows; r++)
            for (int64_t c = 0; c < count; c++) {
                float magnitude = fabsf(x[r * ldx + first + c]);
                largest[c] = magnitude > largest[c] ? magnitude : largest[c];
            }
        for (int64_t r = 0; r < rows; r++)
            for (int64_t c = 0; c < count; c++) y[r * K + first + c] = largest[c] >= limit ? x[r * ldx + first + c] : 0;
    }
}

#endif
