/* Any bytes as a safetensors file: an accepted one is covered by its tensors without holes or overlaps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/read/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool condition, const char *what)
{
    if (condition) return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

static void check_tensor(const Tensors *tensors, const Tensor *tensor)
{
    float values[4];
    size_t elements = 1, count = tensor->elements < COUNT_OF(values) ? tensor->elements : COUNT_OF(values);
    for (int i = 0; i < tensor->rank; i++) elements *= (size_t)tensor->shape[i];
    demand(elements == tensor->elements && elements * stored_bytes(tensor->type) == tensor->bytes, "sizes agree");
    demand(tensors_find(tensors, tensor->name) == tensor, "found by name");
    tensor_to_float(tensor, 0, count, values);
    tensor_to_float(tensor, tensor->elements - count, count, values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Err err = {{0}};
    Tensors tensors = {0};
    Arena *arena = arena_new();
    bool good = safetensors_parse(arena, "input", (FileView){data, size}, &tensors, &err);
    demand(good == (err.text[0] == '\0'), "an error exactly on refusal");
    if (good) {
        demand(tensors.count > 0, "at least one tensor");
        const uint8_t *at = tensors.item[0].data;
        for (size_t i = 0; i < tensors.count; i++) {
            check_tensor(&tensors, &tensors.item[i]);
            demand(tensors.item[i].data == at, "no holes, no overlaps");
            at += tensors.item[i].bytes;
        }
        demand(at == data + size, "the last tensor ends the file");
    }
    arena_free(arena);
    return 0;
}
