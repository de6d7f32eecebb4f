/* compensate: see compensate.h.
 *
 * With H the moments of a chunk of inputs and U the upper factor of H^-1 = U' U, the error e of column j, divided by U[j][j], is taken from each later
 * column k times U[j][k]: what the sum over the columns loses there, they give back. */
#include "compiler/emit/compensate.h"

#include <math.h>
#include <string.h>

#include "templates/format/choose.h"

enum { MOST_BITS = 4, PARAMETER_BYTES = 8 };

struct Compensation {
    int format;
    int64_t columns, chunk, block;
    float *importance; /* [columns] */
    float *upper;      /* [columns, chunk]: rows of U of each chunk */
};

/* ---- the factor ---- */

/* Lower factor L of a positive matrix [n, n] in place: a = L L'. False when it is not positive. */
static bool factor(double *a, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j <= i; j++) {
            double sum = a[i * n + j];
            for (int64_t k = 0; k < j; k++) sum -= a[i * n + k] * a[j * n + k];
            if (i == j && !(sum > 0)) return false;
            a[i * n + j] = i == j ? sqrt(sum) : sum / a[j * n + j];
        }
    return true;
}

/* Inverse of a lower triangle in place. */
static void invert_lower(double *a, int64_t n)
{
    for (int64_t j = 0; j < n; j++) {
        a[j * n + j] = 1 / a[j * n + j];
        for (int64_t i = j + 1; i < n; i++) {
            double sum = 0;
            for (int64_t k = j; k < i; k++) sum += a[i * n + k] * a[k * n + j];
            a[i * n + j] = -sum / a[i * n + i];
        }
    }
}

/* H^-1 = M' M with M the inverse of H's lower factor; U' U = H^-1 then has the lower factor of M' M as U'. */
static bool upper_of_inverse(double *h, double *inverse, int64_t n)
{
    if (!factor(h, n)) return false;
    invert_lower(h, n);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j <= i; j++) {
            double sum = 0;
            for (int64_t k = i; k < n; k++) sum += h[k * n + i] * h[k * n + j];
            inverse[i * n + j] = inverse[j * n + i] = sum;
        }
    return factor(inverse, n);
}

/* Some of the mean is added to the diagonal: few inputs say little about columns that go together. */
static bool make_chunk(Compensation *c, const InputMoments *m, int64_t first, int64_t n)
{
    const double dampening = 0.1;
    Arena *arena = arena_new();
    double *h = ARENA_ARRAY(arena, double, (size_t)(n * n)), *inverse = ARENA_ARRAY(arena, double, (size_t)(n * n)), mean = 0;
    for (int64_t i = 0; i < n; i++) mean += (double)moments_square(m, first + i) / (double)n;
    if (!(mean > 0)) mean = 1;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++)
            h[i * n + j] = (double)m->sum[(first + i) * m->chunk + j] / (double)m->rows + (i == j ? dampening * mean : 0);
    for (int64_t i = 0; i < n; i++) c->importance[first + i] = (float)h[i * n + i];
    bool fine = upper_of_inverse(h, inverse, n);
    for (int64_t j = 0; fine && j < n; j++)
        for (int64_t k = j; k < n; k++) c->upper[(first + j) * c->chunk + k] = (float)inverse[k * n + j];
    arena_free(arena);
    return fine;
}

Compensation *compensation_new(Arena *arena, const InputMoments *m, int64_t columns, int format, int64_t block)
{
    if (!m || m->rows < 1 || m->columns != columns || format_bits((Format)format) > MOST_BITS || m->chunk % block != 0) return NULL;
    Compensation *c = ARENA_NEW(arena, Compensation);
    *c = (Compensation){.format = format, .columns = columns, .chunk = m->chunk, .block = block};
    c->importance = ARENA_ARRAY(arena, float, (size_t)columns);
    c->upper = ARENA_ARRAY(arena, float, (size_t)(columns * m->chunk));
    for (int64_t first = 0; first < columns; first += m->chunk)
        if (!make_chunk(c, m, first, columns - first < m->chunk ? columns - first : m->chunk)) return NULL;
    return c;
}

/* ---- one row ---- */

/* Columns [column, column + count) of a block; `end` is that of the chunk. */
static void round_block(const Compensation *c, float *row, int64_t column, int64_t count, int64_t end, float *scale, float *zero)
{
    unsigned char parameters[PARAMETER_BYTES];
    float one_scale, one_zero;
    format_choose(c->format, row + column, c->importance + column, count, parameters);
    format_parameters(c->format, parameters, &one_scale, &one_zero);
    for (int64_t j = column; j < column + count; j++) {
        uint32_t code;
        float rounded;
        const float *upper = c->upper + j * c->chunk - j / c->chunk * c->chunk; /* by number of the column */
        format_codes(c->format, row + j, 1, parameters, &code);
        format_values(c->format, &code, 1, parameters, &rounded);
        const float error = (row[j] - rounded) / upper[j];
        row[j] = rounded;
        scale[j] = one_scale;
        zero[j] = one_zero;
        for (int64_t k = j + 1; k < end; k++) row[k] -= error * upper[k];
    }
}

void compensate(const Compensation *c, float *rows, int64_t count, float *scale, float *zero)
{
    for (int64_t r = 0; r < count; r++)
        for (int64_t column = 0; column < c->columns; column += c->block) {
            int64_t end = (column / c->chunk + 1) * c->chunk, left = c->columns - column;
            if (end > c->columns) end = c->columns;
            round_block(c, rows + r * c->columns, column, left < c->block ? left : c->block, end, scale + r * c->columns, zero + r * c->columns);
        }
}
