/* picture: see picture.h. */
#include "compiler/command/picture.h"

#include <string.h>

#include "compiler/emit/build.h"

static bool write_bytes(const char *path, const void *data, size_t bytes, Err *err)
{
    FileWriter *writer = writer_open(path, err);
    if (!writer) return false;
    writer_write(writer, data, bytes);
    return writer_commit(writer, false, err);
}

/* dot reads and writes inside a temporary folder, so that its result appears whole or not at all. */
static bool write_svg(const Compiled *c, const Str *text, const char *path, Err *err)
{
    const char *folder = folder_begin(c->arena, arena_printf(c->arena, "%s.parts", path), err);
    if (!folder) return false;
    const char *svg = arena_printf(c->arena, "%s/graph.svg", folder);
    const char *const argument[] = {"dot", "-Tsvg", "-o", "graph.svg", "graph.dot", NULL};
    FileView view;
    bool fine = write_bytes(arena_printf(c->arena, "%s/graph.dot", folder), text->data, text->length, err);
    if (fine && !run_program(argument, folder, err))
        fine = err_prefix(err, "pictures as .svg need graphviz (Debian package graphviz); a .dot file can be had without");
    fine = fine && file_map(svg, &view, err) && write_bytes(path, view.data, view.size, err);
    folder_discard(folder);
    return fine;
}

bool picture_write(const Compiled *c, const char *path, Err *err)
{
    const char *ending = strrchr(path, '.');
    bool svg = ending && strcmp(ending, ".svg") == 0;
    if (!svg && !(ending && strcmp(ending, ".dot") == 0)) return err_set(err, "--graph: found \"%s\", wanted a file .svg or .dot", path);
    Str text = {0};
    const char *before = arena_printf(c->arena, "%s as its architecture builds it", c->facts.name);
    graph_dot_pair(&text, c->before, before, c->graph, "after the passes");
    bool fine = svg ? write_svg(c, &text, path, err) : write_bytes(path, text.data, text.length, err);
    str_free(&text);
    return fine;
}
