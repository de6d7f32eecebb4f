/* Any text is parsed or refused; what was parsed prints to a text that parses to the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/ir/ir.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(Arena *arena, const Graph *graph)
{
    Str text = {0}, again = {0}, picture = {0};
    Err err = {{0}};
    str_printf(&text, "# printed\n");
    str_printf(&again, "# printed\n");
    graph_print(&text, graph);
    const Graph *parsed = graph_parse(arena, "again", text.data, &err);
    if (parsed == NULL)
        bug("%s", err.text);
    graph_print(&again, parsed);
    if (strcmp(text.data, again.data) != 0)
        bug("two texts of one graph");
    graph_dot(&picture, graph, "fuzz");
    str_free(&text);
    str_free(&again);
    str_free(&picture);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    const Graph *graph = graph_parse(arena, "fuzz", arena_copy_text(arena, (const char *)data, size), &err);
    if (graph != NULL)
        check_round_trip(arena, graph);
    else if (err.text[0] == '\0')
        bug("refused without a reason");
    arena_free(arena);
    return 0;
}
