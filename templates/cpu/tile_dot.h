/* The matrix product of narrow numbers: tiles of sums held in registers, over weights as they lie in their panels of 16 rows and rows of
 * activations as they lie in memory, a group of k at a time: four 8-bit numbers or two of bf16 are 32 bits of a lane.
 *
 * Two kinds of tile: weights with a scale for each 32 of a row keep whole numbers for a block and floats for all of them; weights with one
 * scale for a row, or none, keep one sum and do two panels side by side. */
#ifndef HF2C_CPU_TILE_DOT_H
#define HF2C_CPU_TILE_DOT_H

#include "templates/cpu/tile_dot_shape.h"

#if HF2C_ISA == HF2C_ISA_helium
#include "templates/cpu/tile_dot_helium.h"
#else
#include "templates/cpu/tile_dot_lanes.h"
#endif

#if HF2C_ISA == HF2C_ISA_zen4
#define DOT_PAIR(kind, format, height, t) dot_pair_##kind(WEIGHT_##format, height, t)
#else
#define DOT_PAIR(kind, format, height, t) (void)0
#endif

/* One function for each format, called by all its kernels. height: of DOT_HEIGHTS, or of DOT_BLOCK_HEIGHTS; panels: 1 or 2 */
#define DOT_TILE(format, kind)                                                                                         \
    static inline void dot_tile_##format(int height, int panels, const DotTile *t)                                     \
    {                                                                                                                  \
        if (panels == 2 && DOT_PANELS == 2 && height > DOT_FEW) {                                                      \
            DOT_PAIR(kind, format, height, t);                                                                         \
            return;                                                                                                    \
        }                                                                                                              \
        DotTile one = *t;                                                                                              \
        for (int p = 0; p < panels; p++, one.w += t->panel, one.sums += WEIGHT_PANEL) {                                \
            dot_one_##kind(WEIGHT_##format, height, &one);                                                             \
            one.ask = 0;                                                                                               \
        }                                                                                                              \
    }
DOT_TILE(q8, by_blocks)
DOT_TILE(q4, by_blocks)
DOT_TILE(q4z, by_blocks)
DOT_TILE(int8, by_rows)
#if HF2C_ISA == HF2C_ISA_zen4
DOT_TILE(bf16, by_rows)
#endif
#undef DOT_TILE
#undef DOT_PAIR
#undef DOT_HEIGHTS
#undef DOT_BLOCK_HEIGHTS

SIMD_INLINE void dot_tile(const int format, int height, int panels, const DotTile *t)
{
#if HF2C_ISA == HF2C_ISA_zen4
    if (format == WEIGHT_bf16) dot_tile_bf16(height, panels, t);
#endif
    if (format == WEIGHT_q8) dot_tile_q8(height, panels, t);
    if (format == WEIGHT_q4) dot_tile_q4(height, panels, t);
    if (format == WEIGHT_q4z) dot_tile_q4z(height, panels, t);
    if (format == WEIGHT_int8) dot_tile_int8(height, panels, t);
}

#endif
