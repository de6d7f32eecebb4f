/* packing: see packing.h. */
#include "compiler/emit/packing.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "compiler/emit/compensate.h"

static const TensorPart given_parts[] = {PART_scale, PART_zero, PART_outer, PART_offset};
enum { GIVEN_PARTS = sizeof given_parts / sizeof *given_parts };

enum { CHUNK_ELEMENTS = 1 << 19, CHUNK_ROWS = 64 /* a multiple of every panel, and of the blocks that rows share */ };

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

struct Packing {
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
    int format;              /* that the values are rounded to */
    PackError *error;        /* [chunks], of values that are rounded before they are packed; NULL: packing rounds them */
    Fault *fault;            /* [chunks] */
    Subnormals *subnormals;  /* [chunks] */
};

/* ---- where it goes ---- */

static size_t code_bytes(const PackLayout *layout, int64_t rows)
{
    return (size_t)(pack_padded_columns(layout) * rows) * (size_t)format_bits((Format)layout->format) / 8;
}

void packing_place(const PackedWeight *weight, const PackedChunk *chunk, ChunkPart part[2])
{
    const PackLayout *layout = &weight->layout;
    const size_t first = (size_t)chunk->first, rows = (size_t)chunk->layout.N;
    if (layout->panel > 1) {
        size_t panel = weight->bytes / (size_t)pack_panel_count(layout);
        part[0] = (ChunkPart){chunk->packed, chunk->bytes, panel * first / (size_t)layout->panel};
        part[1] = (ChunkPart){NULL, 0, weight->bytes};
        return;
    }
    size_t codes = code_bytes(layout, chunk->layout.N), from = align_up(codes, 64), apart = align_up(code_bytes(layout, layout->N), 64);
    part[0] = (ChunkPart){chunk->packed, codes, code_bytes(layout, chunk->first)};
    part[1] = (ChunkPart){NULL, 0, weight->bytes};
    if (from < chunk->bytes) part[1] = (ChunkPart){chunk->packed + from, chunk->bytes - from, apart + (chunk->bytes - from) / rows * first};
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

/* Rows [first, first + count) of each half as a matrix of their own. */
static PackedChunk chunk_new(const Packing *p, Arena *scratch, int64_t first, int64_t count)
{
    PackedChunk chunk = {.layout = p->weight->layout, .first = p->halves * first};
    chunk.layout.N = p->halves * count;
    if (!pack_bytes(&chunk.layout, &chunk.bytes)) bug("a chunk of %lld rows cannot be packed", (long long)chunk.layout.N);
    chunk.packed = arena_alloc(scratch, chunk.bytes);
    return chunk;
}

static int64_t pack_values(const Packing *p, Arena *scratch, const PackedChunk *chunk, float *values)
{
    PackGiven given = {NULL, NULL, NULL, NULL};
    const int64_t rows = chunk->layout.N;
    if (p->is_given && !p->error) given = given_of_chunk(p, scratch, chunk->first / p->halves, rows / p->halves);
    if (p->compensation && !p->error) given = compensated(p, scratch, values, rows);
    return pack_panels(&chunk->layout, values, p->importance, given.scale ? &given : NULL, 0, pack_panel_count(&chunk->layout), chunk->packed);
}

/* NULL where they are no numbers. */
static float *find_values(Packing *p, Arena *scratch, int64_t number, int64_t first, int64_t count)
{
    float *values = chunk_of(p, scratch, p->whole, first, count);
    for (int64_t i = 0, elements = p->halves * count * p->weight->layout.K; i < elements; i++) {
        if (!isfinite(values[i])) {
            p->fault[number] = fault_at(p, FAULT_NOT_FINITE, i, first, count, values[i]);
            return NULL;
        }
        if (fabsf(values[i]) < FLT_MIN && values[i] != 0) note_subnormal(p, i, first, count, values[i]);
    }
    return values;
}

bool packing_chunk(Packing *p, Arena *scratch, int64_t number, PackedChunk *chunk)
{
    int64_t first = number * p->chunk_rows, left = p->rows - first, count = left < p->chunk_rows ? left : p->chunk_rows;
    float *values = find_values(p, scratch, number, first, count);
    if (!values) return false;
    if (p->error) p->error[number] = round_chunk(p, scratch, values, p->halves * count);
    if (!chunk) return true;
    *chunk = chunk_new(p, scratch, first, count);
    int64_t inexact = pack_values(p, scratch, chunk, values);
    if (inexact >= 0) p->fault[number] = fault_at(p, FAULT_INEXACT, inexact, first, count, values[inexact]);
    return inexact < 0;
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

static int64_t halves_of(const PackedWeight *weight) { return weight->layout.gate ? 2 : 1; }

static int64_t chunk_rows_of(const PackedWeight *weight)
{
    int64_t rows = CHUNK_ELEMENTS / (weight->layout.K * halves_of(weight)) / CHUNK_ROWS * CHUNK_ROWS;
    return rows < CHUNK_ROWS ? CHUNK_ROWS : rows;
}

int64_t packing_chunks(const PackedWeight *weight)
{
    int64_t rows = weight->layout.N / halves_of(weight), of_chunk = chunk_rows_of(weight);
    return (rows + of_chunk - 1) / of_chunk;
}

static void find_whole(Packing *p, Arena *arena, size_t elements)
{
    const Node *node = p->weight->node;
    if (has_rows(arena, node)) return;
    float *whole = arena_alloc_array(arena, elements, sizeof(float));
    node_constant_values(arena, node, whole);
    p->whole = whole;
}

Packing *packing_new(Arena *arena, const PackedWeight *weight, Format format, bool rounds)
{
    Packing *p = ARENA_NEW(arena, Packing);
    size_t elements = (size_t)(weight->layout.N * weight->layout.K);
    *p = (Packing){.weight = weight, .format = (int)format, .halves = halves_of(weight), .chunk_rows = chunk_rows_of(weight), .chunks = packing_chunks(weight)};
    p->rows = weight->layout.N / p->halves;
    p->fault = ARENA_ARRAY(arena, Fault, (size_t)p->chunks);
    p->subnormals = ARENA_ARRAY(arena, Subnormals, (size_t)p->chunks);
    if (rounds) p->error = ARENA_ARRAY(arena, PackError, (size_t)p->chunks);
    find_whole(p, arena, elements);
    if (!rounds) find_given(p, arena, elements);
    find_inputs(p, arena);
    return p;
}

bool packing_end(const Packing *p, PackError *error, Err *err)
{
    if (!check_faults(p, err)) return false;
    if (!p->error) warn_of_subnormals(p);
    *error = (PackError){0, 0};
    for (int64_t c = 0; p->error && c < p->chunks; c++) {
        error->error += p->error[c].error;
        error->energy += p->error[c].energy;
    }
    return true;
}
