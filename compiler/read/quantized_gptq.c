/* GPTQ and AWQ: numbers of 2, 3, 4 or 8 bits in 32-bit words.
 *
 * GPTQ: qweight [in * bits / 32, out], a stream down each column; qzeros [groups, out * bits / 32], a stream along each row; scales [groups, out];
 * g_idx [in] names the group of each input (act order). The first version of the format stores zeros less one.
 * AWQ: qweight [in, out / 8], qzeros [groups, out / 8]: the eight numbers of a word are those of columns 0 2 4 6 1 3 5 7. */
#include "compiler/read/matrix.h"

static float group_scale(const Matrix *m, int64_t row, int64_t group)
{
    return tensor_float(m->scales, group * m->rows + row);
}

/* ---- GPTQ ---- */

static void gptq_codes(const Matrix *m, int64_t row, int64_t column, int64_t count, float *codes)
{
    const uint8_t *words = m->codes.data + 4 * (size_t)row;
    for (int64_t i = 0; i < count; i++) codes[i] = (float)matrix_bits(words, 4 * (size_t)m->rows, column + i, m->bits);
}

/* As the kernels of the reference, zeros wrap around. */
static float gptq_zero(const Matrix *m, int64_t row, int64_t group)
{
    const uint8_t *words = m->zeros->data + (size_t)(group * m->zeros->shape[1]) * 4;
    return (float)((matrix_bits(words, 4, row, m->bits) + (uint32_t)m->offset) & ((1u << m->bits) - 1));
}

/* The number of bits: the config's, unless that has exceptions; then what the lengths of qweight and g_idx say. */
static bool gptq_bits(Binder *binder, const Tensor *codes, const Tensor *index, int *bits)
{
    static const int known[] = {2, 3, 4, 8};
    *bits = (int)config_int(&binder->config, "bits|w_bit", 2, 8);
    if (index != NULL && config_has(&binder->config, "dynamic"))
        for (size_t i = 0; i < COUNT_OF(known); i++)
            if (codes->shape[0] <= INT32_MAX && codes->shape[0] * 32 == (int64_t)index->elements * known[i]) *bits = known[i];
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (*bits == known[i]) return binder->err->text[0] == '\0';
    config_refuse(&binder->config, "bits", arena_printf(binder->arena, "%d", *bits), "2, 3, 4, 8");
    return false;
}

static bool gptq_groups(Binder *binder, Matrix *m)
{
    int64_t size = config_int_or(&binder->config, "group_size|q_group_size", -1, 1 << 24, -1);
    if (size == 0)
        return err_set(binder->err, "%s: group_size: found 0, wanted -1 or more than 0", binder->config.file);
    m->group = size == -1 || size > m->columns ? m->columns : size;
    m->groups = (m->columns + m->group - 1) / m->group;
    return true;
}

static bool gptq_check(Binder *binder, Matrix *m, const char *module)
{
    int64_t words = m->rows * m->bits / 32;
    m->scales = binder_part(binder, module, ".scales", true);
    m->zeros = binder_part(binder, module, ".qzeros", true);
    if (m->scales == NULL || m->zeros == NULL) return false;
    if (m->rows * m->bits % 32 != 0)
        return err_set(binder->err, "%s: tensor \"%.200s\": found %lld outputs of %d bits, wanted whole words of 32 bits", m->codes.file,
                       m->codes.name, (long long)m->rows, m->bits);
    return binder_check(binder, m->scales, TYPES_FLOAT, 2, (int64_t[]){m->groups, m->rows}) &&
           binder_check(binder, m->zeros, TYPE_BIT(I32), 2, (int64_t[]){m->groups, words});
}

bool bind_gptq(Binder *binder, Tensor *tensor)
{
    static const MatrixLayout layout = {gptq_codes, group_scale, gptq_zero, NULL};
    size_t length = binder_module_length(tensor, ".qweight");
    int bits;
    if (length == 0) return true;
    const char *module = arena_copy_text(binder->arena, tensor->name, length);
    const char *format = config_text_or(&binder->config, "checkpoint_format", "gptq");
    bool second = strcmp(format, "gptq_v2") == 0;
    if (!second && strcmp(format, "gptq") != 0) config_refuse(&binder->config, "checkpoint_format", format, "gptq, gptq_v2");
    const Tensor *index = binder_part(binder, module, ".g_idx", false);
    if (!binder_check(binder, tensor, TYPE_BIT(I32), 2, (int64_t[]){-1, -1}) || !gptq_bits(binder, tensor, index, &bits)) return false;
    if (tensor->shape[0] > INT32_MAX || tensor->shape[1] > INT32_MAX || tensor->shape[0] * 32 % bits != 0)
        return err_set(binder->err, "%s: tensor \"%.200s\": found shape %s, wanted whole numbers of %d bits down its columns", tensor->file,
                       tensor->name, shape_text(binder->arena, 2, tensor->shape), bits);
    Matrix *m = binder_matrix(binder, tensor, &layout, tensor->shape[1], tensor->shape[0] * 32 / bits);
    m->bits = bits;
    m->offset = second ? 0 : 1;
    if (!gptq_groups(binder, m) || !gptq_check(binder, m, module) || !binder_index(binder, m, index)) return false;
    return binder_bind(binder, tensor, m, arena_printf(binder->arena, "%s.weight", module));
}

/* ---- AWQ ---- */

enum { AWQ_NUMBERS = 8 };

static uint32_t awq_number(const Tensor *tensor, int64_t row, int64_t column)
{
    static const uint8_t shift[AWQ_NUMBERS] = {0, 16, 4, 20, 8, 24, 12, 28};
    size_t word = (size_t)(row * tensor->shape[1] + column / AWQ_NUMBERS);
    return matrix_word(tensor->data + 4 * word) >> shift[column % AWQ_NUMBERS] & 15;
}

static void awq_codes(const Matrix *m, int64_t row, int64_t column, int64_t count, float *codes)
{
    for (int64_t i = 0; i < count; i++) codes[i] = (float)awq_number(&m->codes, column + i, row);
}

static float awq_zero(const Matrix *m, int64_t row, int64_t group) { return (float)awq_number(m->zeros, group, row); }

static bool awq_version(Binder *binder)
{
    const char *version = config_text_or(&binder->config, "version", "gemm");
    if (config_int_or(&binder->config, "bits|w_bit", 1, 32, 4) != 4)
        config_refuse(&binder->config, "bits", "another number", "4");
    if (strcmp(version, "gemm") != 0 && strcmp(version, "GEMM") != 0) config_refuse(&binder->config, "version", version, "gemm");
    return binder->err->text[0] == '\0';
}

bool bind_awq(Binder *binder, Tensor *tensor)
{
    static const MatrixLayout layout = {awq_codes, group_scale, awq_zero, NULL};
    size_t length = binder_module_length(tensor, ".qweight");
    if (length == 0) return true;
    const char *module = arena_copy_text(binder->arena, tensor->name, length);
    if (!awq_version(binder) || !binder_check(binder, tensor, TYPE_BIT(I32), 2, (int64_t[]){-1, -1})) return false;
    if (tensor->shape[0] > INT32_MAX || tensor->shape[1] > INT32_MAX / AWQ_NUMBERS)
        return err_set(binder->err, "%s: tensor \"%.200s\" is too large", tensor->file, tensor->name);
    Matrix *m = binder_matrix(binder, tensor, &layout, tensor->shape[1] * AWQ_NUMBERS, tensor->shape[0]);
    m->bits = 4;
    if (!gptq_groups(binder, m) || !gptq_check(binder, m, module)) return false;
    return binder_bind(binder, tensor, m, arena_printf(binder->arena, "%s.weight", module));
}
