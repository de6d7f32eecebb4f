/* pack: see pack.h. */
#include <string.h>

#include "compiler/emit/packing.h"
#include "runtime/core/team.h"

/* ---- one weight ---- */

typedef struct Task {
    Packing *packing;
    const PackedWeight *weight;
    uint8_t *to; /* NULL: nowhere */
} Task;

static void pack_share(const hf2c_team *team, void *argument)
{
    const Task *task = argument;
    int begin, end;
    hf2c_share(team, (int)packing_chunks(task->weight), &begin, &end);
    for (int64_t i = begin; i < end; i++) {
        Arena *scratch = arena_new();
        PackedChunk chunk;
        ChunkPart part[2];
        if (packing_chunk(task->packing, scratch, i, task->to ? &chunk : NULL) && task->to) {
            packing_place(task->weight, &chunk, part);
            for (int k = 0; k < 2 && part[k].bytes; k++) memcpy(task->to + part[k].at, part[k].from, part[k].bytes);
        }
        arena_free(scratch);
    }
}

static bool pack(const PackedWeight *weight, Format format, bool rounds, uint8_t *to, PackError *error, Err *err)
{
    Arena *arena = arena_new();
    Task task = {packing_new(arena, weight, format, rounds), weight, to};
    int64_t chunks = packing_chunks(weight), threads = hf2c_thread_limit();
    hf2c_parallel((int)(chunks < threads ? chunks : threads), pack_share, &task);
    bool fine = packing_end(task.packing, error, err);
    arena_free(arena);
    return fine;
}

bool pack_one(const PackedWeight *weight, uint8_t *to, Err *err)
{
    PackError error;
    return pack(weight, (Format)weight->layout.format, false, to, &error, err);
}

bool pack_rounded(const PackedWeight *weight, Format format, uint8_t *to, PackError *error, Err *err)
{
    return pack(weight, format, true, to, error, err);
}

/* ---- all of them ---- */

/* A fixed function of the graph and where everything lies. */
static uint64_t hash_layout(const Plan *plan)
{
    Str text = {0};
    hf2c_checksum sum;
    plan_print(&text, plan);
    hf2c_checksum_begin(&sum);
    hf2c_checksum_add(&sum, text.data, text.length);
    str_free(&text);
    return hf2c_checksum_end(&sum);
}

uint64_t pack_begin(const Plan *plan, uint8_t header[HF2C_WEIGHTS_HEADER], hf2c_checksum *sum)
{
    uint64_t layout = hash_layout(plan);
    hf2c_weights_write_header(header, plan->weights_bytes, layout, 0);
    hf2c_checksum_begin(sum);
    hf2c_checksum_add(sum, header + HF2C_WEIGHTS_SUMMED, HF2C_WEIGHTS_HEADER - HF2C_WEIGHTS_SUMMED);
    return layout;
}

bool pack_to_memory(const Plan *plan, uint8_t *memory, uint64_t *hash, Err *err)
{
    hf2c_checksum sum;
    uint64_t layout = pack_begin(plan, memory, &sum);
    for (size_t i = 0; i < plan->weights; i++) {
        const PackedWeight *weight = &plan->weight[i];
        if (!pack_one(weight, memory + weight->offset, err)) return false;
        hf2c_checksum_add(&sum, memory + weight->offset, weight->bytes);
    }
    *hash = hf2c_checksum_end(&sum);
    hf2c_weights_write_header(memory, plan->weights_bytes, layout, *hash);
    return true;
}
