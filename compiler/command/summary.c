/* summary: see summary.h. */
#include "compiler/command/edit.h"
#include "compiler/command/summary.h"

#include <inttypes.h>
#include <string.h>

const char *text_of_count(Arena *arena, int64_t count)
{
    char *digits = arena_printf(arena, "%" PRId64, count);
    size_t length = strlen(digits), commas = (length - 1) / 3;
    char *text = ARENA_ARRAY(arena, char, length + commas + 1);
    for (size_t i = 0, at = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0) text[at++] = ',';
        text[at++] = digits[i];
    }
    return text;
}

const char *text_of_bytes(Arena *arena, size_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    double size = (double)bytes / 1024;
    size_t unit = 0;
    if (bytes < 1024) return arena_printf(arena, "%zu B", bytes);
    for (; size >= 1000 && unit + 1 < COUNT_OF(units); unit++) size /= 1024;
    return arena_printf(arena, "%.*f %s", size < 100 ? 2 : 1, size, units[unit]);
}

void summary_head(Str *out, const Model *model, const BuiltModel *built)
{
    Arena *a = model->arena;
    str_printf(out, "model        %s\n", model->name);
    str_printf(out, "class        %s (%s)\n", built->class_name, built->architecture->model_type);
    str_printf(out, "tasks        %s\n", built->tasks);
    str_printf(out, "size         %" PRId64 " layers, hidden %" PRId64 ", vocabulary %s, at most %s tokens\n", built->layers, built->hidden,
               text_of_count(a, built->vocabulary), text_of_count(a, built->max_sequence));
    if (built->label_count) str_printf(out, "labels       %d, the first is %s\n", built->label_count, json_quoted(a, built->labels[0]));
    str_printf(out, "parameters   %s\n", text_of_count(a, graph_parameters(built->graph)));
}

/* One line of the table. */
typedef struct Row {
    const char *name; /* the number of the layer is '*' */
    Shape shape;
    int times;
} Row;

/* "h.11.attn.c_attn.bias" -> "h.*.attn.c_attn.bias": only the first part that is a number is one of a layer. */
static const char *without_layer(Arena *arena, const char *name)
{
    for (const char *part = name; *part;) {
        size_t length = strcspn(part, ".");
        if (length && strspn(part, "0123456789") == length)
            return arena_printf(arena, "%.*s*%s", (int)(part - name), name, part + length);
        part += length + (part[length] == '.');
    }
    return name;
}

static size_t collect_rows(Arena *arena, const Graph *graph, Row *row)
{
    Map *seen = map_new(arena);
    size_t rows = 0;
    for (size_t i = 0; i < graph->params; i++) {
        const Node *node = graph->param[i].node;
        const char *name = without_layer(arena, node->a.key);
        Row *same = map_get(seen, name);
        if (same && shape_equal(same->shape, node->shape)) {
            same->times++;
            continue;
        }
        row[rows] = (Row){name, node->shape, 1};
        map_set(seen, name, &row[rows++]);
    }
    return rows;
}

void summary_tensors(Str *out, Arena *arena, const Graph *graph)
{
    Row *row = ARENA_ARRAY(arena, Row, graph->params + 1);
    size_t rows = collect_rows(arena, graph, row);
    int widest = 0;
    for (size_t i = 0; i < rows; i++)
        if ((int)strlen(row[i].name) > widest) widest = (int)strlen(row[i].name);
    str_printf(out, "\n");
    for (size_t i = 0; i < rows; i++) {
        int64_t shape[SHAPE_MAX_RANK];
        for (int d = 0; d < row[i].shape.rank; d++) shape[d] = row[i].shape.dim[d].size;
        str_printf(out, "%-*s  %s", widest, row[i].name, shape_text(arena, row[i].shape.rank, shape));
        if (row[i].times > 1) str_printf(out, "  x %d", row[i].times);
        str_printf(out, "\n");
    }
}
