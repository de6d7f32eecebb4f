/* layout: what lies where in the one allocation of a device, and in the packed batch that begins each call. */
#ifndef HF2C_CUDA_LAYOUT_H
#define HF2C_CUDA_LAYOUT_H

#include "runtime/hf2c.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { HF2C_DEVICE_ALIGNMENT = 256 };

/* Offsets in bytes, each a multiple of HF2C_DEVICE_ALIGNMENT; the weights, unless shared, are first. */
typedef struct hf2c_device_layout {
    size_t state, inputs, workspace, bytes;
} hf2c_device_layout;

/* Offsets in bytes, each a multiple of 64; hf2c_sequences is first. */
typedef struct hf2c_input_layout {
    size_t ids, positions, types, start, past, slot, memory, memory_slot, want, sizes, values, bytes;
} hf2c_input_layout;

/* How many there are of what a batch consists of; values: floats of all images. */
typedef struct hf2c_input_counts {
    int rows, sequences, wanted, images;
    size_t values;
} hf2c_input_counts;

/* False when the sizes overflow. */
int hf2c_device_lay_out(hf2c_device_layout *layout, const hf2c_model *model, size_t slots, int shared_weights);
/* bytes SIZE_MAX: the sizes overflow. */
hf2c_input_layout hf2c_input_lay_out(hf2c_input_counts counts);
/* Of the largest batch that the model takes. */
hf2c_input_counts hf2c_input_most(const hf2c_model *model);

#ifdef __cplusplus
}
#endif
#endif
