/* pack: evaluates each weight of a plan and writes it in the layout of its kernels, one tensor at a time, in the order of the plan. */
#ifndef HF2C_EMIT_PACK_H
#define HF2C_EMIT_PACK_H

#include "compiler/plan/plan.h"

/* memory: [plan->weights_bytes], 64-byte aligned; receives header and data. *hash: of layout and contents, also in the header. */
bool pack_to_memory(const Plan *plan, uint8_t *memory, uint64_t *hash, Err *err);
/* order.c: packed numbers in the target's byte order, in place. */
void pack_order_bytes(const Target *target, const PackLayout *layout, size_t bytes, uint8_t *packed);
/* The same numbers, in the target's byte order, as a file, whole or not at all. */
bool pack_to_file(const Plan *plan, const char *path, uint64_t *hash, Err *err);

/* One weight; to: [weight->bytes]. */
bool pack_one(const PackedWeight *weight, uint8_t *to, Err *err);

/* What rounding does to a weight: sums of squares over all of its elements, each weighted by its column's input where those are measured. */
typedef struct PackError {
    double error, energy; /* of the differences; of the values */
} PackError;
/* Rounds a weight to a format. to: [weight->bytes] receives the rounded numbers as weight->layout has them; NULL: only the error is asked for. */
bool pack_rounded(const PackedWeight *weight, Format format, uint8_t *to, PackError *error, Err *err);

#endif
