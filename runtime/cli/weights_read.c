/* weights_read: weights_map.h where files cannot be mapped: the file is read. */
#include "runtime/cli/weights_map.h"

#include "runtime/cli/system.h"

#ifdef SYSTEM_OTHER
static const char *read_open_file(hf2c_weights_map *map, FILE *file)
{
    if (fseek(file, 0, SEEK_END) != 0) return "cannot be read";
    long bytes = ftell(file);
    if (bytes < HF2C_WEIGHTS_HEADER) return "too short to hold weights";
    void *memory = system_reserve((size_t)bytes);
    if (!memory) return "too large for this machine's memory";
    rewind(file);
    if (fread(memory, 1, (size_t)bytes, file) != (size_t)bytes) {
        system_release(memory, (size_t)bytes);
        return "cannot be read";
    }
    *map = (hf2c_weights_map){memory, (size_t)bytes, memory, (size_t)bytes};
    return NULL;
}

hf2c_status hf2c_weights_map_file(hf2c_weights_map *map, const char *path, const char **reason)
{
    *map = (hf2c_weights_map){0};
    FILE *file = fopen(path, "rb");
    const char *why = file ? read_open_file(map, file) : "cannot be opened";
    if (file) fclose(file);
    if (reason) *reason = why;
    return why ? HF2C_BAD_WEIGHTS : HF2C_OK;
}

const char *hf2c_weights_to_huge_pages(hf2c_weights_map *map, int threads)
{
    (void)map, (void)threads;
    return "this system has none to ask for";
}

void hf2c_weights_unmap(hf2c_weights_map *map)
{
    if (map->mapping) system_release(map->mapping, map->mapped);
    *map = (hf2c_weights_map){0};
}
#else
typedef int weights_map_has_it;
#endif
