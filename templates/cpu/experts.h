/* experts, combine: the few experts that p, [rows, E], gives a row a weight other than 0, in the order of their numbers.
 *
 * Weights lie row after row, expert after expert. The columns are shared out among the team; a row of the weight is read once for a
 * block of rows of x. Each sum depends on its row, expert and column alone. */
#ifndef HF2C_CPU_EXPERTS_H
#define HF2C_CPU_EXPERTS_H

#include "templates/cpu/elementwise.h"
#include "templates/cpu/weight.h"

enum { EXPERTS_ROWS = 64 };

typedef struct Experts {
    const float *x, *p, *bias;
    const char *w;
    int64_t E, K, N, ldx, ldp;
    int active, format;
} Experts;

/* The rows of a block that go to one expert. */
typedef struct ExpertRows {
    int count;
    int64_t row[EXPERTS_ROWS];
    int slot[EXPERTS_ROWS]; /* how many experts before this one the row goes to */
} ExpertRows;

static inline void experts_collect(const Experts *a, ExpertRows *to, int64_t e, int64_t first, int64_t end)
{
    to->count = 0;
    for (int64_t r = first; r < end; r++) {
        const float *p = a->p + r * a->ldp;
        int slot = 0;
        if (p[e] == 0) continue;
        for (int64_t i = 0; i < e; i++) slot += p[i] != 0;
        if (slot >= a->active) continue;
        to->row[to->count] = r;
        to->slot[to->count++] = slot;
    }
}

/* row n of the weight times x */
SIMD_INLINE float experts_dot(const Experts *a, int64_t n, const float *x)
{
    const char *w = a->w + n * a->K * weight_bytes(a->format);
    simd_float sum = simd_zero();
    int64_t k = 0;
    for (; k + SIMD_LANES <= a->K; k += SIMD_LANES)
        sum = simd_fma(weight_load(a->format, w + k * weight_bytes(a->format)), simd_load(x + k), sum);
    float total = simd_reduce_add(sum);
    for (; k < a->K; k++) {
        float product = weight_element(a->format, w, k) * x[k];
        total += product;
    }
    return a->bias ? total + a->bias[n] : total;
}

/* What the gate does; limit 0: none */
typedef struct ExpertGate {
    int function;
    float value, limit, shift;
} ExpertGate;

SIMD_INLINE float experts_gated(const ExpertGate *g, float gate, float up)
{
    if (g->limit > 0) {
        gate = gate > g->limit ? g->limit : gate;
        up = up > g->limit ? g->limit : up < -g->limit ? -g->limit : up;
    }
    float activated[SIMD_LANES];
    simd_store(activated, simd_unary(g->function, simd_set1(gate), g->value));
    return activated[0] * (up + g->shift);
}

/* Columns [from, to) of the slots that a row has no expert for. */
static inline void experts_clear(const Experts *a, float *y, int64_t r, int64_t from, int64_t to)
{
    int64_t slot = 0;
    for (int64_t e = 0; e < a->E; e++) slot += a->p[r * a->ldp + e] != 0;
    for (; slot < a->active; slot++)
        for (int64_t n = from; n < to; n++) y[(r * a->active + slot) * a->N + n] = 0;
}

SIMD_INLINE void experts_all(const Experts *a, const ExpertGate *g, const hf2c_team *team, float *y, int rows)
{
    ExpertRows some;
    int from, to;
    hf2c_share(team, (int)a->N, &from, &to);
    for (int64_t r = 0; r < rows; r++) experts_clear(a, y, r, from, to);
    for (int64_t first = 0; first < rows; first += EXPERTS_ROWS)
        for (int64_t e = 0; e < a->E; e++) {
            experts_collect(a, &some, e, first, first + EXPERTS_ROWS < rows ? first + EXPERTS_ROWS : rows);
            for (int64_t n = from; n < to; n++)
                for (int i = 0; i < some.count; i++) {
                    const float *x = a->x + some.row[i] * a->ldx;
                    float gate = experts_dot(a, 2 * e * a->N + n, x), up = experts_dot(a, (2 * e + 1) * a->N + n, x);
                    y[(some.row[i] * a->active + some.slot[i]) * a->N + n] = experts_gated(g, gate, up);
                }
        }
}

SIMD_INLINE void combine_all(const Experts *a, const hf2c_team *team, float *y, int rows)
{
    ExpertRows some;
    int from, to;
    hf2c_share(team, (int)a->N, &from, &to);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t n = from; n < to; n++) y[r * a->N + n] = 0;
    for (int64_t first = 0; first < rows; first += EXPERTS_ROWS)
        for (int64_t e = 0; e < a->E; e++) {
            experts_collect(a, &some, e, first, first + EXPERTS_ROWS < rows ? first + EXPERTS_ROWS : rows);
            for (int64_t n = from; n < to; n++)
                for (int i = 0; i < some.count; i++) {
                    int64_t r = some.row[i];
                    float part = a->p[r * a->ldp + e] * experts_dot(a, e * a->N + n, a->x + r * a->ldx + some.slot[i] * a->K);
                    y[r * a->N + n] += part;
                }
        }
}

/* experts: y [rows, active, N], x [rows, K], w [E, gate and up, N, K], bias [E, 2 N] or NULL
 * combine: y [rows, N], x [rows, active, K], w [E, N, K], bias [E, N] or NULL */
#define EXPERTS(format)                                                                                                            \
    static inline void experts_##format(const hf2c_team *team, float *y, const float *x, const float *p, const void *w,            \
                                        const float *bias, int rows, const int64_t E, const int64_t K, const int64_t N,            \
                                        const int active, const int64_t ldx, const int64_t ldp, const int gate, const float value, \
                                        const float limit, const float shift)                                                      \
    {                                                                                                                              \
        const Experts a = {x, p, bias, w, E, K, N, ldx, ldp, active, WEIGHT_##format};                                             \
        const ExpertGate g = {gate, value, limit, shift};                                                                          \
        experts_all(&a, &g, team, y, rows);                                                                                        \
    }                                                                                                                              \
    static inline void combine_##format(const hf2c_team *team, float *y, const float *x, const float *p, const void *w,            \
                                        const float *bias, int rows, const int64_t E, const int64_t K, const int64_t N,            \
                                        const int active, const int64_t ldx, const int64_t ldp)                                    \
    {                                                                                                                              \
        const Experts a = {x, p, bias, w, E, K, N, ldx, ldp, active, WEIGHT_##format};                                             \
        combine_all(&a, team, y, rows);                                                                                            \
    }
EXPERTS(f32)
EXPERTS(bf16)
EXPERTS(f16)
#undef EXPERTS

#endif
