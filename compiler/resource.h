/* resource: the text of runtime/, templates/ and targets/ inside hf2c itself, so that the one program can write folders of C that build
 * anywhere. The table is made by CMake (resources.cmake) from the folders' files. */
#ifndef HF2C_RESOURCE_H
#define HF2C_RESOURCE_H

#include <stddef.h>
#include <stdint.h>

typedef struct Resource {
    const char *path; /* "runtime/core/team.h" */
    const uint8_t *data;
    size_t size;
} Resource;
extern const Resource resources[];
extern const size_t resource_count;
const Resource *resource_find(const char *path); /* NULL: not there */

#endif
