/* join: columns that all heads share before those of each head. */
#ifndef HF2C_CPU_JOIN_H
#define HF2C_CPU_JOIN_H

#include "templates/simd/simd.h"

/* y: [rows, heads, M + N]; x: [rows, M]; z: [rows, heads, N]. Work: (row, head). */
static inline void join(const hf2c_team *team, float *y, const float *x, const float *z, int rows, const int heads, const int64_t M,
                        const int64_t N, const int64_t ldx, const int64_t ldz)
{
    int first, end;
    hf2c_share(team, rows * heads, &first, &end);
    for (int64_t unit = first; unit < end; unit++) {
        float *to = y + unit * (M + N);
        memcpy(to, x + unit / heads * ldx, (size_t)M * sizeof(float));
        memcpy(to + M, z + unit / heads * ldz + unit % heads * N, (size_t)N * sizeof(float));
    }
}

#endif
