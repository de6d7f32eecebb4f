/* pack: see pack.h. */
#include "compiler/emit/pack.h"

#include <string.h>

#include "runtime/core/weights.h"

/* FNV-1a over the contents of each weight's own hash: a fixed, documented function of layout and contents. */
static uint64_t hash_more(uint64_t hash, const void *data, size_t bytes)
{
    char hex[17];
    hash_hex(data, bytes, hex);
    for (int i = 0; i < 16; i++) hash = (hash ^ (uint8_t)hex[i]) * 0x100000001b3u;
    return hash;
}

static uint64_t hash_layout(const Plan *plan)
{
    Str text = {0};
    plan_print(&text, plan);
    uint64_t hash = hash_more(0xcbf29ce484222325u, text.data, text.length);
    str_free(&text);
    return hash;
}

bool pack_to_memory(const Plan *plan, uint8_t *memory, uint64_t *hash, Err *err)
{
    *hash = hash_layout(plan);
    for (size_t i = 0; i < plan->weights; i++) {
        const PackedWeight *weight = &plan->weight[i];
        if (!pack_one(weight, memory + weight->offset, err)) return false;
        *hash = hash_more(*hash, memory + weight->offset, weight->bytes);
    }
    hf2c_weights_write_header(memory, plan->weights_bytes, *hash);
    return true;
}

static bool write_one(const Plan *plan, const PackedWeight *weight, FileWriter *writer, uint64_t *hash, Err *err)
{
    Arena *arena = arena_new();
    uint8_t *packed = arena_alloc(arena, weight->bytes);
    bool fine = pack_one(weight, packed, err) && pack_order_bytes(plan, weight, packed, err);
    if (fine) {
        writer_pad(writer, HF2C_WEIGHTS_ALIGNMENT);
        if (writer_size(writer) != weight->offset) bug("weight at %zu, planned at %zu", writer_size(writer), weight->offset);
        writer_write(writer, packed, weight->bytes);
        *hash = hash_more(*hash, packed, weight->bytes);
    }
    arena_free(arena);
    return fine;
}

/* The header holds the hash of what follows, so it is written last, in its place. */
bool pack_to_file(const Plan *plan, const char *path, uint64_t *hash, Err *err)
{
    uint8_t header[HF2C_WEIGHTS_HEADER] = {0};
    FileWriter *writer = writer_open(path, err);
    if (!writer) return false;
    *hash = hash_layout(plan);
    writer_write(writer, header, sizeof header);
    for (size_t i = 0; i < plan->weights; i++)
        if (!write_one(plan, &plan->weight[i], writer, hash, err)) {
            writer_discard(writer);
            return false;
        }
    hf2c_weights_write_header(header, plan->weights_bytes, *hash);
    writer_write_at(writer, 0, header, sizeof header);
    return writer_commit(writer, false, err);
}
