/* embed: rows of a table, chosen by id. */
#ifndef HF2C_CPU_EMBED_H
#define HF2C_CPU_EMBED_H

#include "templates/cpu/cells.h"
#include "templates/cpu/weight.h"

/* y: [rows, H] = scale * table[ids + first]; a row outside [0, V) gives zeros. */
SIMD_INLINE void embed_rows(const int format, const hf2c_team *team, float *y, const int32_t *ids, const void *table,
                            int rows, const int64_t V, const int64_t H, const int64_t panel, const int64_t first, const float scale)
{
    Cells cells = cells_of_member(team, rows, H);
    for (int64_t r = cells.first_row; r < cells.end_row; r++) {
        int64_t id = first + (ids ? ids[r] : 0), known = id >= 0 && id < V, base = id / panel * panel * H + id % panel;
        for (int64_t i = cells.first_column; i < cells.end_column; i++)
            y[r * H + i] = known ? scale * weight_element(format, table, base + i * panel) : 0;
    }
}

#define EMBED(format)                                                                                                  \
    static inline void embed_##format(const hf2c_team *team, float *y, const int32_t *ids, const void *table,          \
                                      int rows, const int64_t V, const int64_t H, const int64_t panel,                 \
                                      const int64_t first, const float scale)                                          \
    {                                                                                                                  \
        embed_rows(WEIGHT_##format, team, y, ids, table, rows, V, H, panel, first, scale);                             \
    }
EMBED(f32)
EMBED(bf16)
EMBED(f16)
#undef EMBED

#endif
