/* bitsandbytes: LLM.int8 weights (I8, the largest magnitude of each row in SCB), and 4-bit weights: indices into a table, the first of a byte
 * in its upper half, in blocks that run over the flat matrix; the largest magnitudes of blocks may be quantised themselves. */
#include "compiler/read/matrix.h"

enum { TABLE = 16, NESTED_TABLE = 256, STATE_LIMIT = 1 << 16 };

/* ---- 8 bits ---- */

static void int8_codes(const Matrix *m, int64_t row, int64_t column, int64_t count, float *codes)
{
    tensor_to_float(&m->codes, (size_t)(row * m->columns + column), (size_t)count, codes);
    for (int64_t i = 0; i < count; i++) codes[i] += m->zero;
}

static float int8_scale(const Matrix *m, int64_t row, int64_t group)
{
    (void)group;
    return tensor_float(m->scales, row) / 127;
}

static bool check_row_order(Binder *binder, const char *module)
{
    const Tensor *format = binder_part(binder, module, ".weight_format", false);
    if (format == NULL || (format->elements == 1 && tensor_float(format, 0) == 0)) return true;
    return err_set(binder->err, "%s: tensor \"%.200s\": found the layout of a GPU, wanted 0 (rows); save the model again with a newer bitsandbytes",
                   format->file, format->name);
}

static bool bind_int8(Binder *binder, Tensor *tensor, const char *module)
{
    static const MatrixLayout layout = {int8_codes, int8_scale, NULL, NULL};
    const Tensor *scales = binder_part(binder, module, ".SCB", true);
    if (scales == NULL || !check_row_order(binder, module)) return false;
    if (!binder_check(binder, tensor, TYPE_BIT(I8), 2, (int64_t[]){-1, -1})) return false;
    if (!binder_check(binder, scales, TYPES_FLOAT, 1, tensor->shape)) return false;
    Matrix *m = binder_matrix(binder, tensor, &layout, tensor->shape[0], tensor->shape[1]);
    m->scales = scales;
    m->bits = 8;
    m->zero = 128;
    return binder_bind(binder, tensor, m, tensor->name);
}

/* ---- 4 bits ---- */

static void table_codes(const Matrix *m, int64_t row, int64_t column, int64_t count, float *codes)
{
    float map[TABLE];
    tensor_to_float(m->map, 0, TABLE, map);
    for (int64_t i = 0, at = row * m->columns + column; i < count; i++, at++) {
        uint8_t byte = m->codes.data[at / 2];
        codes[i] = map[at % 2 == 0 ? byte >> 4 : byte & 15];
    }
}

static float nested_scale(const Matrix *m, int64_t row, int64_t group)
{
    (void)row;
    return m->nested_scales ? tensor_float(m->nested_scales, group / m->row_group) : 0;
}

static float table_scale(const Matrix *m, int64_t row, int64_t group)
{
    float scale = tensor_float(m->scales, group);
    if (m->nested_map == NULL) return scale;
    scale = tensor_float(m->nested_map, (int64_t)scale) * nested_scale(m, row, group);
    return scale + m->offset;
}

typedef struct State {
    int64_t shape[2], block, nested_block;
    float offset;
} State;

static bool read_state(Binder *binder, const Tensor *tensor, State *state)
{
    if (tensor->type != STORED_U8 || tensor->bytes > STATE_LIMIT)
        return err_set(binder->err, "%s: tensor \"%.200s\": found %s, wanted at most %d bytes U8 of JSON", tensor->file, tensor->name,
                       stored_name(tensor->type), STATE_LIMIT);
    const char *file = arena_printf(binder->arena, "%s: tensor \"%.200s\"", tensor->file, tensor->name);
    const cJSON *root = json_parse(binder->arena, file, (const char *)tensor->data, tensor->bytes, binder->err);
    if (root == NULL) return false;
    Config c = {root, file, binder->arena, binder->err};
    if (config_ints(&c, "shape", 1, INT32_MAX, state->shape, 2) != 2)
        return err_set(binder->err, "%s: shape: wanted two dimensions", file);
    state->block = config_int(&c, "blocksize", 1, 1 << 20);
    state->nested_block = config_int_or(&c, "nested_blocksize", 1, 1 << 20, 0);
    state->offset = (float)config_float_or(&c, "nested_offset", -1e30, 1e30, 0);
    return binder->err->text[0] == '\0';
}

static bool bind_nested(Binder *binder, const char *name, const State *state, Matrix *m)
{
    int64_t blocks = (m->groups + state->nested_block - 1) / state->nested_block;
    m->nested_scales = binder_part(binder, name, ".nested_absmax", true);
    m->nested_map = binder_part(binder, name, ".nested_quant_map", true);
    m->offset = state->offset;
    m->row_group = state->nested_block;
    return m->nested_scales != NULL && m->nested_map != NULL && binder_check(binder, m->nested_scales, TYPES_FLOAT, 1, &blocks) &&
           binder_check(binder, m->nested_map, TYPES_FLOAT, 1, (int64_t[]){NESTED_TABLE});
}

/* Codes may be stored as bytes or, for sharding, as elements of another type with the same bytes. */
static bool bind_table(Binder *binder, Tensor *tensor, const Tensor *stored_state)
{
    static const MatrixLayout layout = {table_codes, table_scale, NULL, nested_scale};
    State state;
    if (!read_state(binder, stored_state, &state)) return false;
    size_t elements = (size_t)state.shape[0] * (size_t)state.shape[1];
    if (tensor->bytes != (elements + 1) / 2)
        return err_set(binder->err, "%s: tensor \"%.200s\": found %zu bytes, wanted %zu for shape %s", tensor->file, tensor->name, tensor->bytes,
                       (elements + 1) / 2, shape_text(binder->arena, 2, state.shape));
    Matrix *m = binder_matrix(binder, tensor, &layout, state.shape[0], state.shape[1]);
    m->bits = 4;
    m->flat = true;
    m->group = state.block;
    m->groups = ((int64_t)elements + state.block - 1) / state.block;
    m->scales = binder_part(binder, tensor->name, ".absmax", true);
    m->map = binder_part(binder, tensor->name, ".quant_map", true);
    if (m->scales == NULL || m->map == NULL || !binder_check(binder, m->map, TYPES_FLOAT, 1, (int64_t[]){TABLE})) return false;
    if (state.nested_block != 0 && !bind_nested(binder, tensor->name, &state, m)) return false;
    if (!binder_check(binder, m->scales, state.nested_block != 0 ? TYPE_BIT(U8) : TYPES_FLOAT, 1, &m->groups)) return false;
    return binder_bind(binder, tensor, m, tensor->name);
}

bool bind_bitsandbytes(Binder *binder, Tensor *tensor)
{
    size_t length = binder_module_length(tensor, ".weight");
    if (length == 0) return true;
    const char *module = arena_copy_text(binder->arena, tensor->name, length);
    const Tensor *state = binder_part(binder, tensor->name, ".quant_state.bitsandbytes__nf4", false);
    if (state == NULL) state = binder_part(binder, tensor->name, ".quant_state.bitsandbytes__fp4", false);
    if (state != NULL) return bind_table(binder, tensor, state);
    if (tensor->type == STORED_I8) return bind_int8(binder, tensor, module);
    return tensor->type != STORED_U8 || binder_part(binder, tensor->name, ".quant_state.bitsandbytes__nf4", true) != NULL;
}
