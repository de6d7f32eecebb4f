/* experts, combine: the few experts that p, [rows, E], gives a row a weight other than 0, in the order of their numbers.
 *
 * Weights lie row after row, expert after expert. The columns are shared out among the team; a row of the weight is read once for a
 * block of rows of x. Each sum depends on its row, expert and column alone. */
#ifndef HF2C_CPU_EXPERTS_H
#define HF2C_CPU_EXPERTS_H

#include "templates/cpu/elementwise.h"
#include "templates/cpu/weight.h"

enum { EXPERTS_ROWS = 64, EXPERTS_DECODE = 256 /* k that are decoded at a time */ };

typedef struct Experts {
    const float *x, *p, *bias;
    Packed w;
    int64_t E, K, N, ldx, ldp;
    int active;
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

/* The sums of a row of the weight with one row of x: whole vectors, then what is left over. */
typedef struct ExpertSum {
    simd_float vectors;
    float rest;
} ExpertSum;

/* w: [count] weights from k on, x: the row from k on; only the last part has a rest. */
SIMD_INLINE void experts_add(ExpertSum *sum, const float *w, const float *x, int64_t count)
{
    int64_t k = 0;
    simd_float vectors = sum->vectors;
    for (; k + SIMD_LANES <= count; k += SIMD_LANES) vectors = simd_fma(simd_load(w + k), simd_load(x + k), vectors);
    sum->vectors = vectors;
    if (k == count) return;
    float total = simd_reduce_add(vectors);
    for (; k < count; k++) {
        float product = w[k] * x[k];
        total += product;
    }
    sum->rest = total;
}

/* [count] products of row n of the weight with rows of x, which begin at x[i] */
SIMD_INLINE void experts_dots(const int format, const Experts *a, int64_t n, const float *const *x, int count, float *dots)
{
    float decoded[EXPERTS_DECODE];
    ExpertSum sums[EXPERTS_ROWS];
    for (int i = 0; i < count; i++) sums[i].vectors = simd_zero();
    for (int64_t k = 0; k < a->K; k += EXPERTS_DECODE) {
        int64_t part = a->K - k < EXPERTS_DECODE ? a->K - k : EXPERTS_DECODE;
        const float *w = format == WEIGHT_f32 ? (const float *)a->w.data + n * a->K + k : decoded;
        if (w == decoded) weight_decode_row(format, &a->w, n, k, part, decoded);
        for (int i = 0; i < count; i++) experts_add(&sums[i], w, x[i] + k, part);
    }
    for (int i = 0; i < count; i++) {
        float total = a->K % SIMD_LANES ? sums[i].rest : simd_reduce_add(sums[i].vectors);
        dots[i] = a->bias ? total + a->bias[n] : total;
    }
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

/* The rows of x that go to an expert; each slot has a row of its own where `slots` says so. */
static inline void experts_inputs(const Experts *a, const ExpertRows *some, int slots, const float **x)
{
    for (int i = 0; i < some->count; i++) x[i] = a->x + some->row[i] * a->ldx + (slots ? some->slot[i] * a->K : 0);
}

SIMD_INLINE void experts_one(const int format, const Experts *a, const ExpertGate *g, const ExpertRows *some, int64_t e, int64_t n, const float *const *x, float *y)
{
    float gate[EXPERTS_ROWS], up[EXPERTS_ROWS];
    experts_dots(format, a, 2 * e * a->N + n, x, some->count, gate);
    experts_dots(format, a, (2 * e + 1) * a->N + n, x, some->count, up);
    for (int i = 0; i < some->count; i++)
        y[(some->row[i] * a->active + some->slot[i]) * a->N + n] = experts_gated(g, gate[i], up[i]);
}

SIMD_INLINE void experts_all(const int format, const Experts *a, const ExpertGate *g, const hf2c_team *team, float *y, int rows)
{
    ExpertRows some;
    const float *x[EXPERTS_ROWS];
    int from, to;
    hf2c_share(team, (int)a->N, &from, &to);
    for (int64_t r = 0; r < rows; r++) experts_clear(a, y, r, from, to);
    for (int64_t first = 0; first < rows; first += EXPERTS_ROWS)
        for (int64_t e = 0; e < a->E; e++) {
            experts_collect(a, &some, e, first, first + EXPERTS_ROWS < rows ? first + EXPERTS_ROWS : rows);
            experts_inputs(a, &some, 0, x);
            for (int64_t n = from; n < to && some.count; n++) experts_one(format, a, g, &some, e, n, x, y);
        }
}

SIMD_INLINE void combine_one(const int format, const Experts *a, const ExpertRows *some, int64_t e, int64_t n, const float *const *x, float *y)
{
    float dots[EXPERTS_ROWS];
    experts_dots(format, a, e * a->N + n, x, some->count, dots);
    for (int i = 0; i < some->count; i++) {
        float part = a->p[some->row[i] * a->ldp + e] * dots[i];
        y[some->row[i] * a->N + n] += part;
    }
}

SIMD_INLINE void combine_all(const int format, const Experts *a, const hf2c_team *team, float *y, int rows)
{
    ExpertRows some;
    const float *x[EXPERTS_ROWS];
    int from, to;
    hf2c_share(team, (int)a->N, &from, &to);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t n = from; n < to; n++) y[r * a->N + n] = 0;
    for (int64_t first = 0; first < rows; first += EXPERTS_ROWS)
        for (int64_t e = 0; e < a->E; e++) {
            experts_collect(a, &some, e, first, first + EXPERTS_ROWS < rows ? first + EXPERTS_ROWS : rows);
            experts_inputs(a, &some, 1, x);
            for (int64_t n = from; n < to && some.count; n++) combine_one(format, a, &some, e, n, x, y);
        }
}

/* experts: y [rows, active, N], x [rows, K], w [E, gate and up, N, K], bias [E, 2 N] or NULL
 * combine: y [rows, N], x [rows, active, K], w [E, N, K], bias [E, N] or NULL */
#define FORMAT(format, bits, own_block, parameters, group, cut, text)                                                              \
    static inline void experts_##format(const hf2c_team *team, float *y, const float *x, const float *p, const void *w,            \
                                        const float *bias, int rows, const int64_t E, const int64_t K, const int64_t N,            \
                                        const int active, const int64_t ldx, const int64_t ldp, const int64_t block,               \
                                        const int gate, const float value, const float limit, const float shift)                   \
    {                                                                                                                              \
        const Experts a = {x, p, bias, {w, WEIGHT_##format, E * 2 * N, K, 1, block}, E, K, N, ldx, ldp, active};                   \
        const ExpertGate g = {gate, value, limit, shift};                                                                          \
        experts_all(WEIGHT_##format, &a, &g, team, y, rows);                                                                                        \
    }                                                                                                                              \
    static inline void combine_##format(const hf2c_team *team, float *y, const float *x, const float *p, const void *w,            \
                                        const float *bias, int rows, const int64_t E, const int64_t K, const int64_t N,            \
                                        const int active, const int64_t ldx, const int64_t ldp, const int64_t block)               \
    {                                                                                                                              \
        const Experts a = {x, p, bias, {w, WEIGHT_##format, E * N, K, 1, block}, E, K, N, ldx, ldp, active};                       \
        combine_all(WEIGHT_##format, &a, team, y, rows);                                                                                            \
    }
#include "templates/format/formats.def"

#endif
