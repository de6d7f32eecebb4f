/* columns: those of a matrix in another order. */
#ifndef HF2C_CPU_COLUMNS_H
#define HF2C_CPU_COLUMNS_H

#include "templates/cpu/cells.h"

/* y [rows, K]; x: [rows, any], stride ldx; index: [K] numbers of columns of x, as floats */
static inline void columns(const hf2c_team *team, float *y, const float *x, const float *index, int rows, const int64_t K, const int64_t ldx)
{
    Cells cells = cells_of_member(team, rows, K);
    for (int64_t r = cells.first_row; r < cells.end_row; r++)
        for (int64_t c = cells.first_column; c < cells.end_column; c++) y[r * K + c] = x[r * ldx + (int64_t)index[c]];
}

#endif
