/* pack: evaluates each weight of a plan and writes it in the layout of its kernels, one tensor at a time, in the order of the plan. */
#ifndef HF2C_EMIT_PACK_H
#define HF2C_EMIT_PACK_H

#include "compiler/plan/plan.h"

/* memory: [plan->weights_bytes], 64-byte aligned; receives header and data. *hash: of layout and contents, also in the header. */
bool pack_to_memory(const Plan *plan, uint8_t *memory, uint64_t *hash, Err *err);
/* order.c: in the target's byte order, in place. */
bool pack_order_bytes(const Plan *plan, const PackedWeight *weight, uint8_t *packed, Err *err);
/* The same numbers, in the target's byte order, as a file, whole or not at all. */
bool pack_to_file(const Plan *plan, const char *path, uint64_t *hash, Err *err);

/* pack_weight.c: one weight; to: [weight->bytes]. */
bool pack_one(const PackedWeight *weight, uint8_t *to, Err *err);

#endif
