/* quantized: tensors that a checkpoint stores as codes and parameters, seen as the numbers that they stand for.
 *
 * A virtual Tensor "MODULE.weight" has the shape of the decoded weight and no data of its own; its Quantized decodes it from the stored
 * tensors. tensor_to_float() works on it like on any other. */
#ifndef HF2C_READ_QUANTIZED_H
#define HF2C_READ_QUANTIZED_H

#include "compiler/read/model.h"

/* What of a tensor's elements is asked for: the numbers; the parameters that a checkpoint has quantised them with: value = (code - zero) * scale, or
 * code's value * scale; where the scale itself is quantised: number * outer + offset is the scale. */
typedef enum TensorPart { PART_value, PART_scale, PART_zero, PART_outer, PART_offset } TensorPart;

typedef struct Quantized Quantized;
struct Quantized {
    const char *format; /* of templates/format/formats.def: holds the values exactly without growing; "f32": none does */
    /* Of elements [first, first + count), row-major. */
    void (*read)(const Tensor *tensor, TensorPart part, size_t first, size_t count, float *values);
    /* Where columns that share parameters do not follow one another (act order): the tensor with column order[i] as its column i, whose format is a
     * smaller one; NULL: there is no such. */
    const Tensor *ordered;
    const int32_t *order;
};

/* Makes the virtual tensors of a model whose config.json says how it was quantised; model_open() does it. */
bool quantized_bind(Model *model, Err *err);

/* The format of formats.def that holds the tensor exactly: by Quantized, or by the type as it is stored. */
const char *tensor_natural_format(const Tensor *tensor);
/* bug() for a tensor that is not quantised. */
void tensor_part(const Tensor *tensor, TensorPart part, size_t first, size_t count, float *values);

#endif
