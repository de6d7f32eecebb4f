/* Any bytes as model.safetensors.index.json beside two good files and links that lead out: only files of the folder are
 * opened. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/read/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/hf2c-fuzz-XXXXXX";
static const char index_name[] = "model.safetensors.index.json";

static void demand(bool condition, const char *what)
{
    if (condition) return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

static void write_file(const char *name, const void *data, size_t size)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    demand(file != NULL && fwrite(data, 1, size, file) == size && fclose(file) == 0, "scratch file");
}

static void write_shard(const char *name, const char *tensor)
{
    char file[200];
    int length =
        snprintf(file + 8, sizeof file - 8, "{\"%s\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", tensor);
    memset(file, 0, 8);
    file[0] = (char)length;
    file[8 + length] = 7;
    write_file(name, file, 8 + (size_t)length + 1);
}

static void remove_folder(void)
{
    static const char *const names[] = {"a.safetensors", "b.safetensors", "out.safetensors", "loop.safetensors",
                                        index_name};
    char path[200];
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

static void make_folder(void)
{
    char path[200];
    demand(mkdtemp(folder) != NULL, "scratch folder");
    write_shard("a.safetensors", "a");
    write_shard("b.safetensors", "b");
    snprintf(path, sizeof path, "%s/out.safetensors", folder);
    demand(symlink("/etc/hostname", path) == 0, "link");
    snprintf(path, sizeof path, "%s/loop.safetensors", folder);
    demand(symlink("loop.safetensors", path) == 0, "link");
    atexit(remove_folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    Err err = {{0}};
    Tensors tensors = {0};
    if (!ready) make_folder();
    ready = true;
    write_file(index_name, data, size);
    Arena *arena = arena_new();
    bool good = safetensors_open_sharded(arena, folder, index_name, &tensors, &err);
    demand(good == (err.text[0] == '\0'), "an error exactly on refusal");
    for (size_t i = 0; i < tensors.count; i++)
        demand(tensors.item[i].bytes == 1 && tensors.item[i].data[0] == 7, "tensors of the two files only");
    arena_free(arena);
    return 0;
}
