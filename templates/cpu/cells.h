/* The division of a [rows, columns] result over the team where every element is computed alone. */
#ifndef HF2C_CPU_CELLS_H
#define HF2C_CPU_CELLS_H

#include "templates/simd/simd.h"

typedef struct Cells {
    int64_t first_row, end_row, first_column, end_column;
} Cells;

/* By rows where there are enough of them, else by columns, 64 together so that no two members write one cache line of a
 * row. */
static inline Cells cells_of_member(const hf2c_team *team, int rows, const int64_t columns)
{
    Cells cells = {0, rows, 0, columns};
    int first, end;
    if (rows >= team->count) {
        hf2c_share(team, rows, &first, &end);
        cells.first_row = first;
        cells.end_row = end;
        return cells;
    }
    hf2c_share(team, (int)((columns + 63) / 64), &first, &end);
    cells.first_column = (int64_t)first * 64;
    cells.end_column = (int64_t)end * 64 < columns ? (int64_t)end * 64 : columns;
    if (first == end) cells.end_row = 0;
    return cells;
}

static inline void cells_copy(float *to, const float *from, int64_t count)
{
    memcpy(to, from, (size_t)count * sizeof(float));
}

#endif
