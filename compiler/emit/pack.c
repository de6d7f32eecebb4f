/* pack: see pack.h. */
#include "compiler/emit/pack.h"

#include "compiler/emit/progress.h"
#include "compiler/read/quantized.h"
#include "runtime/core/checksum.h"
#include "runtime/core/weights.h"

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

/* The header, but for the checksum; what of it is summed is. */
static uint64_t begin_header(const Plan *plan, uint8_t header[HF2C_WEIGHTS_HEADER], hf2c_checksum *sum)
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
    uint64_t layout = begin_header(plan, memory, &sum);
    for (size_t i = 0; i < plan->weights; i++) {
        const PackedWeight *weight = &plan->weight[i];
        if (!pack_one(weight, memory + weight->offset, err)) return false;
        hf2c_checksum_add(&sum, memory + weight->offset, weight->bytes);
    }
    *hash = hf2c_checksum_end(&sum);
    hf2c_weights_write_header(memory, plan->weights_bytes, layout, *hash);
    return true;
}

static bool write_one(const Plan *plan, const PackedWeight *weight, FileWriter *writer, hf2c_checksum *sum, Err *err)
{
    Arena *arena = arena_new();
    uint8_t *packed = arena_alloc(arena, weight->bytes);
    bool fine = pack_one(weight, packed, err);
    if (fine) pack_order_bytes(plan, weight, packed);
    if (fine) {
        writer_pad(writer, HF2C_WEIGHTS_ALIGNMENT);
        if (writer_size(writer) != weight->offset) bug("weight at %zu, planned at %zu", writer_size(writer), weight->offset);
        writer_write(writer, packed, weight->bytes);
        hf2c_checksum_add(sum, packed, weight->bytes);
    }
    arena_free(arena);
    return fine;
}

/* Bytes of the checkpoint that a weight is made of. */
static size_t source_bytes(const Node *node)
{
    size_t bytes = 0;
    Format format = FORMAT_f32;
    if (node->op == OP_param && node->tensor && format_parse(tensor_natural_format(node->tensor), &format))
        bytes = node->tensor->elements * (size_t)format_bits(format) / 8;
    for (int i = 0; i < node->operands; i++)
        if (node->operand[i]) bytes += source_bytes(node->operand[i]);
    return bytes;
}

static void begin_progress(Progress *progress, const Plan *plan)
{
    size_t total = 0;
    for (size_t i = 0; i < plan->weights; i++) total += source_bytes(plan->weight[i].node);
    progress_begin(progress, total);
}

/* The header holds the checksum of what follows, so it is written last, in its place. */
bool pack_to_file(const Plan *plan, const char *path, uint64_t *hash, Err *err)
{
    uint8_t header[HF2C_WEIGHTS_HEADER];
    hf2c_checksum sum;
    FileWriter *writer = writer_open(path, err);
    if (!writer) return false;
    Progress progress;
    uint64_t layout = begin_header(plan, header, &sum);
    begin_progress(&progress, plan);
    writer_write(writer, header, sizeof header);
    for (size_t i = 0; i < plan->weights; i++) {
        if (!write_one(plan, &plan->weight[i], writer, &sum, err)) {
            writer_discard(writer);
            return false;
        }
        progress_add(&progress, source_bytes(plan->weight[i].node));
    }
    progress_end(&progress, plan->weights_bytes);
    *hash = hf2c_checksum_end(&sum);
    hf2c_weights_write_header(header, plan->weights_bytes, layout, *hash);
    writer_write_at(writer, 0, header, sizeof header);
    return writer_commit(writer, false, err);
}
