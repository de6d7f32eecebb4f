/* embed: rows of a table, chosen by id. */
#ifndef HF2C_CPU_EMBED_H
#define HF2C_CPU_EMBED_H

#include "templates/cpu/cells.h"
#include "templates/cpu/weight.h"

/* y: [rows, H] = scale * table[ids + first]; a row outside [0, V) gives zeros. */
SIMD_INLINE void embed_rows(const int format, const hf2c_team *team, float *y, const int32_t *ids, const Packed *table, int rows,
                            const int64_t first, const float scale)
{
    const int64_t H = table->K;
    Cells cells = cells_of_member(team, rows, H);
    for (int64_t r = cells.first_row; r < cells.end_row; r++) {
        int64_t id = first + (ids ? ids[r] : 0), known = id >= 0 && id < table->rows;
        if (known) weight_decode_row(format, table, id, cells.first_column, cells.end_column - cells.first_column, y + r * H + cells.first_column);
        for (int64_t i = cells.first_column; i < cells.end_column; i++) y[r * H + i] = known ? scale * y[r * H + i] : 0;
    }
}

#define FORMAT(format, bits, own_block, parameters, group, cut, text)                                                  \
    static inline void embed_##format(const hf2c_team *team, float *y, const int32_t *ids, const void *table,          \
                                      int rows, const int64_t V, const int64_t H, const int64_t panel,                 \
                                      const int64_t block, const int64_t first, const float scale)                     \
    {                                                                                                                  \
        const Packed packed = {table, WEIGHT_##format, V, H, panel, block};                                            \
        embed_rows(WEIGHT_##format, team, y, ids, &packed, rows, first, scale);                                                         \
    }
#include "templates/format/formats.def"

#endif
