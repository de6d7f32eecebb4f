/* compensate: see compensate.h.
 *
 * With H the moments of a chunk of inputs and U the upper factor of H^-1 = U' U, the error e of column j, divided by U[j][j], is taken from each later
 * column k times U[j][k]: what the sum over the columns loses there, they give back. */
#include "compiler/emit/compensate.h"

#include <math.h>
#include <string.h>

#include "templates/cpu/pack.h"
#include "templates/format/choose.h"
#include "templates/format/layout.h"

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

typedef struct Row {
    float *values;
    Packed packed;           /* of a nested format: the row as it is packed without compensation */
    Compensated parameters;  /* those of the row */
} Row;

/* The parameters of a block whose first column is that one; those of nested formats are decoded with what the whole row chose. */
static void choose_parameters(const Compensation *c, Row *row, int64_t column, int64_t count, unsigned char *parameters)
{
    format_choose(c->format, row->values + column, c->importance + column, count, parameters);
    if (!layout_is_nested(c->format)) return;
    const float scale = packed_outer_scale(&row->packed, 0, column), offset = packed_outer_number(&row->packed, 0, 0);
    const float largest = nested_value(nested_index(bits_load_float(parameters), scale, offset), scale, offset);
    memcpy(parameters, &largest, sizeof largest);
    for (int64_t j = column; j < column + count; j++) {
        row->parameters.outer[j] = scale;
        row->parameters.offset[j] = offset;
    }
}

/* Columns [column, column + count) of a block; `end` is that of the chunk. */
static void round_block(const Compensation *c, Row *row, int64_t column, int64_t count, int64_t end)
{
    unsigned char parameters[PARAMETER_BYTES];
    float scale, zero;
    choose_parameters(c, row, column, count, parameters);
    format_parameters(c->format, parameters, &scale, &zero);
    for (int64_t j = column; j < column + count; j++) {
        uint32_t code;
        float rounded, *value = row->values + j;
        const float *upper = c->upper + j * c->chunk - j / c->chunk * c->chunk; /* by number of the column */
        format_codes(c->format, value, 1, parameters, &code);
        format_values(c->format, &code, 1, parameters, &rounded);
        const float error = (*value - rounded) / upper[j];
        *value = rounded;
        row->parameters.scale[j] = scale;
        row->parameters.zero[j] = zero;
        for (int64_t k = j + 1; k < end; k++) row->values[k] -= error * upper[k];
    }
}

static void compensate_row(const Compensation *c, Row *row)
{
    for (int64_t column = 0; column < c->columns; column += c->block) {
        int64_t end = (column / c->chunk + 1) * c->chunk, left = c->columns - column;
        round_block(c, row, column, left < c->block ? left : c->block, end < c->columns ? end : c->columns);
    }
}

void compensate(const Compensation *c, float *rows, int64_t count, Compensated *parameters)
{
    const PackLayout layout = {.format = c->format, .panel = 1, .N = 1, .K = c->columns, .block = c->block};
    Arena *arena = arena_new();
    size_t bytes = 0;
    if (layout_is_nested(c->format) && !pack_bytes(&layout, &bytes)) bug("a row of %s cannot be packed", format_name((Format)c->format));
    void *packed = arena_alloc(arena, bytes);
    for (int64_t r = 0; r < count; r++) {
        const int64_t first = r * c->columns;
        Row row = {.values = rows + first, .packed = {packed, c->format, 1, c->columns, 1, c->block}};
        row.parameters = (Compensated){.scale = parameters->scale + first, .zero = parameters->zero + first};
        if (bytes) {
            pack_weight(&layout, row.values, packed);
            row.parameters.outer = parameters->outer + first;
            row.parameters.offset = parameters->offset + first;
        }
        compensate_row(c, &row);
    }
    arena_free(arena);
}
