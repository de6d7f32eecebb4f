/* One weight, packed in chunks of rows: so much is in memory as floats at a time, by as many threads as there are. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "compiler/emit/compensate.h"
#include "compiler/emit/pack.h"
#include "runtime/core/team.h"

static const TensorPart given_parts[] = {PART_scale, PART_zero, PART_outer, PART_offset};
enum { GIVEN_PARTS = sizeof given_parts / sizeof *given_parts };

enum { CHUNK_ELEMENTS = 1 << 21, CHUNK_ROWS = 64 /* a multiple of every panel, and of the blocks that rows share */ };

typedef enum FaultKind { FAULT_NONE, FAULT_NOT_FINITE, FAULT_INEXACT } FaultKind;

typedef struct Fault {
    FaultKind kind;
    int64_t row, column;
    float value;
} Fault;

/* Numbers of a chunk that are too small for all of their bits; kernels multiply with them nevertheless. */
typedef struct Subnormals {
    int64_t count;
    Fault first;
} Subnormals;

typedef struct Packing {
    const PackedWeight *weight;
    const float *importance; /* of columns, or NULL */
    const Compensation *compensation; /* or NULL */
    const float *whole;      /* the matrix where its rows cannot be had one by one; else NULL */
    bool is_given;           /* the checkpoint has parameters, which are kept */
    int given_parts;         /* of given_parts, that its format has */
    const float *whole_given[GIVEN_PARTS]; /* those of the whole matrix where rows cannot be had one by one; else NULLs */
    int64_t halves, rows;    /* rows of each half */
    int64_t chunk_rows;      /* of each half in a chunk */
    int64_t chunks;
    uint8_t *to;             /* NULL: nowhere */
    int format;              /* that the values are rounded to */
    PackError *error;        /* [chunks], of values that are rounded before they are packed; NULL: packing rounds them */
    Fault *fault;            /* [chunks] */
    Subnormals *subnormals;  /* [chunks] */
} Packing;

/* ---- where a chunk goes ---- */

/* Rows [first, first + count) of each half as a matrix of their own. */
static PackLayout chunk_layout(const Packing *p, int64_t count)
{
    PackLayout layout = p->weight->layout;
    layout.N = p->halves * count;
    return layout;
}

/* Panel 1: codes and parameters of a chunk go to two places. */
static void place_apart(const Packing *p, const PackLayout *chunk, int64_t first, const uint8_t *packed, size_t bytes)
{
    const PackLayout *layout = &p->weight->layout;
    size_t row = (size_t)pack_padded_columns(layout) * (size_t)format_bits((Format)layout->format) / 8;
    size_t codes = row * (size_t)chunk->N, at = align_up(row * (size_t)layout->N, 64), from = align_up(codes, 64);
    size_t parameters = (p->weight->bytes - at) / (size_t)layout->N;
    memcpy(p->to + row * (size_t)(p->halves * first), packed, codes);
    if (from < bytes) memcpy(p->to + at + parameters * (size_t)(p->halves * first), packed + from, parameters * (size_t)chunk->N);
}

static int64_t pack_chunk_at(const Packing *p, Arena *scratch, const PackLayout *chunk, int64_t first, const float *values, const PackGiven *given)
{
    const PackLayout *layout = &p->weight->layout;
    size_t bytes;
    if (!pack_bytes(chunk, &bytes)) bug("a chunk of %lld rows cannot be packed", (long long)chunk->N);
    if (layout->panel > 1) {
        size_t panel = p->weight->bytes / (size_t)pack_panel_count(layout);
        return pack_panels(chunk, values, p->importance, given, 0, pack_panel_count(chunk), p->to + panel * (size_t)(p->halves * first / layout->panel));
    }
    uint8_t *packed = arena_alloc(scratch, bytes);
    int64_t inexact = pack_panels(chunk, values, p->importance, given, 0, pack_panel_count(chunk), packed);
    place_apart(p, chunk, first, packed, bytes);
    return inexact;
}

/* ---- what is in it ---- */

/* Rows [first, first + count) of each half of a whole matrix, or of the node itself. */
static float *chunk_of(const Packing *p, Arena *scratch, const float *whole, int64_t first, int64_t count)
{
    int64_t K = p->weight->layout.K;
    float *values = arena_alloc_array(scratch, (size_t)(p->halves * count * K), sizeof(float));
    for (int64_t h = 0; h < p->halves; h++) {
        int64_t row = h * p->rows + first;
        float *to = values + h * count * K;
        if (whole) memcpy(to, whole + row * K, (size_t)(count * K) * sizeof(float));
        else if (!node_constant_rows(scratch, p->weight->node, row, count, to)) bug("%%%d has no rows", p->weight->node->id);
    }
    return values;
}

static Fault fault_at(const Packing *p, FaultKind kind, int64_t index, int64_t first, int64_t count, float value)
{
    int64_t K = p->weight->layout.K, row = index / K;
    return (Fault){kind, row / count * p->rows + first + row % count, index % K, value};
}

static void note_subnormal(const Packing *p, int64_t index, int64_t first, int64_t count, float value)
{
    Subnormals *found = &p->subnormals[first / p->chunk_rows];
    if (found->count++ == 0) found->first = fault_at(p, FAULT_NONE, index, first, count, value);
}

/* The parameters of the same elements. */
static PackGiven given_of_chunk(const Packing *p, Arena *scratch, int64_t first, int64_t count)
{
    const int64_t K = p->weight->layout.K;
    const float *given[GIVEN_PARTS] = {NULL};
    for (int i = 0; i < p->given_parts; i++) {
        if (p->whole_given[i]) {
            given[i] = chunk_of(p, scratch, p->whole_given[i], first, count);
            continue;
        }
        float *part = arena_alloc_array(scratch, (size_t)(p->halves * count * K), sizeof(float));
        for (int64_t h = 0; h < p->halves; h++)
            node_constant_given_rows(scratch, p->weight->node, given_parts[i], h * p->rows + first, count, part + h * count * K);
        given[i] = part;
    }
    return (PackGiven){given[0], given[1], given[2], given[3]};
}

/* Rounds the values, and says how. */
static PackGiven compensated(const Packing *p, Arena *scratch, float *values, int64_t rows)
{
    size_t elements = (size_t)(rows * p->weight->layout.K);
    Compensated c = {.scale = arena_alloc_array(scratch, elements, sizeof(float)), .zero = arena_alloc_array(scratch, elements, sizeof(float))};
    if (format_is_nested((Format)p->format)) {
        c.outer = arena_alloc_array(scratch, elements, sizeof(float));
        c.offset = arena_alloc_array(scratch, elements, sizeof(float));
    }
    compensate(p->compensation, values, rows, &c);
    return (PackGiven){c.scale, c.zero, c.outer, c.offset};
}

/* ---- rounded beforehand ---- */

static PackError error_of(const Packing *p, const float *values, const float *rounded, int64_t rows)
{
    PackError sum = {0, 0};
    for (int64_t row = 0; row < rows; row++)
        for (int64_t i = 0, K = p->weight->layout.K; i < K; i++) {
            double value = (double)values[row * K + i], difference = value - (double)rounded[row * K + i];
            double weight = p->importance ? (double)p->importance[i] : 1;
            sum.error += weight * difference * difference;
            sum.energy += weight * value * value;
        }
    return sum;
}

/* In place: what the values are once they are packed in the format. */
static PackError round_chunk(const Packing *p, Arena *scratch, float *values, int64_t rows)
{
    const int64_t K = p->weight->layout.K;
    size_t bytes, elements = (size_t)(rows * K);
    PackLayout layout = {.format = p->format, .panel = 1, .N = rows, .K = K, .block = format_block((Format)p->format, K)};
    if (!pack_bytes(&layout, &bytes)) bug("%d rows cannot be packed as %s", (int)rows, format_name((Format)p->format));
    float *rounded = arena_alloc_array(scratch, elements, sizeof(float));
    memcpy(rounded, values, elements * sizeof(float));
    PackGiven given = {NULL, NULL, NULL, NULL};
    if (p->compensation) given = compensated(p, scratch, rounded, rows);
    void *packed = arena_alloc(scratch, bytes);
    pack_panels(&layout, rounded, p->importance, given.scale ? &given : NULL, 0, pack_panel_count(&layout), packed);
    pack_unpack(&layout, packed, rounded);
    PackError error = error_of(p, values, rounded, rows);
    memcpy(values, rounded, elements * sizeof(float));
    return error;
}

/* ---- one chunk ---- */

static int64_t pack_values(const Packing *p, Arena *scratch, const PackLayout *chunk, int64_t first, int64_t count, float *values)
{
    PackGiven given = {NULL, NULL, NULL, NULL};
    if (p->error) return p->to ? pack_chunk_at(p, scratch, chunk, first, values, NULL) : -1;
    if (p->is_given) given = given_of_chunk(p, scratch, first, count);
    if (p->compensation) given = compensated(p, scratch, values, chunk->N);
    return pack_chunk_at(p, scratch, chunk, first, values, given.scale ? &given : NULL);
}

static Fault pack_chunk(const Packing *p, Arena *scratch, int64_t first, int64_t count)
{
    float *values = chunk_of(p, scratch, p->whole, first, count);
    PackLayout chunk = chunk_layout(p, count);
    for (int64_t i = 0; i < chunk.N * chunk.K; i++) {
        if (!isfinite(values[i])) return fault_at(p, FAULT_NOT_FINITE, i, first, count, values[i]);
        if (fabsf(values[i]) < FLT_MIN && values[i] != 0) note_subnormal(p, i, first, count, values[i]);
    }
    if (p->error) p->error[first / p->chunk_rows] = round_chunk(p, scratch, values, chunk.N);
    int64_t inexact = pack_values(p, scratch, &chunk, first, count, values);
    return inexact < 0 ? (Fault){FAULT_NONE, 0, 0, 0} : fault_at(p, FAULT_INEXACT, inexact, first, count, values[inexact]);
}

static void pack_share(const hf2c_team *team, void *argument)
{
    Packing *p = argument;
    int begin, end;
    hf2c_share(team, (int)p->chunks, &begin, &end);
    for (int64_t c = begin; c < end; c++) {
        Arena *scratch = arena_new();
        int64_t first = c * p->chunk_rows, left = p->rows - first;
        p->fault[c] = pack_chunk(p, scratch, first, left < p->chunk_rows ? left : p->chunk_rows);
        arena_free(scratch);
    }
}

/* ---- the whole ---- */

static const char *weight_text(const Node *node)
{
    const char *key = moments_key(node);
    return *key ? key : node->name ? node->name : "";
}

static bool check_faults(const Packing *p, Err *err)
{
    const Node *node = p->weight->node;
    for (int64_t c = 0; c < p->chunks; c++) {
        const Fault *f = &p->fault[c];
        long long row = f->row, column = f->column;
        if (f->kind == FAULT_NOT_FINITE)
            return err_set(err, "weight %s: element [%lld, %lld] is %s; wanted a finite number", weight_text(node), row, column,
                           isnan(f->value) ? "NaN" : "infinite");
        if (f->kind == FAULT_INEXACT)
            return err_set(err, "weight %s: element [%lld, %lld], %g, is no number of %s with the checkpoint's parameters; wanted another --precision",
                           weight_text(node), row, column, (double)f->value, format_name(node->format));
    }
    return true;
}

static void warn_of_subnormals(const Packing *p)
{
    int64_t count = 0;
    const Fault *first = NULL;
    for (int64_t c = 0; c < p->chunks; c++) {
        count += p->subnormals[c].count;
        if (!first && p->subnormals[c].count) first = &p->subnormals[c].first;
    }
    if (first)
        warn("weight %s: %lld of its numbers are subnormal, the first is element [%lld, %lld], %g", weight_text(p->weight->node), (long long)count,
             (long long)first->row, (long long)first->column, (double)first->value);
}

/* Quantised tensors are packed with the parameters that they have, if the format is theirs. */
static void find_given(Packing *p, Arena *scratch, size_t elements)
{
    const Node *node = p->weight->node;
    p->is_given = node_constant_is_given(node);
    p->given_parts = !p->is_given ? 0 : format_is_nested(node->format) ? GIVEN_PARTS : GIVEN_PARTS / 2;
    for (int i = 0; p->whole && i < p->given_parts; i++) {
        float *part = arena_alloc_array(scratch, elements, sizeof(float));
        node_constant_given(scratch, node, given_parts[i], part);
        p->whole_given[i] = part;
    }
}

/* What the inputs say of the columns. */
static void find_inputs(Packing *p, Arena *scratch)
{
    const PackLayout *layout = &p->weight->layout;
    const InputMoments *inputs = p->weight->inputs;
    if (p->is_given || !inputs || inputs->columns != layout->K) return;
    float *importance = arena_alloc_array(scratch, (size_t)layout->K, sizeof(float));
    for (int64_t i = 0; i < layout->K; i++) importance[i] = moments_square(inputs, i);
    p->importance = importance;
    p->compensation = compensation_new(scratch, inputs, layout->K, p->format, format_block((Format)p->format, layout->K));
}

/* Whether a row can be evaluated alone: asked by doing it. */
static bool has_rows(Arena *scratch, const Node *node)
{
    return node_constant_rows(scratch, node, 0, 1, arena_alloc_array(scratch, (size_t)shape_columns(node->shape), sizeof(float)));
}

static void cut(Packing *p, Arena *scratch)
{
    const PackLayout *layout = &p->weight->layout;
    p->halves = layout->gate ? 2 : 1;
    p->rows = layout->N / p->halves;
    p->chunk_rows = CHUNK_ELEMENTS / (layout->K * p->halves) / CHUNK_ROWS * CHUNK_ROWS;
    if (p->chunk_rows < CHUNK_ROWS) p->chunk_rows = CHUNK_ROWS;
    p->chunks = (p->rows + p->chunk_rows - 1) / p->chunk_rows;
    p->fault = ARENA_ARRAY(scratch, Fault, (size_t)p->chunks);
    p->subnormals = ARENA_ARRAY(scratch, Subnormals, (size_t)p->chunks);
}

static size_t elements_of(const PackedWeight *weight) { return (size_t)(weight->layout.N * weight->layout.K); }

static bool pack_all(Packing *p, Arena *scratch, Err *err)
{
    const Node *node = p->weight->node;
    if (!has_rows(scratch, node)) {
        float *whole = arena_alloc_array(scratch, elements_of(p->weight), sizeof(float));
        node_constant_values(scratch, node, whole);
        p->whole = whole;
    }
    if (!p->error) find_given(p, scratch, elements_of(p->weight));
    find_inputs(p, scratch);
    int64_t threads = p->chunks < hf2c_thread_limit() ? p->chunks : hf2c_thread_limit();
    hf2c_parallel((int)threads, pack_share, p);
    return check_faults(p, err);
}

bool pack_one(const PackedWeight *weight, uint8_t *to, Err *err)
{
    Arena *scratch = arena_new();
    Packing p = {.weight = weight, .to = to, .format = weight->layout.format};
    cut(&p, scratch);
    bool fine = pack_all(&p, scratch, err);
    if (fine) warn_of_subnormals(&p);
    arena_free(scratch);
    return fine;
}

bool pack_rounded(const PackedWeight *weight, Format format, uint8_t *to, PackError *error, Err *err)
{
    Arena *scratch = arena_new();
    Packing p = {.weight = weight, .to = to, .format = (int)format};
    cut(&p, scratch);
    p.error = ARENA_ARRAY(scratch, PackError, (size_t)p.chunks);
    bool fine = pack_all(&p, scratch, err);
    *error = (PackError){0, 0};
    for (int64_t c = 0; c < p.chunks; c++) {
        error->error += p.error[c].error;
        error->energy += p.error[c].energy;
    }
    arena_free(scratch);
    return fine;
}
