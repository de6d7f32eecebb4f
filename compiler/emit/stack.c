/* stack: see stack.h. */
#include "compiler/emit/stack.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FUNCTIONS = 4096, MOST_PARTS = 256 };
static const char indirect[] = "__indirect_call";
typedef enum Visit { VISIT_new, VISIT_open, VISIT_done } Visit;

typedef struct Calls {
    int *to;
    size_t count, capacity;
} Calls;

typedef struct Function {
    const char *title; /* "name", or "file.c:name" where it is static */
    size_t bytes, deepest;
    int next; /* on the deepest path; -1: it ends here */
    const char *file; /* and line: where it is defined */
    long line;
    int part;         /* which of the files that were put together; -1: none */
    bool defined, calls_pointers;
    Visit visit;
    Calls calls;
} Function;

/* One of the files that became a source: its lines [first, end). */
typedef struct Part {
    const char *file;
    long first, end;
    bool generated; /* it has the tables */
    Map *value;     /* words that stand there without being called */
} Part;

struct StackGraph {
    Arena *arena;
    Part part[MOST_PARTS];
    int parts;
    Function function[MOST_FUNCTIONS];
    int count;
    Map *number; /* by title: the Function */
};

static int function_number(StackGraph *g, const char *title, size_t length)
{
    Function *known = map_get_n(g->number, title, length);
    if (known) return (int)(known - g->function);
    if (g->count == MOST_FUNCTIONS) bug("more than %d functions", MOST_FUNCTIONS);
    Function *f = &g->function[g->count];
    *f = (Function){.title = arena_copy_text(g->arena, title, length), .bytes = STACK_OF_HELPER, .next = -1, .part = -1};
    map_set(g->number, f->title, f);
    return g->count++;
}

StackGraph *stack_graph_new(Arena *arena)
{
    StackGraph *g = ARENA_NEW(arena, StackGraph);
    g->arena = arena;
    g->number = map_new(arena);
    return g;
}

/* ---- reading ---- */

/* The text between quotes behind `key`; its length is 0 when the line has none. */
static const char *quoted(const char *line, const char *key, size_t *length)
{
    const char *at = strstr(line, key), *end = strchr(line, '\n');
    *length = 0;
    if (!at || (end && at > end)) return line;
    at += strlen(key);
    *length = strcspn(at, "\"");
    return at;
}

static void add_call(StackGraph *g, Calls *calls, int to)
{
    for (size_t i = 0; i < calls->count; i++)
        if (calls->to[i] == to) return;
    calls->to = arena_grow(g->arena, calls->to, calls->count, &calls->capacity, sizeof *calls->to);
    calls->to[calls->count++] = to;
}

/* label: "name\nfile:line:column\n24 bytes (static)..." with \n as two characters */
static bool read_node(StackGraph *g, const char *file, const char *line, Err *err)
{
    size_t title_length, label_length;
    const char *title = quoted(line, "title: \"", &title_length), *label = quoted(line, "label: \"", &label_length);
    Function *f = &g->function[function_number(g, title, title_length)];
    char text[512];
    snprintf(text, sizeof text, "%.*s", (int)label_length, label);
    const char *bytes = strstr(text, " bytes (");
    if (!bytes) return true;
    if (strstr(bytes, "(dynamic)")) return err_set(err, "%s: its stack has no bound", f->title);
    const char *place = strstr(text, "\\n");
    place = place ? strchr(place, ':') : NULL;
    f->line = place ? strtol(place + 1, NULL, 10) : 0;
    while (bytes > text && isdigit((unsigned char)bytes[-1])) bytes--;
    f->bytes = strtoul(bytes, NULL, 10);
    f->defined = true;
    f->file = file;
    return true;
}

static void read_edge(StackGraph *g, const char *line)
{
    size_t from_length, to_length;
    const char *from = quoted(line, "sourcename: \"", &from_length), *to = quoted(line, "targetname: \"", &to_length);
    int caller = function_number(g, from, from_length);
    bool pointer = to_length == strlen(indirect) && memcmp(to, indirect, to_length) == 0;
    if (pointer) g->function[caller].calls_pointers = true;
    else add_call(g, &g->function[caller].calls, function_number(g, to, to_length));
}

bool stack_graph_read(StackGraph *g, const char *file, const char *text, Err *err)
{
    for (const char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        if (strncmp(line, "node:", 5) == 0 && !read_node(g, file, line, err)) return false;
        if (strncmp(line, "edge:", 5) == 0) read_edge(g, line);
    }
    return true;
}

/* ---- names as values ---- */

static size_t word_length(const char *text)
{
    size_t n = 0;
    while (isalnum((unsigned char)text[n]) || text[n] == '_') n++;
    return n;
}

static const char *short_name(const Function *f)
{
    const char *colon = strrchr(f->title, ':');
    return colon ? colon + 1 : f->title;
}

/* A part begins with the line that names its file. */
static bool begins_part(const char *line) { return strncmp(line, "/* ======== ", 12) == 0; }

/* Notes the words of a part, and moves to the next one. */
static const char *read_part(StackGraph *g, const char *source, Part *part)
{
    const char *c = source;
    part->value = map_new(g->arena);
    while (*c && (c == source || c[-1] != '\n' || !begins_part(c))) {
        const char *comment = strncmp(c, "/*", 2) == 0 ? strstr(c + 2, "*/") : NULL;
        size_t n = comment ? (size_t)(comment + 2 - c) : word_length(c);
        bool member = c > source && (c[-1] == '.' || c[-1] == '>');
        if (!comment && n && !member && c[n] != '(') map_set(part->value, arena_copy_text(g->arena, c, n), g);
        n = n ? n : 1;
        for (size_t i = 0; i < n; i++) part->end += c[i] == '\n';
        c += n;
    }
    return c;
}

void stack_graph_values(StackGraph *g, const char *file, const char *source, const char *generated)
{
    long line = 1;
    for (const char *c = source; *c;) {
        if (g->parts == MOST_PARTS) bug("more than %d parts", MOST_PARTS);
        Part *part = &g->part[g->parts];
        *part = (Part){.file = file, .first = line, .end = line};
        part->generated = begins_part(c) && strncmp(c + 12, generated, strlen(generated)) == 0;
        c = read_part(g, c, part);
        line = part->end;
        for (int i = 0; i < g->count; i++)
            if (g->function[i].file == file && g->function[i].line >= part->first && g->function[i].line < part->end)
                g->function[i].part = g->parts;
        g->parts++;
    }
}

/* Is the function a value in that part? A static one only where it is defined: elsewhere the word means something else. */
static bool value_in(const Function *f, const StackGraph *g, int part)
{
    return f->defined && (f->part == part || !strchr(f->title, ':')) && map_get(g->part[part].value, short_name(f));
}

/* A pointer that a function calls comes from its own part, or else from a table of the same file, or of any where that has none. */
static void add_pointers(StackGraph *g, Function *caller)
{
    bool own = false, near = false;
    for (int i = 0; i < g->count; i++)
        if (caller->part >= 0 && value_in(&g->function[i], g, caller->part)) own = true, add_call(g, &caller->calls, i);
    for (int wide = 0; wide < 2 && !own && !near; wide++)
        for (int p = 0; p < g->parts; p++)
            for (int i = 0; i < g->count && g->part[p].generated; i++)
                if (value_in(&g->function[i], g, p) && (wide || g->function[i].file == caller->file)) near = true, add_call(g, &caller->calls, i);
}

/* ---- the deepest path ---- */

/* Depth first, with a path of its own: what is read may be as deep as it likes. */
static bool walk(StackGraph *g, int root, Err *err)
{
    size_t at[MOST_FUNCTIONS];
    int path[MOST_FUNCTIONS], depth = 0;
    path[0] = root;
    at[0] = 0;
    g->function[root].visit = VISIT_open;
    while (depth >= 0) {
        Function *f = &g->function[path[depth]];
        if (at[depth] < f->calls.count) {
            int to = f->calls.to[at[depth]++];
            if (g->function[to].visit == VISIT_open)
                return err_set(err, "%s and %s call each other: the stack has no bound", f->title, g->function[to].title);
            if (g->function[to].visit == VISIT_done) continue;
            g->function[to].visit = VISIT_open;
            path[++depth] = to;
            at[depth] = 0;
            continue;
        }
        f->deepest = 0;
        for (size_t i = 0; i < f->calls.count; i++) {
            const Function *called = &g->function[f->calls.to[i]];
            if (f->next < 0 || called->deepest > f->deepest) f->deepest = called->deepest, f->next = f->calls.to[i];
        }
        f->deepest += f->bytes;
        f->visit = VISIT_done;
        depth--;
    }
    return true;
}

static bool is_root(const Function *f, const char *prefix)
{
    return f->defined && !strchr(f->title, ':') && strncmp(f->title, prefix, strlen(prefix)) == 0;
}

void stack_graph_roots(const StackGraph *g, const char *prefix, void (*each)(void *to, const char *name), void *to)
{
    for (int i = 0; i < g->count; i++)
        if (is_root(&g->function[i], prefix)) each(to, g->function[i].title);
}

static const char *path_text(const StackGraph *g, int from)
{
    const char *text = g->function[from].title;
    for (int i = g->function[from].next; i >= 0; i = g->function[i].next)
        text = arena_printf(g->arena, "%s > %s", text, short_name(&g->function[i]));
    return text;
}

bool stack_graph_deepest(StackGraph *g, const char *prefix, size_t *bytes, const char **path, Err *err)
{
    *bytes = 0;
    *path = "";
    for (int i = 0; i < g->count; i++)
        if (g->function[i].calls_pointers) add_pointers(g, &g->function[i]);
    for (int i = 0; i < g->count; i++) {
        if (!is_root(&g->function[i], prefix)) continue;
        if (g->function[i].visit == VISIT_new && !walk(g, i, err)) return false;
        if (g->function[i].deepest <= *bytes) continue;
        *bytes = g->function[i].deepest;
        *path = path_text(g, i);
    }
    return true;
}
