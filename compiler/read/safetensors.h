/* safetensors, single or sharded, as read-only views of mapped files.
 *
 * Format: 8 bytes little-endian header length, JSON header, data (https://github.com/huggingface/safetensors). Rules of the
 * reference are kept and some are stricter: duplicate names are refused, so is an empty file set. Data may be unaligned: never
 * cast to float *, use tensor_to_float or memcpy. */
#ifndef HF2C_READ_SAFETENSORS_H
#define HF2C_READ_SAFETENSORS_H

#include "compiler/base.h"

/* Element types as stored. STORED(enumerator, name in the file, bits). */
#define STORED_TYPES(STORED)                                                                                            \
    STORED(F64, "F64", 64) STORED(F32, "F32", 32) STORED(F16, "F16", 16) STORED(BF16, "BF16", 16)                        \
    STORED(I64, "I64", 64) STORED(I32, "I32", 32) STORED(I16, "I16", 16) STORED(I8, "I8", 8)                             \
    STORED(U64, "U64", 64) STORED(U32, "U32", 32) STORED(U16, "U16", 16) STORED(U8, "U8", 8)                             \
    STORED(BOOL, "BOOL", 8) STORED(F8_E4M3, "F8_E4M3", 8) STORED(F8_E5M2, "F8_E5M2", 8)
typedef enum StoredType {
#define STORED(name, text, bits) STORED_##name,
    STORED_TYPES(STORED)
#undef STORED
    STORED_COUNT
} StoredType;
const char *stored_name(StoredType type);
size_t stored_bytes(StoredType type); /* of one element */

enum { TENSOR_MAX_RANK = 8 };

typedef struct Tensor {
    const char *name;
    const char *file; /* for messages */
    StoredType type;
    int rank;
    int64_t shape[TENSOR_MAX_RANK];
    size_t elements, bytes;
    const uint8_t *data; /* borrowed from the mapped file, any alignment */
    const struct Quantized *quantized; /* decodes it from other tensors (quantized.h); NULL: stored as it is */
    bool used;           /* set by model_tensor(); what stays false is reported as not used */
} Tensor;

typedef struct Tensors {
    Tensor *item; /* sorted by file, then offset */
    size_t count;
    Map *by_name;
} Tensors;

/* Adds all tensors of one file. */
bool safetensors_open(Arena *arena, const char *path, Tensors *tensors, Err *err);
/* The same from memory that outlives the tensors; path is for messages. */
bool safetensors_parse(Arena *arena, const char *path, FileView file, Tensors *tensors, Err *err);
/* Adds the tensors of all files that the index names. Names with '/', "..", absolute names and links that lead out of
 * the folder are refused; each tensor must be in the file that the index says. */
bool safetensors_open_sharded(Arena *arena, const char *folder, const char *index_name, Tensors *tensors, Err *err);
const Tensor *tensors_find(const Tensors *tensors, const char *name);
const char *shape_text(Arena *arena, int rank, const int64_t *shape); /* "[2, 3]" */

/* Converts elements [first, first + count) to float (F64 rounds; integers convert; BOOL is 0/1). */
void tensor_to_float(const Tensor *tensor, size_t first, size_t count, float *out);

/* Writes a safetensors file: tensors appear in the order given; data is pulled in pieces through fill(), so the file may be
 * larger than memory. */
typedef struct TensorPlan {
    const char *name;
    StoredType type;
    int rank;
    int64_t shape[TENSOR_MAX_RANK];
    size_t elements;
    const void *user;
} TensorPlan;
typedef void TensorFill(const TensorPlan *plan, size_t first, size_t count, void *out /* count elements of plan->type */);
bool safetensors_write(const char *path, const TensorPlan *plan, size_t count, TensorFill *fill, Err *err);

#endif
