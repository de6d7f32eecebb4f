/* A config.json and a safetensors file of a quantised checkpoint: two bytes with the length of the first, then both. What is bound decodes
 * within its memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/read/quantized.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool condition, const char *what)
{
    if (condition) return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

static void decode(Arena *arena, const Tensor *tensor)
{
    const size_t most = 1 << 18;
    size_t count = tensor->elements < most ? tensor->elements : most, first = tensor->elements - count;
    float *values = ARENA_ARRAY(arena, float, 2 * count);
    tensor_to_float(tensor, first, count, values);
    tensor_to_float(tensor, 0, count, values);
    for (TensorPart part = PART_value; part <= PART_offset; part++) tensor_part(tensor, part, first, count, values);
    demand(tensor_natural_format(tensor)[0] != '\0', "a format");
}

static void bind(Arena *arena, const cJSON *root, FileView file, Err *err)
{
    Model model = {.arena = arena, .folder = "folder", .name = "name", .config = {root, "config.json", arena, err}};
    if (!safetensors_parse(arena, "model.safetensors", file, &model.tensors, err)) return;
    bool good = quantized_bind(&model, err);
    demand(good == (err->text[0] == '\0'), "an error exactly on refusal");
    for (size_t i = 0; good && i < model.tensors.count; i++)
        if (model.tensors.item[i].quantized != NULL) decode(arena, &model.tensors.item[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) return 0;
    size_t length = (size_t)data[0] | (size_t)data[1] << 8;
    if (length > size - 2) return 0;
    Err err = {{0}};
    Arena *arena = arena_new();
    const cJSON *root = json_parse(arena, "config.json", (const char *)data + 2, length, &err);
    if (cJSON_IsObject(root)) bind(arena, root, (FileView){data + 2 + length, size - 2 - length}, &err);
    arena_free(arena);
    return 0;
}
