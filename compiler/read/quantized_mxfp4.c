/* MXFP4 as GPT-OSS stores its experts: NAME_blocks [experts, out, in / 32, 16], two e2m1 numbers in a byte, the lower half first; NAME_scales
 * [experts, out, in / 32], a power of two as a biased exponent. Decoded as transformers does: NAME is [experts, in, out]. */
#include "compiler/read/matrix.h"

#include "templates/format/mxfp4.h"

enum { BLOCK = 32, BLOCK_BYTES = 16, UNIT_EXPONENT = 127 };

static void mxfp4_codes(const Matrix *m, int64_t row, int64_t column, int64_t count, float *codes)
{
    const uint8_t *bytes = m->codes.data + (size_t)(row * m->columns / 2), one = UNIT_EXPONENT;
    for (int64_t i = column; i < column + count; i++) {
        uint32_t code = i % 2 == 0 ? bytes[i / 2] & 15u : bytes[i / 2] >> 4;
        codes[i - column] = mxfp4_value(code, &one);
    }
}

static float mxfp4_group_scale(const Matrix *m, int64_t row, int64_t group)
{
    return mxfp4_scale(m->scales->data[row * m->groups + group]);
}

bool bind_mxfp4(Binder *binder, Tensor *tensor)
{
    static const MatrixLayout layout = {mxfp4_codes, mxfp4_group_scale, NULL, NULL};
    size_t length = binder_module_length(tensor, "_blocks");
    if (length == 0) return true;
    const char *name = arena_copy_text(binder->arena, tensor->name, length);
    const Tensor *scales = binder_part(binder, name, "_scales", true);
    if (scales == NULL || !binder_check(binder, tensor, TYPE_BIT(U8), 4, (int64_t[]){-1, -1, -1, BLOCK_BYTES}) ||
        !binder_check(binder, scales, TYPE_BIT(U8), 3, tensor->shape))
        return false;
    if (tensor->elements == 0)
        return err_set(binder->err, "%s: tensor \"%.200s\" is empty", tensor->file, tensor->name);
    Matrix *m = binder_matrix(binder, tensor, &layout, tensor->shape[1], tensor->shape[2] * BLOCK);
    m->matrices = tensor->shape[0];
    m->rank = 3;
    m->turned = true;
    m->group = BLOCK;
    m->groups = tensor->shape[2];
    m->scales = scales;
    m->format = "mxfp4";
    return binder_bind(binder, tensor, m, name);
}
