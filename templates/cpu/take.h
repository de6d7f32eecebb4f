/* take: rows chosen by number; copy: a strided matrix made dense. */
#ifndef HF2C_CPU_TAKE_H
#define HF2C_CPU_TAKE_H

#include "templates/cpu/cells.h"

/* y [rows, H]; index: [rows] numbers of rows of x */
static inline void take(const hf2c_team *team, float *y, const float *x, const int32_t *index, int rows,
                        const int64_t H, const int64_t ldx)
{
    Cells cells = cells_of_member(team, rows, H);
    int64_t c = cells.first_column, width = cells.end_column - c;
    for (int64_t r = cells.first_row; r < cells.end_row; r++) cells_copy(y + r * H + c, x + index[r] * ldx + c, width);
}

static inline void copy(const hf2c_team *team, float *y, const float *x, int rows, const int64_t H, const int64_t ldx)
{
    Cells cells = cells_of_member(team, rows, H);
    int64_t c = cells.first_column, width = cells.end_column - c;
    for (int64_t r = cells.first_row; r < cells.end_row; r++) cells_copy(y + r * H + c, x + r * ldx + c, width);
}

#endif
