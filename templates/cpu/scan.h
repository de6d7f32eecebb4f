/* convolve, scan: sums over the rows of a sequence so far, with a state that goes on from call to call. Work: columns, or heads; each
 * member runs through the rows of all sequences in order. */
#ifndef HF2C_CPU_SCAN_H
#define HF2C_CPU_SCAN_H

#include "templates/cpu/math.h"
#include "templates/cpu/sequence.h"

/* ---- convolve ---- */

typedef struct Convolve {
    float *y;
    const float *x, *w, *bias;
    int64_t C, ldx;
    int size, first, end; /* the member's columns */
} Convolve;

/* Row i of a sequence whose rows begin at x and y; state: the size - 1 rows before them, or NULL for zeros */
static inline void convolve_row(const Convolve *a, float *y, const float *x, const float *state, int64_t i)
{
    for (int c = a->first; c < a->end; c++) {
        float sum = a->bias ? a->bias[c] : 0;
        for (int t = 0; t < a->size; t++) {
            int64_t from = i + t - (a->size - 1);
            float value = from >= 0 ? x[from * a->ldx + c] : state ? state[(from + a->size - 1) * a->C + c] : 0;
            float product = a->w[c * a->size + t] * value;
            sum += product;
        }
        y[i * a->C + c] = sum;
    }
}

/* The last size - 1 rows become the state. */
static inline void convolve_keep(const Convolve *a, float *state, const float *x, int length, int past)
{
    for (int64_t i = 0; i < a->size - 1; i++) {
        int64_t from = length - (a->size - 1) + i;
        for (int c = a->first; c < a->end; c++)
            state[i * a->C + c] = from >= 0 ? x[from * a->ldx + c] : past ? state[(length + i) * a->C + c] : 0;
    }
}

/* y: [rows, C], y[r][c] = bias[c] + sum over t of w[c][t] x[r + t - (size - 1)][c]; w: [C, size]; bias: [C] or NULL; state: that of
 * slot 0, [size - 1, C], or NULL */
static inline void convolve(const hf2c_team *team, float *y, const float *x, const float *w, const hf2c_sequences *sequences,
                            const float *bias, float *state, int count, const int64_t C, const int64_t ldx, const int size)
{
    Convolve a = {y, x, w, bias, C, ldx, size, 0, 0};
    hf2c_share(team, (int)C, &a.first, &a.end);
    for (int s = 0; s < count; s++) {
        int64_t start = sequences->start[s], length = sequences->start[s + 1] - start;
        int past = state ? hf2c_past(sequences, s) : 0;
        float *slot = state ? sequence_state(state, sequences, s) : NULL;
        for (int64_t i = 0; i < length; i++) convolve_row(&a, y + start * C, x + start * ldx, past ? slot : NULL, i);
        if (slot) convolve_keep(&a, slot, x + start * ldx, (int)length, past);
    }
}

/* ---- scan ---- */

typedef struct Scan {
    int head_dim, decays;
    int64_t size;
    float least, limit;
} Scan;

/* softplus, within the limits; limit 0: none */
static inline float scan_step(const Scan *a, float x)
{
    float step = x > 20 ? x : log1pf(expf(x));
    step = step < a->least ? a->least : step;
    return a->limit > 0 && step > a->limit ? a->limit : step;
}

/* One row of one head. y, x: [head_dim]; b, c: [size]; decay: [size] or [1]; state: [head_dim, size] */
SIMD_INLINE void scan_row(const Scan *a, float *y, const float *x, float step, const float *b, const float *c, const float *decay,
                          float *state)
{
    simd_float one = simd_exp(simd_set1(step * decay[0]));
    for (int i = 0; i < a->head_dim; i++) {
        simd_float sum = simd_zero(), added = simd_set1(step * x[i]);
        for (int64_t n = 0; n < a->size; n += SIMD_LANES) {
            int lanes = a->size - n < SIMD_LANES ? (int)(a->size - n) : SIMD_LANES;
            float *at = state + i * a->size + n;
            simd_float kept = a->decays > 1 ? simd_exp(simd_set1(step) * simd_load_partial(decay + n, lanes)) : one;
            simd_float next = simd_fma(simd_load_partial(at, lanes), kept, added * simd_load_partial(b + n, lanes));
            simd_store_partial(at, lanes, next);
            sum = simd_fma(next, simd_load_partial(c + n, lanes), sum);
        }
        y[i] = simd_reduce_add(sum);
    }
}

/* h = e^(step decay) h + step x b', y = h c, for each head, row by row; step: softplus, clamped to [least, limit].
 * y, x: [rows, heads, head_dim]; step: [rows, heads]; bc: [rows, b and c, groups, size]; decay: [heads, decays]; state: that of slot 0,
 * [heads, head_dim, size], or NULL; head_dim * size <= SCAN_NUMBERS, more give NaN */
static inline void scan(const hf2c_team *team, float *y, const float *x, const float *step, const float *bc, const float *decay,
                        const hf2c_sequences *sequences, float *state, int count, const int heads, const int head_dim,
                        const int64_t size, const int groups, const int decays, const int64_t ldx, const int64_t lds,
                        const int64_t ldbc, const float least, const float limit)
{
    const Scan a = {head_dim, decays, size, least, limit};
    const int64_t numbers = head_dim * size, width = (int64_t)heads * head_dim;
    float own[SCAN_NUMBERS];
    int first, end;
    hf2c_share(team, heads, &first, &end);
    for (int s = 0; s < count; s++)
        for (int64_t h = first; h < end; h++) {
            float *at = state ? sequence_state(state, sequences, s) + h * numbers : own;
            if (numbers <= SCAN_NUMBERS && !(state && hf2c_past(sequences, s))) memset(at, 0, (size_t)numbers * sizeof(float));
            for (int64_t r = sequences->start[s]; r < sequences->start[s + 1]; r++) {
                const float *b = bc + r * ldbc + h / (heads / groups) * size;
                float *to = y + r * width + h * head_dim;
                if (numbers <= SCAN_NUMBERS)
                    scan_row(&a, to, x + r * ldx + h * head_dim, scan_step(&a, step[r * lds + h]), b, b + groups * size,
                             decay + h * decays, at);
                for (int i = 0; i < head_dim && numbers > SCAN_NUMBERS; i++) to[i] = NAN;
            }
        }
}

#endif
