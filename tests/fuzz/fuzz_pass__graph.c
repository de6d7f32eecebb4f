/* Whatever graph the parser accepts, the passes keep it valid: the driver verifies after each one. */
#include <stdint.h>

#include "compiler/pass/pass.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    Graph *graph = graph_parse(arena, "fuzz", arena_copy_text(arena, (const char *)data, size), &err);
    if (graph != NULL)
        passes_run(graph, NULL);
    arena_free(arena);
    return 0;
}
