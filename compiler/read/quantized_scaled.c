/* fp8 (DeepSeek: weight_scale_inv for blocks of 128 x 128; Llama: weight_scale for a tensor or a row), compressed-tensors (the same, int8, and
 * numbers of 4 or 8 bits packed along rows). */
#include "compiler/read/matrix.h"

/* ---- scales in blocks of rows and columns ---- */

static float block_scale(const Matrix *m, int64_t row, int64_t group)
{
    return tensor_float(m->scales, row / m->row_group * m->groups + group);
}

static float block_zero(const Matrix *m, int64_t row, int64_t group)
{
    return m->zero + tensor_float(m->zeros, row / m->row_group * m->groups + group);
}

static int64_t parts(int64_t count, int64_t size) { return (count + size - 1) / size; }

/* A scale of the whole tensor, of each row, of groups of a row, or of blocks: the shape of the scales says it, but for the size of blocks. */
static bool bind_scales(Binder *binder, Matrix *m, const int64_t block[2])
{
    const Tensor *s = m->scales;
    if (!(TYPES_FLOAT >> s->type & 1)) return binder_check(binder, s, TYPES_FLOAT, 2, (int64_t[]){m->rows, 1});
    m->groups = 1;
    m->group = m->columns;
    m->row_group = m->rows;
    if (s->elements == 1) return true;
    m->row_group = block[0];
    m->group = block[1];
    if (block[0] > 0 && block[1] > 0) {
        m->groups = parts(m->columns, m->group);
        return binder_check(binder, s, TYPES_FLOAT, 2, (int64_t[]){parts(m->rows, m->row_group), m->groups});
    }
    m->row_group = 1;
    m->groups = s->rank == 2 ? s->shape[1] : 1;
    if (m->groups < 1 || m->groups > m->columns || m->columns % m->groups != 0)
        return binder_check(binder, s, TYPES_FLOAT, 2, (int64_t[]){m->rows, 1});
    m->group = m->columns / m->groups;
    return binder_check(binder, s, TYPES_FLOAT, s->rank == 2 ? 2 : 1, (int64_t[]){m->rows, m->groups});
}

/* What stands beside a module for its activations, which stay as they are here. */
static void use_activation_scales(Binder *binder, const char *module)
{
    static const char *const suffixes[] = {".input_scale", ".input_scale_ub", ".input_zero_point", ".input_global_scale", ".output_scale",
                                           ".activation_scale"};
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) binder_part(binder, module, suffixes[i], false);
}

static void stored_codes(const Matrix *m, int64_t row, int64_t column, int64_t count, float *codes)
{
    tensor_to_float(&m->codes, (size_t)(row * m->columns + column), (size_t)count, codes);
    for (int64_t i = 0; i < count && m->bits != 0; i++) codes[i] += m->zero;
}

/* Codes that are numbers of a type of their own: I8 or fp8, which have bits 8 and 0. */
static bool bind_elements(Binder *binder, Tensor *tensor, const char *module, const Tensor *scales, const int64_t block[2])
{
    static const MatrixLayout layout = {stored_codes, block_scale, NULL, NULL}, with_zero = {stored_codes, block_scale, block_zero, NULL};
    const Tensor *zeros = binder_part(binder, module, ".weight_zero_point", false);
    if (!binder_check(binder, tensor, TYPE_BIT(I8) | TYPE_BIT(F8_E4M3) | TYPE_BIT(F8_E5M2), 2, (int64_t[]){-1, -1})) return false;
    bool whole = tensor->type == STORED_I8;
    Matrix *m = binder_matrix(binder, tensor, whole && zeros != NULL ? &with_zero : &layout, tensor->shape[0], tensor->shape[1]);
    m->scales = scales;
    m->zeros = zeros;
    m->bits = whole ? 8 : 0;
    m->zero = whole ? 128 : 0;
    use_activation_scales(binder, module);
    if (tensor->elements == 0) return err_set(binder->err, "%s: tensor \"%.200s\" is empty", tensor->file, tensor->name);
    if (!bind_scales(binder, m, block)) return false;
    if (whole && zeros != NULL && !binder_check(binder, zeros, TYPE_BIT(I8), scales->rank, scales->shape)) return false;
    return binder_bind(binder, tensor, m, tensor->name);
}

static bool has_narrow_type(const Tensor *tensor)
{
    return tensor->type == STORED_I8 || tensor->type == STORED_F8_E4M3 || tensor->type == STORED_F8_E5M2;
}

bool bind_fp8(Binder *binder, Tensor *tensor)
{
    size_t length = binder_module_length(tensor, ".weight");
    int64_t block[2] = {0, 0};
    if (length == 0 || !has_narrow_type(tensor)) return true;
    const char *module = arena_copy_text(binder->arena, tensor->name, length);
    const Tensor *scales = binder_part(binder, module, ".weight_scale_inv", false);
    if (scales != NULL && config_has(&binder->config, "weight_block_size") &&
        config_ints(&binder->config, "weight_block_size", 1, 1 << 20, block, 2) != 2)
        return err_set(binder->err, "%s: weight_block_size: wanted two sizes", binder->config.file);
    if (scales == NULL) scales = binder_part(binder, module, ".weight_scale", true);
    return scales != NULL && bind_elements(binder, tensor, module, scales, block);
}

/* ---- compressed-tensors ---- */

static void packed_codes(const Matrix *m, int64_t row, int64_t column, int64_t count, float *codes)
{
    const uint8_t *words = m->codes.data + 4 * (size_t)(row * m->codes.shape[1]);
    for (int64_t i = 0; i < count; i++) codes[i] = (float)matrix_bits(words, 4, column + i, m->bits);
}

/* Zeros are packed down the columns. */
static float packed_zero(const Matrix *m, int64_t row, int64_t group)
{
    int64_t numbers = 32 / m->bits, width = m->zeros->shape[1];
    const uint8_t *word = m->zeros->data + 4 * (size_t)(row / numbers * width + group);
    return (float)matrix_bits(word, 4, row % numbers, m->bits);
}

static bool read_shape(Binder *binder, const char *module, int64_t shape[2])
{
    const Tensor *tensor = binder_part(binder, module, ".weight_shape", true);
    if (tensor == NULL || !binder_check(binder, tensor, TYPE_BIT(I64) | TYPE_BIT(I32), 1, (int64_t[]){2})) return false;
    for (int i = 0; i < 2; i++) {
        const float most = 1 << 24; /* whole numbers up to there are floats */
        float size = tensor_float(tensor, i);
        if (!(size >= 1 && size <= most))
            return err_set(binder->err, "%s: tensor \"%.200s\": found %g, wanted 1 to %g", tensor->file, tensor->name, (double)size, (double)most);
        shape[i] = (int64_t)size;
    }
    return true;
}

/* 4 or 8, as the length of rows says. */
static bool packed_bits(Binder *binder, const Tensor *tensor, const int64_t shape[2], int *bits)
{
    for (*bits = 4; *bits <= 8; *bits += 4)
        if (tensor->rank == 2 && tensor->shape[1] == parts(shape[1], 32 / *bits)) break;
    if (*bits > 8) *bits = 4;
    return binder_check(binder, tensor, TYPE_BIT(I32), 2, (int64_t[]){shape[0], parts(shape[1], 32 / *bits)});
}

static bool bind_packed(Binder *binder, Tensor *tensor, const char *module)
{
    static const MatrixLayout layout = {packed_codes, block_scale, NULL, NULL}, with_zero = {packed_codes, block_scale, packed_zero, NULL};
    static const int64_t no_block[2] = {0, 0};
    int64_t shape[2] = {0};
    int bits;
    const Tensor *scales = binder_part(binder, module, ".weight_scale", true), *index = binder_part(binder, module, ".weight_g_idx", false);
    const Tensor *zeros = binder_part(binder, module, ".weight_zero_point", false);
    if (scales == NULL || !read_shape(binder, module, shape) || !packed_bits(binder, tensor, shape, &bits)) return false;
    Matrix *m = binder_matrix(binder, tensor, zeros != NULL ? &with_zero : &layout, shape[0], shape[1]);
    m->bits = bits;
    m->zero = (float)(1 << (bits - 1));
    m->scales = scales;
    m->zeros = zeros;
    use_activation_scales(binder, module);
    if (!bind_scales(binder, m, no_block)) return false;
    if (zeros != NULL && !binder_check(binder, zeros, TYPE_BIT(I32), 2, (int64_t[]){parts(m->rows, 32 / bits), m->groups})) return false;
    return binder_index(binder, m, index) && binder_bind(binder, tensor, m, arena_printf(binder->arena, "%s.weight", module));
}

static bool check_compressed_format(Binder *binder)
{
    static const char *const known[] = {"pack-quantized", "int-quantized", "float-quantized", "naive-quantized", "dense"};
    const char *format = config_text_or(&binder->config, "format", "dense");
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strcmp(format, known[i]) == 0) return true;
    config_refuse(&binder->config, "format", format, "pack-quantized, int-quantized, float-quantized, naive-quantized");
    return false;
}

/* Blocks of scales have the size that one of the groups of the config names. */
static bool compressed_block(Binder *binder, int64_t block[2])
{
    const cJSON *groups = config_item(&binder->config, "config_groups");
    for (const cJSON *group = groups != NULL ? groups->child : NULL; group != NULL; group = group->next) {
        Config c = {group, arena_printf(binder->arena, "%s.config_groups", binder->config.file), binder->arena, binder->err};
        const char *strategy = config_text_or(&c, "weights.strategy", "");
        if (strcmp(strategy, "block") != 0) continue;
        if (config_ints(&c, "weights.block_structure", 1, 1 << 20, block, 2) != 2)
            return err_set(binder->err, "%s: weights.block_structure: wanted two sizes", c.file);
    }
    return binder->err->text[0] == '\0';
}

bool bind_compressed(Binder *binder, Tensor *tensor)
{
    int64_t block[2] = {0, 0};
    size_t length = binder_module_length(tensor, ".weight_packed");
    if (!check_compressed_format(binder)) return false;
    if (length != 0) return bind_packed(binder, tensor, arena_copy_text(binder->arena, tensor->name, length));
    length = binder_module_length(tensor, ".weight");
    if (length == 0 || !has_narrow_type(tensor)) return true;
    const char *module = arena_copy_text(binder->arena, tensor->name, length);
    const Tensor *scales = binder_part(binder, module, ".weight_scale", true);
    return scales != NULL && compressed_block(binder, block) && bind_elements(binder, tensor, module, scales, block);
}
