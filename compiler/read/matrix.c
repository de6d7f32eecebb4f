#include "compiler/read/matrix.h"

#include "templates/format/f16.h"
#include "templates/format/nested.h"

enum { PIECE = 256, TURNED_COLUMNS = 32 };

/* ---- groups ---- */

static uint32_t index_at(const Matrix *m, int64_t column)
{
    return matrix_word(m->index->data + 4 * (size_t)column);
}

static int64_t group_of(const Matrix *m, int64_t row, int64_t column)
{
    if (m->index != NULL) return index_at(m, column);
    return m->flat ? (row * m->columns + column) / m->group : column / m->group;
}

/* Columns from there on that share parameters, at most count. */
static int64_t run_length(const Matrix *m, int64_t row, int64_t column, int64_t count)
{
    int64_t length = m->group - (m->flat ? row * m->columns + column : column) % m->group;
    if (m->index != NULL)
        for (length = 1; length < count && index_at(m, column + length) == index_at(m, column);) length++;
    return length < count ? length : count;
}

static float zero_of(const Matrix *m, int64_t row, int64_t group)
{
    return m->layout->zero != NULL ? m->layout->zero(m, row, group) : m->zero;
}

/* ---- pieces of a row ---- */

static float part_of_group(const Matrix *m, TensorPart part, int64_t row, int64_t group)
{
    switch (part) {
    case PART_scale: return m->layout->scale(m, row, group);
    case PART_outer: return m->layout->outer ? m->layout->outer(m, row, group) : 0;
    case PART_offset: return m->offset;
    default: return zero_of(m, row, group);
    }
}

static void fill_values(const Matrix *m, int64_t row, int64_t column, int64_t count, float *values)
{
    m->layout->codes(m, row, column, count, values);
    for (int64_t i = 0, end; i < count; i = end) {
        int64_t group = group_of(m, row, column + i);
        const float scale = m->layout->scale(m, row, group), zero = zero_of(m, row, group);
        end = i + run_length(m, row, column + i, count - i);
        for (int64_t at = i; at < end; at++) values[at] = (values[at] - zero) * scale;
    }
}

/* Columns [column, column + count) of a row. */
static void fill_piece(const Matrix *m, TensorPart part, int64_t row, int64_t column, int64_t count, float *values)
{
    if (part == PART_value) {
        fill_values(m, row, column, count, values);
        return;
    }
    for (int64_t i = 0, end; i < count; i = end) {
        const float value = part_of_group(m, part, row, group_of(m, row, column + i));
        end = i + run_length(m, row, column + i, count - i);
        for (int64_t at = i; at < end; at++) values[at] = value;
    }
}

/* ---- ranges ---- */

static void fill_rows(const Matrix *m, TensorPart part, int64_t at, int64_t count, float *values)
{
    for (int64_t done = 0; done < count;) {
        int64_t row = (at + done) / m->columns, column = (at + done) % m->columns, length = m->columns - column;
        if (length > count - done) length = count - done;
        if (length > PIECE) length = PIECE;
        fill_piece(m, part, row, column, length, values + done);
        done += length;
    }
}

typedef struct TurnedRange {
    TensorPart part;
    int64_t at, end; /* elements of the tensor [matrices, columns, rows] */
    float *values;
} TurnedRange;

/* `count` columns of one matrix, from all rows that the range has of them. */
static void fill_columns(const Matrix *m, const TurnedRange *range, int64_t stored_row, int64_t count)
{
    float piece[TURNED_COLUMNS];
    int64_t matrix = stored_row / m->columns, column = stored_row % m->columns, begin = 0, end = m->rows;
    if (count == 1 && range->at > stored_row * m->rows) begin = range->at - stored_row * m->rows;
    if (count == 1 && range->end < (stored_row + 1) * m->rows) end = range->end - stored_row * m->rows;
    for (int64_t row = begin; row < end; row++) {
        fill_piece(m, range->part, matrix * m->rows + row, column, count, piece);
        for (int64_t i = 0; i < count; i++) {
            int64_t place = (stored_row + i) * m->rows + row;
            if (place >= range->at && place < range->end) range->values[place - range->at] = piece[i];
        }
    }
}

static void fill_turned(const Matrix *m, const TurnedRange *range)
{
    if (range->at == range->end) return;
    int64_t last = (range->end - 1) / m->rows;
    for (int64_t stored_row = range->at / m->rows; stored_row <= last;) {
        int64_t count = last + 1 - stored_row, left = m->columns - stored_row % m->columns;
        if (count > left) count = left;
        if (count > TURNED_COLUMNS) count = TURNED_COLUMNS;
        fill_columns(m, range, stored_row, count);
        stored_row += count;
    }
}

static void matrix_read(const Tensor *tensor, TensorPart part, size_t at, size_t count, float *values)
{
    const Matrix *m = (const Matrix *)tensor->quantized;
    if (m->turned)
        fill_turned(m, &(TurnedRange){part, (int64_t)at, (int64_t)(at + count), values});
    else
        fill_rows(m, part, (int64_t)at, (int64_t)count, values);
}

/* ---- formats ---- */

/* Whether all of `block` neighbouring columns, from a multiple of it on, share parameters. */
static bool has_blocks(const Matrix *m, int64_t block)
{
    if (m->index == NULL) return m->group % block == 0 || (!m->flat && m->group >= m->columns);
    for (int64_t column = 0; column < m->columns; column++)
        if (index_at(m, column) != index_at(m, column / block * block)) return false;
    return true;
}

typedef struct Parameters {
    bool halves;   /* every scale is an f16 */
    bool one_zero; /* every zero is the same */
    float zero;
} Parameters;

static Parameters look_at_parameters(const Matrix *m)
{
    Parameters p = {true, true, zero_of(m, 0, 0)};
    for (int64_t row = 0; row < m->matrices * m->rows; row++)
        for (int64_t group = 0; group < m->groups && (p.halves || p.one_zero); group++) {
            float scale = m->layout->scale(m, row, group);
            p.halves = p.halves && f16_decode(f16_encode(scale)) == scale;
            p.one_zero = p.one_zero && zero_of(m, row, group) == p.zero;
        }
    return p;
}

static const char *integer_format(const Matrix *m)
{
    Parameters p = look_at_parameters(m);
    if (m->bits == 8 && p.one_zero && p.zero == 128) {
        if (m->groups == 1) return "int8";
        return p.halves && has_blocks(m, 32) ? "q8" : "f32";
    }
    if (m->bits == 8 || !p.halves || !has_blocks(m, 32)) return "f32";
    return m->bits == 4 && p.one_zero && p.zero == 8 ? "q4" : "q4z";
}

static int64_t common_divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Whether largest magnitudes are rounded as templates/format/nested.h tells. */
static bool is_nested(const Matrix *m)
{
    static const float values[NESTED_COUNT] = {NESTED_VALUES};
    float map[NESTED_COUNT];
    if (m->nested_map == NULL || !m->flat || m->group != NESTED_FLAT || m->row_group != NESTED_BLOCKS) return false;
    tensor_to_float(m->nested_map, 0, NESTED_COUNT, map);
    for (int i = 0; i < NESTED_COUNT; i++)
        if (map[i] != values[i]) return false;
    for (size_t i = 0; i < m->nested_scales->elements; i++)
        if (!(tensor_float(m->nested_scales, (int64_t)i) >= 0)) return false;
    return true;
}

/* A table of 16 numbers, times a scale. */
static const char *table_format(const Matrix *m)
{
    static const float nf4[16] = {NF4_VALUES}, fp4[16] = {FP4_VALUES};
    float map[16];
    int64_t block = common_divisor(64, m->columns);
    tensor_to_float(m->map, 0, 16, map);
    bool is_nf4 = true, is_fp4 = true;
    for (int i = 0; i < 16; i++) {
        is_nf4 = is_nf4 && map[i] == nf4[i];
        is_fp4 = is_fp4 && map[i] == fp4[i];
    }
    if (m->group % block != 0 || block % 4 != 0) return "f32";
    bool nested = is_nested(m);
    return is_nf4 ? nested ? "nf4_double" : "nf4" : !is_fp4 ? "f32" : nested ? "fp4_double" : "fp4";
}

static const char *format_of(const Matrix *m)
{
    if (m->format != NULL) return m->format;
    if (m->map != NULL) return table_format(m);
    if (m->codes.type == STORED_F8_E4M3) return has_blocks(m, 128) ? "e4m3" : "f32";
    if (m->codes.type == STORED_F8_E5M2) return has_blocks(m, 128) ? "e5m2" : "f32";
    return integer_format(m);
}

/* ---- binding ---- */

const Tensor *binder_part(Binder *binder, const char *module, const char *suffix, bool needed)
{
    const char *name = arena_printf(binder->arena, "%s%s", module, suffix);
    Tensor *tensor = map_get(binder->model->tensors.by_name, name);
    if (tensor != NULL)
        tensor->used = true;
    else if (needed)
        err_set(binder->err, "%s: tensor \"%.200s\" is missing, with which \"%.200s\" is quantised", binder->model->folder, name, module);
    return tensor;
}

static const char *type_names(Arena *arena, uint32_t types)
{
    const char *text = "";
    for (int type = 0; type < STORED_COUNT; type++)
        if (types >> type & 1) text = arena_printf(arena, "%s%s%s", text, *text ? " or " : "", stored_name((StoredType)type));
    return text;
}

bool binder_check(Binder *binder, const Tensor *tensor, uint32_t types, int rank, const int64_t *shape)
{
    bool fits = (types >> tensor->type & 1) != 0 && tensor->rank == rank && tensor->quantized == NULL;
    for (int i = 0; i < rank && fits; i++) fits = shape[i] == -1 || shape[i] == tensor->shape[i];
    return fits || err_set(binder->err, "%s: tensor \"%.200s\": found %s %s, wanted %s %s", tensor->file, tensor->name,
                           stored_name(tensor->type), shape_text(binder->arena, tensor->rank, tensor->shape),
                           type_names(binder->arena, types), shape_text(binder->arena, rank, shape));
}

size_t binder_module_length(const Tensor *tensor, const char *suffix)
{
    size_t length = strlen(tensor->name), tail = strlen(suffix);
    if (length <= tail || strcmp(tensor->name + length - tail, suffix) != 0) return 0;
    return length - tail;
}

Matrix *binder_matrix(Binder *binder, const Tensor *codes, const MatrixLayout *layout, int64_t rows, int64_t columns)
{
    Matrix *m = ARENA_NEW(binder->arena, Matrix);
    *m = (Matrix){.layout = layout, .matrices = 1, .rows = rows, .columns = columns, .group = columns, .groups = 1, .row_group = 1, .codes = *codes};
    m->turned = binder->turned;
    m->rank = 2;
    return m;
}

/* Whether the index says no more than that groups follow one another. */
static bool is_regular(const Matrix *m)
{
    for (int64_t i = 0; i < m->columns; i++)
        if (index_at(m, i) != (uint32_t)(i / m->group)) return false;
    return true;
}

bool binder_index(Binder *binder, Matrix *m, const Tensor *index)
{
    if (index == NULL) return true;
    if (!binder_check(binder, index, TYPE_BIT(I32), 1, &m->columns)) return false;
    m->index = index;
    for (int64_t i = 0; i < m->columns; i++)
        if (index_at(m, i) >= (uint32_t)m->groups)
            return err_set(binder->err, "%s: tensor \"%.200s\": element %lld: found %d, wanted a group in 0..%lld", index->file, index->name,
                           (long long)i, (int)tensor_float(index, i), (long long)m->groups - 1);
    if (is_regular(m)) m->index = NULL;
    return true;
}

/* ---- act order ---- */

static void ordered_codes(const Matrix *m, int64_t row, int64_t column, int64_t count, float *codes)
{
    const Matrix *from = m->unordered;
    for (int64_t i = 0; i < count; i++) from->layout->codes(from, row, m->quantized.order[column + i], 1, codes + i);
}

/* The columns group by group, each group's in their order; NULL: groups are not of one size. */
static const int32_t *order_by_groups(Arena *arena, const Matrix *m)
{
    int32_t *order = ARENA_ARRAY(arena, int32_t, (size_t)m->columns);
    int64_t *place = ARENA_ARRAY(arena, int64_t, (size_t)m->groups + 1);
    if (m->columns > INT32_MAX) return NULL;
    for (int64_t i = 0; i < m->columns; i++) place[index_at(m, i) + 1]++;
    for (int64_t g = 0; g < m->groups; g++) {
        place[g + 1] += place[g];
        if (place[g + 1] != (g + 1 < m->groups ? (g + 1) * m->group : m->columns)) return NULL;
    }
    for (int64_t i = 0; i < m->columns; i++) order[place[index_at(m, i)]++] = (int32_t)i;
    return order;
}

static void order_columns(Arena *arena, Matrix *m, const Tensor *tensor)
{
    const int32_t *order = order_by_groups(arena, m);
    if (order == NULL) return;
    MatrixLayout *layout = ARENA_NEW(arena, MatrixLayout);
    *layout = (MatrixLayout){ordered_codes, m->layout->scale, m->layout->zero, m->layout->outer};
    Matrix *ordered = ARENA_NEW(arena, Matrix);
    *ordered = *m;
    ordered->layout = layout;
    ordered->index = NULL;
    ordered->unordered = m;
    ordered->quantized.order = order;
    ordered->quantized.format = format_of(ordered);
    if (strcmp(ordered->quantized.format, "f32") == 0) return;
    Tensor *copy = ARENA_NEW(arena, Tensor);
    *copy = *tensor;
    copy->quantized = &ordered->quantized;
    m->quantized.ordered = copy;
    m->quantized.order = order;
}

bool binder_bind(Binder *binder, Tensor *stored, Matrix *m, const char *name)
{
    size_t elements = 0;
    Tensor *other = map_get(binder->model->tensors.by_name, name);
    if (other != NULL && other != stored)
        return err_set(binder->err, "%s: tensor \"%.200s\" is there beside \"%.200s\", of which it is made", other->file, name, stored->name);
    bool good = size_mul((size_t)m->rows, (size_t)m->columns, &elements) && size_mul(elements, (size_t)m->matrices, &elements);
    if (!good || elements == 0 || elements > PTRDIFF_MAX / sizeof(float))
        return err_set(binder->err, "%s: tensor \"%.200s\": found shape %s, wanted elements", stored->file, stored->name,
                       shape_text(binder->arena, stored->rank, stored->shape));
    m->quantized = (Quantized){.format = format_of(m), .read = matrix_read};
    int64_t shape[3] = {m->matrices, m->turned ? m->columns : m->rows, m->turned ? m->rows : m->columns};
    stored->rank = m->rank;
    memcpy(stored->shape, shape + 3 - stored->rank, (size_t)stored->rank * sizeof *shape);
    stored->name = name;
    stored->type = STORED_F32;
    stored->elements = elements;
    stored->quantized = &m->quantized;
    if (m->index != NULL && !m->turned && strcmp(m->quantized.format, "f32") == 0) order_columns(binder->arena, m, stored);
    map_set(binder->model->tensors.by_name, name, stored);
    binder->bound++;
    return true;
}
