/* safetensors in several files: model.safetensors.index.json says which tensor is in which. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/read/json.h"
#include "compiler/read/locate.h"
#include "compiler/read/safetensors.h"

enum { INDEX_LIMIT = 100000000, NAME_LIMIT = 255 };

typedef struct Index {
    Arena *arena;
    const char *folder, *path; /* path: of the index, for messages */
    /* The real path that no shard may leave: the folder; in the Hugging Face cache models--org--name, since the files
     * of its snapshots are links to its blobs. */
    const char *root;
    const cJSON *weight_map;
    Err *err;
} Index;

/* The name of a file in the folder itself: no way out on this system nor on another, and nothing a terminal would act
 * on. */
static bool is_plain_name(const char *name)
{
    size_t length = strlen(name);
    static const char suffix[] = ".safetensors";
    if (length <= sizeof suffix - 1 || length > NAME_LIMIT || strcmp(name + length - (sizeof suffix - 1), suffix) != 0)
        return false;
    for (const char *c = name; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || strchr("/\\:", *c) != NULL) return false;
    return true;
}

/* Path of a shard, NULL with *err when it is missing or outside. */
static char *shard_path(const Index *index, const char *name)
{
    if (!is_plain_name(name)) {
        err_set(index->err, "%s: weight_map: \"%.100s\" is not the name of a safetensors file in this folder",
                index->path, name);
        return NULL;
    }
    char *path = arena_printf(index->arena, "%s/%s", index->folder, name);
    const char *real = real_path(index->arena, path);
    if (real == NULL) {
        err_set(index->err, "%s: named by %s: %s", path, index->path, strerror(errno));
        return NULL;
    }
    size_t length = strlen(index->root);
    if (strncmp(real, index->root, length) != 0 || (length > 1 && real[length] != '/')) {
        err_set(index->err, "%s: is a link that leads out of the folder", path);
        return NULL;
    }
    return path;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The distinct file names, sorted, so that the order does not depend on the index. */
static const char **distinct_names(const Index *index, size_t *count)
{
    size_t entries = (size_t)cJSON_GetArraySize(index->weight_map);
    const char **names = ARENA_ARRAY(index->arena, const char *, entries);
    Map *seen = map_new(index->arena);
    *count = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, index->weight_map)
    {
        if (!cJSON_IsString(item)) {
            err_set(index->err, "%s: weight_map: \"%.100s\" must name a file", index->path, item->string);
            return NULL;
        }
        if (map_get(seen, item->valuestring) != NULL) continue;
        map_set(seen, item->valuestring, item->valuestring);
        names[(*count)++] = item->valuestring;
    }
    qsort(names, *count, sizeof *names, compare_texts);
    return names;
}

/* Each tensor of the index must be in the file that the index says; files maps file names to paths. */
static bool check_places(const Index *index, const Tensors *tensors, const Map *files)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, index->weight_map)
    {
        const Tensor *tensor = tensors_find(tensors, item->string);
        const char *wanted = map_get(files, item->valuestring);
        if (tensor == NULL)
            return err_set(index->err, "%s: tensor \"%.100s\" is in none of the files", index->path, item->string);
        if (strcmp(tensor->file, wanted) != 0)
            return err_set(index->err, "%s: tensor \"%.100s\" is in %s, not in %s", index->path, item->string,
                           tensor->file, item->valuestring);
    }
    return true;
}

static bool open_shards(const Index *index, Tensors *tensors)
{
    size_t count;
    const char **names = distinct_names(index, &count);
    if (names == NULL) return false;
    Map *files = map_new(index->arena);
    for (size_t i = 0; i < count; i++) {
        char *path = shard_path(index, names[i]);
        if (path == NULL || !safetensors_open(index->arena, path, tensors, index->err)) return false;
        map_set(files, names[i], path);
    }
    return check_places(index, tensors, files);
}

bool safetensors_open_sharded(Arena *arena, const char *folder, const char *index_name, Tensors *tensors, Err *err)
{
    Index index = {.arena = arena, .folder = folder, .err = err};
    index.path = arena_printf(arena, "%s/%s", folder, index_name);
    const cJSON *root = json_read(arena, index.path, INDEX_LIMIT, err);
    if (root == NULL) return false;
    index.weight_map = cJSON_GetObjectItemCaseSensitive(root, "weight_map");
    if (!cJSON_IsObject(index.weight_map) || index.weight_map->child == NULL)
        return err_set(err, "%s: weight_map: must be an object that names at least one tensor", index.path);
    char *real = real_path(arena, folder);
    if (real == NULL) return err_set(err, "%s: %s", folder, strerror(errno));
    size_t entry_length;
    index.root = is_cache_snapshot(real, &entry_length) ? arena_copy_text(arena, real, entry_length) : real;
    return open_shards(&index, tensors);
}
