#include <inttypes.h>
#include <string.h>

#include "compiler/read/safetensors.h"
#include "runtime/core/json.h"

enum { PIECE_BYTES = 1 << 20, HEADER_ALIGNMENT = 8 };

static void add_json_string(Str *s, const char *text)
{
    char small[256];
    size_t length = strlen(text), needed = json_write_string(small, sizeof small, text, length);
    if (needed <= sizeof small) {
        str_add(s, small, needed);
        return;
    }
    Arena *arena = arena_new();
    char *large = arena_alloc(arena, needed);
    json_write_string(large, needed, text, length);
    str_add(s, large, needed);
    arena_free(arena);
}

/* Bytes of a tensor; false when its shape does not give its elements. */
static bool plan_bytes(const TensorPlan *plan, size_t *bytes)
{
    size_t elements = 1;
    for (int i = 0; i < plan->rank; i++)
        if (plan->shape[i] < 0 || !size_mul(elements, (size_t)plan->shape[i], &elements)) return false;
    return elements == plan->elements && size_mul(elements, stored_bytes(plan->type), bytes);
}

static bool add_entry(Str *header, Arena *arena, const TensorPlan *plan, size_t *offset, Err *err)
{
    size_t bytes, end;
    const char *shape = shape_text(arena, plan->rank, plan->shape);
    if (!plan_bytes(plan, &bytes) || !size_add(*offset, bytes, &end))
        return err_set(err, "tensor \"%.100s\": shape %s does not fit %zu elements", plan->name, shape, plan->elements);
    add_json_string(header, plan->name);
    str_printf(header, ":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%zu,%zu]}", stored_name(plan->type), shape,
               *offset, end);
    *offset = end;
    return true;
}

static bool make_header(Str *header, const TensorPlan *plan, size_t count, Err *err)
{
    static const char begin[] = "{\"__metadata__\":{\"format\":\"pt\"},", spaces[] = "        ";
    Arena *arena = arena_new();
    size_t offset = 0;
    bool good = count != 0 || err_set(err, "no tensors to write");
    str_add(header, begin, sizeof begin - 1);
    for (size_t i = 0; good && i < count; i++) {
        good = add_entry(header, arena, &plan[i], &offset, err);
        str_add(header, i + 1 < count ? "," : "}", 1);
    }
    str_add(header, spaces, align_up(header->length, HEADER_ALIGNMENT) - header->length);
    arena_free(arena);
    return good;
}

static void write_tensor(FileWriter *writer, const TensorPlan *plan, TensorFill *fill, void *piece)
{
    size_t step = stored_bytes(plan->type), capacity = PIECE_BYTES / step;
    for (size_t first = 0; first < plan->elements; first += capacity) {
        size_t count = plan->elements - first < capacity ? plan->elements - first : capacity;
        fill(plan, first, count, piece);
        if (!writer_write(writer, piece, count * step)) return;
    }
}

static bool write_file(const char *path, const Str *header, const TensorPlan *plan, size_t count, TensorFill *fill,
                       Err *err)
{
    FileWriter *writer = writer_open(path, err);
    if (writer == NULL) return false;
    uint8_t length[8];
    for (size_t i = 0; i < sizeof length; i++) length[i] = (uint8_t)((uint64_t)header->length >> 8 * i);
    writer_write(writer, length, sizeof length);
    writer_write(writer, header->data, header->length);
    Arena *arena = arena_new();
    void *piece = arena_alloc(arena, PIECE_BYTES);
    for (size_t i = 0; i < count; i++) write_tensor(writer, &plan[i], fill, piece);
    arena_free(arena);
    return writer_commit(writer, false, err);
}

bool safetensors_write(const char *path, const TensorPlan *plan, size_t count, TensorFill *fill, Err *err)
{
    Str header = {0};
    bool good = make_header(&header, plan, count, err) ? write_file(path, &header, plan, count, fill, err)
                                                       : err_prefix(err, "%s", path);
    str_free(&header);
    return good;
}
