/* weights_map: weights in a file, mapped read only. Hosted: POSIX. */
#ifndef HF2C_CLI_WEIGHTS_MAP_H
#define HF2C_CLI_WEIGHTS_MAP_H

#include "runtime/core/weights.h"

/* Shared between processes; offsets are 64 bit, files may exceed 4 GB. */
typedef struct hf2c_weights_map {
    const void *weights;
    size_t bytes;
    void *mapping; /* what hf2c_weights_unmap gives back */
    size_t mapped;
} hf2c_weights_map;

/* The whole file, or the weights that its trailer names. HF2C_BAD_WEIGHTS when it cannot be read or holds none; *reason
 * receives a static text that says why. */
hf2c_status hf2c_weights_map_file(hf2c_weights_map *map, const char *path, const char **reason);
/* Moves the weights into memory of the process's own, in huge pages, by so many threads: faster to read, slower to begin with, and no
 * longer shared between processes. NULL, or why not, as a static text; then nothing is changed. */
const char *hf2c_weights_to_huge_pages(hf2c_weights_map *map, int threads);
void hf2c_weights_unmap(hf2c_weights_map *map);

#endif
