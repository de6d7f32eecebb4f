/* Where the rows of a tile lie. */
#ifndef HF2C_CPU_TILE_ROWS_H
#define HF2C_CPU_TILE_ROWS_H

#include "templates/simd/simd.h"

/* A column of the rows of a tile: their addresses are sums that a load can do, of few registers. */
enum { TILE_ROWS_OF_BASE = 7 };
typedef struct TileRows {
    const char *base[2];        /* of rows 0 to 6, of rows 7 to 13 */
    int64_t stride, stride3, stride5;
} TileRows;

SIMD_INLINE TileRows tile_rows(const char *x, int64_t stride)
{
    TileRows rows = {{x, x + TILE_ROWS_OF_BASE * stride}, stride, 3 * stride, 5 * stride};
    SIMD_OPAQUE(rows.stride);
    SIMD_OPAQUE(rows.stride3);
    SIMD_OPAQUE(rows.stride5);
    return rows;
}

SIMD_INLINE const char *tile_row(const TileRows *r, const int m)
{
    const char *base = r->base[m / TILE_ROWS_OF_BASE];
    switch (m % TILE_ROWS_OF_BASE) {
    case 0:
        return base;
    case 1:
        return base + r->stride;
    case 2:
        return base + 2 * r->stride;
    case 3:
        return base + r->stride3;
    case 4:
        return base + 4 * r->stride;
    case 5:
        return base + r->stride5;
    default:
        return base + 2 * r->stride3;
    }
}

SIMD_INLINE void tile_rows_advance(TileRows *r, const int rows, int64_t bytes)
{
    r->base[0] += bytes;
    SIMD_OPAQUE(r->base[0]);
    if (rows <= TILE_ROWS_OF_BASE) return;
    r->base[1] += bytes;
    SIMD_OPAQUE(r->base[1]);
}

#endif
