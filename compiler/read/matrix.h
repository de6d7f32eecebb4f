/* Inside read/: matrices that are stored as codes and parameters. A method of quantisation fills in a Matrix and its layout; what is
 * common (walking over ranges, parameters by groups, which format holds it) is here. */
#ifndef HF2C_READ_MATRIX_H
#define HF2C_READ_MATRIX_H

#include <string.h>

#include "compiler/read/quantized.h"

typedef struct Matrix Matrix;

/* value = (code - zero) * scale. Row r of matrix number e is row e * rows + r; a group is a number of columns that share parameters. */
typedef struct MatrixLayout {
    /* codes of columns [column, column + count) of a row, as numbers */
    void (*codes)(const Matrix *matrix, int64_t row, int64_t column, int64_t count, float *codes);
    float (*scale)(const Matrix *matrix, int64_t row, int64_t group);
    float (*zero)(const Matrix *matrix, int64_t row, int64_t group); /* NULL: Matrix.zero */
    float (*outer)(const Matrix *matrix, int64_t row, int64_t group); /* of a scale that is quantised itself: what its number is multiplied with, or NULL */
} MatrixLayout;

struct Matrix {
    Quantized quantized; /* first: a Tensor points to it */
    const MatrixLayout *layout;
    int64_t matrices, rows, columns; /* rows and columns of each; columns are what a linear sums over */
    bool turned;                     /* the tensor is [matrices, columns, rows] */
    int rank;                        /* of the tensor: 2, or 3 with the number of matrices */
    bool flat;                       /* groups run on from row to row */
    int64_t group, groups;           /* columns of a group; groups of a row, or flat ones of all */
    int64_t row_group;               /* rows that share parameters */
    const Tensor *index;             /* I32 [columns]: the group of each column; NULL: column / group */
    int bits;                        /* of whole numbers; 0: codes are numbers of another kind */
    float zero;
    const char *format;              /* NULL: found from what is above */
    Tensor codes;
    const Matrix *unordered;         /* its columns are these in quantized.order; NULL: they are its own */
    const Tensor *scales, *zeros, *map, *nested_scales, *nested_map; /* what the method has */
    float offset;                    /* of scales that are quantised */
};

/* ---- binding ---- */

typedef struct Binder {
    Model *model;
    Arena *arena;
    Config config; /* quantization_config */
    bool turned;   /* the family stores weights as [in, out] */
    size_t bound;
    Err *err;
} Binder;

#define TYPE_BIT(type) (1u << STORED_##type)
enum { TYPES_FLOAT = 1u << STORED_F32 | 1u << STORED_F16 | 1u << STORED_BF16 };

/* Tensor MODULE + suffix, marked as used; NULL when there is none, with *err when it is needed. */
const Tensor *binder_part(Binder *binder, const char *module, const char *suffix, bool needed);
/* Whether it has one of the types and that shape (-1: any). */
bool binder_check(Binder *binder, const Tensor *tensor, uint32_t types, int rank, const int64_t *shape);
/* The length of the module's name when the tensor's is MODULE + suffix; 0: it is not. */
size_t binder_module_length(const Tensor *tensor, const char *suffix);
Matrix *binder_matrix(Binder *binder, const Tensor *codes, const MatrixLayout *layout, int64_t rows, int64_t columns);
/* Takes the groups of columns from a tensor I32 [columns], which may be NULL. */
bool binder_index(Binder *binder, Matrix *matrix, const Tensor *index);
/* The stored tensor of codes becomes the virtual one. */
bool binder_bind(Binder *binder, Tensor *stored, Matrix *matrix, const char *name);

/* A method is asked for every tensor of the file; true when there is nothing wrong. */
typedef bool BindTensor(Binder *binder, Tensor *tensor);
BindTensor bind_bitsandbytes, bind_gptq, bind_awq, bind_compressed, bind_fp8, bind_mxfp4;

/* ---- stored codes ---- */

static inline uint32_t matrix_word(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Number i of a stream of numbers of so many bits in words that are `step` bytes apart. */
static inline uint32_t matrix_bits(const uint8_t *words, size_t step, int64_t i, int bits)
{
    size_t bit = (size_t)i * (size_t)bits, word = bit / 32, shift = bit % 32;
    uint32_t value = matrix_word(words + word * step) >> shift;
    if (shift + (size_t)bits > 32) value |= matrix_word(words + (word + 1) * step) << (32 - shift);
    return value & ((1u << bits) - 1);
}

static inline float tensor_float(const Tensor *tensor, int64_t i)
{
    float value;
    tensor_to_float(tensor, (size_t)i, 1, &value);
    return value;
}

#endif
