/* measure: see measure.h. */
#include "compiler/emit/measure.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/emit/build.h"
#include "compiler/emit/stack.h"

enum { MOST_ARGUMENTS = 128, MOST_TEXT = 1 << 26 };

typedef struct Measuring {
    const Compiled *compiled;
    Arena *arena;
    const char *folder, *compiler, *objects;
    const char *argument[MOST_ARGUMENTS + 1];
    size_t arguments;
    StackGraph *graph;
    const char *source[2], *text[2];
    int texts;
    Measure *measure;
    Err *err;
} Measuring;

static void add(void *to, const char *text)
{
    Measuring *m = to;
    if (m->arguments == MOST_ARGUMENTS) bug("too many arguments");
    m->argument[m->arguments++] = text;
    m->argument[m->arguments] = NULL;
}

static void add_words(Measuring *m, const char *words)
{
    while (*words) {
        size_t n = strcspn(words, " ");
        if (n) add(m, arena_copy_text(m->arena, words, n));
        words += n + (words[n] == ' ');
    }
}

static void begin_command(Measuring *m)
{
    m->arguments = 0;
    add(m, m->compiler);
    add_words(m, m->compiled->target->flags);
}

static const char *object(const Measuring *m, const char *part, const char *ending)
{
    return arena_printf(m->arena, "%s/%s%s%s", m->objects, m->compiled->name, part, ending);
}

/* Is the program in one of the folders of PATH? */
static bool installed(Arena *arena, const char *program)
{
    const char *path = getenv("PATH");
    if (strchr(program, '/')) return access(program, X_OK) == 0;
    while (path && *path) {
        size_t n = strcspn(path, ":");
        if (n && access(arena_printf(arena, "%.*s/%s", (int)n, path, program), X_OK) == 0) return true;
        path += n + (path[n] == ':');
    }
    return false;
}

/* ---- compiling ---- */

static bool read_text(const Measuring *m, const char *path, const char **text)
{
    FileView view;
    if (!file_read(m->arena, path, MOST_TEXT, &view, m->err)) return false;
    *text = (const char *)view.data;
    return true;
}

static bool compile_part(Measuring *m, const char *part)
{
    const char *source = arena_printf(m->arena, "%s%s.c", m->compiled->name, part), *text;
    begin_command(m);
    add(m, "-std=c11");
    add(m, "-fcallgraph-info=su");
    add(m, "-c");
    add(m, source);
    add(m, "-o");
    add(m, object(m, part, ".o"));
    if (!run_program(m->argument, m->folder, m->err)) return false;
    if (!read_text(m, object(m, part, ".ci"), &text) || !stack_graph_read(m->graph, source, text, m->err)) return false;
    if (!read_text(m, arena_printf(m->arena, "%s/%s", m->folder, source), &text)) return false;
    m->text[m->texts] = text;
    m->source[m->texts++] = source;
    return true;
}

static void add_root(void *to, const char *name)
{
    Measuring *m = to;
    add(m, arena_printf(m->arena, "-Wl,-u,%s", name));
}

/* Everything that the calls of NAME.h reach, and of the compiler's library what that needs. */
static bool link_parts(Measuring *m)
{
    begin_command(m);
    add(m, "-nostdlib");
    add(m, "-Wl,--defsym=__flash_size=0x10000000,--defsym=__ram_size=0x10000000"); /* picolibc's layout: room for everything */
    add(m, arena_printf(m->arena, "-Wl,--gc-sections,--unresolved-symbols=ignore-all,-e,%s_init,-Map,%s", m->compiled->name, object(m, "", ".map")));
    stack_graph_roots(m->graph, arena_printf(m->arena, "%s_", m->compiled->name), add_root, m);
    add(m, object(m, "", ".o"));
    if (m->compiled->tokenizer) add(m, object(m, "_text", ".o"));
    add(m, "-lgcc");
    add(m, "-o");
    add(m, object(m, "", ".elf"));
    return run_program(m->argument, NULL, m->err);
}

/* ---- counting ---- */

/* The next word; *length 0 at the end. */
static const char *next_word(const char *text, size_t *length)
{
    while (isspace((unsigned char)*text)) text++;
    *length = strcspn(text, " \t\n");
    return text;
}

static bool starts(const char *text, const char *word) { return strncmp(text, word, strlen(word)) == 0; }

static void count_section(const Measuring *m, const char *section, size_t bytes, const char *file, size_t file_length)
{
    const char *text = arena_printf(m->arena, "%s_text.o", m->compiled->name);
    bool of_text = file_length >= strlen(text) && starts(file + file_length - strlen(text), text);
    if (starts(section, ".text") || starts(section, ".ARM.ex")) m->measure->code += bytes;
    else if (!starts(section, ".rodata") && !starts(section, ".srodata") && !starts(section, ".data") && !starts(section, ".sdata")) return;
    else if (of_text) m->measure->tokenizer += bytes;
    else m->measure->constants += bytes;
}

/* Lines " .text.name  0xADDRESS  0xBYTES  FILE" behind the title of the map; a long name stands on a line of its own. */
static bool count_map(const Measuring *m)
{
    const char *at, *text;
    if (!read_text(m, object(m, "", ".map"), &text)) return false;
    at = strstr(text, "Linker script and memory map");
    for (; at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) {
        size_t name_length, address_length, bytes_length, file_length;
        if (at[0] != ' ' || at[1] != '.') continue;
        const char *name = next_word(at, &name_length), *address = next_word(name + name_length, &address_length);
        const char *bytes = next_word(address + address_length, &bytes_length), *file = next_word(bytes + bytes_length, &file_length);
        if (!starts(address, "0x") || !starts(bytes, "0x")) continue;
        count_section(m, name, strtoul(bytes, NULL, 16), file, file_length);
    }
    return true;
}

static bool measure_parts(Measuring *m)
{
    const char *prefix = arena_printf(m->arena, "%s_", m->compiled->name);
    m->graph = stack_graph_new(m->arena);
    if (!compile_part(m, "") || (m->compiled->tokenizer && !compile_part(m, "_text")) || !link_parts(m) || !count_map(m)) return false;
    for (int i = 0; i < m->texts; i++) stack_graph_values(m->graph, m->source[i], m->text[i], m->compiled->name); /* functions of all files are known now */
    return stack_graph_deepest(m->graph, prefix, &m->measure->stack, &m->measure->path, m->err);
}

bool measure_folder(const Compiled *c, const char *folder, const char *compiler, Measure *measure, Err *err)
{
    *measure = (Measure){.path = ""};
    Measuring m = {.compiled = c, .arena = c->arena, .folder = folder, .measure = measure, .err = err};
    m.compiler = compiler ? compiler : c->target->compiler;
    if (!installed(c->arena, m.compiler)) {
        measure->why = arena_printf(c->arena, "%s is not here (Debian package %s)", m.compiler, c->target->package);
        return true;
    }
    const char *temporary = folder_begin(c->arena, arena_printf(c->arena, "%s/measure", folder), err);
    if (!temporary) return false;
    m.objects = temporary;
    char *absolute = realpath(temporary, NULL);
    if (absolute) m.objects = arena_printf(c->arena, "%s", absolute);
    free(absolute);
    measure->known = measure_parts(&m);
    folder_discard(temporary);
    return measure->known;
}

/* ---- limits ---- */

size_t measure_flash(const Compiled *c, const Measure *m)
{
    size_t tokenizer = m->known || !c->tokenizer ? m->tokenizer : tokenizer_bytes(c->tokenizer);
    return c->facts.weights_bytes + m->code + m->constants + tokenizer;
}

size_t measure_ram(const Compiled *c, const Measure *m) { return c->facts.workspace_bytes + c->facts.state_bytes + m->stack; }

bool measure_check(const Compiled *c, const Measure *m, Err *err)
{
    const Target *t = c->target;
    if (t->flash && measure_flash(c, m) > (size_t)t->flash)
        return err_set(err, "target %s: %zu bytes of flash are needed (weights %zu, code %zu, constants %zu, tokenizer %zu), there are %lld; "
                            "try a smaller --precision", t->name, measure_flash(c, m), c->facts.weights_bytes, m->code, m->constants, m->tokenizer,
                       (long long)t->flash);
    if (t->ram && measure_ram(c, m) > (size_t)t->ram)
        return err_set(err, "target %s: %zu bytes of RAM are needed (workspace %zu, state %zu, stack %zu), there are %lld; try a smaller "
                            "--max-seq or --max-rows", t->name, measure_ram(c, m), c->facts.workspace_bytes, c->facts.state_bytes, m->stack,
                       (long long)t->ram);
    return true;
}
