/* scratch: memory of the caller, handed out from one end. To give back everything taken since, keep a copy of the
 * struct and assign it back. */
#ifndef HF2C_CORE_SCRATCH_H
#define HF2C_CORE_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

typedef struct hf2c_scratch {
    uint8_t *memory;
    size_t bytes, used;
} hf2c_scratch;

/* count * size bytes aligned to 64, contents undefined; NULL when they do not fit. */
static inline void *hf2c_scratch_take(hf2c_scratch *scratch, size_t count, size_t size)
{
    size_t misaligned = ((uintptr_t)scratch->memory + scratch->used) % 64;
    size_t skip = misaligned ? 64 - misaligned : 0;
    if (!scratch->memory || skip > scratch->bytes - scratch->used) return NULL;
    size_t left = scratch->bytes - scratch->used - skip;
    if (size != 0 && count > left / size) return NULL;
    void *taken = scratch->memory + scratch->used + skip;
    scratch->used += skip + count * size;
    return taken;
}

#define HF2C_TAKE(scratch, Type, count) ((Type *)hf2c_scratch_take((scratch), (size_t)(count), sizeof(Type)))

#endif
